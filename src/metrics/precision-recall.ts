// Precision, the fraction of predictions of a class that are correct, and recall, the fraction of its targets that are found.

import { type Counts, OfCounts, ratio, type StatScoresOptions } from './counts';
import { checkZeroDivision } from './f-beta';

/** The options of `Precision` and `Recall`. */
export interface PrecisionOptions extends StatScoresOptions {
  /** The figure if the divisor is 0: 0 or 1 (0). */
  zeroDivision?: 0 | 1;
}

/** The options of `Recall`. */
export interface RecallOptions extends PrecisionOptions {}

/**
 * The fraction of the predictions of a class that are correct, `tp / (tp + fp)`. As `torchmetrics.Precision`.
 *
 * For `update(preds, target)` see `Task`. `compute()` is a scalar, or `[classes]` for `average: "none"`; `zeroDivision` for a class without predictions.
 * For averages see `Average`; the mean of `"macro"` is over the classes that occur as a target or a prediction (with `topK` above 1 as a
 * target), or over all labels.
 *
 * @example
 * const precision = new metrics.Precision({ task: 'binary' });
 * precision.update(tensor([0.9, 0.6, 0.2]), tensor(Int32Array.of(1, 0, 1)));
 * precision.compute().item(); // 0.5
 */
export class Precision extends OfCounts<Required<Pick<PrecisionOptions, 'zeroDivision'>>> {
  override readonly higherIsBetter = true;

  constructor(options: PrecisionOptions) {
    super('Precision', options, { zeroDivision: 0 });
    checkZeroDivision('Precision', this.own.zeroDivision);
  }

  /** @internal */
  protected override score({ tp, fp }: Counts): number {
    return ratio(tp, tp + fp, this.own.zeroDivision);
  }
}

/**
 * The fraction of the targets of a class that are found, `tp / (tp + fn)`. As `torchmetrics.Recall`.
 *
 * For `update(preds, target)` see `Task`. `compute()` is a scalar, or `[classes]` for `average: "none"`; `zeroDivision` for a class without targets.
 * Averages are as in `Precision`.
 *
 * @example
 * const recall = new metrics.Recall({ task: 'multiclass', numClasses: 3, average: 'none' });
 * recall.update(tensor(Int32Array.of(0, 1, 1, 2)), tensor(Int32Array.of(0, 0, 1, 2)));
 * recall.compute().toArray(); // [0.5, 1, 1]
 */
export class Recall extends OfCounts<Required<Pick<RecallOptions, 'zeroDivision'>>> {
  override readonly higherIsBetter = true;

  constructor(options: RecallOptions) {
    super('Recall', options, { zeroDivision: 0 });
    checkZeroDivision('Recall', this.own.zeroDivision);
  }

  /** @internal */
  protected override score({ tp, fn }: Counts): number {
    return ratio(tp, tp + fn, this.own.zeroDivision);
  }
}
