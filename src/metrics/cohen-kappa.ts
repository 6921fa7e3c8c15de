// Cohen's kappa: how far two labellings agree beyond chance.
import { checkOneOf } from '../errors';
import type { Tensor } from '../tensor';
import { Confusion } from './confusion';
import { scalar } from './counts';
import { marginsOf } from './margins';
import type { ThresholdOptions } from './task';

/** The options of `CohenKappa`. */
export interface CohenKappaOptions extends ThresholdOptions {
  /** The kind of problem: not "multilabel". */
  task: 'binary' | 'multiclass';
  /** The weight of confusing class i with j: `|i - j|` for "linear", `(i - j)^2` for "quadratic", 1 for "none" (default). */
  weights?: 'linear' | 'quadratic' | 'none';
}

/**
 * The agreement of predictions and targets beyond chance, `1 - sum_ij w_ij C_ij / sum_ij w_ij E_ij`, where C is the confusion matrix and
 * `E_ij = targets_i predictions_j / n`. As `torchmetrics.CohenKappa`.
 *
 * For `update(preds, target)` see `Task`. `compute()` is a scalar: 1 for complete agreement, 0 for that of chance, NaN if all targets and
 * predictions are the same class, and before any update. Source: Cohen, Psychological Bulletin 70 (1968).
 *
 * @example
 * const kappa = new metrics.CohenKappa({ task: 'binary' });
 * kappa.update(tensor(Int32Array.of(0, 1, 0, 0)), tensor(Int32Array.of(1, 1, 0, 0)));
 * kappa.compute().item(); // 0.5
 */
export class CohenKappa extends Confusion<Required<Pick<CohenKappaOptions, 'weights'>>> {
  override readonly higherIsBetter = true;

  constructor(options: CohenKappaOptions) {
    super('CohenKappa', options, { weights: 'none' }, ['binary', 'multiclass']);
    checkOneOf('CohenKappa', 'weights', this.own.weights, ['linear', 'quadratic', 'none']);
  }

  compute(): Tensor {
    const { counts, classes } = this;
    const { targets, predictions, total } = marginsOf(counts, classes);
    const power = { none: 0, linear: 1, quadratic: 2 }[this.own.weights];
    let [observed, expected] = [0, 0];
    counts.forEach((count, at) => {
      const [i, j] = [Math.floor(at / classes), at % classes];
      const weight = i === j ? 0 : Math.abs(i - j) ** power;
      observed += weight * count;
      expected += weight * targets[i]! * predictions[j]!;
    });
    return scalar(1 - observed / (expected / total));
  }
}
