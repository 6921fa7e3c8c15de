// The mean of a stream of numbers.

import type { Tensor } from '../tensor';
import { type AggregationOptions, Aggregator } from './aggregator';
import { scalar } from './counts';

/** The options of `MeanMetric`. */
export type MeanMetricOptions = AggregationOptions;

/**
 * The weighted mean of all given values: `torchmetrics.MeanMetric`.
 *
 * `update(value, weight = 1)` takes numbers or tensors of any shape; a weight broadcasts to the shape of its value. `compute()` is the scalar `sum(weight *
 * value) / sum(weight)`, summed in float64; NaN before any update. Weight the losses of batches of different sizes by the size: `update(loss, batchSize)`. This
 * metric is for your own loops: `train.fit` and `train.evaluate` update metrics with predictions and targets, not with values and weights.
 *
 * @example
 * const loss = new metrics.MeanMetric();
 * loss.update(tensor(0.5), 32);
 * loss.update(2, 16);
 * loss.compute().item(); // 1
 */
export class MeanMetric extends Aggregator {
  private sum = 0;
  private weight = 0;

  /** @internal */
  protected override title(): string {
    return 'MeanMetric';
  }

  constructor(options?: MeanMetricOptions) {
    super(options);
  }

  /** Adds values with their weights. */
  override update(value: Tensor | number, weight: Tensor | number = 1): void {
    const { values, weights } = this.given(value, weight);
    values.forEach((x, i) => {
      this.sum += x * weights[i]!;
      this.weight += weights[i]!;
    });
  }

  compute(): Tensor {
    return scalar(this.sum / this.weight);
  }

  reset(): void {
    this.sum = 0;
    this.weight = 0;
  }
}
