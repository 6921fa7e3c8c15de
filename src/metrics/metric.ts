// What every metric is.
import type { Tensor } from '../tensor';
import { remember, undoOfFields } from './remember';
import { totals } from './totals';

/**
 * Gathers predictions batch by batch and turns them into a figure: `update` each batch, `compute` at the end, `reset` for the next
 * round. As `torchmetrics.Metric`.
 *
 * `Value` is what `compute` gives: a tensor unless the class says otherwise, as curves do. `train.fit` and `train.evaluate` take metrics whose
 * tensor has one element.
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
  /** Whether a higher figure is a better one; null, as here, where that is not known. What picks the best epoch by a metric goes by it. */
  readonly higherIsBetter: boolean | null = null;

  /** @internal Of how many classes the highest, `[n]`, serves `update` as well as the scores `[n, classes]`; 0: it does not. */
  get takesClasses(): number {
    return 0;
  }
  /** @internal How many classes the counts have that serve as well, by `takeCounts`; 0: none do. */
  get countedClasses(): number {
    return 0;
  }
  /** @internal Takes in so many samples of each target row and predicted column, `[classes, classes]`. */
  takeCounts(_counts: Float64Array): void {}

  /** @internal */
  get [totals](): readonly Float64Array[] | null {
    return null;
  }

  /** @internal What puts the metric back to how it is now. */
  [remember](): () => void {
    return undoOfFields(this);
  }

  /** Takes in a batch of predictions and their targets. */
  abstract update(preds: Tensor, target: Tensor): void;
  /** The figure over everything taken in since the last reset. */
  abstract compute(): Value;
  /** Forgets everything taken in. */
  abstract reset(): void;
}
