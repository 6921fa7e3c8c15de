// What is measured besides the loss: metrics, fed with the outputs that a leg brought.
import { noGrad } from '../autograd';
import { describe, rangeError, typeError } from '../errors';
import { MeanMetric, Metric, MetricCollection } from '../metrics';
import { Tensor } from '../tensor';
import type { Leg } from './engine';
import type { OutputWanted } from './tasks';

/** Outputs for metrics come in portions of so many bytes. */
export const outputBytes = 4 << 20;

export type Metrics = Readonly<Record<string, Metric>>;

/** A metric as a plain function: a batch's figure, of which the mean over all rows is reported. */
export type MetricFunction = (preds: Tensor, target: Tensor) => number | Tensor;

/** Metrics by their names, as they are given. */
export type GivenMetrics = Readonly<Record<string, Metric | MetricFunction>>;

class RowMean extends Metric {
  private sum = 0;
  private rows = 0;
  constructor(
    private readonly where: string,
    private readonly fn: MetricFunction,
  ) {
    super();
  }
  update(preds: Tensor, target: Tensor): void {
    const figure: unknown = noGrad(() => this.fn(preds, target));
    const value: unknown = figure instanceof Tensor && figure.numel === 1 ? figure.item() : figure;
    if (typeof value !== 'number') throw typeError(this.where, `expected the metric's function to give a number, got ${describe(value)}`);
    const rows = target.shape[0] ?? 1;
    this.sum += value * rows;
    this.rows += rows;
  }
  /** In full precision, as JavaScript has it. */
  get mean(): number {
    return this.sum / this.rows;
  }
  compute(): Tensor {
    return new Tensor(Float32Array.of(this.mean), []);
  }
  reset(): void {
    this.sum = this.rows = 0;
  }
}

export function checkMetrics(where: string, metrics: GivenMetrics | undefined, option = 'metrics'): Metrics {
  if (metrics === undefined) return {};
  const checked: Record<string, Metric> = {};
  if (typeof metrics !== 'object' || metrics === null || metrics instanceof Metric) {
    const hint = metrics instanceof MetricCollection ? 'metrics: collection.metrics' : undefined;
    throw typeError(where, `expected ${option} by their names, got ${describe(metrics)}`, hint);
  }
  for (const [name, metric] of Object.entries(metrics)) {
    if (name === 'loss' || name === 'validationLoss') {
      throw rangeError(where, `a metric cannot be called "${name}": that is the criterion's figure`, `metrics: { ${name}Metric: ... }`);
    }
    if (metric instanceof MeanMetric) {
      throw typeError(
        where,
        `metrics.${name} is a mean of values, and metrics are given predictions and targets`,
        'the mean loss is reported anyway; of anything else update it in a loop of your own, or write a Metric',
      );
    }
    if (metric instanceof MetricCollection) {
      throw typeError(
        where,
        `metrics.${name} is a collection of metrics`,
        'metrics: collection.metrics, or { ...collection.metrics, other }',
      );
    }
    const isClass = typeof metric === 'function' && (metric as { prototype?: unknown }).prototype instanceof Metric;
    if (!(metric instanceof Metric) && (typeof metric !== 'function' || isClass)) {
      throw typeError(where, `expected ${option}.${name} to be a metric or a function, got ${describe(metric)}`);
    }
    Object.defineProperty(checked, name, {
      value: metric instanceof Metric ? metric : new RowMean(`${where}: ${option}.${name}`, metric),
      enumerable: true,
    });
  }
  return checked;
}

/** Whether the classes with the highest scores serve all of them: a number a row comes back then instead of a row. */
export const classesServe = (metrics: Metrics): boolean => Object.values(metrics).every((metric) => metric.takesClasses);

/** How outputs come back for some metrics: not at all, as classes, or whole. */
export const outputWanted = (metrics: Metrics): OutputWanted =>
  Object.keys(metrics).length === 0 ? 'none' : classesServe(metrics) ? 'classes' : 'whole';

/** Whether a figure is to become smaller or larger; null: it does not say. */
export type Direction = 'min' | 'max' | null;

/** What is known after an epoch, by its names, and which way each is better. */
export function directionsOf(metrics: GivenMetrics, validates: boolean): Map<string, Direction> {
  const losses: [string, Direction][] = [['loss', 'min'], ...(validates ? [['validationLoss', 'min'] as [string, Direction]] : [])];
  const others = Object.entries(metrics).map(([name, metric]): [string, Direction] => {
    const higherIsBetter = metric instanceof Metric ? metric.higherIsBetter : null;
    return [name, higherIsBetter === null ? null : higherIsBetter ? 'max' : 'min'];
  });
  return new Map([...losses, ...others]);
}

/** A tensor of the rows that were gathered, each as in a batch like `batch`. */
export function gathered(buffer: ArrayBuffer | undefined, batch: Tensor): Tensor {
  const shape = batch.shape.slice(1);
  const width = shape.reduce((a, b) => a * b, 1);
  const memory = buffer ?? new ArrayBuffer(0);
  const values = batch.dtype === 'float32' ? new Float32Array(memory) : new Int32Array(memory);
  return new Tensor(values, [width === 0 ? 0 : values.length / width, ...shape]);
}

// The part of a leg's memory that one batch filled.
function partOf(buffer: ArrayBuffer, offset: number, { dtype, shape, numel }: Tensor): Tensor {
  const values = dtype === 'float32' ? new Float32Array(buffer, offset, numel) : new Int32Array(buffer, offset, numel);
  return new Tensor(values.slice(), shape.slice());
}

/** Updates the metrics with each batch that a leg brought. */
export function update(metrics: Metrics, { outputs, targets, kinds }: Leg): void {
  if (outputs === undefined) return;
  const list = Object.values(metrics);
  if (classesServe(metrics) && kinds.every(({ output, target }) => output!.shape.length === 1 && target.shape.length === 1)) {
    // Counts of classes: how the rows are divided does not matter, and one call costs less than one for each batch.
    const [preds, target] = [gathered(outputs, kinds[0]!.output!), gathered(targets, kinds[0]!.target)];
    for (const metric of list) metric.update(preds, target);
    return;
  }
  let [at, targetAt] = [0, 0];
  for (const { output, target } of kinds) {
    const [preds, labels] = [partOf(outputs, at, output!), partOf(targets!, targetAt, target)];
    for (const metric of list) metric.update(preds, labels);
    at += preds.values.byteLength;
    targetAt += labels.values.byteLength;
  }
}

/** The figure of each metric. */
export function compute(where: string, metrics: Metrics): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => {
      if (metric instanceof RowMean) return [name, metric.mean];
      const figure: unknown = metric.compute();
      if (!(figure instanceof Tensor)) throw typeError(where, `metrics.${name} gives ${describe(figure)}, expected a tensor of one number`);
      if (figure.numel !== 1)
        throw rangeError(where, `metrics.${name} gives ${figure.numel} numbers, expected one`, 'average: "macro" or "micro"');
      return [name, figure.item()];
    }),
  );
}
