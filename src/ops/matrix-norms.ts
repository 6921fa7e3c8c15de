// Norms of vectors and of matrices, with the names that they have in torch.linalg.
import { checkBoolean, describe, rangeError, typeError, withDefaults } from '../errors';
import { normalizeDim, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { extremesOver } from './amax';
import { checkExponent, normOf } from './vector-norm';
import './unary';

/** The options of `linalg.vectorNorm`. */
export interface VectorNormOptions {
  /** The dimension or dimensions of the vectors; all by default. */
  dim?: number | readonly number[];
  /** Whether these dimensions are kept with size 1 (false). */
  keepdim?: boolean;
}

function vectorNormOf(where: string, x: Tensor, ord: unknown, dim: VectorNormOptions['dim'], keepdim: unknown): Tensor {
  if (typeof ord !== 'number') throw typeError(where, `expected ord to be a number, got ${describe(ord)}`);
  return normOf(where, x, checkExponent(where, ord), dim, checkBoolean(where, 'keepdim', keepdim));
}

/**
 * `(sum |x_i|^ord)^(1/ord)` over the dimensions `dim`, by default over all: `torch.linalg.vector_norm`.
 *
 * `ord`: 2 by default; Infinity, the largest magnitude; -Infinity, the smallest; 0, the number of elements that are not 0; any other number.
 *
 * @example
 * linalg.vectorNorm(tensor([3, 4])).item(); // 5
 * linalg.vectorNorm(tensor([[3, -4], [1, 2]]), 1, { dim: 1 }).toArray(); // [7, 3]
 */
export function vectorNorm(x: Tensor, ord = 2, options?: VectorNormOptions): Tensor {
  const where = 'linalg.vectorNorm';
  const { dim, keepdim } = withDefaults<{ dim: VectorNormOptions['dim']; keepdim: boolean }>(where, options, {
    dim: undefined,
    keepdim: false,
  });
  return vectorNormOf(where, x, ord, dim, keepdim);
}

const orders = ['fro', 1, -1, Infinity, -Infinity] as const;

/** Which norm of a matrix. */
export type MatrixOrder = 'fro' | number;

// Sums of magnitudes along one dimension, and the largest or smallest of these sums along the other.
function ofSums(where: string, x: Tensor, ord: number, rows: number, columns: number, keepdim: boolean): Tensor {
  const [summed, compared] = Math.abs(ord) === 1 ? [rows, columns] : [columns, rows];
  const sums = x.abs().sum(summed, { keepdim: true });
  const y = extremesOver(ord > 0 ? 'max' : 'min', where, sums, [compared], true);
  return keepdim ? y : y.reshape(y.shape.filter((_, d) => d !== rows && d !== columns));
}

function matrixNormOf(where: string, A: Tensor, ord: unknown, dim: readonly number[], keepdim: unknown): Tensor {
  checkTensor(where, 'A', A, 'float32');
  const rank = A.shape.length;
  if (rank < 2) throw rangeError(where, `expected A of two dimensions or more, got ${shapeText(A.shape)}`);
  if (!Array.isArray(dim) || dim.length !== 2)
    throw typeError(where, `expected dim to be an array of two dimensions, got ${describe(dim)}`);
  const [rows, columns] = dim.map((d) => normalizeDim(where, d, rank)) as [number, number];
  if (rows === columns) throw rangeError(where, `expected dim to be two dimensions, got [${dim.join(', ')}]`);
  const keep = checkBoolean(where, 'keepdim', keepdim);
  if (ord === 'fro') return normOf(where, A, 2, [rows, columns], keep);
  if (!orders.includes(ord as never)) {
    throw rangeError(
      where,
      `expected ord to be "fro", 1, -1, Infinity or -Infinity, got ${describe(ord)}`,
      'norms of singular values are not there',
    );
  }
  return ofSums(where, A, ord as number, rows, columns, keep);
}

/** The options of `linalg.matrixNorm`. */
export interface MatrixNormOptions {
  /** The dimensions of rows and columns, by default the last two. */
  dim?: readonly [number, number];
  /** Whether these dimensions are kept with size 1 (false). */
  keepdim?: boolean;
}

/**
 * A norm of each matrix A `[..., m, n]`: `torch.linalg.matrix_norm`.
 *
 * `ord`: `"fro"` (default), the root of the sum of squares; 1, the largest sum of the magnitudes in a column; -1, the smallest such sum; Infinity and -Infinity, the
 * same for rows. PyTorch's norms of singular values (2, -2 and "nuc") are not supported: a RangeError.
 *
 * @example
 * linalg.matrixNorm(tensor([[1, -2], [3, 4]]), Infinity).item(); // 7
 */
export function matrixNorm(A: Tensor, ord: MatrixOrder = 'fro', options?: MatrixNormOptions): Tensor {
  const where = 'linalg.matrixNorm';
  const { dim, keepdim } = withDefaults<Required<MatrixNormOptions>>(where, options, { dim: [-2, -1], keepdim: false });
  return matrixNormOf(where, A, ord, dim, keepdim);
}

/** The options of `linalg.norm`. */
export interface NormOptions {
  /** A number: the dimension of vectors. Two: those of matrices. By default all of them. */
  dim?: number | readonly number[];
  /** Whether these dimensions are kept with size 1 (false). */
  keepdim?: boolean;
}

/**
 * A norm of vectors or of matrices: `torch.linalg.norm`.
 *
 * Without `ord`, or with null, the root of the sum of squares over `dim`, by default over all. With it: `matrixNorm` if `dim` has two dimensions, or if x is a
 * matrix and `dim` is omitted; otherwise `vectorNorm`. A RangeError for an x of more dimensions with `ord` and without `dim`.
 *
 * @example
 * linalg.norm(tensor([[3, 4]])).item(); // 5
 * linalg.norm(tensor([[3, 4]]), 1).item(); // 4
 */
export function norm(x: Tensor, ord: MatrixOrder | null = null, options?: NormOptions): Tensor {
  const where = 'linalg.norm';
  const given = withDefaults<{ dim: NormOptions['dim']; keepdim: boolean }>(where, options, { dim: undefined, keepdim: false });
  const { dim, keepdim } = given;
  if (ord === null) return vectorNormOf(where, x, 2, dim, keepdim);
  const rank = checkTensor(where, 'x', x, 'float32').shape.length;
  if (dim === undefined && rank > 2) {
    throw rangeError(where, `expected x of one or two dimensions where dim is left out, got ${shapeText(x.shape)}`);
  }
  const both = dim ?? (rank === 2 ? [0, 1] : undefined);
  if (Array.isArray(both) && both.length === 2) return matrixNormOf(where, x, ord, both, keepdim);
  return vectorNormOf(where, x, ord, dim, keepdim);
}
