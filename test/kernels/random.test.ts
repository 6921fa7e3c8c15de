// The public kernels of random numbers.
import { describe, expect, it } from 'vitest';
import * as K from '../../src/kernels';

const n = 100_000;
const uniform = (seed: number, offset: number, length = n): Float32Array => {
  const out = new Float32Array(length);
  K.fillUniform(out, length, seed, offset, -1, 3);
  return out;
};
const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('random kernels', () => {
  it('depend on seed and offset alone', () => {
    expect(uniform(1, 2)).toEqual(uniform(1, 2));
    expect(uniform(1, 2)).not.toEqual(uniform(2, 2));
    // Offset 2 begins 8 numbers later than offset 0.
    expect(uniform(1, 2, 100)).toEqual(uniform(1, 0, 108).subarray(8));
    expect(uniform(2 ** 53 - 1, 2 ** 53 - 1, 4).every(Number.isFinite)).toBe(true);
  });

  it('are uniform in [low, high)', () => {
    const values = uniform(7, 0);
    expect(values.every((value) => value >= -1 && value < 3)).toBe(true);
    // The mean's deviation is 4 / sqrt(12 n) = 0.0037: five of them.
    expect(Math.abs(mean(values) - 1) < 0.0183).toBe(true);
  });

  it('are normal', () => {
    const values = new Float32Array(n);
    K.fillNormal(values, n, 7, 0, 2, 3);
    const m = mean(values);
    const variance = mean(values.map((value) => (value - m) ** 2));
    // Deviations 3 / sqrt(n) = 0.0095 of the mean and 9 sqrt(2 / n) = 0.040 of the variance: five of them.
    expect(Math.abs(m - 2) < 0.048).toBe(true);
    expect(Math.abs(variance - 9) < 0.2).toBe(true);
  });

  it('drop out the wanted share and scale the rest', () => {
    const y = new Float32Array(n);
    K.dropout(y, new Float32Array(n).fill(3), n, 0.25, 9, 0);
    const kept = y.filter((value) => value !== 0);
    expect(kept.every((value) => value === 4)).toBe(true);
    // Binomial with deviation sqrt(0.25 * 0.75 * n) = 137: five of them.
    expect(Math.abs(kept.length - 0.75 * n) < 685).toBe(true);
  });

  it('permute', () => {
    const order = new Int32Array(1000);
    K.randomPermutation(order, 1000, 5, 0);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(order[0] === 0 && order[1] === 1 && order[2] === 2).toBe(false);
  });
});
