// linear.cc, linear_columns.cc, matmul.cc
import { attributes, choice, flag, inout, kernel, out, read, real } from './describe.mjs';

const rowsInOut = ['rows', 'in', 'out'];
const flops = '2 * rows * in * out';

// The activation that the product's epilogue applies, with its parameters.
const activation = [
  choice('activation', 'Unary', 'none', { internal: true }),
  real('a', 0, { internal: true }),
  real('b', 0, { internal: true }),
];
const forwardAttributes = attributes('LinearAttributes', ...activation);

const dweight = inout('dweight', 'out * in', { optional: true, doc: '`[out, in]`: `dy^T x`.' });
const dbias = inout('dbias', 'out', { optional: true, doc: '`[out]`: the sums of the columns of dy.' });
const backwardAttributes = attributes(
  'LinearBackwardAttributes',
  ...activation,
  flag('accumulate_dx', { set: 'accumulate' }),
  flag('accumulate_dweight', { set: 'accumulate' }),
  flag('accumulate_dbias', { set: 'accumulate' }),
);

const columnsOf = (name, width) => [`${name}_columns`, `padded(${width}) * padded(rows)`];

export const products = [
  kernel('linear_forward', {
    operands: [out('y', 'rows * out'), read('x', 'rows * in'), read('weight', 'out * in'), read('bias', 'out', { optional: true })],
    sizes: rowsInOut,
    attributes: forwardAttributes,
    flops,
    doc: `\`y = x weight^T + bias\`.

Shapes: y \`[rows, out]\`, x \`[rows, in]\`, weight \`[out, in]\`, bias \`[out]\` or null. y is completely overwritten and must overlap nothing.`,
    example: `const y = new Float32Array(1);
linearForward(y, Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(0.5), 1, 2, 1);
y; // [11.5]`,
  }),
  kernel('linear_forward_columns', {
    operands: [
      out('y', 'rows * out', { optional: true }),
      out(...columnsOf('y', 'out'), { optional: true }),
      read('x', 'rows * in'),
      read(...columnsOf('x', 'in'), { optional: true }),
      read('weight', 'out * in'),
      read('bias', 'out', { optional: true }),
    ],
    sizes: rowsInOut,
    attributes: forwardAttributes,
    flops,
  }),
  kernel('linear_pack', {
    operands: [out('panels', 'packed(in, out)'), read('weight', 'out * in')],
    sizes: ['in', 'out'],
    doc: `Packs a weight \`[out, in]\` for \`linearForwardPacked\`, which is faster for many calls with the same weight. Do not store the packed weight in a file: its
layout depends on the machine's instruction set. \`panels\` has \`linearPackedLength(in, out)\` elements and must overlap nothing.`,
    example: `const panels = new Float32Array(linearPackedLength(2, 1));
linearPack(panels, Float32Array.of(3, 4), 2, 1);`,
  }),
  kernel('linear_forward_packed', {
    operands: [out('y', 'rows * out'), read('x', 'rows * in'), read('panels', 'packed(in, out)'), read('bias', 'out', { optional: true })],
    sizes: rowsInOut,
    attributes: forwardAttributes,
    flops,
    doc: '`linearForward` with a weight that `linearPack` has packed into `panels`; the results are the same, bit for bit.',
    example: `const panels = new Float32Array(linearPackedLength(2, 1));
linearPack(panels, Float32Array.of(3, 4), 2, 1);
const y = new Float32Array(1);
linearForwardPacked(y, Float32Array.of(1, 2), panels, Float32Array.of(0.5), 1, 2, 1);
y; // [11.5]`,
  }),
  kernel('dense_forward', {
    operands: [out('y', 'rows * out'), read('x', 'rows * in'), read('weight', 'in * out'), read('bias', 'out', { optional: true })],
    sizes: rowsInOut,
    attributes: forwardAttributes,
    flops,
    doc: `\`y = x weight + bias\`: \`linearForward\` with the weight as Keras and TensorFlow.js store it, transposed; the results are the same, bit for bit.

Shapes: y \`[rows, out]\`, x \`[rows, in]\`, weight \`[in, out]\`, bias \`[out]\` or null. y is completely overwritten and must overlap nothing.`,
    example: `const y = new Float32Array(2);
denseForward(y, Float32Array.of(1, 2), Float32Array.of(3, 4, 5, 6), Float32Array.of(0.5, 0), 1, 2, 2);
y; // [13.5, 16]`,
  }),
  kernel('linear_backward', {
    operands: [
      inout('dx', 'rows * in', { optional: true, doc: '`[rows, in]`: `dy weight`.' }),
      dweight,
      dbias,
      read('dy', 'rows * out'),
      read('x', 'rows * in'),
      read('weight', 'out * in'),
    ],
    sizes: rowsInOut,
    attributes: backwardAttributes,
    flops: '2 * rows * in * out * (given(dx) + given(dweight))',
    results: ['LinearGradients', 'The gradients of `linearForward`, each of them optional.', 'dx', 'dweight', 'dbias'],
    options: ['LinearBackwardOptions', 'The options of `linearBackward`.', 'accumulate'],
    sets: { accumulate: 'The gradients are added to what the arrays hold (false).' },
    doc: `The gradients of \`linearForward\`: \`dx = dy weight\`, \`dweight = dy^T x\`, \`dbias = sum over rows of dy\`. Those that are not given are not computed.

Shapes: dy \`[rows, out]\`, x \`[rows, in]\`, weight \`[out, in]\`. The gradients are overwritten or, with \`accumulate\`, added to. They must overlap nothing.`,
    example: `const [dx, dweight, dbias] = [new Float32Array(2), new Float32Array(2), new Float32Array(1)];
linearBackward({ dx, dweight, dbias }, Float32Array.of(1), Float32Array.of(1, 2), Float32Array.of(3, 4), 1, 2, 1);
dx; // [3, 4]
dweight; // [1, 2]
dbias; // [1]`,
  }),
  kernel('linear_backward_columns', {
    operands: [
      out('dx', 'rows * in', { optional: true }),
      out(...columnsOf('dx', 'in'), { optional: true }),
      dweight,
      dbias,
      read('dy', 'rows * out'),
      read(...columnsOf('dy', 'out'), { optional: true }),
      read('x', 'rows * in'),
      read(...columnsOf('x', 'in'), { optional: true }),
      read('weight', 'out * in'),
    ],
    sizes: rowsInOut,
    attributes: backwardAttributes,
    flops: '2 * rows * in * out * (Math.max(given(dx), given(dx_columns)) + given(dweight))',
  }),
  kernel('matmul', {
    operands: [inout('c', 'm * n'), read('a', 'm * k'), read('b', 'k * n')],
    sizes: ['m', 'n', 'k'],
    attributes: [
      flag('transpose_a', { as: 'transA', doc: 'a is stored as `[k, m]` (false).' }),
      flag('transpose_b', { as: 'transB', doc: 'b is stored as `[n, k]` (false).' }),
      flag('accumulate', { doc: 'The product is added to what `out` holds (false).' }),
    ],
    flops: '2 * m * n * k',
    options: ['MatmulOptions', 'The options of `matmul`.', 'transpose_a', 'transpose_b', 'accumulate'],
    doc: `\`c = op(a) op(b)\`, where op transposes when asked to.

Shapes: c \`[m, n]\`, op(a) \`[m, k]\`, op(b) \`[k, n]\`. c must overlap neither; k = 0 gives zeros.`,
    example: `const c = new Float32Array(1);
matmul(c, Float32Array.of(1, 2), Float32Array.of(3, 4), 1, 1, 2);
c; // [11]`,
  }),
  kernel('batched_matmul', {
    operands: [out('c', 'batch * m * n'), read('a', 'batch * m * k'), read('b', 'batch * k * n')],
    sizes: ['batch', 'm', 'n', 'k'],
    attributes: [
      flag('transpose_a', { as: 'transA', doc: 'Each a is stored as `[k, m]` (false).' }),
      flag('transpose_b', { as: 'transB', doc: 'Each b is stored as `[n, k]` (false).' }),
    ],
    flops: '2 * batch * m * n * k',
    options: ['BatchedMatmulOptions', 'The options of `batchedMatmul`.', 'transpose_a', 'transpose_b'],
    doc: `\`c[i] = op(a[i]) op(b[i])\` for i below \`batch\`, where op transposes when asked to; the results are those of \`matmul\`, bit for bit.

Shapes: c \`[batch, m, n]\`, op(a) \`[batch, m, k]\`, op(b) \`[batch, k, n]\`. c must overlap neither; k = 0 gives zeros.`,
    example: `const c = new Float32Array(2);
batchedMatmul(c, Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8), 2, 1, 1, 2);
c; // [17, 53]`,
  }),
];
