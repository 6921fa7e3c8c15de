// The Hamming distance: the fraction of wrong predictions.
import { type Counts, OfCounts, ratio, type StatScoresOptions } from './counts';

/** The options of `HammingDistance`. */
export interface HammingDistanceOptions extends StatScoresOptions {}

/**
 * The share of wrong predictions, 1 less that of the right ones: `1 - Accuracy`, of each class or label and averaged as there. As
 * `torchmetrics.HammingDistance`.
 *
 * `update(preds, target)` as `Task` says. `compute()` is a scalar, or `[classes]` for `average: "none"`, 1 for a class without targets; the mean of
 * `"macro"` is over the classes that occur as a target or a prediction, or over all labels.
 *
 * @example
 * const distance = new metrics.HammingDistance({ task: 'multilabel', numLabels: 2 });
 * distance.update(tensor([[0, 1], [1, 1]]), tensor([[0, 1], [0, 1]]));
 * distance.compute().item(); // 0.25
 */
export class HammingDistance extends OfCounts {
  override readonly higherIsBetter = false;
  /** @internal */
  protected override readonly topKCounts = false;

  constructor(options: HammingDistanceOptions) {
    super('HammingDistance', options, {});
  }

  /** @internal */
  protected override score({ tp, fp, tn, fn }: Counts): number {
    return 1 - (this.problem.task === 'multiclass' ? ratio(tp, tp + fn) : ratio(tp + tn, tp + fp + tn + fn));
  }
}
