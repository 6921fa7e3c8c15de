// Several metrics that are updated with the same batches.
import { describe, rangeError, typeError } from '../errors';
import type { Tensor } from '../tensor';
import { Metric } from './metric';
import { remember } from './remember';
import { RetrievalMetric, type RetrievalUpdateOptions } from './retrieval';

/** The metrics of a `MetricCollection`: by name, or a list in which the names are those of the metrics' classes. */
export type CollectedMetrics = Readonly<Record<string, Metric<unknown>>> | readonly Metric<unknown>[];

/** The result of `MetricCollection.compute`: the value of each metric by name. */
export type CollectedValues<M extends CollectedMetrics> = M extends readonly (infer One)[]
  ? Record<string, One extends Metric<infer Value> ? Value : never>
  : { [Name in keyof M]: M[Name] extends Metric<infer Value> ? Value : never };

function named(metrics: unknown): Record<string, Metric<unknown>> {
  const where = 'MetricCollection';
  if (typeof metrics !== 'object' || metrics === null || metrics instanceof Metric) {
    throw typeError(where, `expected metrics by their names or a list of them, got ${describe(metrics)}`);
  }
  const all: Record<string, Metric<unknown>> = {};
  for (const [key, metric] of Object.entries(metrics)) {
    if (!(metric instanceof Metric))
      throw typeError(where, `expected ${Array.isArray(metrics) ? `metric ${key}` : key} to be a metric, got ${describe(metric)}`);
    const name = Array.isArray(metrics) ? metric.constructor.name : key;
    if (Object.hasOwn(all, name))
      throw rangeError(where, `two metrics are called ${name}`, `new MetricCollection({ one: ..., other: ... })`);
    all[name] = metric;
  }
  return all;
}

/**
 * Several metrics that are updated with the same batches: `torchmetrics.MetricCollection`.
 *
 * `metrics` is a record of metrics, or a list of metrics of different classes, whose names are used. `update`, `compute` and `reset` call those of each
 * metric; `compute()` returns a record. If one metric refuses a batch, the others are restored to their state from before it, except for
 * JavaScript's private fields, `#name`, of the user's own metrics. `train.fit` and `train.evaluate` take `collection.metrics`.
 *
 * @example
 * const task = { task: 'multiclass', numClasses: 3, average: 'macro' } as const;
 * const collection = new metrics.MetricCollection({ accuracy: new metrics.Accuracy(task), recall: new metrics.Recall(task) });
 * collection.update(tensor(Int32Array.of(0, 1, 1, 2)), tensor(Int32Array.of(0, 0, 1, 2)));
 * const { accuracy, recall } = collection.compute();
 * accuracy.item() === recall.item(); // true
 */
export class MetricCollection<M extends CollectedMetrics> extends Metric<CollectedValues<M>> {
  /** The metrics by their names. */
  readonly metrics: M extends readonly (infer One)[] ? Readonly<Record<string, One>> : Readonly<M>;

  constructor(metrics: M) {
    super();
    this.metrics = named(metrics) as typeof this.metrics;
  }

  /** @internal */
  override get takesClasses(): number {
    const [first = 0, ...others] = this.all().map(([, metric]) => metric.takesClasses);
    return others.every((classes) => classes === first) ? first : 0;
  }

  /** Updates each metric with a batch; only retrieval metrics get `options`. */
  override update(preds: Tensor, target: Tensor, options?: RetrievalUpdateOptions): void {
    const undo: (() => void)[] = [];
    try {
      for (const [, metric] of this.all()) {
        undo.push(metric[remember]());
        if (metric instanceof RetrievalMetric) metric.update(preds, target, options);
        else metric.update(preds, target);
      }
    } catch (error) {
      for (const back of undo) back();
      throw error;
    }
  }

  /** @internal */
  override [remember](): () => void {
    const undo = this.all().map(([, metric]) => metric[remember]());
    return () => {
      for (const back of undo) back();
    };
  }

  compute(): CollectedValues<M> {
    return Object.fromEntries(this.all().map(([name, metric]) => [name, metric.compute()])) as CollectedValues<M>;
  }

  reset(): void {
    for (const [, metric] of this.all()) metric.reset();
  }

  private all(): [string, Metric<unknown>][] {
    return Object.entries(this.metrics as Record<string, Metric<unknown>>);
  }
}
