// Makes a machine ready to test and to run the demo: system packages, npm packages, the native addon, dist/.
// Needs nothing but Node and npm; prints nothing when nothing is missing.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

// Ends with the reason alone: a stack trace of this script would tell nobody anything.
function stop(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

const onPath = (command) => (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));

// Runs a command silently; its whole output is shown if it fails, `doing` if it takes longer than a moment.
function run(doing, command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['inherit', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    const patience = setTimeout(() => console.log(`${doing} ...`), 3000);
    const failed = (why) => {
      clearTimeout(patience);
      stop(`${output}\n'${[command, ...args].join(' ')}' ${why}`);
    };
    child.on('error', (error) => failed(`did not start: ${error.message}`));
    child.on('close', (status, signal) => {
      if (status !== 0) failed(signal ? `was ended by ${signal}` : `failed with status ${status}`);
      clearTimeout(patience);
      resolve();
    });
  });
}

// What the native build needs, with the Debian package that brings it.
function missingPackages() {
  const headers = [
    join(root, 'native/vendor/highway'),
    ...(process.env.CPATH ?? '').split(delimiter),
    '/usr/local/include',
    '/usr/include',
  ];
  const needs = [
    ['cmake', onPath('cmake')],
    ['make', onPath('make') || onPath('ninja')],
    ['g++', onPath('c++')],
    ['libhwy-dev', headers.some((folder) => folder !== '' && existsSync(join(folder, 'hwy/highway.h')))],
  ];
  return needs.filter(([, present]) => !present).map(([name]) => name);
}

async function installPackages(names) {
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...names];
  if (!onPath('apt-get')) stop(`missing: ${names.join(', ')} (Debian's names). Install them, then run this again.`);
  const superuser = process.getuid() === 0 ? [] : ['sudo', ...(process.stdin.isTTY ? [] : ['-n'])];
  const typed = `sudo apt-get update && sudo ${install.join(' ')}`;
  if (superuser.length > 0 && spawnSync('sudo', [...superuser.slice(1), 'true'], { stdio: 'inherit' }).status !== 0) {
    stop(`missing: ${names.join(', ')}. Type this, then run this again:\n  ${typed}`);
  }
  const asRoot = (doing, [command, ...args]) => {
    const words = [...superuser, 'env', 'DEBIAN_FRONTEND=noninteractive', command, ...args];
    return run(doing, words[0], words.slice(1));
  };
  console.log(`installing system packages: ${names.join(', ')}`);
  await asRoot('reading the package lists', ['apt-get', 'update']);
  await asRoot('installing', install);
}

// npm writes node_modules/.package-lock.json last, so an interrupted install counts as none.
function packagesAreCurrent() {
  const installed = join(root, 'node_modules/.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 17)) stop(`Node 20.17 or later is needed, this is ${process.version}`);

const missing = missingPackages();
if (missing.length > 0) await installPackages(missing);
if (!packagesAreCurrent()) await run('installing npm packages', 'npm', ['ci']);
await run('building the native addon (the first time takes a minute or more)', 'npm', ['run', 'build']);
