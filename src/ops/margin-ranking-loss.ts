// The loss of pairs of scores of which one should be larger.
import { checkNumber, withDefaults } from '../errors';
import { checkTensor, type Tensor } from '../tensor';
import { checkLike, numbersLike, reduced } from './composed-losses';
import { checkReduction, type Reduction } from './loss';
import './arithmetic';
import './between';
import './unary';

/** The options of `marginRankingLoss`. */
export interface MarginRankingLossOptions {
  /** The least difference that has no loss (0). */
  margin?: number;
  /** How the pairs' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

/**
 * `max(0, -target (x1 - x2) + margin)`: target is 1 where x1 should be larger, -1 where x2 should. Reduced to the mean (default), the sum, or "none":
 * `torch.nn.functional.margin_ranking_loss`.
 *
 * x1 and x2 are float32 of the same shape, target float32 or int32 of that shape: unlike PyTorch this does not broadcast. margin is 0 by default.
 *
 * @example
 * nn.functional.marginRankingLoss(tensor([3, 1]), tensor([1, 2]), tensor([1, 1])).item(); // 0.5
 */
export function marginRankingLoss(x1: Tensor, x2: Tensor, target: Tensor, options?: MarginRankingLossOptions): Tensor;
/** @internal */
export function marginRankingLoss(
  x1: Tensor,
  x2: Tensor,
  target: Tensor,
  options: MarginRankingLossOptions | undefined,
  where: string,
): Tensor;
export function marginRankingLoss(
  x1: Tensor,
  x2: Tensor,
  target: Tensor,
  options?: MarginRankingLossOptions,
  where = 'marginRankingLoss',
): Tensor {
  const { margin, reduction } = withDefaults<Required<MarginRankingLossOptions>>(where, options, { margin: 0, reduction: 'mean' });
  checkNumber(where, 'margin', margin);
  checkReduction(where, reduction);
  checkTensor(where, 'x1', x1, 'float32');
  checkLike(where, x1, 'x2', x2, 'x1');
  const wrong = numbersLike(where, x1.shape, target, 'x1').neg();
  return reduced(wrong.mul(x1.sub(x2)).add(margin).clampMin(0), reduction);
}
