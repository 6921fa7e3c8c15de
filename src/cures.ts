// The reasons why the addon did not load, each with what to do about it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Failure {
  /** The path of the package, or that which it would have if it were not bundled. */
  directory: string;
  code: string | undefined;
  message: string;
  /** The value of SIMDNN_PREBUILD. */
  prebuild?: string | undefined;
}

const runtime = process.versions as Record<string, string | undefined>;

// Whether Node's permission model is on.
const isRestricted = (): boolean => (process as { permission?: unknown }).permission !== undefined;

// Whether a bundler has put the code into a file of another package.
function isBundled(directory: string): boolean {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).name !== 'simdnn';
  } catch {
    return true;
  }
}

// Whether the program and Node are one file, beside which there is no node_modules folder.
function isSingleExecutable(): boolean {
  const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => { isSea(): boolean } | undefined };
  return getBuiltinModule?.('node:sea')?.isSea() === true;
}

// The option that turns it on was renamed in Node 22.
const permission = Number.parseInt(process.versions.node, 10) < 22 ? '--experimental-permission' : '--permission';

const fromSource = [
  'or build it from source: npx simdnn build;',
  'that needs CMake 3.20 or later, make and a C++17 compiler (on Debian: apt-get install cmake make g++)',
];

const cures: [(failure: Failure) => boolean, (failure: Failure) => string[]][] = [
  [
    ({ code, message }) =>
      runtime['deno'] !== undefined && (/NotCapable|PermissionDenied/.test(String(code)) || /access|--allow/.test(message)),
    () => ['Deno loads addons only with permission: deno run --allow-ffi --allow-read --allow-env'],
  ],
  [
    ({ code }) => code === 'ERR_ACCESS_DENIED',
    ({ directory }) => [
      `Node's permission model keeps the package from being read: --allow-fs-read=${directory} (and the node_modules folder around it)`,
    ],
  ],
  [
    ({ code }) => code === 'ERR_DLOPEN_DISABLED',
    () => [
      isRestricted()
        ? `Node's permission model keeps addons from loading: node ${permission} --allow-addons`
        : 'Node was started with --no-addons: start it without that option',
    ],
  ],
  [
    ({ message }) => /failed to map segment|Operation not permitted|noexec/i.test(message),
    () => [
      'the system runs no code from the folder of the package (a mount with noexec, or a security policy): install it elsewhere, or mount that with exec',
    ],
  ],
  [
    ({ code, message }) => code === 'EACCES' || /Permission denied/i.test(message),
    () => ['the file exists, but this user may not read it: chmod -R a+rX on the package, or install it as the user who runs it'],
  ],
  [
    ({ message }) => /version `?GLIBC|GLIBCXX|symbol not found|undefined symbol/.test(message),
    () => [
      "the system's C library is older than the one that the binary needs (glibc 2.17), or another one: use a newer system,",
      ...fromSource,
    ],
  ],
  [
    ({ message }) =>
      /ELF header|wrong ELF|file too short|is truncated|not a valid Win32|Bad EXE format|incompatible architecture|not a mach-o|slice is not valid|did not self-register|(is|on) a directory/i.test(
        message,
      ),
    () => ['the binary is damaged or of another platform: delete node_modules/simdnn and install again here,', ...fromSource],
  ],
  [
    ({ prebuild }) => Boolean(prebuild),
    ({ prebuild }) => [
      `the environment variable SIMDNN_PREBUILD is ${JSON.stringify(prebuild)}, and there is no fitting binary: unset it, or let it name a folder`,
      'that contains prebuilds, such as node_modules/simdnn',
    ],
  ],
  [
    isSingleExecutable,
    () => [
      'simdnn is in a single-executable application, which does not contain its binary: ship a copy of node_modules/simdnn/prebuilds with it,',
      'and let the environment variable SIMDNN_PREBUILD name the folder that contains the copy (docs/bundlers.md)',
    ],
  ],
  [
    ({ directory }) => isBundled(directory),
    () => [
      'simdnn was put into a bundle, where its binary is not: mark it as external, and have node_modules/simdnn where the bundle runs',
      '(esbuild --external:simdnn; rollup, webpack, vite and Next: docs/bundlers.md)',
    ],
  ],
];

/** The lines that say what to do. */
export function cureOf(failure: Failure): string[] {
  const found = cures.find(([applies]) => applies(failure));
  return (
    found?.[1](failure) ?? [
      'the package has a binary for Linux, macOS and Windows on x64 and arm64: install it again where this is one of them,',
      ...fromSource,
    ]
  );
}
