#!/usr/bin/env node
if (process.argv[2] === 'build' && process.argv.length === 3) {
  require('../native/build.cjs'); // with no addon yet
} else {
  // An addon that cannot be loaded is told without a stack.
  let main;
  try {
    ({ main } = require('../dist/cli.js'));
  } catch (error) {
    if (error.code !== 'SIMDNN_ADDON_NOT_LOADED' || process.argv.includes('--debug')) throw error;
    console.error(`simdnn: ${error.message}`);
    process.exit(1);
  }
  main();
}
