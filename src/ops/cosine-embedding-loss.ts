// The loss of pairs of vectors that should, or should not, point in the same direction.
import { checkNumber, rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import { checkLike, numbersLike, reduced } from './composed-losses';
import { checkReduction, type Reduction } from './loss';
import './arithmetic';
import './between';
import './compare';
import './unary';

const EPSILON = 1e-12; // added to the squares, as in PyTorch, so that the cosine with a vector of zeros is 0

/** The options of `cosineEmbeddingLoss`. */
export interface CosineEmbeddingLossOptions {
  /** A pair with target -1 has loss 0 up to this cosine, from -1 to 1 (0). */
  margin?: number;
  /** How the pairs' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

/**
 * `1 - cos(x1, x2)` where target is 1, `max(0, cos(x1, x2) - margin)` where it is -1, else 0; reduced to the mean (default), the sum, or "none":
 * `torch.nn.functional.cosine_embedding_loss`.
 *
 * Shapes: x1 and x2 float32 `[n, d]` and target `[n]`, or `[d]` and `[]`; target is float32 or int32. margin is 0 by default.
 *
 * @example
 * nn.functional.cosineEmbeddingLoss(tensor([[1, 0], [0, 2]]), tensor([[0, 3], [0, 1]]), tensor([1, -1])).item(); // 1
 */
export function cosineEmbeddingLoss(x1: Tensor, x2: Tensor, target: Tensor, options?: CosineEmbeddingLossOptions): Tensor;
/** @internal */
export function cosineEmbeddingLoss(
  x1: Tensor,
  x2: Tensor,
  target: Tensor,
  options: CosineEmbeddingLossOptions | undefined,
  where: string,
): Tensor;
export function cosineEmbeddingLoss(
  x1: Tensor,
  x2: Tensor,
  target: Tensor,
  options?: CosineEmbeddingLossOptions,
  where = 'cosineEmbeddingLoss',
): Tensor {
  const { margin, reduction } = withDefaults<Required<CosineEmbeddingLossOptions>>(where, options, { margin: 0, reduction: 'mean' });
  checkNumber(where, 'margin', margin, -1, 1);
  checkReduction(where, reduction);
  checkTensor(where, 'x1', x1, 'float32');
  const rank = x1.shape.length;
  if (rank < 1 || rank > 2) throw rangeError(where, `expected x1 [n, d] or [d], got ${shapeText(x1.shape)}`);
  checkLike(where, x1, 'x2', x2, 'x1');
  const sign = numbersLike(where, x1.shape.slice(0, -1), target, 'x1 without its last dimension');
  // Each norm has a root of its own: the product of the squares can overflow where the product of the norms does not.
  const norm = (x: Tensor): Tensor => x.square().sum(-1).add(EPSILON).sqrt();
  const cosine = x1
    .mul(x2)
    .sum(-1)
    .div(norm(x1).mul(norm(x2)));
  const together = choose(where, sign.eq(1), cosine.rsub(1), scalar(0));
  const apart = choose(where, sign.eq(-1), cosine.sub(margin).clampMin(0), scalar(0));
  return reduced(together.add(apart), reduction);
}
