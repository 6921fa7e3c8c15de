// Logistic losses with targets 1 and -1, and with several labels; both are public in `nn.functional`.
import { rangeError, withDefaults } from '../errors';
import { checkTensor, type Tensor } from '../tensor';
import { logsigmoid } from './activations';
import { classFactors, numbersLike, reduced } from './composed-losses';
import { checkReduction, type Reduction } from './loss';
import './arithmetic';
import './between';
import './unary';

/**
 * `log(1 + exp(-target x))` with targets 1 and -1, without overflow; reduced to the mean (default), the sum, or "none":
 * `torch.nn.functional.soft_margin_loss`.
 *
 * x is float32, target float32 or int32 of the same shape.
 *
 * @example
 * nn.functional.softMarginLoss(tensor([0, 1000]), tensor([1, 1])).item(); // 0.3465735912322998
 */
export function softMarginLoss(x: Tensor, target: Tensor, options?: { reduction?: Reduction }): Tensor;
/** @internal */
export function softMarginLoss(x: Tensor, target: Tensor, options: { reduction?: Reduction } | undefined, where: string): Tensor;
export function softMarginLoss(x: Tensor, target: Tensor, options?: { reduction?: Reduction }, where = 'softMarginLoss'): Tensor {
  const { reduction } = withDefaults<{ reduction: Reduction }>(where, options, { reduction: 'mean' });
  checkReduction(where, reduction);
  checkTensor(where, 'x', x, 'float32');
  return reduced(logsigmoid(x.mul(numbersLike(where, x.shape, target))).neg(), reduction);
}

/** `-target log sigmoid(x) - (1 - target) log sigmoid(-x)`. The two terms do not cancel, and the result 0 is not -0. */
export const logistic = (x: Tensor, target: Tensor): Tensor =>
  target
    .sub(1)
    .mul(logsigmoid(x.neg()))
    .sub(target.mul(logsigmoid(x)));

/** The options of `multilabelSoftMarginLoss`. */
export interface MultiLabelSoftMarginLossOptions {
  /** A factor for each class, float32 `[classes]`. Default: none. */
  weight?: Tensor | null;
  /** How the rows' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

/**
 * The mean over the classes of `-target log sigmoid(x) - (1 - target) log sigmoid(-x)`, times `weight` if given. The rows' losses are reduced to the mean
 * (default), the sum, or "none": `torch.nn.functional.multilabel_soft_margin_loss`. x are logits, and a row may have several labels.
 *
 * Shapes: x float32 `[*, classes]`; target in the same shape, float32 or int32, 1 or 0 for each class. With `reduction: "none"` the result is `[*]`.
 *
 * @example
 * nn.functional.multilabelSoftMarginLoss(tensor([[0, 0]]), tensor([[1, 0]])).item(); // 0.6931471824645996
 */
export function multilabelSoftMarginLoss(x: Tensor, target: Tensor, options?: MultiLabelSoftMarginLossOptions): Tensor;
/** @internal */
export function multilabelSoftMarginLoss(
  x: Tensor,
  target: Tensor,
  options: MultiLabelSoftMarginLossOptions | undefined,
  where: string,
): Tensor;
export function multilabelSoftMarginLoss(
  x: Tensor,
  target: Tensor,
  options?: MultiLabelSoftMarginLossOptions,
  where = 'multilabelSoftMarginLoss',
): Tensor {
  const { weight, reduction } = withDefaults<Required<MultiLabelSoftMarginLossOptions>>(where, options, {
    weight: null,
    reduction: 'mean',
  });
  checkReduction(where, reduction);
  checkTensor(where, 'x', x, 'float32');
  if (x.shape.length === 0) throw rangeError(where, 'expected x [*, classes], got []');
  const labels = numbersLike(where, x.shape, target);
  const factors = classFactors(where, weight, x.shape[x.shape.length - 1]!);
  const terms = logistic(x, labels);
  return reduced((factors === null ? terms : terms.mul(factors)).mean(-1), reduction);
}
