// What every metric is.
import type { Tensor } from '../tensor';

/**
 * Gathers predictions batch by batch and turns them into a figure: `update` each batch, `compute` at the end, `reset` for the next
 * round. As `torchmetrics.Metric`.
 *
 * @example
 * class Mean extends metrics.Metric {
 *   sum = 0;
 *   count = 0;
 *   update(preds: Tensor) {
 *     this.sum += preds.sum().item();
 *     this.count += preds.numel;
 *   }
 *   compute() { return tensor(this.sum / this.count); }
 *   reset() { this.sum = this.count = 0; }
 * }
 * const mean = new Mean();
 * mean.update(tensor([1, 2]));
 * mean.update(tensor([6]));
 * mean.compute().item(); // 3
 */
export abstract class Metric {
  /** @internal Whether classes `[n]` serve `update` as well as the scores that they are the highest of. */
  get takesClasses(): boolean {
    return false;
  }
  /** Takes in a batch of predictions and their targets. */
  abstract update(preds: Tensor, target: Tensor): void;
  /** The figure over everything taken in since the last reset. */
  abstract compute(): Tensor;
  /** Forgets everything taken in. */
  abstract reset(): void;
}
