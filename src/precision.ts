// The precision of large matrix products.
import { checkOneOf } from './errors';
import { setPrecision } from './native';

/** The precision of large matrix products: operands as float32, as sums of two bfloat16 numbers, or rounded to bfloat16. */
export type Float32MatmulPrecision = 'highest' | 'high' | 'medium';

const precisions = ['highest', 'high', 'medium'] as const;

let now: Float32MatmulPrecision = 'highest';

function set(precision: Float32MatmulPrecision): void {
  setPrecision(precisions.indexOf(precision));
  now = precision;
}

set(now); // another copy of the library that was loaded over the same addon may have set another precision

/** Throws for an invalid precision; undefined means the current one. */
export const checkPrecision = (where: string, precision: unknown): Float32MatmulPrecision | undefined =>
  precision === undefined ? undefined : checkOneOf(where, 'precision', precision, precisions);

/**
 * Sets the precision of large matrix products in this environment (the main thread, or one worker), from the next call on; PyTorch's
 * `torch.set_float32_matmul_precision`.
 *
 * "highest" (the default): float32. "high": each operand `x` is the sum of two bfloat16 numbers, `hi = bfloat16(x)` and `lo = bfloat16(x - hi)`, and a product
 * is `hi hi + hi lo + lo hi`, with an error of at most `2^-15` of its magnitude. "medium": operands are rounded to bfloat16, with an error of at most `2^-7`.
 * Sums are computed in float32; parameters, activations, gradients and states of optimizers stay float32. Layers and products whose right operand (the weight)
 * has less than 8,192 elements, or less than 32 rows or columns, stay float32.
 *
 * A compiled function records again for another precision; fits, evaluations and predictions keep the one with which they began. All of them have an option
 * `precision` too. Bits do not depend on the threads, on the batch's other rows, or on whether a step is compiled. A processor's units for bfloat16
 * (`info().features`) are used if it has them, and give other last bits. A RangeError for anything but the three names.
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
 * The precision of large matrix products: `torch.get_float32_matmul_precision`. See `setFloat32MatmulPrecision`.
 *
 * @example
 * getFloat32MatmulPrecision(); // "highest"
 */
export const getFloat32MatmulPrecision = (): Float32MatmulPrecision => now;

/** Calls `fn` with another precision, if one is given; the precision is restored afterwards, even if `fn` sets another. */
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
