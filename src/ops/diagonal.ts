// Diagonals and triangles of matrices.
import { checkInteger, rangeError, withDefaults } from '../errors';
import { checkShape, normalizeDim, shapeText, stridesOf } from '../shape';
import { constant, Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import { cat } from './join';
import { strided } from './strided';
import { permute } from './transpose';
import { view } from './views';
import './reduce';

const shift = (where: string, name: string, value: unknown): number =>
  checkInteger(where, name, value, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

function diagonalOf(where: string, x: Tensor, offset: number, dim1: number, dim2: number): Tensor {
  const rank = x.shape.length;
  if (rank < 2) throw rangeError(where, `expected at least two dimensions, got ${shapeText(x.shape)}`);
  const [a, b] = [normalizeDim(where, dim1, rank), normalizeDim(where, dim2, rank)];
  if (a === b) throw rangeError(where, `expected two dimensions, got ${a} twice`);
  const strides = stridesOf(x.shape);
  const [down, right] = [Math.max(0, -offset), Math.max(0, offset)];
  const length = Math.max(0, Math.min(x.shape[a]! - down, x.shape[b]! - right));
  const others = x.shape.map((_, d) => d).filter((d) => d !== a && d !== b);
  const sizes = [...others.map((d) => x.shape[d]!), length];
  const start = length === 0 ? 0 : down * strides[a]! + right * strides[b]!;
  return strided(where, x, sizes, [...others.map((d) => strides[d]!), strides[a]! + strides[b]!], start);
}

// Square matrices with the rows of x on diagonal k and zeros elsewhere.
function onDiagonal(where: string, x: Tensor, k: number): Tensor {
  const rows = x.shape.slice(0, -1);
  const length = x.shape.at(-1)!;
  const n = length + Math.abs(k);
  checkShape(where, [...rows, n, n]);
  const mask = constant([n, n], 'int32');
  for (let i = 0; i < length; i++) mask.values[(i + Math.max(0, -k)) * n + i + Math.max(0, k)] = 1;
  // Every row of the result has one of the elements, in the column of the diagonal.
  const more = constant([...rows, Math.abs(k)], x.dtype);
  const row = k === 0 ? x : cat(k > 0 ? [more, x] : [x, more], -1);
  return choose(where, mask, view(row, [...rows, 1, n]), scalar(0, x.dtype));
}

// x where `keeps(column, row)`, else 0, also in place of NaN and Infinity.
function triangle(where: string, x: Tensor, keeps: (column: number, row: number) => boolean): Tensor {
  if (x.shape.length < 2) throw rangeError(where, `expected at least two dimensions, got ${shapeText(x.shape)}`);
  const [rows, columns] = [x.shape.at(-2)!, x.shape.at(-1)!];
  const mask = constant([rows, columns], 'int32');
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) mask.values[i * columns + j] = keeps(j, i) ? 1 : 0;
  return choose(where, mask, x, scalar(0, x.dtype));
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The diagonal of dimensions `dim1` and `dim2` (0 and 1), `offset` positions above the main one (below it if negative), as the last dimension.
     * As `torch.diagonal`, but a copy.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).diagonal().toArray(); // [1, 4]
     * tensor([[1, 2], [3, 4]]).diagonal({ offset: 1 }).toArray(); // [2]
     */
    diagonal(options?: { offset?: number; dim1?: number; dim2?: number }): Tensor;
    /**
     * For a vector a square matrix with it on diagonal `diagonal` (default 0, the main one) and zeros elsewhere; for a matrix that diagonal. As
     * `torch.diag`.
     *
     * @example
     * tensor([1, 2]).diag().toArray(); // [[1, 0], [0, 2]]
     * tensor([[1, 2], [3, 4]]).diag().toArray(); // [1, 4]
     */
    diag(diagonal?: number): Tensor;
    /**
     * Square matrices with the rows of x on the diagonal of dimensions `dim1` and `dim2` of the result (the last two by default) and zeros elsewhere; the
     * diagonal is `offset` positions above the main one (below it if negative). `torch.diag_embed`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).diagEmbed().toArray(); // [[[1, 0], [0, 2]], [[3, 0], [0, 4]]]
     * tensor([1, 2]).diagEmbed({ offset: 1 }).shape; // [3, 3]
     */
    diagEmbed(options?: { offset?: number; dim1?: number; dim2?: number }): Tensor;
    /**
     * A square matrix with the elements, in row-major order, on diagonal `offset` (default 0, the main one) and zeros elsewhere: `torch.diagflat`.
     *
     * @example
     * tensor([[1], [2]]).diagflat().toArray(); // [[1, 0], [0, 2]]
     */
    diagflat(offset?: number): Tensor;
    /**
     * The upper triangle of each matrix, from diagonal `diagonal` (default 0, the main one) on, with zeros below: `torch.triu`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).triu().toArray(); // [[1, 2], [0, 4]]
     */
    triu(diagonal?: number): Tensor;
    /**
     * The lower triangle of each matrix, up to diagonal `diagonal` (default 0, the main one), with zeros above: `torch.tril`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).tril().toArray(); // [[1, 0], [3, 4]]
     */
    tril(diagonal?: number): Tensor;
    /**
     * The sum of a matrix's main diagonal, a scalar: `torch.trace`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).trace().item(); // 5
     */
    trace(): Tensor;
  }
}

