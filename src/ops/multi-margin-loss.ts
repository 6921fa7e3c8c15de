// The loss of class scores in which the label's score should be larger than all others by a margin.
import { checkNumber, rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import { classFactors, reduced } from './composed-losses';
import { arange } from './create';
import { explainIndex } from './indices';
import { scoresAt } from './label-scores';
import { checkLabels, checkReduction, type Reduction, scoresOf } from './loss';
import { view } from './views';
import './arithmetic';
import './compare';
import './reduce';
import './select';
import './unary';

/** The options of `multiMarginLoss`. */
export interface MultiMarginLossOptions {
  /** The exponent, 1 (default) or 2. */
  p?: number;
  /** By how much the label's score should be larger (1). */
  margin?: number;
  /** A factor for each class, float32 `[classes]`, of which the label's is used. Default: none. */
  weight?: Tensor | null;
  /** How the rows' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

/** Throws unless the exponent is 1 or 2. */
export function checkPower(where: string, name: string, p: unknown): number {
  const value = checkNumber(where, name, p);
  if (value !== 1 && value !== 2) throw rangeError(where, `expected ${name} to be 1 or 2, got ${value}`);
  return value;
}

/**
 * The hinge loss of classes: `sum over j != y of max(0, margin - x[y] + x[j])^p / classes` for label y, times `weight[y]` if given. The rows' losses are reduced to the
 * mean (default), the sum, or "none": `torch.nn.functional.multi_margin_loss`.
 *
 * Shapes: x float32 `[n, classes]` or `[classes]`, target int32 labels `[n]` or `[]`. p is 1 (default) or 2, margin 1 by default. The mean divides by the number
 * of rows, not by their weights. A RangeError for a label outside the classes.
 *
 * @example
 * nn.functional.multiMarginLoss(tensor([[0, 1]]), tensor([1], { dtype: "int32" }), { margin: 2 }).item(); // 0.5
 */
export function multiMarginLoss(x: Tensor, target: Tensor, options?: MultiMarginLossOptions): Tensor;
/** @internal */
export function multiMarginLoss(x: Tensor, target: Tensor, options: MultiMarginLossOptions | undefined, where: string): Tensor;
export function multiMarginLoss(x: Tensor, target: Tensor, options?: MultiMarginLossOptions, where = 'multiMarginLoss'): Tensor {
  const defaults: Required<MultiMarginLossOptions> = { p: 1, margin: 1, weight: null, reduction: 'mean' };
  const { p, margin, weight, reduction } = withDefaults(where, options, defaults);
  checkPower(where, 'p', p);
  checkNumber(where, 'margin', margin);
  checkReduction(where, reduction);
  if (x?.shape?.length > 2) throw rangeError(where, `expected x [n, classes] or [classes], got ${shapeText(x.shape)}`);
  const scores = scoresOf(where, x);
  const { rows, classes, labels } = scores;
  if (classes === 0) throw rangeError(where, `expected x with one class at least, got ${shapeText(x.shape)}`);
  checkLabels(where, x, scores, target);
  const factors = classFactors(where, weight, classes);
  const lines = x.shape.length === 2 ? x : view(x, [1, classes]);
  const own = scoresAt(lines, target, 1, (error) => explainIndex(error, where, 'target', target));
  const over = lines.sub(own.sub(margin)).relu();
  const isLabel = arange(classes, { dtype: 'int32' }).eq(view(target, [rows, 1]));
  const others = choose(where, isLabel, scalar(0), p === 1 ? over : over.square());
  const sums = others.sum(1).div(classes);
  const terms = factors === null ? sums : sums.mul(factors.indexSelect(0, view(target, [rows])));
  return reduced(view(terms, labels), reduction);
}
