// Binaries of Node for other versions, processors and systems, of Bun and of Deno, and the emulators that run them here. Each binary is downloaded once into
// build/nodes. Emulators are Debian packages, which are installed if that needs no question.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installIfPossible, onPath, root } from './system.mjs';

const nodes = join(root, 'build/nodes');

/** The path of a file in an npm package, which may be for another platform. */
export function downloaded(name, file, version = 'latest') {
  const folder = join(nodes, `${name.replaceAll('/', '+')}-${version}`);
  const path = join(folder, 'node_modules', name, file);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    // --force: npm would not install another machine's binary
    const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--force'];
    execFileSync('npm', ['install', '--prefix', folder, ...options, `${name}@${version}`], { cwd: folder, stdio: 'pipe' });
  }
  return path;
}

/** The path of Node's newest binary of a major version for a platform. */
export const nodeBinary = (version, platform) =>
  downloaded(`node-${platform}`, platform.startsWith('win') ? 'bin/node.exe' : 'bin/node', String(version));

// Whether a file exists; if it is missing, these packages are installed first.
function given(file, ...packages) {
  if (!existsSync(file)) installIfPossible(...packages);
  return existsSync(file);
}

/** The command that starts a program for arm64, with glibc and the C++ library that Node's binary needs; null if this machine has none. */
export function qemu() {
  const libraries = '/usr/aarch64-linux-gnu';
  const emulator = ['qemu-aarch64-static', 'qemu-aarch64'].find(onPath) ?? 'qemu-aarch64-static';
  const complete = () => onPath(emulator) && existsSync(`${libraries}/lib/libstdc++.so.6`);
  if (!complete()) installIfPossible('qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross');
  return complete() ? [emulator, '-L', libraries] : null;
}

// In wine, Windows' Node can open neither pipes nor its standard input.
const throughFile = 'out=$(mktemp); "$0" "$@" >"$out" 2>&1 </dev/null; code=$?; cat "$out"; rm "$out"; exit $code';

/** The command that starts a program for Windows; null if this machine has none. */
export function wine() {
  const program = '/usr/lib/wine/wine64';
  return given(program, 'wine64') ? ['sh', '-c', throughFile, program] : null;
}

/** The environment of Windows programs: wine prints no messages, and Node does not check the version of Windows. */
export const wineEnvironment = { WINEDEBUG: '-all', NODE_SKIP_PLATFORM_CHECK: '1' };

/**
 * Bun for musl, because npm has no Node for musl, and the folder of the C++ library that Bun needs; null if this machine cannot run it. Debian has no such library
 * for musl, so one is linked from the archive that the compiler has for static linking.
 */
export function muslBun() {
  if (!given('/lib/ld-musl-x86_64.so.1', 'musl')) return null;
  const libraries = join(nodes, 'musl');
  const library = join(libraries, 'libstdc++.so.6');
  if (!existsSync(library)) {
    mkdirSync(libraries, { recursive: true });
    const parts = ['-Wl,--whole-archive', '-l:libstdc++.a', '-l:libgcc_eh.a', '-Wl,--no-whole-archive', '-l:libgcc.a'];
    const compiled = (file) => execFileSync('g++', [`-print-file-name=${file}`], { encoding: 'utf8' }).trim();
    const names = join(dirname(fileURLToPath(import.meta.url)), 'glibc-names.c');
    const objects = [compiled('crtbeginS.o'), '-x', 'c', names, '-x', 'none', ...parts, compiled('crtendS.o')];
    execFileSync('g++', ['-shared', '-fPIC', '-nostdlib', '-Wl,-soname,libstdc++.so.6', ...objects, '-o', library], { stdio: 'pipe' });
  }
  return { program: downloaded('@oven/bun-linux-x64-musl-baseline', 'bin/bun'), libraries };
}
