// Random numbers by counters (Philox4x32-10): element i is a function of seed and offset + i / 4 alone, so equal arguments give equal
// bits. seed and offset are integers from 0 to 2^53 - 1; a call uses the offsets up to offset + n / 4, the next should start behind.
import { kernels } from '../native';

/** Uniform in `[low, high)`: `fillUniform(out, n, seed, offset, low, high)`. */
export const fillUniform = kernels.fillUniform;

/** Normal: `fillNormal(out, n, seed, offset, mean, std)`. */
export const fillNormal = kernels.fillNormal;

/** `y[i] = 0` with probability p, else `x[i] / (1 - p)`: `dropout(y, x, n, p, seed, offset)`. The gradient is the same call on dy. */
export const dropout = kernels.dropout;

/** A random order of 0 .. n - 1: `randomPermutation(out, n, seed, offset)`. */
export const randomPermutation = kernels.randomPermutation;
