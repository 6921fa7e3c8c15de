// System functions of the scripts: running commands silently, and installing missing Debian packages.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

// Exits with only the reason, because a script's stack trace helps nobody.
export function stop(message) {
  console.error(`${basename(process.argv[1], '.mjs')}: ${message}`);
  process.exit(1);
}

export const onPath = (command) => (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));

// Runs a command silently. Its whole output is shown if it fails, and `doing` if it takes more than three seconds.
export function run(doing, command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['inherit', 'pipe', 'pipe'], env: { ...process.env, ...env } });
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
      resolve(output);
    });
  });
}

/** Installs Debian packages if that needs no question, within five minutes; otherwise does nothing. */
export function installIfPossible(...names) {
  if (!onPath('apt-get') || process.getuid() !== 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...names], { env, stdio: 'ignore', timeout: 300_000 });
}

// Installs those of [package, present] that are missing, as root or through sudo; those of `welcome` only together with others.
export async function installMissing(needs, welcome = []) {
  const missing = (packages) => packages.filter(([, present]) => !present).map(([name]) => name);
  if (missing(needs).length === 0) return;
  const names = missing([...needs, ...welcome]);
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
