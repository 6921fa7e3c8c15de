// Exponentials and powers of matrices.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkInteger } from '../errors';
import { empty, Tensor } from '../tensor';
import { eye } from './create';
import { expanded } from './expand';
import { squaresOf } from './matrices';
import { inv } from './solve';
import './matmul';

function exponential(where: string, A: Tensor): Tensor {
  const { batch, n } = squaresOf(where, 'A', A);
  const y = empty(A.shape.slice());
  calls.matrixExp({ y: y.floats, x: A.floats, batch, n });
  return record(y, 'matrixExp', [A], [A], (dy) => {
    const dx = empty(A.shape.slice());
    calls.matrixExpBackward({ dx: dx.floats, dy: dy.floats, x: A.floats, batch, n });
    give(A, dx);
  });
}

/**
 * The exponential `1 + A + A^2 / 2! + A^3 / 3! + ...` of each matrix A `[..., n, n]`: `torch.linalg.matrix_exp`.
 *
 * Computed in float64 by Taylor's series of `A / 2^s` and s squarings, and rounded. A RangeError for an A that is not square. Source: Higham, Functions of
 * Matrices, 10.3.
 *
 * @example
 * linalg.matrixExp(tensor([[0, 3], [0, 0]])).toArray(); // [[1, 3], [0, 1]]
 */
export function matrixExp(A: Tensor): Tensor {
  return exponential('linalg.matrixExp', A);
}

function power(where: string, A: Tensor, n: unknown): Tensor {
  squaresOf(where, 'A', A);
  const exponent = checkInteger(where, 'n', n, -(2 ** 31), 2 ** 31);
  if (exponent === 0) return expanded(where, eye(A.shape.at(-1)!), A.shape);
  let square = exponent < 0 ? inv(A) : A;
  let result: Tensor | null = null;
  // Exponentiation by squaring, from the lowest bit of the exponent on.
  for (let left = Math.abs(exponent); ; square = square.matmul(square)) {
    if (left % 2 === 1) result = result === null ? square : result.matmul(square);
    left = Math.floor(left / 2);
    if (left === 0) return result!;
  }
}

/**
 * The product of n factors A for each matrix A `[..., m, m]`, of its inverse for an n below 0, the identity, a constant, for 0: `torch.linalg.matrix_power`.
 *
 * n = 1 gives A itself. A RangeError for an A that is not square, or that is singular with an n below 0.
 *
 * @example
 * linalg.matrixPower(tensor([[1, 1], [0, 1]]), 5).toArray(); // [[1, 5], [0, 1]]
 */
export function matrixPower(A: Tensor, n: number): Tensor {
  return power('linalg.matrixPower', A, n);
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The exponential of each matrix `[..., n, n]`, as `linalg.matrixExp`: `torch.Tensor.matrix_exp`.
     *
     * @example
     * zeros([2, 2]).matrixExp().toArray(); // [[1, 0], [0, 1]]
     */
    matrixExp(): Tensor;
    /**
     * The product of n factors of each matrix `[..., m, m]`, as `linalg.matrixPower`: `torch.Tensor.matrix_power`.
     *
     * @example
     * tensor([[2]]).matrixPower(-1).toArray(); // [[0.5]]
     */
    matrixPower(n: number): Tensor;
  }
}

Tensor.prototype.matrixExp = function (this: Tensor) {
  return exponential('Tensor.matrixExp', this);
};

Tensor.prototype.matrixPower = function (this: Tensor, n) {
  return power('Tensor.matrixPower', this, n);
};
