// Prepares a machine to test and to run the demo: system packages, npm packages, the native addon, dist/.
// It needs only Node and npm, and prints nothing if nothing is missing.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { installIfPossible, installMissing, onPath, root, run, stop } from './system.mjs';
import { highway } from './vendor.mjs';

// npm writes node_modules/.package-lock.json last, so an interrupted install does not count.
function packagesAreCurrent() {
  const installed = join(root, 'node_modules/.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 17)) stop(`Node 20.17 or later is needed, this is ${process.version}`);

// What the native build and the tests need, with the Debian packages that have it; ccache keeps compiled objects for later builds.
await installMissing(
  [
    ['cmake', onPath('cmake')],
    ['make', onPath('make') || onPath('ninja')],
    ['g++', onPath('c++')],
    ['libhwy-dev', existsSync(join(root, 'native/vendor/highway')) || highway() !== undefined],
  ],
  [['ccache', onPath('ccache')]],
);
// Tests look at reports in a browser; without one these tests are skipped. A browser is large, so a user's machine is not asked to install it.
if (process.env.CI && !onPath('chromium') && !onPath('google-chrome')) installIfPossible('chromium');
// Tests of training by several processes use Open MPI and MPICH, which are large packages too, and network namespaces in place of hosts.
if (process.env.CI) {
  if (!onPath('mpirun.openmpi')) installIfPossible('openmpi-bin');
  if (!onPath('mpiexec.hydra')) installIfPossible('mpich');
  if (!onPath('ip')) installIfPossible('iproute2');
}
if (!packagesAreCurrent()) await run('installing npm packages', 'npm', ['ci']);
await run('building the native addon (the first time takes a minute or more)', 'npm', ['run', 'build']);
