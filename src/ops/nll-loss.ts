// The negative log-likelihood of log-probabilities.
import { isGradEnabled } from '../autograd';
import * as calls from '../calls.generated';
import { checkInteger, withDefaults } from '../errors';
import { empty, type Tensor } from '../tensor';
import { explainIndex } from './indices';
import { checkLabels, checkReduction, checkWeight, type Reduction, recordLoss, scoresOf } from './loss';

/** The options of `nllLoss`. */
export interface NllLossOptions {
  /** A factor for each class, float32 `[classes]`. Default: none. */
  weight?: Tensor | null;
  /** Rows with this label are ignored. Default -100. */
  ignoreIndex?: number;
  /** Default `"mean"`: the sum divided by the sum of the weights of the rows that are not ignored. */
  reduction?: Reduction;
}

const defaults: Required<NllLossOptions> = { weight: null, ignoreIndex: -100, reduction: 'mean' };

/**
 * `-w[y_i] x[i][y_i]` for log-probabilities x: `torch.nn.functional.nll_loss`. For logits use `crossEntropy`.
 *
 * Shapes: x `[n, classes]`, `[classes]` or `[n, classes, d1, ...]`; target int32 labels in that shape without the classes. The mean divides by the sum of
 * `w[y_i]`; it is NaN if all rows are ignored. A RangeError for a label outside the classes that is not `ignoreIndex`.
 *
 * @example
 * nn.functional.nllLoss(tensor([[-1, -2]]), tensor([1], { dtype: "int32" })).item(); // 2
 */
export function nllLoss(x: Tensor, target: Tensor, options?: NllLossOptions): Tensor;
/** @internal */
export function nllLoss(x: Tensor, target: Tensor, options: NllLossOptions | undefined, where: string): Tensor;
export function nllLoss(x: Tensor, target: Tensor, options?: NllLossOptions, where = 'nllLoss'): Tensor {
  const { weight, ignoreIndex, reduction } = withDefaults(where, options, defaults);
  checkInteger(where, 'ignoreIndex', ignoreIndex, -0x80000000, 0x7fffffff);
  checkReduction(where, reduction);
  const scores = scoresOf(where, x);
  const { rows, classes } = scores;
  const weights = checkWeight(where, weight, classes);
  checkLabels(where, x, scores, target);
  const loss = empty(reduction === 'none' ? scores.labels : []);
  const dx = x.needsGrad && isGradEnabled() ? empty(scores.x.shape.slice()) : null;
  try {
    calls.nllLoss({
      loss: loss.floats,
      dx: dx?.floats,
      logProbs: scores.x.floats,
      labels: target.ints,
      weight: weights,
      rows,
      classes,
      ignoreIndex,
      reduction,
    });
  } catch (error) {
    throw explainIndex(error, where, 'target', target);
  }
  return recordLoss(loss, 'nllLoss', x, dx, scores.order);
}
