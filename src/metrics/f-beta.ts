// The F-score: the weighted harmonic mean of precision and recall.
import { checkNumber, describe, rangeError } from '../errors';
import { type Counts, OfCounts, ratio, type StatScoresOptions } from './counts';

/** The options of `F1Score`. */
export interface F1ScoreOptions extends StatScoresOptions {
  /** The figure if the divisor is 0: 0 or 1 (0). */
  zeroDivision?: 0 | 1;
}

/** The options of `FBetaScore`. */
export interface FBetaScoreOptions extends F1ScoreOptions {
  /** The weight of recall relative to precision, above 0 (1). */
  beta?: number;
}

/** Throws unless the value is 0 or 1. */
export function checkZeroDivision(where: string, value: unknown): void {
  if (value !== 0 && value !== 1) throw rangeError(where, `expected zeroDivision to be 0 or 1, got ${describe(value)}`);
}

/**
 * The harmonic mean of precision and recall, in which recall has `beta` times the weight,
 * `(1 + beta^2) tp / ((1 + beta^2) tp + beta^2 fn + fp)`. As `torchmetrics.FBetaScore`.
 *
 * For `update(preds, target)` see `Task`. `compute()` is a scalar, or `[classes]` for `average: "none"`; `zeroDivision` for a class that is neither
 * a target nor predicted. For averages see `Average`; the mean of `"macro"` is over the classes that occur as a target or a prediction,
 * or over all labels.
 *
 * @example
 * const f2 = new metrics.FBetaScore({ task: 'binary', beta: 2 });
 * f2.update(tensor(Int32Array.of(1, 0, 1, 0)), tensor(Int32Array.of(1, 1, 0, 0)));
 * f2.compute().item(); // 0.5
 */
export class FBetaScore extends OfCounts<Required<Pick<FBetaScoreOptions, 'zeroDivision' | 'beta'>>> {
  override readonly higherIsBetter = true;
  /** @internal */
  protected override readonly topKCounts = false;

  constructor(options: FBetaScoreOptions) {
    super('FBetaScore', options, { zeroDivision: 0, beta: 1 });
    checkZeroDivision('FBetaScore', this.own.zeroDivision);
    checkNumber('FBetaScore', 'beta', this.own.beta);
    if (!(this.own.beta > 0)) throw rangeError('FBetaScore', `expected beta above 0, got ${this.own.beta}`);
  }

  /** @internal */
  protected override score({ tp, fp, fn }: Counts): number {
    const squared = this.own.beta ** 2;
    return ratio((1 + squared) * tp, (1 + squared) * tp + squared * fn + fp, this.own.zeroDivision);
  }
}

/**
 * The harmonic mean of precision and recall, `2 tp / (2 tp + fn + fp)`. As `torchmetrics.F1Score`.
 *
 * All else as in `FBetaScore`.
 *
 * @example
 * const f1 = new metrics.F1Score({ task: 'multiclass', numClasses: 3, average: 'macro' });
 * f1.update(tensor(Int32Array.of(0, 1, 1, 2)), tensor(Int32Array.of(0, 1, 1, 1)));
 * f1.compute().item().toFixed(3); // '0.600'
 */
export class F1Score extends OfCounts<Required<Pick<F1ScoreOptions, 'zeroDivision'>>> {
  override readonly higherIsBetter = true;
  /** @internal */
  protected override readonly topKCounts = false;

  constructor(options: F1ScoreOptions) {
    super('F1Score', options, { zeroDivision: 0 });
    checkZeroDivision('F1Score', this.own.zeroDivision);
  }

  /** @internal */
  protected override score({ tp, fp, fn }: Counts): number {
    return ratio(2 * tp, 2 * tp + fn + fp, this.own.zeroDivision);
  }
}
