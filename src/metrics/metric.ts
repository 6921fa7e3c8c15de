// The base of all metrics.
import type { Tensor } from '../tensor';
import { remember, undoOfFields } from './remember';
import { totals } from './totals';

/**
 * Accumulates predictions batch by batch and turns them into a figure: call `update` for each batch, `compute` at the end, `reset` before the next
 * round. As `torchmetrics.Metric`.
 *
 * `Value` is the type of `compute`'s result: a tensor, unless the class returns something else, as curves do. `train.fit` and `train.evaluate` accept metrics
 * whose tensor has one element.
 *
 * @example
 * class MeanAbsoluteError extends metrics.Metric {
 *   higherIsBetter = false;
 *   sum = 0;
 *   count = 0;
 *   update(preds: Tensor, target: Tensor) {
 *     this.sum += preds.sub(target).abs().sum().item();
 *     this.count += preds.numel;
 *   }
 *   compute() { return tensor(this.sum / this.count); }
 *   reset() { this.sum = this.count = 0; }
 * }
 * const error = new MeanAbsoluteError();
 * error.update(tensor([1, 2]), tensor([1, 4]));
 * error.update(tensor([6]), tensor([5]));
 * error.compute().item(); // 1
 */
export abstract class Metric<Value = Tensor> {
  /** Whether a higher figure is better; null, as here, if that is not known. It decides which epoch is best by a metric. */
  readonly higherIsBetter: boolean | null = null;

  /** @internal For this number of classes, `update` gives the same result for predicted classes `[n]` as for scores `[n, classes]`; 0: it does not. */
  get takesClasses(): number {
    return 0;
  }
  /** @internal For this number of classes, `takeCounts` can be used in place of `update`; 0: it cannot. */
  get countedClasses(): number {
    return 0;
  }
  /** @internal Adds counts of samples by target (row) and prediction (column), `[classes, classes]`. */
  takeCounts(_counts: Float64Array): void {}

  /** @internal */
  get [totals](): readonly Float64Array[] | null {
    return null;
  }

  /** @internal Returns a function that restores the metric's current state. */
  [remember](): () => void {
    return undoOfFields(this);
  }

  /** Adds a batch of predictions and their targets. */
  abstract update(preds: Tensor, target: Tensor): void;
  /** The figure over all updates since the last reset. */
  abstract compute(): Value;
  /** Clears all updates. */
  abstract reset(): void;
}
