// Loads the addon, with the call that tools that trace files know (@vercel/nft, webpack's), in a file of its own that no bundling of this package changes.
'use strict';
const path = require('node:path');

// In a bundle node-gyp-build finds no package.json whose name would tell it of the variable.
const elsewhere = () => require('node-gyp-build')(process.env.SIMDNN_PREBUILD);

module.exports = () => (process.env.SIMDNN_PREBUILD ? elsewhere() : require('node-gyp-build')(path.join(__dirname, '..')));
