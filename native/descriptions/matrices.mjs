// solve.cc, factors.cc, matrix_exp.cc: linear algebra on batches of matrices, in float64.
import { flag, kernel, out, read } from './describe.mjs';

const square = 'batch * n * n';
const sizes = ['batch', 'n'];

export const matrices = [
  kernel('solve', {
    operands: [out('x', 'batch * n * m'), read('a', square), read('b', 'batch * n * m')],
    sizes: ['batch', 'n', 'm'],
    attributes: [flag('transposed')],
    doc: `Solves \`a x = b\`, or \`a^T x = b\` with \`transposed\`, for each system of a batch, by Gaussian elimination with partial pivoting in float64:
\`solve(x, a, b, batch, n, m, transposed = false)\`.

Shapes: x and b \`[batch, n, m]\`, a \`[batch, n, n]\`. x may be b. A RangeError if an a is singular.`,
    example: `const x = new Float32Array(2);
solve(x, Float32Array.of(0, 2, 4, 0), Float32Array.of(2, 8), 1, 2, 1);
x; // [2, 1]`,
  }),
  kernel('determinant', {
    operands: [out('det', 'batch'), out('sign', 'batch'), out('logabsdet', 'batch'), read('a', square)],
    sizes,
    doc: `The determinant of each matrix \`[n, n]\` of a batch, its sign and the logarithm of its absolute value, by Gaussian elimination in float64:
\`determinant(det, sign, logabsdet, a, batch, n)\`.`,
    example: `const [det, sign, logabsdet] = [new Float32Array(1), new Float32Array(1), new Float32Array(1)];
determinant(det, sign, logabsdet, Float32Array.of(0, 1, 1, 0), 1, 2);
[det[0], sign[0], logabsdet[0]]; // [-1, -1, 0]`,
  }),
  kernel('determinant_backward', {
    operands: [out('da', square), read('dy', 'batch'), read('a', square)],
    sizes,
    attributes: [flag('logarithm')],
    doc: `The gradient of \`determinant\`: \`da = dy det(a) a^-T\`, which is dy times the matrix of cofactors, also if a is singular. With \`logarithm\`, the gradient
of the logarithm, \`da = dy a^-T\`: \`determinantBackward(da, dy, a, batch, n, logarithm = false)\`.`,
    example: `const da = new Float32Array(4);
determinantBackward(da, Float32Array.of(1), Float32Array.of(1, 2, 3, 4), 1, 2);
da; // [4, -3, -2, 1]`,
  }),
  kernel('cholesky', {
    operands: [out('l', square), read('a', square)],
    sizes,
    doc: `The Cholesky factor of each matrix of a batch, in float64: the lower triangular l with \`l l^T = a\`: \`cholesky(l, a, batch, n)\`, both \`[batch, n, n]\`.
Only the lower triangle of a is read. l may be a. A RangeError if an a is not positive definite.`,
    example: `const l = new Float32Array(4);
cholesky(l, Float32Array.of(4, 2, 2, 10), 1, 2);
l; // [2, 0, 1, 3]`,
  }),
  kernel('qr', {
    operands: [out('q', 'batch * m * k', { optional: true }), out('r', 'batch * k * n'), read('a', 'batch * m * n')],
    sizes: ['batch', 'm', 'n', 'k'],
    doc: `The QR decomposition \`a = q r\` of each matrix a \`[m, n]\` of a batch, by Householder reflections in float64: q \`[m, k]\` has orthonormal columns, r \`[k, n]\`
is upper triangular: \`qr(q, r, a, batch, m, n, k)\`. k is at most m: usually min(m, n) (the reduced form) or m (the complete one). q may be null.`,
    example: `const [q, r] = [new Float32Array(2), new Float32Array(1)];
qr(q, r, Float32Array.of(3, 4), 1, 2, 1, 1);
r; // [-5]`,
  }),
  kernel('matrix_exp', {
    operands: [out('y', square), read('x', square)],
    sizes,
    doc: `The exponential \`1 + x + x^2 / 2! + ...\` of each matrix \`[n, n]\` of a batch, in float64: \`matrixExp(y, x, batch, n)\`. y may be x.`,
    example: `const y = new Float32Array(4);
matrixExp(y, Float32Array.of(0, 3, 0, 0), 1, 2);
y; // [1, 3, 0, 1]`,
  }),
  kernel('matrix_exp_backward', {
    operands: [out('dx', square), read('dy', square), read('x', square)],
    sizes,
    doc: 'The gradient of `matrixExp`: `matrixExpBackward(dx, dy, x, batch, n)`, all `[batch, n, n]`. dx may be dy or x.',
    example: `const dx = new Float32Array(1);
matrixExpBackward(dx, Float32Array.of(2), Float32Array.of(0), 1, 1);
dx; // [2]`,
  }),
];
