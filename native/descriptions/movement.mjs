// movement.cc
import { inout, integer, kernel, layout, out, read, real } from './describe.mjs';

const any = { type: 'any' };
const int = { type: 'int32' };
const index = (length) => read('index', length, int);
const counted = { outer: '1', count: 'index.length' };

export const movement = [
  kernel('copy_strided', {
    operands: [out('out', 'layout.extent(0)', any), read('x', 'layout.extent(1)', any)],
    sizes: [layout('layout')],
    oneType: ['out', 'x'],
    doc: '`out = x` over the index space of a `layout`, whose first operand is out and whose second is x. Elements of out outside it keep their values.',
    example: `const out = new Float32Array(6); // [3, 2], the transpose of x [2, 3]
copyStrided(out, Float32Array.of(1, 2, 3, 4, 5, 6), layout([2, 3], { strides: [1, 2] }, { strides: [3, 1] }));
out; // [1, 4, 2, 5, 3, 6]`,
  }),
  kernel('gather_rows', {
    operands: [out('out', 'outer * count * columns', any), read('x', 'outer * rows * columns', any), index('count')],
    sizes: ['outer', 'rows', 'columns', 'count'],
    derived: counted,
    oneType: ['out', 'x'],
    doc: `\`out[i, :] = x[index[i], :]\` for every i of \`index\`.

Shapes: out \`[index.length, columns]\`, x \`[rows, columns]\`; float32 or int32. out must overlap nothing. A RangeError for an index outside
\`[0, rows)\`; all other rows are still written.`,
    example: `const out = new Float32Array(2);
gatherRows(out, Float32Array.of(1, 2, 3), Int32Array.of(2, 0), 3, 1);
out; // [3, 1]`,
  }),
  kernel('scatter_add_rows', {
    operands: [inout('dx', 'outer * rows * columns'), read('dy', 'outer * count * columns'), index('count')],
    sizes: ['outer', 'rows', 'columns', 'count'],
    derived: counted,
    doc: 'The gradient of `gatherRows`: `dx[index[i], :] += dy[i, :]`, in the order of i. Shapes: dx `[rows, columns]`, dy `[index.length, columns]`.',
    example: `const dx = new Float32Array(3);
scatterAddRows(dx, Float32Array.of(1, 2, 4), Int32Array.of(2, 0, 2), 3, 1);
dx; // [2, 0, 5]`,
  }),
  kernel('gather', {
    operands: [out('out', 'outer * count * inner', any), read('x', 'outer * n * inner', any), index('outer * count * inner')],
    sizes: ['outer', 'n', 'inner', 'count'],
    oneType: ['out', 'x'],
    doc: `\`out[o, c, i] = x[o, index[o, c, i], i]\`: \`torch.gather\` along the middle dimension.

Shapes: out and index \`[outer, count, inner]\`, x \`[outer, n, inner]\`. A RangeError for an index outside \`[0, n)\`.`,
    example: `const out = new Float32Array(2);
gather(out, Float32Array.of(1, 2, 3, 4), Int32Array.of(1, 0), 2, 2, 1, 1);
out; // [2, 3]`,
  }),
  kernel('scatter_add', {
    operands: [inout('dx', 'outer * n * inner'), read('dy', 'outer * count * inner'), index('outer * count * inner')],
    sizes: ['outer', 'n', 'inner', 'count'],
    doc: 'The gradient of `gather`: `dx[o, index[o, c, i], i] += dy[o, c, i]`: `scatterAdd(dx, dy, index, outer, n, inner, count)`.',
    example: `const dx = new Float32Array(4);
scatterAdd(dx, Float32Array.of(5, 6), Int32Array.of(1, 0), 2, 2, 1, 1);
dx; // [0, 5, 6, 0]`,
  }),
  kernel('scatter_add_int', {
    operands: [inout('dx', 'outer * n * inner', int), read('dy', 'outer * count * inner', int), index('outer * count * inner')],
    sizes: ['outer', 'n', 'inner', 'count'],
    doc: '`scatterAdd` for int32; sums beyond 32 bits wrap.',
    example: `const dx = new Int32Array(4);
scatterAddInt(dx, Int32Array.of(5, 6), Int32Array.of(1, 0), 2, 2, 1, 1);
dx; // [0, 5, 6, 0]`,
  }),
  kernel('scatter', {
    operands: [inout('out', 'outer * n * inner', any), read('x', 'outer * count * inner', any), index('outer * count * inner')],
    sizes: ['outer', 'n', 'inner', 'count'],
    oneType: ['out', 'x'],
    doc: '`out[o, index[o, c, i], i] = x[o, c, i]`; of several elements with the same index the last one stays: `scatter(out, x, index, outer, n, inner, count)`.',
    example: `const out = new Float32Array(4);
scatter(out, Float32Array.of(5, 6), Int32Array.of(1, 0), 2, 2, 1, 1);
out; // [0, 5, 6, 0]`,
  }),
  kernel('where', {
    operands: [out('out', 'n', any), read('condition', 'n', int), read('a', 'n', any), read('b', 'n', any)],
    sizes: ['n'],
    oneType: ['out', 'a', 'b'],
    doc: '`out[i] = a[i]` where `condition[i]` is not 0, else `b[i]`: `where(out, condition, a, b, n)`. out may be a or b.',
    example: `const out = new Float32Array(2);
where(out, Int32Array.of(1, 0), Float32Array.of(1, 2), Float32Array.of(3, 4), 2);
out; // [1, 4]`,
  }),
  kernel('fill', {
    operands: [out('out', 'n')],
    sizes: ['n'],
    attributes: [real('value')],
    doc: '`out[i] = value`, for the first n elements: `fill(out, n, value)`.',
    example: `const out = new Float32Array(2);
fill(out, 2, 7);
out; // [7, 7]`,
  }),
  kernel('fill_int', {
    operands: [out('out', 'n', int)],
    sizes: ['n'],
    attributes: [integer('value')],
    doc: '`out[i] = value`, for the first n elements: `fillInt(out, n, value)`.',
    example: `const out = new Int32Array(2);
fillInt(out, 2, 7);
out; // [7, 7]`,
  }),
  kernel('float_to_int', {
    operands: [out('out', 'n', int), read('x', 'n')],
    sizes: ['n'],
    doc: '`out[i] = x[i]`, rounded toward zero: `floatToInt(out, x, n)`. NaN and values outside the range of int32 become -2147483648.',
    example: `const out = new Int32Array(2);
floatToInt(out, Float32Array.of(1.7, -1.7), 2);
out; // [1, -1]`,
  }),
  kernel('int_to_float', {
    operands: [out('out', 'n'), read('x', 'n', int)],
    sizes: ['n'],
    doc: '`out[i] = x[i]`, rounded to the nearest float32: `intToFloat(out, x, n)`.',
    example: `const out = new Float32Array(2);
intToFloat(out, Int32Array.of(1, -1), 2);
out; // [1, -1]`,
  }),
  kernel('accumulate', {
    operands: [inout('out', 'n'), read('x', 'n')],
    sizes: ['n'],
    doc: '`out[i] += x[i]`: `accumulate(out, x, n)`.',
    example: `const out = Float32Array.of(1, 2);
accumulate(out, Float32Array.of(10, 20), 2);
out; // [11, 22]`,
  }),
  kernel('scale_rows', {
    operands: [out('out', 'rows * columns'), read('x', 'rows * columns'), read('scale', 'rows')],
    sizes: ['rows', 'columns'],
    doc: '`out[r, :] = x[r, :] scale[r]`: `scaleRows(out, x, scale, rows, columns)`. out may be x.',
    example: `const out = new Float32Array(4);
scaleRows(out, Float32Array.of(1, 2, 3, 4), Float32Array.of(10, 100), 2, 2);
out; // [10, 20, 300, 400]`,
  }),
];
