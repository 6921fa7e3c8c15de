// Metrics over the last few batches.

import { noGrad } from '../autograd';
import { checkInteger, withDefaults } from '../errors';
import { Tensor } from '../tensor';
import { SumMetric } from './aggregation';
import type { AggregationOptions } from './aggregator';
import { MeanMetric } from './mean';
import { Metric } from './metric';
import { checkMetric } from './wrapper';

/** The options of `Running`. */
export interface RunningOptions {
  /** The number of updates that count (5). */
  window?: number;
}

/** The options of `RunningMean` and `RunningSum`. */
export interface RunningAggregationOptions extends RunningOptions, AggregationOptions {}

const copied = (value: unknown): unknown => {
  if (value instanceof Tensor) return noGrad(() => value.clone());
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, copied(one)]));
};

/**
 * Another metric over the last updates only: `torchmetrics.wrappers.Running`, but for any metric.
 *
 * `update` has the arguments of `baseMetric.update`. The metric stores copies of the arguments of the last `window` updates, and resets and updates
 * `baseMetric`, which you should not use directly. `compute()` is the figure of `baseMetric` over these updates.
 *
 * @example
 * const error = new metrics.Running(new metrics.MeanAbsoluteError(), { window: 2 });
 * for (const pred of [9, 1, 3]) error.update(tensor([pred]), tensor([0]));
 * error.compute().item(); // 2
 */
export class Running<M extends Metric<unknown> = Metric> extends Metric<ReturnType<M['compute']>> {
  override readonly higherIsBetter: boolean | null;
  /** The number of updates that count. */
  readonly window: number;
  /** One metric for each update of the window. */
  readonly baseMetric: M;
  private readonly batches: unknown[][] = [];

  constructor(baseMetric: M, options?: RunningOptions) {
    super();
    this.baseMetric = checkMetric('Running', 'baseMetric', baseMetric);
    const { window } = withDefaults<Required<RunningOptions>>('Running', options, { window: 5 });
    this.window = checkInteger('Running', 'window', window, 1, 2 ** 20);
    this.higherIsBetter = baseMetric.higherIsBetter;
  }

  /** Adds the arguments of `baseMetric.update`. */
  override update(preds: Tensor | number, target?: Tensor | number, options?: object): void {
    const given = [preds, target, options].filter((one) => one !== undefined);
    this.baseMetric.reset();
    this.feed(given);
    this.batches.push(given.map(copied));
    if (this.batches.length > this.window) this.batches.shift();
  }

  compute(): ReturnType<M['compute']> {
    this.baseMetric.reset();
    for (const batch of this.batches) this.feed(batch);
    return this.baseMetric.compute() as ReturnType<M['compute']>;
  }

  reset(): void {
    this.batches.length = 0;
    this.baseMetric.reset();
  }

  private feed(batch: unknown[]): void {
    (this.baseMetric.update as (...given: unknown[]) => void).apply(this.baseMetric, batch);
  }
}

const split = (options: RunningAggregationOptions | undefined): [AggregationOptions, RunningOptions] => {
  const { window = 5, ...others } = options ?? {};
  return [others, { window }];
};

/**
 * The mean of the values of the last updates: `torchmetrics.RunningMean`.
 *
 * `update(value)` takes numbers or tensors of any shape. `compute()` is a scalar; NaN before any update.
 *
 * @example
 * const loss = new metrics.RunningMean({ window: 2 });
 * for (const value of [9, 1, 3]) loss.update(value);
 * loss.compute().item(); // 2
 */
export class RunningMean extends Running<MeanMetric> {
  constructor(options?: RunningAggregationOptions) {
    const [own, running] = split(options);
    super(new MeanMetric(own), running);
  }
}

/**
 * The sum of the values of the last updates: `torchmetrics.RunningSum`.
 *
 * `update(value)` takes numbers or tensors of any shape. `compute()` is a scalar; 0 before any update.
 *
 * @example
 * const sum = new metrics.RunningSum({ window: 2 });
 * for (const value of [9, 1, 3]) sum.update(value);
 * sum.compute().item(); // 4
 */
export class RunningSum extends Running<SumMetric> {
  constructor(options?: RunningAggregationOptions) {
    const [own, running] = split(options);
    super(new SumMetric(own), running);
  }
}
