// Makes a machine ready to test and to run the demo: system packages, npm packages, the native addon, dist/.
// Needs nothing but Node and npm; prints nothing when nothing is missing.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { installIfPossible, installMissing, onPath, root, run, stop } from './system.mjs';
import { highway } from './vendor.mjs';

// npm writes node_modules/.package-lock.json last, so an interrupted install counts as none.
function packagesAreCurrent() {
  const installed = join(root, 'node_modules/.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 17)) stop(`Node 20.17 or later is needed, this is ${process.version}`);

// What the native build and the tests need, with the Debian package that brings it; ccache keeps what was compiled, for the builds after a change.
await installMissing(
  [
    ['cmake', onPath('cmake')],
    ['make', onPath('make') || onPath('ninja')],
    ['g++', onPath('c++')],
    ['libhwy-dev', existsSync(join(root, 'native/vendor/highway')) || highway() !== undefined],
  ],
  [['ccache', onPath('ccache')]],
);
// Reports are looked at in a browser; where none can be had those tests are skipped. It is large: a user's machine is not asked for it.
if (process.env.CI && !onPath('chromium') && !onPath('google-chrome')) installIfPossible('chromium');
// Training by several processes is tested with Open MPI and MPICH, large packages as well, and over network namespaces that stand for hosts.
if (process.env.CI) {
  if (!onPath('mpirun.openmpi')) installIfPossible('openmpi-bin');
  if (!onPath('mpiexec.hydra')) installIfPossible('mpich');
  if (!onPath('ip')) installIfPossible('iproute2');
}
if (!packagesAreCurrent()) await run('installing npm packages', 'npm', ['ci']);
await run('building the native addon (the first time takes a minute or more)', 'npm', ['run', 'build']);
