// Builds the targets of CMakeLists.txt, each variant in a folder of its own under build/; `npm run build` uses build/cmake.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

// Configures CMake and builds some targets; returns the folder. Throws with the whole output if that fails. Without flags CMake's own flags for this
// type of build are used.
export function cmake(folder, targets, { type = 'Release', flags, definitions = {}, env = {} }) {
  const build = join(root, 'build', folder);
  const ninja = !existsSync(join(build, 'CMakeCache.txt')) && spawnSync('ninja', ['--version']).status === 0;
  const all = { CMAKE_BUILD_TYPE: type, ...definitions };
  if (flags !== undefined) all[`CMAKE_CXX_FLAGS_${type.toUpperCase()}`] = flags;
  const configure = ['-S', root, '-B', build, ...Object.entries(all).map(([name, value]) => `-D${name}=${value}`)];
  for (const args of [
    [...configure, ...(ninja ? ['-G', 'Ninja'] : [])],
    ['--build', build, '--target', ...targets, '--parallel', String(availableParallelism())],
  ]) {
    const { status, stdout, stderr, error } = spawnSync('cmake', args, {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { ...process.env, ...env },
    });
    if (status !== 0) throw new Error(`${stdout ?? ''}${stderr ?? ''}\ncmake ${args.join(' ')} ${error ? error.message : 'failed'}`);
  }
  return build;
}
