// Reductions of x [outer, n, inner] over n; the results are [outer, inner] and overlap nothing.
import { kernels } from '../native';

/**
 * `out[o, i] = scale * sum over n of x[o, :, i]`: `sum(out, x, outer, n, inner, scale = 1)`; a scale of `1 / n` gives the mean.
 */
export function sum(out: Float32Array, x: Float32Array, outer: number, n: number, inner: number, scale = 1): void {
  kernels.sum(out, x, outer, n, inner, scale);
}

/** `out[o, i] = sum over n of x[o, :, i]`, modulo 2^32: `sumInt(out, x, outer, n, inner)`. */
export const sumInt = kernels.sumInt;

/** The largest of `x[o, :, i]` and where it stands, the first of equals, NaN before all: `max(values, indices, x, outer, n, inner)`. */
export const max = kernels.max;

/** The smallest of `x[o, :, i]` and where it stands, the first of equals, NaN before all: `min(values, indices, x, outer, n, inner)`. */
export const min = kernels.min;

/** `max` of int32. */
export const maxInt = kernels.maxInt;

/** `min` of int32. */
export const minInt = kernels.minInt;
