// The minimum and maximum of a figure over time.
import { rangeError } from '../errors';
import { Tensor } from '../tensor';
import { scalar } from './counts';
import { Metric } from './metric';
import { checkMetric } from './wrapper';

/** The result of `MinMaxMetric`. */
export interface MinMaxFigures {
  /** The current figure. */
  raw: Tensor;
  /** The largest result of `compute` so far. */
  max: Tensor;
  /** The smallest result of `compute` so far. */
  min: Tensor;
}

/**
 * A metric with the smallest and largest of its figures so far: `torchmetrics.MinMaxMetric`.
 *
 * `update` and `reset` are those of `baseMetric`. `compute()` is `{ raw, max, min }`: the current figure, and the extremes over all calls of `compute`, even
 * across `reset`. A RangeError if the figure of `baseMetric` is not one number. A NaN does not change the extremes.
 *
 * @example
 * const metric = new metrics.MinMaxMetric(new metrics.Accuracy({ task: 'binary' }));
 * metric.update(tensor(Int32Array.of(1, 1)), tensor(Int32Array.of(1, 0)));
 * metric.compute();
 * metric.update(tensor(Int32Array.of(1, 1)), tensor(Int32Array.of(1, 1)));
 * const { raw, max, min } = metric.compute();
 * [raw.item(), max.item(), min.item()]; // [0.75, 0.75, 0.5]
 */
export class MinMaxMetric extends Metric<MinMaxFigures> {
  override readonly higherIsBetter: boolean | null;
  private largest = -Infinity;
  private smallest = Infinity;

  constructor(
    /** The metric whose extremes are kept. */
    readonly baseMetric: Metric,
  ) {
    super();
    this.higherIsBetter = checkMetric('MinMaxMetric', 'baseMetric', baseMetric).higherIsBetter;
  }

  override update(preds: Tensor, target: Tensor, ...more: unknown[]): void {
    (this.baseMetric.update as (...given: unknown[]) => void).call(this.baseMetric, preds, target, ...more);
  }

  compute(): MinMaxFigures {
    const raw: unknown = this.baseMetric.compute();
    if (!(raw instanceof Tensor) || raw.numel !== 1) throw rangeError('MinMaxMetric.compute', 'expected baseMetric to give one number');
    const value = raw.item();
    if (value > this.largest) this.largest = value;
    if (value < this.smallest) this.smallest = value;
    return { raw, max: scalar(this.largest), min: scalar(this.smallest) };
  }

  reset(): void {
    this.baseMetric.reset();
  }
}
