// The negative predictive value: of the samples not predicted as a class, the fraction that do not belong to it.
import { type Counts, OfCounts, ratio, type StatScoresOptions } from './counts';

/** The options of `NegativePredictiveValue`. */
export interface NegativePredictiveValueOptions extends StatScoresOptions {}

/**
 * Of the samples not predicted as a class, the fraction that do not belong to it, `tn / (tn + fn)`. As `torchmetrics.NegativePredictiveValue`.
 *
 * For `update(preds, target)` see `Task`. `compute()` is a scalar, or `[classes]` for `average: "none"`; 0 without such predictions. Averages are as in
 * `Precision`. `higherIsBetter` is null, as in torchmetrics.
 *
 * @example
 * const value = new metrics.NegativePredictiveValue({ task: 'binary' });
 * value.update(tensor([0.9, 0.1, 0.2, 0.3]), tensor(Int32Array.of(0, 0, 0, 1)));
 * value.compute().item().toFixed(3); // '0.667'
 */
export class NegativePredictiveValue extends OfCounts {
  constructor(options: NegativePredictiveValueOptions) {
    super('NegativePredictiveValue', options, {});
  }

  /** @internal */
  protected override score({ tn, fn }: Counts): number {
    return ratio(tn, tn + fn);
  }
}
