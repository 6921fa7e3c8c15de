// The correlation of predicted and true classes.
import type { Tensor } from '../tensor';
import { Confusion } from './confusion';
import { scalar } from './counts';
import { marginsOf } from './margins';
import type { ThresholdOptions } from './task';

/** The options of `MatthewsCorrCoef`. */
export interface MatthewsCorrCoefOptions extends ThresholdOptions {}

// The coefficient of two classes if a row or a column of their matrix is empty, as in torchmetrics: the limit of the formula.
function degenerate(tn: number, fp: number, fn: number, tp: number): number {
  const eps = 2 ** -23;
  const difference = tn === 0 ? tp - fp - fn : tn - fp - fn; // one of fp and fn is 0
  return (Math.sqrt(eps) * difference) / Math.sqrt((tp + fp + eps) * (tp + fn + eps) * (tn + fp + eps) * (tn + fn + eps));
}

/**
 * The correlation of predicted and true classes; with two classes it is `(tp tn - fp fn) / sqrt((tp + fp) (tp + fn) (tn + fp) (tn + fn))`. As
 * `torchmetrics.MatthewsCorrCoef`.
 *
 * For `update(preds, target)` see `Task`; the counts of a "multilabel" task are summed. `compute()` is a scalar from -1 to 1; 0 before any update and
 * if the divisor is 0, but 1 if all predictions are correct and -1 if all are wrong. With two classes and an empty row or column of the
 * confusion matrix it is the limit of the formula, as in torchmetrics. Source: Gorodkin, Computational Biology and Chemistry 28 (2004).
 *
 * @example
 * const matthews = new metrics.MatthewsCorrCoef({ task: 'binary' });
 * matthews.update(tensor(Int32Array.of(0, 1, 0, 0)), tensor(Int32Array.of(1, 1, 0, 0)));
 * matthews.compute().item().toFixed(4); // '0.5774'
 */
export class MatthewsCorrCoef extends Confusion<object> {
  override readonly higherIsBetter = true;

  constructor(options: MatthewsCorrCoefOptions) {
    super('MatthewsCorrCoef', options, {});
  }

  compute(): Tensor {
    const { classes } = this;
    const counts = new Float64Array(classes * classes);
    this.counts.forEach((count, i) => {
      counts[i % counts.length]! += count;
    });
    const { targets, predictions, total } = marginsOf(counts, classes);
    const right = targets.reduce((sum, _, c) => sum + counts[c * (classes + 1)]!, 0);
    const [tn, fp, fn, tp] = counts as unknown as [number, number, number, number];
    if (classes === 2 && total > 0) {
      if (right === total) return scalar(1);
      if (right === 0) return scalar(-1);
    }
    const sum = (f: (c: number) => number): number => targets.reduce((all, _, c) => all + f(c), 0);
    const covariance = right * total - sum((c) => targets[c]! * predictions[c]!);
    const spread = (total ** 2 - sum((c) => predictions[c]! ** 2)) * (total ** 2 - sum((c) => targets[c]! ** 2));
    if (spread > 0) return scalar(covariance / Math.sqrt(spread));
    return scalar(classes === 2 && total > 0 ? degenerate(tn, fp, fn, tp) : 0);
  }
}
