// npx simdnn build: compiles the addon from the sources in the package, for this platform, and puts it where the loader looks for the prebuilt one. This is a
// command and not an install script, because some package managers run no install scripts, and so that nothing is built unless the user asks for it.
'use strict';
const { spawnSync } = require('node:child_process');
const { existsSync, mkdirSync, renameSync, rmSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { binary } = require('./load.js');

const root = join(__dirname, '..');
const build = join(root, 'build/source');
// A failed build leaves a cache that would determine the compiler and the generator of the next one.
try {
  rmSync(build, { recursive: true, force: true });
  mkdirSync(build, { recursive: true });
} catch (error) {
  console.error(`simdnn: the folder of the package cannot be written: ${error.message}`);
  process.exit(1);
}
// Visual Studio's own compiler does not know the attributes that choose instruction sets.
const toolset = process.platform === 'win32' && !process.env.CMAKE_GENERATOR ? ['-T', 'ClangCL'] : [];
for (const args of [
  ['-S', root, '-B', build, ...toolset, '-DCMAKE_BUILD_TYPE=Release', `-DSIMDNN_OUTPUT=${build}/out`],
  ['--build', build, '--target', 'simdnn', '--config', 'Release', '--parallel', '4'],
]) {
  const { status, error } = spawnSync('cmake', args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`simdnn: 'cmake ${args.join(' ')}' ${error ? `did not start: ${error.message}` : 'failed'}`);
    console.error('simdnn: building needs CMake 3.20 or later, make and a C++17 compiler (on Debian: apt-get install cmake make g++)');
    process.exit(1);
  }
}
// The old file is replaced and not overwritten, because package managers link the same file into many projects.
const file = join(root, 'prebuilds', binary());
mkdirSync(dirname(file), { recursive: true });
const made = [join(build, 'out/simdnn.node'), join(build, 'out/Release/simdnn.node')]; // the second by generators of many configurations
renameSync(made.find(existsSync), file);
const [mpi] = made.map((addon) => addon.replace('simdnn.node', 'simdnn-mpi.node')).filter(existsSync); // not on Windows
if (mpi) renameSync(mpi, file.replace(/simdnn([.\w]*)\.node$/, 'simdnn-mpi$1.node'));
rmSync(build, { recursive: true });
console.log(`built ${file}`);
