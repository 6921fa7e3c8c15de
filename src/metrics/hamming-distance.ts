// The Hamming distance: the fraction of wrong predictions.
import { type Counts, OfCounts, ratio, type StatScoresOptions } from './counts';

/** The options of `HammingDistance`. */
export interface HammingDistanceOptions extends StatScoresOptions {}

/**
 * The fraction of wrong predictions, `1 - Accuracy`, for each class or label and averaged as there. As
 * `torchmetrics.HammingDistance`.
 *
 * For `update(preds, target)` see `Task`. `compute()` is a scalar, or `[classes]` for `average: "none"`, where a class without targets has 1; the mean of
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
