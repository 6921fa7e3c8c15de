// Accuracy: the fraction of correct predictions.
import { type Counts, OfCounts, ratio, type StatScoresOptions } from './counts';

/** The options of `Accuracy`. */
export interface AccuracyOptions extends StatScoresOptions {}

/**
 * The fraction of correct predictions. As `torchmetrics.Accuracy`.
 *
 * For `update(preds, target)` see `Task`. `compute()` is a scalar, or `[classes]` for `average: "none"`; 0 before any update. For a "binary" and a
 * "multilabel" task it is `(tp + tn) / (tp + fp + tn + fn)`, for each label, averaged as described for `Average`. For a "multiclass" task, with `c`
 * running over the classes:
 * - `"micro"`: correct predictions / targets
 * - `"none"`: correct predictions of c / targets of c, 0 without such targets
 * - `"macro"`: the mean of these over the classes that occur (for `topK` 1 as a target or a prediction, else as a target)
 * - `"weighted"`: their mean weighted by the number of targets
 *
 * A RangeError for targets and predictions that are not classes.
 *
 * @example
 * const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 3 });
 * accuracy.update(tensor([[0.1, 0.7, 0.2], [0.8, 0.1, 0.1]]), tensor(Int32Array.of(1, 2)));
 * accuracy.compute().item(); // 0.5
 */
export class Accuracy extends OfCounts {
  override readonly higherIsBetter = true;

  constructor(options: AccuracyOptions) {
    super('Accuracy', options, {});
  }

  /** @internal */
  protected override score({ tp, fp, tn, fn }: Counts): number {
    return this.problem.task === 'multiclass' ? ratio(tp, tp + fn) : ratio(tp + tn, tp + fp + tn + fn);
  }
}
