// The loss of distances that should be small, or large.
import { checkNumber, withDefaults } from '../errors';
import { checkTensor, type Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import { numbersLike, reduced } from './composed-losses';
import { checkReduction, type Reduction } from './loss';
import './arithmetic';
import './between';
import './compare';

/** The options of `hingeEmbeddingLoss`. */
export interface HingeEmbeddingLossOptions {
  /** A distance with target -1 has loss 0 from this distance on (1). */
  margin?: number;
  /** How the elements' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

/**
 * `x` where target is 1, `max(0, margin - x)` where it is -1, and their sum for any other target; reduced to the mean (default), the sum, or "none":
 * `torch.nn.functional.hinge_embedding_loss`. x has distances: between similar things (target 1) and dissimilar ones (-1).
 *
 * x is float32, target float32 or int32 of the same shape: unlike PyTorch this does not broadcast. margin is 1 by default.
 *
 * @example
 * nn.functional.hingeEmbeddingLoss(tensor([0.5, 0.25]), tensor([1, -1])).item(); // 0.625
 */
export function hingeEmbeddingLoss(x: Tensor, target: Tensor, options?: HingeEmbeddingLossOptions): Tensor;
/** @internal */
export function hingeEmbeddingLoss(x: Tensor, target: Tensor, options: HingeEmbeddingLossOptions | undefined, where: string): Tensor;
export function hingeEmbeddingLoss(x: Tensor, target: Tensor, options?: HingeEmbeddingLossOptions, where = 'hingeEmbeddingLoss'): Tensor {
  const { margin, reduction } = withDefaults<Required<HingeEmbeddingLossOptions>>(where, options, { margin: 1, reduction: 'mean' });
  checkNumber(where, 'margin', margin);
  checkReduction(where, reduction);
  checkTensor(where, 'x', x, 'float32');
  const sign = numbersLike(where, x.shape, target);
  const together = choose(where, sign.ne(-1), x, scalar(0));
  const apart = choose(where, sign.ne(1), x.rsub(margin).clampMin(0), scalar(0));
  return reduced(together.add(apart), reduction);
}
