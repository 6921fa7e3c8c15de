// Random numbers by counters (Philox4x32-10): element i is a function of seed and offset + i / 4 alone, so equal arguments give equal
// bits. seed and offset are integers from 0 to 2^53 - 1; a call uses the offsets up to offset + n / 4, the next should start behind.
import { checkNumber } from '../errors';
import { kernels } from '../native';

/**
 * Uniform in `[low, high)`: `fillUniform(out, n, seed, offset, low, high)`.
 *
 * @example
 * const out = new Float32Array(8);
 * fillUniform(out, 8, 1, 0, -1, 1);
 * out.every((v) => v >= -1 && v < 1); // true
 */
export const fillUniform = kernels.fillUniform;

/**
 * Normal: `fillNormal(out, n, seed, offset, mean, std)`.
 *
 * @example
 * const [out, again] = [new Float32Array(8), new Float32Array(8)];
 * fillNormal(out, 8, 1, 0, 0, 1);
 * fillNormal(again, 8, 1, 0, 0, 1);
 * out.every((v, i) => v === again[i]); // true
 */
export const fillNormal = kernels.fillNormal;

/**
 * `y[i] = 0` with probability p, else `x[i] / (1 - p)`. The gradient is the same call on dy. A RangeError for p outside [0, 1].
 *
 * @example
 * const y = new Float32Array(8);
 * dropout(y, new Float32Array(8).fill(1), 8, 0.5, 1, 0);
 * y.every((v) => v === 0 || v === 2); // true
 */
export function dropout(y: Float32Array, x: Float32Array, n: number, p: number, seed: number, offset: number): void {
  checkNumber('dropout', 'p', p, 0, 1);
  kernels.dropout(y, x, n, p, seed, offset);
}

/**
 * A random order of 0 .. n - 1: `randomPermutation(out, n, seed, offset)`.
 *
 * @example
 * const out = new Int32Array(4);
 * randomPermutation(out, 4, 1, 0);
 * out.sort(); // [0, 1, 2, 3]
 */
export const randomPermutation = kernels.randomPermutation;
