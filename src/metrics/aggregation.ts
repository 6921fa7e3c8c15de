// The minimum, maximum, sum and concatenation of a stream of numbers.
import { rangeError } from '../errors';
import { sameShape, shapeText } from '../shape';
import { Tensor } from '../tensor';
import { type AggregationOptions, Aggregator } from './aggregator';
import { scalar } from './counts';
import { Growing } from './growing';

// Keeps one number; `choose` selects one of two.
abstract class Extremum extends Aggregator {
  private extremum = this.first();

  /** @internal The figure before any update. */
  protected abstract first(): number;

  /** @internal */
  protected abstract choose(a: number, b: number): number;

  override update(value: Tensor | number): void {
    this.extremum = this.given(value).values.reduce((a, b) => this.choose(a, b), this.extremum);
  }

  compute(): Tensor {
    return scalar(this.extremum);
  }

  reset(): void {
    this.extremum = this.first();
  }
}

/**
 * The largest of all given numbers: `torchmetrics.MaxMetric`.
 *
 * `update(value)` takes numbers or tensors of any shape. `compute()` is a scalar; -Infinity before any update. `nanStrategy` determines how NaN is handled.
 *
 * @example
 * const largest = new metrics.MaxMetric();
 * largest.update(2);
 * largest.update(tensor([5, 1]));
 * largest.compute().item(); // 5
 */
export class MaxMetric extends Extremum {
  /** @internal */
  protected override title(): string {
    return 'MaxMetric';
  }

  /** @internal */
  protected override first(): number {
    return -Infinity;
  }

  constructor(options?: AggregationOptions) {
    super(options);
  }

  /** @internal */
  protected override choose(a: number, b: number): number {
    return Math.max(a, b);
  }
}

/**
 * The smallest of all given numbers: `torchmetrics.MinMetric`.
 *
 * `update(value)` takes numbers or tensors of any shape. `compute()` is a scalar; Infinity before any update. `nanStrategy` determines how NaN is handled.
 *
 * @example
 * const smallest = new metrics.MinMetric();
 * smallest.update(2);
 * smallest.update(tensor([5, 1]));
 * smallest.compute().item(); // 1
 */
export class MinMetric extends Extremum {
  /** @internal */
  protected override title(): string {
    return 'MinMetric';
  }

  /** @internal */
  protected override first(): number {
    return Infinity;
  }

  constructor(options?: AggregationOptions) {
    super(options);
  }

  /** @internal */
  protected override choose(a: number, b: number): number {
    return Math.min(a, b);
  }
}

/**
 * The sum of all given numbers: `torchmetrics.SumMetric`.
 *
 * `update(value)` takes numbers or tensors of any shape. `compute()` is a scalar, summed in float64; 0 before any update. `nanStrategy` determines how NaN is
 * handled.
 *
 * @example
 * const sum = new metrics.SumMetric();
 * sum.update(2);
 * sum.update(tensor([5, 1]));
 * sum.compute().item(); // 8
 */
export class SumMetric extends Aggregator {
  private sum = 0;

  /** @internal */
  protected override title(): string {
    return 'SumMetric';
  }

  constructor(options?: AggregationOptions) {
    super(options);
  }

  override update(value: Tensor | number): void {
    this.sum = this.given(value).values.reduce((a, b) => a + b, this.sum);
  }

  compute(): Tensor {
    return scalar(this.sum);
  }

  reset(): void {
    this.sum = 0;
  }
}

/**
 * All given values, concatenated along the first dimension: `torchmetrics.CatMetric`, but an empty tensor if there are none.
 *
 * `update(value)` takes numbers, each of which is a row, or tensors `[n, ...]` whose rows all have one shape; a tensor from which a NaN is omitted is
 * flattened. A RangeError for rows of another shape. `compute()` is float32 `[n, ...]`; `[0]` before any update.
 *
 * @example
 * const all = new metrics.CatMetric();
 * all.update(2);
 * all.update(tensor([5, 1]));
 * all.compute().toArray(); // [2, 5, 1]
 */
export class CatMetric extends Aggregator {
  private readonly values = new Growing(Float32Array);
  private row: readonly number[] | null = null;
  private rows = 0;

  /** @internal */
  protected override title(): string {
    return 'CatMetric';
  }

  constructor(options?: AggregationOptions) {
    super(options);
  }

  override update(value: Tensor | number): void {
    const { values, shape } = this.given(value);
    if (values.length === 0) return;
    const [rows = 1, ...row] = shape;
    if (this.row !== null && !sameShape(row, this.row))
      throw rangeError('CatMetric.update', `expected a value [n, ...] with rows ${shapeText(this.row)}, got ${shapeText(shape)}`);
    this.row = row;
    this.rows += rows;
    this.values.append(values);
  }

  compute(): Tensor {
    return new Tensor(this.values.values.slice(), [this.rows, ...(this.row ?? [])]);
  }

  reset(): void {
    this.values.clear();
    this.row = null;
    this.rows = 0;
  }
}
