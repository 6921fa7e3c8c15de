// Systems of linear equations.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, rangeError, withDefaults } from '../errors';
import { broadcastShapes, sameShape, shapeText } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { eye } from './create';
import { expanded } from './expand';
import { matricesOf, squaresOf } from './matrices';
import './matmul';
import './transpose';
import './unary';

// a^-1 b for a [..., n, n] and b [..., n, m], or a^-T b with `transposed`; nothing is recorded for a gradient.
function solved(a: Tensor, b: Tensor, transposed: boolean): Tensor {
  const [n, m] = b.shape.slice(-2) as [number, number];
  const x = empty(b.shape.slice());
  const batch = a.shape.slice(0, -2).reduce((product, size) => product * size, 1);
  calls.solve({ x: x.floats, a: a.floats, b: b.floats, batch, n, m, transposed });
  return x;
}

/** a^-1 b for a `[..., n, n]` and b `[..., n, m]` with the same batch dimensions, or a^-T b with `transposed`. */
export function solution(a: Tensor, b: Tensor, transposed = false): Tensor {
  const x = solved(a, b, transposed);
  return record(x, 'solve', [a, b], a.needsGrad ? [a, x] : [a], (dx) => {
    // db = a^-T dx, da = -db x^T; with `transposed` db = a^-1 dx, da = -x db^T
    const db = solved(a, dx, !transposed);
    const at = x.detach();
    if (a.needsGrad) give(a, (transposed ? at.matmul(db.mT) : db.matmul(at.mT)).neg());
    give(b, db);
  });
}

/** The options of `linalg.solve`. */
export interface SolveOptions {
  /** Whether A is the left factor, `A X = B` (default), or the right one, `X A = B`. */
  left?: boolean;
}

/**
 * The X of `A X = B`, or of `X A = B` with `left: false`: `torch.linalg.solve`.
 *
 * A `[..., n, n]`, B `[..., n, m]` (`[..., m, n]` with `left: false`); leading dimensions are batches and broadcast. B may also be a vector `[n]`, or of a batch of
 * A's `[..., n]`. Solved in float64 and rounded. A RangeError for shapes that do not fit and for an A that is singular.
 *
 * @example
 * linalg.solve(tensor([[2, 0], [0, 4]]), tensor([2, 8])).toArray(); // [1, 2]
 */
export function solve(A: Tensor, B: Tensor, options?: SolveOptions): Tensor {
  const where = 'linalg.solve';
  const { left } = withDefaults<Required<SolveOptions>>(where, options, { left: true });
  checkBoolean(where, 'left', left);
  const { lead, n } = squaresOf(where, 'A', A);
  checkTensor(where, 'B', B, 'float32');
  const isVector = B.shape.length === 1 || (B.shape.length > 0 && sameShape(B.shape, A.shape.slice(0, -1)));
  if (isVector && !left) throw rangeError(where, 'left: false takes matrices, got a vector', 'unsqueeze(-2) makes it a row');
  const given = isVector ? B.unsqueeze(-1) : B;
  const { rows, columns } = matricesOf(where, 'B', given);
  if ((left ? rows : columns) !== n) {
    const expected = isVector ? [n] : left ? ['...', n, 'm'] : ['...', 'm', n];
    throw rangeError(where, `expected B ${shapeText(expected)} for A ${shapeText(A.shape)}, got ${shapeText(B.shape)}`);
  }
  const b = left ? given : given.mT;
  const all = broadcastShapes(where, lead, b.shape.slice(0, -2));
  const over = (x: Tensor): Tensor => {
    const shape = [...all, ...x.shape.slice(-2)];
    return sameShape(shape, x.shape) ? x : expanded(where, x, shape);
  };
  const x = solution(over(A), over(b), !left);
  return isVector ? x.squeeze(-1) : left ? x : x.mT;
}

function inverseOf(where: string, A: Tensor): Tensor {
  const { n } = squaresOf(where, 'A', A);
  return solution(A, expanded(where, eye(n), A.shape));
}

/**
 * The inverse of each matrix A `[..., n, n]`: `torch.linalg.inv`. `solve(A, B)` is faster than `inv(A).matmul(B)`, and as accurate.
 *
 * Computed in float64 and rounded. A RangeError for an A that is not square or that is singular.
 *
 * @example
 * linalg.inv(tensor([[2, 0], [0, 4]])).toArray(); // [[0.5, 0], [0, 0.25]]
 */
export function inv(A: Tensor): Tensor {
  return inverseOf('linalg.inv', A);
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The inverse of each matrix `[..., n, n]`, as `linalg.inv`: `torch.Tensor.inverse`.
     *
     * @example
     * tensor([[0, 2], [1, 0]]).inverse().toArray(); // [[0, 1], [0.5, 0]]
     */
    inverse(): Tensor;
  }
}

Tensor.prototype.inverse = function (this: Tensor) {
  return inverseOf('Tensor.inverse', this);
};
