// sort.cc, scans.cc: sorts and scans along the middle dimension of x = [outer, n, inner].
import { flag, kernel, out, read } from './describe.mjs';

const sizes = ['outer', 'n', 'inner'];
const all = 'outer * n * inner';
const int = { type: 'int32' };
const reverse = [flag('reverse')];
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

const sorting = (name, type, array) =>
  kernel(name, {
    operands: [out('values', all, { type }), out('indices', all, int), read('x', all, { type })],
    sizes,
    attributes: [flag('descending')],
    doc: `Sorts the elements of \`x[o, :, i]\` in ascending or descending order, and gives their indices in x. The sort is stable, and NaN is the largest:
\`${camel(name)}(values, indices, x, outer, n, inner, descending = false)\`.`,
    example: `const [values, indices] = [new ${array}(3), new Int32Array(3)];
${camel(name)}(values, indices, ${array}.of(2, 3, 1), 1, 3, 1);
values; // [1, 2, 3]
indices; // [2, 0, 1]`,
  });

const scan = (name, type, sign, given, [forward]) => {
  const array = type === 'int32' ? 'Int32Array' : 'Float32Array';
  return kernel(name, {
    operands: [out('out', all, { type }), read('x', all, { type })],
    sizes,
    attributes: reverse,
    doc: `\`out[o, k, i] = ${sign} over j from 0 to k of x[o, j, i]\`, with \`reverse\` from k to the end${type === 'int32' ? ', modulo 2^32' : ''}:
\`${camel(name)}(out, x, outer, n, inner, reverse = false)\`. out may be x.`,
    example: `const out = new ${array}(3);
${camel(name)}(out, ${array}.of(${given.join(', ')}), 1, 3, 1);
out; // [${forward.join(', ')}]`,
  });
};

export const lines = [
  sorting('sort', 'float32', 'Float32Array'),
  sorting('sort_int', 'int32', 'Int32Array'),
  scan('cumsum', 'float32', 'sum', [1, 2, 3], [[1, 3, 6]]),
  scan('cumsum_int', 'int32', 'sum', [1, 2, 3], [[1, 3, 6]]),
  scan('cumprod', 'float32', 'product', [2, 3, 4], [[2, 6, 24]]),
  kernel('cumprod_backward', {
    operands: [out('dx', all), read('dy', all), read('x', all)],
    sizes,
    doc: `The gradient of \`cumprod\`: \`dx[k] = x[0] ... x[k - 1] (dy[k] + dy[k + 1] x[k + 1] + dy[k + 2] x[k + 1] x[k + 2] + ...)\` along the middle dimension,
without a division, so that elements of x may be 0: \`cumprodBackward(dx, dy, x, outer, n, inner)\`.`,
    example: `const dx = new Float32Array(3);
cumprodBackward(dx, Float32Array.of(0, 0, 1), Float32Array.of(2, 0, 4), 1, 3, 1);
dx; // [0, 8, 0]`,
  }),
];
