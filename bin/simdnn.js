#!/usr/bin/env node
// Help and the version, kept for where no addon can be loaded: undefined where something else is asked for.
function kept(args) {
  const words = args.filter((arg) => !/^(-h|--help|help)$/.test(arg));
  const help = require('../dist/help.json');
  if (words.length < args.length) return help[words[0] ?? ''];
  return /^(-V|--version)$/.test(args[0]) ? `${require('../package.json').version}\n` : undefined;
}

if (process.argv[2] === 'build' && process.argv.length === 3) {
  require('../native/build.cjs'); // with no addon yet
} else {
  // An addon that cannot be loaded is told without a stack.
  let main;
  try {
    ({ main } = require('../dist/cli.js'));
  } catch (error) {
    if (error.code !== 'SIMDNN_ADDON_NOT_LOADED' || process.argv.includes('--debug')) throw error;
    const text = kept(process.argv.slice(2));
    if (text === undefined) console.error(`simdnn: ${error.message}`);
    else process.stdout.write(text);
    process.exit(text === undefined ? 1 : 0);
  }
  main();
}
