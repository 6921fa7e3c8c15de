// The mean of a stream of numbers, such as the losses of batches.
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

/** The options of `MeanMetric`. */
export interface MeanMetricOptions {
  /** What becomes of NaN; default "warn". */
  nanStrategy?: NanStrategy;
}

const where = 'MeanMetric.update';
let warned = false;

function warnOfNaN(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(`[${where}] NaN among the values or weights: they are left out of the mean.`, { code: 'SIMDNN_NAN_IN_MEAN' });
}

function checkInput(name: string, value: unknown): Tensor | number {
  if (value instanceof Tensor || typeof value === 'number') return value;
  throw typeError(where, `expected ${name} to be a tensor or a number, got ${describe(value)}`);
}

/** The weight of each element of a tensor of `shape`, by its position. */
function weightOf(weight: Tensor | number, shape: readonly number[]): (position: number) => number {
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

/**
 * The mean of all that it is given, weighted: `torchmetrics.MeanMetric`.
 *
 * `update(value, weight = 1)` takes numbers or tensors of any shape; a weight broadcasts to the shape of its value.
 * `compute()` is the scalar `sum(weight * value) / sum(weight)`, summed in float64; NaN before any update. Batches of unequal size are
 * weighted by it: `update(loss, batchSize)`. That is for loops of one's own: `train.fit` and `train.evaluate` update their metrics with predictions and
 * targets, which are no values and weights.
 *
 * @example
 * const loss = new metrics.MeanMetric();
 * loss.update(tensor(0.5), 32);
 * loss.update(2, 16);
 * loss.compute().item(); // 1
 */
export class MeanMetric extends Metric {
  private readonly nanStrategy: NanStrategy;

  private sum = 0;
  private weight = 0;

  constructor(options?: MeanMetricOptions) {
    super();
    const { nanStrategy } = withDefaults<Required<MeanMetricOptions>>('MeanMetric', options, { nanStrategy: 'warn' });
    this.nanStrategy =
      typeof nanStrategy === 'number'
        ? checkNumber('MeanMetric', 'nanStrategy', nanStrategy)
        : checkOneOf<NanStrategy & string>('MeanMetric', 'nanStrategy', nanStrategy, ['warn', 'ignore', 'error', 'disable']);
  }

  /** Takes in values with their weights. */
  update(value: Tensor | number, weight: Tensor | number = 1): void {
    recorder?.reading(where);
    const { nanStrategy } = this;
    const given = checkInput('value', value);
    const [values, shape] = given instanceof Tensor ? [given.values, given.shape] : [Float64Array.of(given), []];
    const weights = weightOf(checkInput('weight', weight), shape);
    let sum = 0;
    let total = 0;
    for (let i = 0; i < values.length; i++) {
      let x = values[i]!;
      let w = weights(i);
      if ((Number.isNaN(x) || Number.isNaN(w)) && nanStrategy !== 'disable') {
        if (nanStrategy === 'error') throw rangeError(where, `the value ${x} with weight ${w} at position ${i}`);
        if (nanStrategy === 'warn') warnOfNaN();
        if (typeof nanStrategy !== 'number') continue;
        x = nanStrategy;
        w = 1;
      }
      sum += x * w;
      total += w;
    }
    // A refused batch leaves the mean as it was.
    this.sum += sum;
    this.weight += total;
  }

  compute(): Tensor {
    return new Tensor(Float32Array.of(this.sum / this.weight), []);
  }

  reset(): void {
    this.sum = 0;
    this.weight = 0;
  }
}
