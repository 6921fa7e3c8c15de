// Describes the running library and machine.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { libc } from './load';
import { features, flushesDenormal, getNumThreads, supportedTargets, target } from './native';

// The build inserts the version here, because in someone else's bundle there is no package.json to read.
declare const packageVersion: string | undefined;

/** The version of this package. */
export const version: string =
  typeof packageVersion === 'string' ? packageVersion : JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')).version;

/** The result of `info()`. */
export interface Info {
  /** The version of this package. */
  version: string;
  /** The instruction set whose kernels run. */
  target: string;
  /** Every instruction set of this build that this machine supports, from the simplest. */
  targets: string[];
  /**
   * The units for products of bfloat16 numbers that this processor has in addition to the target's instructions, fastest first: `"amx_bf16"`, `"avx512_bf16"`,
   * `"neon_bf16"`, without those that `SIMDNN_FEATURES` excludes. Large products use the first if `setFloat32MatmulPrecision` allows it; `"avx512_bf16"` on
   * an Intel processor, where it is slower than `"avx512"` alone, only if `SIMDNN_FEATURES` names it.
   */
  features: string[];
  /** The BLAS library in use; null: the products are our own. */
  blas: string | null;
  /** The number of threads that a kernel may use. */
  threads: number;
  /** Whether denormal numbers count as zero: see `setFlushDenormal`. */
  flushDenormal: boolean;
  /** Node's version. */
  node: string;
  /** Operating system and processor, e.g. `"linux-x64"`. */
  platform: string;
  /** The C library, e.g. `"glibc 2.36"`; null on systems with only one. */
  libc: string | null;
}

/**
 * Describes the running library: the instruction set, threads, versions, platform.
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
