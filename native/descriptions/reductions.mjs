// reductions.cc, extrema.cc: x is [outer, n, inner], reduced over n.
import { kernel, out, read, real } from './describe.mjs';

const sizes = ['outer', 'n', 'inner'];
const x = (type) => read('x', 'outer * n * inner', { type });
const result = (name, type) => out(name, 'outer * inner', { type });

function extremum(name, adjective, type, [first, second]) {
  const array = type === 'int32' ? 'Int32Array' : 'Float32Array';
  const camel = name.replace('_int', 'Int');
  const [which, kind] = camel.split(/(?=Int)/);
  return kernel(name, {
    operands: [result('values', type), result('indices', 'int32'), x(type)],
    sizes,
    doc: kind
      ? `\`${which}\` of int32.`
      : `The ${adjective} element of \`x[o, :, i]\` and its index. Of equal elements the first is taken; a NaN is taken before all numbers:
\`${camel}(values, indices, x, outer, n, inner)\`.`,
    example: `const [values, indices] = [new ${array}(2), new Int32Array(2)];
${camel}(values, indices, ${array}.of(1, 5, 7, 2), 2, 2, 1);
values; // [${[[1, 5][first], [7, 2][second]].join(', ')}]
indices; // [${first}, ${second}]`,
  });
}

export const reductions = [
  kernel('sum', {
    operands: [result('out', 'float32'), x('float32')],
    sizes,
    attributes: [real('scale', 1)],
    doc: '`out[o, i] = scale * sum over n of x[o, :, i]`: `sum(out, x, outer, n, inner, scale = 1)`; a scale of `1 / n` gives the mean.',
    example: `const out = new Float32Array(2);
sum(out, Float32Array.of(1, 2, 3, 4), 2, 2, 1);
out; // [3, 7]`,
  }),
  kernel('sum_int', {
    operands: [result('out', 'int32'), x('int32')],
    sizes,
    doc: '`out[o, i] = sum over n of x[o, :, i]`, modulo 2^32: `sumInt(out, x, outer, n, inner)`.',
    example: `const out = new Int32Array(2);
sumInt(out, Int32Array.of(1, 2, 3, 4), 2, 2, 1);
out; // [3, 7]`,
  }),
  extremum('max', 'largest', 'float32', [1, 0]),
  extremum('min', 'smallest', 'float32', [0, 1]),
  extremum('max_int', 'largest', 'int32', [1, 0]),
  extremum('min_int', 'smallest', 'int32', [0, 1]),
];
