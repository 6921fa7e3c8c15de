// Loads the addon's binary, or says where it was looked for, on what, and what to do.

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import load from 'node-gyp-build';
import { isError } from './brands';
import { SimdnnError } from './errors';

let known: string | null = null;

// Node's report names it. It also asks for the names of all hosts that sockets are connected to, which takes a minute where no name server answers.
function libcInUse(): string {
  const { report } = process as { report?: NodeJS.ProcessReport & { excludeNetwork?: boolean } };
  if (report === undefined) return 'musl';
  const { excludeNetwork } = report;
  report.excludeNetwork = true;
  try {
    const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
    return header?.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : 'musl';
  } finally {
    report.excludeNetwork = excludeNetwork!;
  }
}

/** The C library, e.g. `"glibc 2.36"`; null where there is no choice of one. */
export function libc(): string | null {
  if (process.platform !== 'linux') return null;
  known ??= libcInUse();
  return known;
}

// What a folder holds for the loader.
function addonsIn(folder: string): string {
  try {
    const addons = readdirSync(folder).filter((file) => file.endsWith('.node'));
    return addons.length > 0 ? addons.join(', ') : 'no addon';
  } catch {
    return 'no such folder';
  }
}

// The folders that node-gyp-build looks into, in its order, and the reason of the failure.
function report(directory: string, reason: string): string {
  const platform = `${process.platform}-${process.arch}`;
  const base = process.env['SIMDNN_PREBUILD'] || directory;
  const prebuilds = join('prebuilds', platform);
  const folders = [
    join(base, 'build/Release'),
    join(base, 'build/Debug'),
    join(base, prebuilds),
    join(dirname(process.execPath), prebuilds),
  ];
  const here = [
    platform,
    `Node ${process.version}`,
    libc() ?? 'the system C library',
    `target ${process.env['SIMDNN_TARGET'] || 'the best'}`,
  ];
  return [
    'the native addon did not load',
    ...folders.map((folder) => `  tried: ${folder} (${addonsIn(folder)})`),
    `  reason: ${reason.split('\n')[0]}`,
    `  here: ${here.join(', ')}`,
    '  cure: install on this platform (node_modules of another one do not fit), or build from source: npm rebuild simdnn --build-from-source;',
    '        that needs CMake 3.20 or later, make and a C++17 compiler (on Debian: apt-get install cmake make g++)',
  ].join('\n');
}

/** The addon of the package at `directory`: its own build first, then a fitting prebuilt one. */
export function loadAddon(directory: string): unknown {
  try {
    return load(directory);
  } catch (error) {
    throw new SimdnnError('SIMDNN_ADDON_NOT_LOADED', report(directory, isError(error) ? error.message : String(error)));
  }
}
