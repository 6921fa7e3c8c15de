// Distances that should be small, or large.
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
  /** From which distance on two that differ cost nothing (1). */
  margin?: number;
  /** What becomes of the elements ("mean"). */
  reduction?: Reduction;
}

/**
 * `x` where target is 1, `max(0, margin - x)` where it is -1, and their sum for any other target; its mean (default), sum, or every element:
 * `torch.nn.functional.hinge_embedding_loss`. x are distances: of what belongs together (1) and what does not (-1).
 *
 * x is float32, target float32 or int32 of one shape: unlike PyTorch this does not broadcast. margin is 1 by default.
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
