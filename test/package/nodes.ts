// Node's binaries of other versions, processors and systems, Bun, Deno, and what runs them here; each is downloaded once into build/nodes.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './install';

const nodes = join(root, 'build/nodes');

/** The path of a file in a package of npm's, which may be for another machine. */
export function downloaded(name: string, file: string, version = 'latest'): string {
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
export const nodeBinary = (version: number, platform: string): string =>
  downloaded(`node-${platform}`, platform.startsWith('win') ? 'bin/node.exe' : 'bin/node', String(version));

const isThere = (command: string): boolean => spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined;

// Debian packages, if they can be installed without a question.
function installed(...packages: string[]): boolean {
  if (process.getuid?.() !== 0 || !isThere('apt-get')) return false;
  const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  return spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options).status === 0;
}

/** The path of glibc and the C++ library for arm64, which Node's binary needs in qemu; null if they are missing. */
export function arm64Libraries(): string | null {
  const libraries = '/usr/aarch64-linux-gnu';
  const complete = (): boolean => existsSync(`${libraries}/lib/libstdc++.so.6`) && isThere('qemu-aarch64-static');
  return complete() || (installed('qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross') && complete()) ? libraries : null;
}

/** Runs Windows programs here; null if that is impossible. */
export function wine(): string | null {
  const program = '/usr/lib/wine/wine64';
  return existsSync(program) || (installed('wine64') && existsSync(program)) ? program : null;
}

/**
 * Bun for musl, because npm has no Node for it, and the folder of the C++ library that it needs. Debian has no shared one for musl; the static archive of the
 * compiler is linked into one.
 */
export function muslBun(): { program: string; libraries: string } | null {
  const loader = '/lib/ld-musl-x86_64.so.1';
  if (!existsSync(loader) && !(installed('musl') && existsSync(loader))) return null;
  const libraries = join(nodes, 'musl');
  const library = join(libraries, 'libstdc++.so.6');
  if (!existsSync(library)) {
    mkdirSync(libraries, { recursive: true });
    const parts = ['-Wl,--whole-archive', '-l:libstdc++.a', '-l:libgcc_eh.a', '-Wl,--no-whole-archive', '-l:libgcc.a'];
    const compiled = (file: string): string => execFileSync('g++', [`-print-file-name=${file}`], { encoding: 'utf8' }).trim();
    const objects = [compiled('crtbeginS.o'), '-x', 'c', join(__dirname, 'glibc-names.c'), '-x', 'none', ...parts, compiled('crtendS.o')];
    execFileSync('g++', ['-shared', '-fPIC', '-nostdlib', '-Wl,-soname,libstdc++.so.6', ...objects, '-o', library], { stdio: 'pipe' });
  }
  return { program: downloaded('@oven/bun-linux-x64-musl-baseline', 'bin/bun'), libraries };
}
