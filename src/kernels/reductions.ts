// Reductions of x [outer, n, inner] over n; the results are [outer, inner] and overlap nothing.
import { kernels } from '../native';

/**
 * `out[o, i] = scale * sum over n of x[o, :, i]`: `sum(out, x, outer, n, inner, scale = 1)`; a scale of `1 / n` gives the mean.
 *
 * @example
 * const out = new Float32Array(2);
 * sum(out, Float32Array.of(1, 2, 3, 4), 2, 2, 1);
 * out; // [3, 7]
 */
export function sum(out: Float32Array, x: Float32Array, outer: number, n: number, inner: number, scale = 1): void {
  kernels.sum(out, x, outer, n, inner, scale);
}

/**
 * `out[o, i] = sum over n of x[o, :, i]`, modulo 2^32: `sumInt(out, x, outer, n, inner)`.
 *
 * @example
 * const out = new Int32Array(2);
 * sumInt(out, Int32Array.of(1, 2, 3, 4), 2, 2, 1);
 * out; // [3, 7]
 */
export const sumInt = kernels.sumInt;

/**
 * The largest of `x[o, :, i]` and where it stands, the first of equals, NaN before all: `max(values, indices, x, outer, n, inner)`.
 *
 * @example
 * const [values, indices] = [new Float32Array(2), new Int32Array(2)];
 * max(values, indices, Float32Array.of(1, 5, 7, 2), 2, 2, 1);
 * values; // [5, 7]
 * indices; // [1, 0]
 */
export const max = kernels.max;

/**
 * The smallest of `x[o, :, i]` and where it stands, the first of equals, NaN before all: `min(values, indices, x, outer, n, inner)`.
 *
 * @example
 * const [values, indices] = [new Float32Array(2), new Int32Array(2)];
 * min(values, indices, Float32Array.of(1, 5, 7, 2), 2, 2, 1);
 * values; // [1, 2]
 * indices; // [0, 1]
 */
export const min = kernels.min;

/**
 * `max` of int32.
 *
 * @example
 * const [values, indices] = [new Int32Array(2), new Int32Array(2)];
 * maxInt(values, indices, Int32Array.of(1, 5, 7, 2), 2, 2, 1);
 * values; // [5, 7]
 * indices; // [1, 0]
 */
export const maxInt = kernels.maxInt;

/**
 * `min` of int32.
 *
 * @example
 * const [values, indices] = [new Int32Array(2), new Int32Array(2)];
 * minInt(values, indices, Int32Array.of(1, 5, 7, 2), 2, 2, 1);
 * values; // [1, 2]
 * indices; // [0, 1]
 */
export const minInt = kernels.minInt;
