// Loads the addon's binary, or says where it was looked for, on what, and what to do.

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isError } from './brands';
import { cureOf } from './cures';
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
function report(directory: string, code: string | undefined, message: string): string {
  const platform = `${process.platform}-${process.arch}`;
  const base = process.env['SIMDNN_PREBUILD'] || directory;
  const prebuilds = join('prebuilds', platform);
  const folders = [
    join(base, 'build/Release'),
    join(base, 'build/Debug'),
    join(base, prebuilds),
    join(dirname(process.execPath), prebuilds),
  ];
  const facts = [
    platform,
    `Node ${process.version}`,
    libc() ?? 'the system C library',
    `target ${process.env['SIMDNN_TARGET'] || 'the best'}`,
  ];
  return [
    'the native addon did not load',
    ...folders.map((folder) => `  tried: ${folder} (${addonsIn(folder)})`),
    `  reason: ${message.split('\n')[0]}`,
    `  here: ${facts.join(', ')}`,
    ...cureOf({ directory, code, message }).map((line, i) => `  ${i === 0 ? 'cure:' : '     '} ${line}`),
  ].join('\n');
}

// Before anything that an older Node does not have is called.
function refuseOldNode(): void {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  if (major > 20 || (major === 20 && minor >= 17)) return;
  throw new SimdnnError('SIMDNN_NODE', `simdnn needs Node 20.17 or later, this is ${process.version} (${process.execPath})`);
}

// node-gyp-build looks for a file of Alpine's when it is loaded, which Node's permission model answers by throwing, unless it is told the C library.
function withLibcSaid<T>(load: () => T): T {
  const { permission } = process as { permission?: unknown };
  if (process.platform !== 'linux' || permission === undefined || process.env['LIBC'] !== undefined) return load();
  process.env['LIBC'] = libc() === 'musl' ? 'musl' : 'glibc';
  try {
    return load();
  } finally {
    delete process.env['LIBC'];
  }
}

// By the folders of their packages. An addon that is loaded once more in an environment has threads of its own, which end with the environment.
const symbol = Symbol.for('simdnn.addons');
const everywhere = globalThis as { [symbol]?: Map<string, unknown> };
everywhere[symbol] ??= new Map();
const loaded = everywhere[symbol];

// A bundle of ES modules knows no such name.
const here = typeof __dirname === 'string' ? __dirname : process.cwd();

/** Where the package lies. */
export const packageFolder = join(here, '..');

/** The addon of the package at `directory`: its own build first, then a fitting prebuilt one. */
export function loadAddon(directory: string): unknown {
  if (loaded.has(directory)) return loaded.get(directory);
  refuseOldNode();
  try {
    const addon: unknown = withLibcSaid(require('../native/load.cjs') as () => unknown);
    loaded.set(directory, addon);
    return addon;
  } catch (error) {
    const { code } = (error ?? {}) as { code?: string };
    throw new SimdnnError('SIMDNN_ADDON_NOT_LOADED', report(directory, code, isError(error) ? error.message : String(error)));
  }
}
