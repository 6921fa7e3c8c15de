// norms.cc: normalisation of the rows of x [rows, columns].
import { flag, inout, kernel, out, read, real } from './describe.mjs';

const matrix = (role, name, more) => role(name, 'rows * columns', more);
const weight = read('weight', 'columns', { optional: true });

const bias = read('bias', 'columns', { optional: true });
const accumulates = (names) => names.map((name) => flag(`accumulate_${name}`, { set: 'accumulate' }));
const sets = { accumulate: 'The sums over rows are added to what the arrays hold (false).' };

export const norms = [
  kernel('layer_norm_forward', {
    operands: [matrix(out, 'y'), out('mean', 'rows'), out('scale', 'rows'), matrix(read, 'x'), weight, bias],
    sizes: ['rows', 'columns'],
    attributes: [real('eps', 1e-5)],
    doc: `\`y[r, c] = (x[r, c] - mean[r]) scale[r] weight[c] + bias[c]\` with the mean of a row and \`scale[r] = 1 / sqrt(variance + eps)\`:
\`layerNormForward(y, mean, scale, x, weight, bias, rows, columns, eps)\`.

Shapes: y, x \`[rows, columns]\`, mean and scale \`[rows]\`, which the gradient reads, weight and bias \`[columns]\` or null for ones and zeros. The variance divides by
columns. y may be x. eps is 1e-5 by default.`,
    example: `const [y, mean, scale] = [new Float32Array(2), new Float32Array(1), new Float32Array(1)];
layerNormForward(y, mean, scale, Float32Array.of(1, 5), null, Float32Array.of(0, 10), 1, 2, 0);
y; // [-1, 11]`,
  }),
  kernel('layer_norm_backward', {
    operands: [
      matrix(out, 'dx', {
        optional: true,
        doc: '`[rows, columns]`: with `g = dy weight` and `h = (x - mean) scale`, `scale (g - mean of g - h mean of (g h))`.',
      }),
      inout('dweight', 'columns', { optional: true, doc: '`[columns]`: the sum over rows of `dy h`.' }),
      inout('dbias', 'columns', { optional: true, doc: '`[columns]`: the sum over rows of dy.' }),
      matrix(read, 'dy'),
      matrix(read, 'x'),
      read('mean', 'rows'),
      read('scale', 'rows'),
      weight,
    ],
    sizes: ['rows', 'columns'],
    attributes: accumulates(['dweight', 'dbias']),
    results: ['LayerNormGradients', 'The gradients of `layerNormForward`, each where it is wanted.', 'dx', 'dweight', 'dbias'],
    options: ['LayerNormBackwardOptions', 'The options of `layerNormBackward`.', 'accumulate'],
    sets,
    doc: `The gradients of \`layerNormForward\`, as many as are given, from its x, \`mean\` and \`scale\`. dx may be dy.

Shapes: dy, x \`[rows, columns]\`, mean and scale \`[rows]\`, weight \`[columns]\` or null.`,
    example: `const [dx, dweight, dbias] = [new Float32Array(2), new Float32Array(2), new Float32Array(2)];
const [mean, scale] = [Float32Array.of(3), Float32Array.of(0.5)];
layerNormBackward({ dx, dweight, dbias }, Float32Array.of(1, 2), Float32Array.of(1, 5), mean, scale, null, 1, 2);
dweight; // [-1, 2]
dbias; // [1, 2]`,
  }),
  kernel('rms_norm_forward', {
    operands: [matrix(out, 'y'), out('scale', 'rows'), matrix(read, 'x'), weight],
    sizes: ['rows', 'columns'],
    attributes: [real('eps', 2 ** -23)],
    doc: `\`y[r, c] = x[r, c] scale[r] weight[c]\` with \`scale[r] = 1 / sqrt(mean over c of x[r, c]^2 + eps)\`: \`rmsNormForward(y, scale, x, weight, rows, columns, eps)\`.

Shapes: y, x \`[rows, columns]\`, scale \`[rows]\`, which the gradient reads, weight \`[columns]\` or null for ones. y may be x. eps is 2^-23 by default.`,
    example: `const [y, scale] = [new Float32Array(2), new Float32Array(1)];
rmsNormForward(y, scale, Float32Array.of(1, 7), null, 1, 2);
y; // [0.2, 1.4]`,
  }),
  kernel('rms_norm_backward', {
    operands: [
      matrix(out, 'dx', { optional: true, doc: '`[rows, columns]`: `scale (dy weight - x scale^2 mean over columns of (dy weight x))`.' }),
      inout('dweight', 'columns', { optional: true, doc: '`[columns]`: the sum over rows of `dy x scale`.' }),
      matrix(read, 'dy'),
      matrix(read, 'x'),
      read('scale', 'rows'),
      weight,
    ],
    sizes: ['rows', 'columns'],
    attributes: [flag('accumulate_dweight', { as: 'accumulate', doc: 'dweight is added to what the array holds (false).' })],
    results: ['RmsNormGradients', 'The gradients of `rmsNormForward`, each where it is wanted.', 'dx', 'dweight'],
    options: ['RmsNormBackwardOptions', 'The options of `rmsNormBackward`.', 'accumulate_dweight'],
    doc: `The gradients of \`rmsNormForward\`, as many as are given, from its x and its \`scale\`. dx may be dy.

Shapes: dy, x \`[rows, columns]\`, scale \`[rows]\`, weight \`[columns]\` or null.`,
    example: `const [dx, dweight] = [new Float32Array(2), new Float32Array(2)];
rmsNormBackward({ dx, dweight }, Float32Array.of(1, 1), Float32Array.of(1, 7), Float32Array.of(0.2), null, 1, 2);
dx; // [0.168, -0.024]
dweight; // [0.2, 1.4]`,
  }),
  kernel('batch_norm_statistics', {
    operands: [out('mean', 'columns'), out('variance', 'columns'), matrix(read, 'x')],
    sizes: ['rows', 'columns'],
    doc: `The mean of each column of x and the mean of its squared differences from it: \`batchNormStatistics(mean, variance, x, rows, columns)\`.

Shapes: x \`[rows, columns]\`, mean and variance \`[columns]\`; NaN without rows.`,
    example: `const [mean, variance] = [new Float32Array(1), new Float32Array(1)];
batchNormStatistics(mean, variance, Float32Array.of(1, 5), 2, 1);
mean; // [3]
variance; // [4]`,
  }),
  kernel('batch_norm_forward', {
    operands: [matrix(out, 'y'), matrix(read, 'x'), read('mean', 'columns'), read('variance', 'columns'), weight, bias],
    sizes: ['rows', 'columns'],
    attributes: [real('eps', 1e-5)],
    doc: `\`y[r, c] = (x[r, c] - mean[c]) / sqrt(variance[c] + eps) weight[c] + bias[c]\`: \`batchNormForward(y, x, mean, variance, weight, bias, rows, columns, eps)\`.

Shapes: y, x \`[rows, columns]\`, the others \`[columns]\`, weight and bias or null for ones and zeros. y may be x. eps is 1e-5 by default.`,
    example: `const y = new Float32Array(2);
batchNormForward(y, Float32Array.of(1, 5), Float32Array.of(3), Float32Array.of(4), null, Float32Array.of(10), 2, 1, 0);
y; // [9, 11]`,
  }),
  kernel('batch_norm_backward', {
    operands: [
      matrix(out, 'dx', {
        optional: true,
        doc: '`[rows, columns]`: with `s = 1 / sqrt(variance + eps)` and `h = (x - mean) s`, `weight s (dy - mean of dy - h mean of (dy h))`, the means over rows.',
      }),
      inout('dweight', 'columns', { optional: true, doc: '`[columns]`: the sum over rows of `dy h`.' }),
      inout('dbias', 'columns', { optional: true, doc: '`[columns]`: the sum over rows of dy.' }),
      matrix(read, 'dy'),
      matrix(read, 'x'),
      read('mean', 'columns'),
      read('variance', 'columns'),
      weight,
    ],
    sizes: ['rows', 'columns'],
    attributes: [
      real('eps', 1e-5, { doc: 'Added to the variance (1e-5).' }),
      flag('fixed', { doc: 'Whether mean and variance are not those of x but given: dx is `weight s dy` (false).' }),
      ...accumulates(['dweight', 'dbias']),
    ],
    results: ['BatchNormGradients', 'The gradients of `batchNormForward`, each where it is wanted.', 'dx', 'dweight', 'dbias'],
    options: ['BatchNormBackwardOptions', 'The options of `batchNormBackward`.', 'eps', 'fixed', 'accumulate'],
    sets,
    doc: `The gradients of \`batchNormForward\`, as many as are given, where mean and variance are those of x. dx may be dy.

Shapes: dy, x \`[rows, columns]\`, mean and variance \`[columns]\`, weight \`[columns]\` or null.`,
    example: `const [dx, dweight, dbias] = [new Float32Array(2), new Float32Array(1), new Float32Array(1)];
const [mean, variance] = [Float32Array.of(3), Float32Array.of(4)];
batchNormBackward({ dx, dweight, dbias }, Float32Array.of(1, 2), Float32Array.of(1, 5), mean, variance, null, 2, 1, { eps: 0 });
dweight; // [1]
dbias; // [3]`,
  }),
];
