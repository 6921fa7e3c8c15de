// How near vectors are to each other.
import { checkBoolean, checkNumber, withDefaults } from '../errors';
import { broadcastShapes, normalizeDim, sameShape } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import './arithmetic';
import { ones } from './create';
import './reduce';
import './unary';
import { vectorNorm } from './row-norm';

function checkPair(where: string, x1: Tensor, x2: Tensor): number[] {
  checkTensor(where, 'x1', x1, 'float32');
  checkTensor(where, 'x2', x2, 'float32');
  return broadcastShapes(where, x1.shape, x2.shape);
}

/**
 * `x1 . x2 / (|x1| |x2|)` along `dim` (default 1), no norm less than `eps` (default 1e-8): `torch.nn.functional.cosine_similarity`.
 *
 * Shapes broadcast; the result has them without `dim`, which counts in the broadcast shape. The cosine of a vector of zeros is 0.
 *
 * @example
 * nn.functional.cosineSimilarity(tensor([[1, 0], [3, 4]]), tensor([[5, 0], [4, 3]])).toArray(); // [1, 0.9600000381469727]
 */
export function cosineSimilarity(x1: Tensor, x2: Tensor, options?: { dim?: number; eps?: number }): Tensor {
  const where = 'cosineSimilarity';
  const { dim, eps } = withDefaults(where, options, { dim: 1, eps: 1e-8 });
  const shape = checkPair(where, x1, x2);
  const d = normalizeDim(where, dim, shape.length);
  const least = checkNumber(where, 'eps', eps, 0) ** 2;
  const direction = (given: Tensor): Tensor => {
    const x = sameShape(given.shape, shape) ? given : given.mul(ones(shape));
    return x.div(x.square().sum(d, { keepdim: true }).clamp({ min: least }).sqrt());
  };
  return direction(x1).mul(direction(x2)).sum(d);
}

/** The options of `pairwiseDistance`. */
export interface PairwiseDistanceOptions {
  /** Which norm; default 2. */
  p?: number;
  /** Added to each difference; default 1e-6. */
  eps?: number;
  /** Whether the last dimension stays, with size 1; default false. */
  keepdim?: boolean;
}

/**
 * `(sum |x1 - x2 + eps|^p)^(1/p)` over the last dimension: `torch.nn.functional.pairwise_distance`.
 *
 * Shapes broadcast; the result has them without the last dimension. p is 2 by default, Infinity takes the largest difference; eps is 1e-6.
 *
 * @example
 * nn.functional.pairwiseDistance(tensor([[3, 4]]), tensor([[0, 0]]), { eps: 0 }).toArray(); // [5]
 */
export function pairwiseDistance(x1: Tensor, x2: Tensor, options?: PairwiseDistanceOptions): Tensor {
  const where = 'pairwiseDistance';
  const { p, eps, keepdim } = withDefaults(where, options, { p: 2, eps: 1e-6, keepdim: false });
  const shape = checkPair(where, x1, x2);
  const d = normalizeDim(where, -1, shape.length);
  checkNumber(where, 'p', p);
  checkNumber(where, 'eps', eps);
  checkBoolean(where, 'keepdim', keepdim);
  return vectorNorm(x1.sub(x2).add(eps), p, d, keepdim);
}
