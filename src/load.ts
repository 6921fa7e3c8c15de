// Loads the addon's binary. If that fails, the error says where it was searched and what to do.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isError } from './brands';
import { cureOf } from './cures';
import { SimdnnError } from './errors';

let known: string | null = null;

// Node's report has it. The report also resolves the names of all hosts to which sockets are connected, which takes a minute if no name server answers.
function libcInUse(): string {
  const { report } = process as { report?: NodeJS.ProcessReport & { excludeNetwork?: boolean } };
  if (report === undefined) return 'musl';
  const { excludeNetwork } = report;
  report.excludeNetwork = true;
  try {
    const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
    return header?.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : 'musl';
  } catch {
    return loader().binary().includes('.musl.') ? 'musl' : 'glibc'; // Deno makes no report without permission
  } finally {
    report.excludeNetwork = excludeNetwork!;
  }
}

/** The C library, e.g. `"glibc 2.36"`; null on systems with only one. */
export function libc(): string | null {
  if (process.platform !== 'linux') return null;
  known ??= libcInUse();
  return known;
}

interface Loader {
  /** The candidate files of the addon, in the order in which they are tried. */
  places(): string[];
  /** The path of the binary below prebuilds/. */
  binary(): string;
  load(): unknown;
  /** The same for the addon that opens MPI. */
  loadMpi(): unknown;
  placesOfMpi(): string[];
}
const loader = (): Loader => require('../native/load.js') as Loader;

// A bundle may not include the loader.
function places(): string[] {
  try {
    return loader().places();
  } catch {
    return [];
  }
}

function stateOf(file: string): string {
  try {
    return existsSync(file) ? 'is there' : 'no such file';
  } catch {
    return 'may not be read'; // by Node's permission model
  }
}

function report(directory: string, code: string | undefined, message: string): string {
  const facts = [
    `${process.platform}-${process.arch}`,
    `Node ${process.version}`,
    libc() ?? 'the system C library',
    `target ${process.env['SIMDNN_TARGET'] || 'the best'}`,
  ];
  return [
    'the native addon did not load',
    ...places().map((file) => `  tried: ${file} (${stateOf(file)})`),
    `  reason: ${message.split('\n')[0]}`,
    `  here: ${facts.join(', ')}`,
    ...cureOf({ directory, code, message, prebuild: process.env['SIMDNN_PREBUILD'] }).map(
      (line, i) => `  ${i === 0 ? 'cure:' : '     '} ${line}`,
    ),
  ].join('\n');
}

// Runs before anything that an older Node does not have.
function refuseOldNode(): void {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  if (major > 20 || (major === 20 && minor >= 17)) return;
  throw new SimdnnError('SIMDNN_NODE', `simdnn needs Node 20.17 or later, this is ${process.version} (${process.execPath})`);
}

// By the folder of the package. Loading the addon again in an environment would create its own threads, which end with the environment.
const symbol = Symbol.for('simdnn.addons');
const everywhere = globalThis as { [symbol]?: Map<string, unknown> };
everywhere[symbol] ??= new Map();
const loaded = everywhere[symbol];

// A bundle of ES modules does not define this name.
const here = typeof __dirname === 'string' ? __dirname : process.cwd();

/** The folder of the package. */
export const packageFolder = join(here, '..');

/** The addon of the package at `directory`: its own build first, then a matching prebuilt one. */
export function loadAddon(directory: string): unknown {
  if (loaded.has(directory)) return loaded.get(directory);
  refuseOldNode();
  try {
    const addon: unknown = loader().load();
    loaded.set(directory, addon);
    return addon;
  } catch (error) {
    const { code } = (error ?? {}) as { code?: string };
    throw new SimdnnError('SIMDNN_ADDON_NOT_LOADED', report(directory, code, isError(error) ? error.message : String(error)));
  }
}

/** The addon that opens MPI; nothing else loads it. */
export function loadMpi(): unknown {
  try {
    return loader().loadMpi();
  } catch (error) {
    const lines = [
      'the addon that opens MPI did not load',
      ...loader()
        .placesOfMpi()
        .map((file) => `  tried: ${file} (${stateOf(file)})`),
      `  reason: ${isError(error) ? error.message.split('\n')[0] : String(error)}`,
      '  cure: npx simdnn build compiles it from the sources in the package (not on Windows)',
    ];
    throw new SimdnnError('SIMDNN_ADDON_NOT_LOADED', lines.join('\n'));
  }
}
