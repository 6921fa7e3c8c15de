// Specificity: of the samples of other classes, the fraction that are not predicted as a class.
import { type Counts, OfCounts, ratio, type StatScoresOptions } from './counts';

/** The options of `Specificity`. */
export interface SpecificityOptions extends StatScoresOptions {}

/**
 * The fraction of samples of other classes that are not predicted as a class, `tn / (tn + fp)`. As `torchmetrics.Specificity`.
 *
 * For `update(preds, target)` see `Task`. `compute()` is a scalar, or `[classes]` for `average: "none"`; 0 without such samples. Averages are as
 * in `FBetaScore`. `higherIsBetter` is null, as in torchmetrics.
 *
 * @example
 * const specificity = new metrics.Specificity({ task: 'binary' });
 * specificity.update(tensor([0.9, 0.1, 0.2, 0.7]), tensor(Int32Array.of(0, 0, 0, 1)));
 * specificity.compute().item().toFixed(3); // '0.667'
 */
export class Specificity extends OfCounts {
  /** @internal */
  protected override readonly topKCounts = false;

  constructor(options: SpecificityOptions) {
    super('Specificity', options, {});
  }

  /** @internal */
  protected override score({ tn, fp }: Counts): number {
    return ratio(tn, tn + fp);
  }
}
