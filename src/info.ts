// What runs here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { libc } from './load';
import { features, flushesDenormal, getNumThreads, supportedTargets, target } from './native';

// What the build puts in its place: in a bundle of somebody else's there is no package.json to ask.
declare const packageVersion: string | undefined;

/** The version of this package. */
export const version: string =
  typeof packageVersion === 'string' ? packageVersion : JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')).version;

/** What `info()` tells. */
export interface Info {
  /** The version of this package. */
  version: string;
  /** The instruction set whose kernels run. */
  target: string;
  /** Every instruction set of this build that this machine runs, least first. */
  targets: string[];
  /** Units for products of bfloat16 numbers that this processor has beside the target's instructions, fastest first: `"amx_bf16"`, `"avx512_bf16"`, `"neon_bf16"`; `SIMDNN_FEATURES` leaves some out. Large products use them where `setFloat32MatmulPrecision` allows it. */
  features: string[];
  /** The BLAS library in use; null: the products are our own. */
  blas: string | null;
  /** How many threads a kernel may use. */
  threads: number;
  /** Whether denormal numbers are taken as zero: see `setFlushDenormal`. */
  flushDenormal: boolean;
  /** Node's version. */
  node: string;
  /** Operating system and processor, e.g. `"linux-x64"`. */
  platform: string;
  /** The C library, e.g. `"glibc 2.36"`; null where there is no choice of one. */
  libc: string | null;
}

/**
 * What runs here: the instruction set, threads, versions, platform.
 *
 * @example
 * info().targets.includes(info().target); // true
 */
export function info(): Info {
  return {
    version,
    target,
    targets: supportedTargets(),
    features: features(),
    blas: null,
    threads: getNumThreads(),
    flushDenormal: flushesDenormal(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    libc: libc(),
  };
}
