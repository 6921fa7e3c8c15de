// random.cc: Philox4x32-10; element i depends on (seed, offset + i / 4, i % 4) alone.
import { counter, kernel, out, read, real } from './describe.mjs';

const live = { live: true };
const seed = counter('seed', undefined, live);
const offset = counter('offset', undefined, live);

export const random = [
  kernel('fill_uniform', {
    operands: [out('out', 'n')],
    sizes: ['n'],
    attributes: [seed, offset, real('low', undefined, live), real('high', undefined, live)],
    doc: 'Fills out with numbers from the uniform distribution on `[low, high)`: `fillUniform(out, n, seed, offset, low, high)`.',
    example: `const out = new Float32Array(8);
fillUniform(out, 8, 1, 0, -1, 1);
out.every((v) => v >= -1 && v < 1); // true`,
  }),
  kernel('fill_normal', {
    operands: [out('out', 'n')],
    sizes: ['n'],
    attributes: [seed, offset, real('mean', undefined, live), real('std', undefined, live)],
    doc: 'Fills out with numbers from a normal distribution: `fillNormal(out, n, seed, offset, mean, std)`.',
    example: `const [out, again] = [new Float32Array(8), new Float32Array(8)];
fillNormal(out, 8, 1, 0, 0, 1);
fillNormal(again, 8, 1, 0, 0, 1);
out.every((v, i) => v === again[i]); // true`,
  }),
  kernel('dropout', {
    operands: [out('y', 'n'), read('x', 'n')],
    sizes: ['n'],
    attributes: [real('p', undefined, { live: true, least: 0, most: 1 }), seed, offset],
    doc: '`y[i] = 0` with probability p, else `x[i] / (1 - p)`. The same call on dy gives the gradient. A RangeError for p outside [0, 1].',
    example: `const y = new Float32Array(8);
dropout(y, new Float32Array(8).fill(1), 8, 0.5, 1, 0);
y.every((v) => v === 0 || v === 2); // true`,
  }),
  kernel('random_permutation', {
    operands: [out('out', 'n', { type: 'int32' })],
    sizes: ['n'],
    attributes: [seed, offset],
    doc: 'A random order of 0 .. n - 1: `randomPermutation(out, n, seed, offset)`.',
    example: `const out = new Int32Array(4);
randomPermutation(out, 4, 1, 0);
out.sort(); // [0, 1, 2, 3]`,
  }),
];
