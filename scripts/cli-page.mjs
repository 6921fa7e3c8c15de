// Updates the options in docs/cli.md from the built command line's --help; with --check it only reports whether they are up to date.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, stop } from './system.mjs';

const page = join(root, 'docs/cli.md');
const text = readFileSync(page, 'utf8');

function helpOf(command) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin/simdnn.js'), command, '--help'], { encoding: 'utf8' });
  if (status !== 0) stop(`simdnn ${command} --help: ${stderr}`);
  return stdout.trimEnd();
}

// A block begins with the usage of its command.
const current = text.replace(/```text\nUsage: simdnn (\w+) [\s\S]*?```/g, (_, command) => `\`\`\`text\n${helpOf(command)}\n\`\`\``);
const commands = [...helpOf('help').matchAll(/^ {2}(\w+) (?:\[options\]|<)/gm)].map(([, name]) => name);
const absent = commands.filter((command) => !current.includes(`Usage: simdnn ${command} `));
if (absent.length > 0) stop(`docs/cli.md does not have ${absent.join(', ')}`);
if (!process.argv.includes('--check')) writeFileSync(page, current);
else if (current !== text) stop('docs/cli.md has other options than the command line: node scripts/cli-page.mjs');
