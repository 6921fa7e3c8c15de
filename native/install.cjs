// The npm "install" script: takes a binary that loads here, else builds one with plain CMake.
'use strict';
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');

// In a git checkout `npm run build` builds, and it needs the development packages that this install brings.
if (existsSync(join(root, '.git'))) process.exit(0);

let reason = 'a build from source was asked for';
// npm rebuild simdnn --build-from-source
if (!['true', 'simdnn'].includes(process.env.npm_config_build_from_source)) {
  try {
    require('node-gyp-build')(root);
    process.exit(0);
  } catch (error) {
    reason = String(error.message).split('\n')[0];
  }
}

const build = join(root, 'build/install');
for (const args of [
  ['-S', root, '-B', build, '-DCMAKE_BUILD_TYPE=Release'],
  ['--build', build, '--config', 'Release', '--parallel', '4'],
]) {
  const { status, error } = spawnSync('cmake', args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(
      `simdnn: no prebuilt binary is usable (${reason}), and 'cmake ${args.join(' ')}' ${error ? `did not start: ${error.message}` : 'failed'}`,
    );
    console.error('simdnn: building needs CMake 3.20 or later, make and a C++17 compiler (on Debian: apt-get install cmake make g++)');
    process.exit(1);
  }
}