Tensor.prototype.diagonal = function (this: Tensor, options) {
  const where = 'Tensor.diagonal';
  const { offset, dim1, dim2 } = withDefaults(where, options, { offset: 0, dim1: 0, dim2: 1 });
  return diagonalOf(where, this, shift(where, 'offset', offset), dim1, dim2);
};

Tensor.prototype.diag = function (this: Tensor, diagonal = 0) {
  const where = 'Tensor.diag';
  const k = shift(where, 'diagonal', diagonal);
  if (this.shape.length === 2) return diagonalOf(where, this, k, 0, 1);
  if (this.shape.length !== 1) throw rangeError(where, `expected a vector or a matrix, got ${shapeText(this.shape)}`);
  return onDiagonal(where, this, k);
};

Tensor.prototype.diagEmbed = function (this: Tensor, options) {
  const where = 'Tensor.diagEmbed';
  const { offset, dim1, dim2 } = withDefaults(where, options, { offset: 0, dim1: -2, dim2: -1 });
  const rank = this.shape.length + 1;
  if (rank === 1) throw rangeError(where, 'expected x to have dimensions, got []');
  const [row, column] = [normalizeDim(where, dim1, rank), normalizeDim(where, dim2, rank)];
  if (row === column) throw rangeError(where, `expected two dimensions, got ${row} twice`);
  const matrices = onDiagonal(where, this, shift(where, 'offset', offset));
  let next = 0;
  return permute('diagEmbed', matrices, matrices.shape.map((_, d) => (d === row ? rank - 2 : d === column ? rank - 1 : next++))); // biome-ignore format: one line
};

Tensor.prototype.triu = function (this: Tensor, diagonal = 0) {
  const k = shift('Tensor.triu', 'diagonal', diagonal);
  return triangle('Tensor.triu', this, (column, row) => column - row >= k);
};

Tensor.prototype.tril = function (this: Tensor, diagonal = 0) {
  const k = shift('Tensor.tril', 'diagonal', diagonal);
  return triangle('Tensor.tril', this, (column, row) => column - row <= k);
};

Tensor.prototype.trace = function (this: Tensor) {
  if (this.shape.length !== 2) throw rangeError('Tensor.trace', `expected a matrix, got ${shapeText(this.shape)}`);
  return diagonalOf('Tensor.trace', this, 0, 0, 1).sum();
};

Tensor.prototype.diagflat = function (this: Tensor, offset = 0) {
  return this.reshape([-1]).diag(offset);
};
