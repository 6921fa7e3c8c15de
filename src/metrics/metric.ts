// What every metric is.
import type { Tensor } from '../tensor';

/**
 * Gathers predictions batch by batch and turns them into a figure: `update` each batch, `compute` at the end, `reset` for the next
 * round. As `torchmetrics.Metric`.
 */
export abstract class Metric {
  /** Takes in a batch of predictions and their targets. */
  abstract update(preds: Tensor, target: Tensor): void;
  /** The figure over everything taken in since the last reset. */
  abstract compute(): Tensor;
  /** Forgets everything taken in. */
  abstract reset(): void;
}
