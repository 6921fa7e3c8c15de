// How large products take their operands.
import { checkOneOf } from './errors';
import { setPrecision } from './native';

/** How products of large matrices take their operands: as float32, as sums of two bfloat16 numbers, or rounded to one. */
export type Float32MatmulPrecision = 'highest' | 'high' | 'medium';

const precisions = ['highest', 'high', 'medium'] as const;

let now: Float32MatmulPrecision = 'highest';

function set(precision: Float32MatmulPrecision): void {
  setPrecision(precisions.indexOf(precision));
  now = precision;
}

set(now); // another copy of the library, loaded over the same addon, may have left another one

/** Refuses what is no precision; undefined stands for the present one. */
export const checkPrecision = (where: string, precision: unknown): Float32MatmulPrecision | undefined =>
  precision === undefined ? undefined : checkOneOf(where, 'precision', precision, precisions);

/**
 * Sets how products of large matrices take their operands in this environment (the main thread, or one worker), from the next call on; PyTorch's
 * `torch.set_float32_matmul_precision`.
 *
 * "highest" (the default): as float32. "high": each operand `x` as the sum of two bfloat16 numbers, `hi = bfloat16(x)` and `lo = bfloat16(x - hi)`, and a
 * product as `hi hi + hi lo + lo hi`, off by at most `2^-15` of its magnitude. "medium": operands rounded to bfloat16, off by at most `2^-7`. Sums
 * are float32's, and so are parameters, activations, gradients and states of optimizers. Layers and products whose right operand (the weight) has less than
 * 8,192 elements, or less than 32 rows or columns, stay float32.
 *
 * A compiled function records anew for another precision, fits, evaluations and predictions keep the one that they began with; all take it as their option `precision` as well. Bits do
 * not depend on the threads, on the batch's other rows, or on whether a step is compiled. A processor's units for bfloat16 (`info().features`) are used
 * where it has them, and give other last bits. A RangeError for anything else than the three names.
 *
 * @example
 * setFloat32MatmulPrecision("medium");
 * full([1, 128], 1 + 2 ** -9).matmul(ones([128, 64])).at(0, 0).item(); // 128
 * setFloat32MatmulPrecision("highest");
 * full([1, 128], 1 + 2 ** -9).matmul(ones([128, 64])).at(0, 0).item(); // 128.25
 */
export function setFloat32MatmulPrecision(precision: Float32MatmulPrecision): void {
  set(checkOneOf('setFloat32MatmulPrecision', 'precision', precision, precisions));
}

/**
 * How products of large matrices take their operands; see `setFloat32MatmulPrecision`.
 *
 * @example
 * getFloat32MatmulPrecision(); // "highest"
 */
export const getFloat32MatmulPrecision = (): Float32MatmulPrecision => now;

/** Calls `fn` with another precision, or the present one; what `fn` sets of it ends with it where one is named. */
export function atPrecision<T>(precision: Float32MatmulPrecision | undefined, fn: () => T): T {
  if (precision === undefined) return fn();
  const before = now;
  if (precision !== now) set(precision);
  try {
    return fn();
  } finally {
    if (now !== before) set(before);
  }
}
