// What is measured besides the loss: metrics, fed with the outputs that a leg brought.
import { describe, rangeError, typeError } from '../errors';
import { Metric } from '../metrics';
import type { RecordedStep } from '../recording';
import { Tensor } from '../tensor';
import type { Leg } from './engine';

/** Outputs for metrics come in portions of so many bytes. */
export const outputBytes = 4 << 20;

export type Metrics = Readonly<Record<string, Metric>>;

export function checkMetrics(where: string, metrics: Metrics | undefined): Metrics {
  if (metrics === undefined) return {};
  if (typeof metrics !== 'object' || metrics === null) throw typeError(where, `expected metrics by their names, got ${describe(metrics)}`);
  for (const [name, metric] of Object.entries(metrics)) {
    if (!(metric instanceof Metric)) throw typeError(where, `expected metrics.${name} to be a metric, got ${describe(metric)}`);
  }
  return metrics;
}

/** Whether the classes with the highest scores serve all of them: a number a row comes back then instead of a row. */
export const classesServe = (metrics: Metrics): boolean => Object.values(metrics).every((metric) => metric.takesClasses);

/** A tensor of the rows that were gathered, each as in a batch like `batch`. */
export function gathered(buffer: ArrayBuffer | undefined, batch: Tensor): Tensor {
  const shape = batch.shape.slice(1);
  const width = shape.reduce((a, b) => a * b, 1);
  const memory = buffer ?? new ArrayBuffer(0);
  const values = batch.dtype === 'float32' ? new Float32Array(memory) : new Int32Array(memory);
  return new Tensor(values, [width === 0 ? 0 : values.length / width, ...shape]);
}

/** Updates the metrics with what a leg gathered. */
export function update(metrics: Metrics, leg: Leg, kind: RecordedStep): void {
  if (leg.outputs === undefined) return;
  const [preds, target] = [gathered(leg.outputs, kind.output!), gathered(leg.targets, kind.target)];
  for (const metric of Object.values(metrics)) metric.update(preds, target);
}

/** The figure of each metric. */
export function compute(where: string, metrics: Metrics): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => {
      const figure = metric.compute();
      if (figure.numel !== 1)
        throw rangeError(where, `metrics.${name} gives ${figure.numel} numbers, expected one`, 'average: "macro" or "micro"');
      return [name, figure.item()];
    }),
  );
}
