// The base of metrics of a stream of numbers, such as the batches' losses.
import { checkNumber, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { broadcastShapes, sameShape, shapeText, stridesOf } from '../shape';
import { Tensor } from '../tensor';
import { Metric } from './metric';

/**
 * What becomes of a value that is NaN, or whose weight is: left out with a warning, "warn"; left out, "ignore"; an error, "error"; taken as
 * it is, "disable"; or replaced by this number, with weight 1.
 *
 * Two things differ from torchmetrics 1.9: "disable" drops the weights there, and a number gives weight 1 to all values that share a
 * broadcast weight with a NaN.
 */
export type NanStrategy = 'warn' | 'ignore' | 'error' | 'disable' | number;

/** The options of metrics of a stream of numbers. */
export interface AggregationOptions {
  /** How NaN is handled; default "warn". */
  nanStrategy?: NanStrategy;
}

/** Numbers with their weights, and their shape as long as none was omitted. */
export interface Weighted {
  values: Float64Array;
  weights: Float64Array;
  shape: readonly number[];
}

const warned = new Set<string>();

function warnOfNaN(where: string): void {
  if (warned.has(where)) return;
  warned.add(where);
  process.emitWarning(`[${where}] NaN among the values or weights: they are left out.`, { code: 'SIMDNN_NAN_LEFT_OUT' });
}

function checkInput(where: string, name: string, value: unknown): Tensor | number {
  if (value instanceof Tensor || typeof value === 'number') return value;
  throw typeError(where, `expected ${name} to be a tensor or a number, got ${describe(value)}`);
}

/** The weight of each element of a tensor of `shape`, by its position. */
function weightOf(where: string, weight: Tensor | number, shape: readonly number[]): (position: number) => number {
  if (typeof weight === 'number') return () => weight;
  const { values } = weight;
  const own = weight.shape;
  if (sameShape(own, shape)) return (position) => values[position]!;
  if (!sameShape(broadcastShapes(where, own, shape), shape))
    throw rangeError(where, `expected a weight that broadcasts to ${shapeText(shape)}, got ${shapeText(own)}`);
  const strides = stridesOf(own).map((stride, d) => (own[d] === 1 ? 0 : stride));
  const skipped = shape.length - own.length;
  return (position) => {
    let rest = position;
    let at = 0;
    for (let d = shape.length - 1; d >= skipped; d--) {
      at += (rest % shape[d]!) * strides[d - skipped]!;
      rest = Math.floor(rest / shape[d]!);
    }
    return values[at]!;
  };
}

/** Converts numbers or tensors of any shape. */
export abstract class Aggregator extends Metric {
  private readonly nanStrategy: NanStrategy;

  /** @internal The metric's name. It is not a field, because fields are the metric's state. */
  protected abstract title(): string;

  /** @internal */
  constructor(options: AggregationOptions | undefined) {
    super();
    const name = this.title();
    const { nanStrategy } = withDefaults<Required<AggregationOptions>>(name, options, { nanStrategy: 'warn' });
    this.nanStrategy =
      typeof nanStrategy === 'number'
        ? checkNumber(name, 'nanStrategy', nanStrategy)
        : checkOneOf<NanStrategy & string>(name, 'nanStrategy', nanStrategy, ['warn', 'ignore', 'error', 'disable']);
  }

  /** Adds values. */
  abstract override update(value: Tensor | number): void;

  /** @internal The given numbers, without those omitted because of NaN. */
  protected given(value: Tensor | number, weight: Tensor | number = 1): Weighted {
    const { nanStrategy } = this;
    const where = `${this.title()}.update`;
    recorder?.reading(where);
    const checked = checkInput(where, 'value', value);
    const [all, shape] = checked instanceof Tensor ? [checked.values, checked.shape] : [[checked], []];
    const weightAt = weightOf(where, checkInput(where, 'weight', weight), shape);
    const values = Float64Array.from(all);
    const weights = new Float64Array(values.length);
    let kept = 0;
    for (let i = 0; i < values.length; i++) {
      let [x, w] = [values[i]!, weightAt(i)];
      if ((Number.isNaN(x) || Number.isNaN(w)) && nanStrategy !== 'disable') {
        if (nanStrategy === 'error') throw rangeError(where, `the value ${x} with weight ${w} at position ${i}`);
        if (nanStrategy === 'warn') warnOfNaN(where);
        if (typeof nanStrategy !== 'number') continue;
        [x, w] = [nanStrategy, 1];
      }
      values[kept] = x;
      weights[kept++] = w;
    }
    const isWhole = kept === values.length;
    return { values: values.subarray(0, kept), weights: weights.subarray(0, kept), shape: isWhole ? shape : [kept] };
  }
}

/** @internal Whether a metric, or the metric that it wraps, takes values instead of predictions and targets. */
export const takesValues = (metric: unknown): boolean =>
  metric instanceof Aggregator || (metric instanceof Metric && 'baseMetric' in metric && takesValues(metric.baseMetric));
