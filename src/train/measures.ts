// What is measured besides the loss: metrics, fed with the outputs that a leg brought.
import { describe, rangeError, typeError } from '../errors';
import { MeanMetric, Metric, MetricCollection } from '../metrics';
import { Tensor } from '../tensor';
import type { Leg } from './engine';

/** Outputs for metrics come in portions of so many bytes. */
export const outputBytes = 4 << 20;

export type Metrics = Readonly<Record<string, Metric>>;

export function checkMetrics(where: string, metrics: Metrics | undefined): Metrics {
  if (metrics === undefined) return {};
  if (typeof metrics !== 'object' || metrics === null || metrics instanceof Metric) {
    const hint = metrics instanceof MetricCollection ? 'metrics: collection.metrics' : undefined;
    throw typeError(where, `expected metrics by their names, got ${describe(metrics)}`, hint);
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
    if (!(metric instanceof Metric)) throw typeError(where, `expected metrics.${name} to be a metric, got ${describe(metric)}`);
  }
  return metrics;
}

/** Whether the classes with the highest scores serve all of them: a number a row comes back then instead of a row. */
export const classesServe = (metrics: Metrics): boolean => Object.values(metrics).every((metric) => metric.takesClasses);

/** Whether a figure is to become smaller or larger; null: it does not say. */
export type Direction = 'min' | 'max' | null;

/** What is known after an epoch, by its names, and which way each is better. */
export function directionsOf(metrics: Metrics, validates: boolean): Map<string, Direction> {
  const losses: [string, Direction][] = [['loss', 'min'], ...(validates ? [['validationLoss', 'min'] as [string, Direction]] : [])];
  const others = Object.entries(metrics).map(([name, metric]): [string, Direction] => {
    const { higherIsBetter } = metric;
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
      const figure: unknown = metric.compute();
      if (!(figure instanceof Tensor)) throw typeError(where, `metrics.${name} gives ${describe(figure)}, expected a tensor of one number`);
      if (figure.numel !== 1)
        throw rangeError(where, `metrics.${name} gives ${figure.numel} numbers, expected one`, 'average: "macro" or "micro"');
      return [name, figure.item()];
    }),
  );
}
