// norms.cc: normalisation of the rows of x [rows, columns].
import { flag, inout, kernel, out, read, real } from './describe.mjs';

const matrix = (role, name, more) => role(name, 'rows * columns', more);
const weight = read('weight', 'columns', { optional: true });

export const norms = [
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
];
