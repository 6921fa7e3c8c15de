// Errors of predicted numbers relative to the targets.
import { checkBoolean, checkOneOf, withDefaults } from '../errors';
import type { Tensor } from '../tensor';
import { scalar } from './counts';
import { VarianceScore } from './explained-variance';
import { Metric } from './metric';
import { checkOutputs, columnsOf, figuresOf, pairsOf, rowsOf } from './outputs';

/** The options of `RelativeSquaredError`. */
export interface RelativeSquaredErrorOptions {
  /** If it is more than one, preds and targets are `[n, numOutputs]`, and the figure is the mean of the outputs' figures (1). */
  numOutputs?: number;
  /** Whether an output's figure is the quotient of the sums; otherwise it is the square root of that (true). */
  squared?: boolean;
}

// The distance of 1 from the next float32.
const epsilon = 2 ** -23;

/**
 * The squared errors relative to those of predicting the mean, `sum (target - pred)^2 / sum (target - mean)^2`. As `torchmetrics.RelativeSquaredError`.
 *
 * `update(preds, target)` takes tensors of the same shape, `[n]` or `[n, 1]`, or `[n, numOutputs]`, float32 or int32. `compute()` is a scalar, the mean over
 * the outputs: 0 is perfect, and predicting the targets' mean gives 1. The divisor is at least 2^-23; NaN before any update.
 *
 * @example
 * const error = new metrics.RelativeSquaredError();
 * error.update(tensor([2, 3, 4, 5]), tensor([1, 2, 3, 4]));
 * error.compute().item().toFixed(3); // '0.800'
 */
export class RelativeSquaredError extends VarianceScore {
  override readonly higherIsBetter = false;
  private readonly outputs: number;
  private readonly squared: boolean;

  constructor(options?: RelativeSquaredErrorOptions) {
    const o = withDefaults<Required<RelativeSquaredErrorOptions>>('RelativeSquaredError', options, { numOutputs: 1, squared: true });
    super('RelativeSquaredError', 'uniform_average');
    this.outputs = checkOutputs('RelativeSquaredError', o.numOutputs);
    this.squared = checkBoolean('RelativeSquaredError', 'squared', o.squared);
  }

  override update(preds: Tensor, target: Tensor): void {
    columnsOf('RelativeSquaredError.update', preds, target, this.outputs);
    super.update(preds, target);
  }

  /** @internal */
  protected override score(targetSpread: number, _: number, residual: number): number {
    const relative = residual / Math.max(targetSpread, epsilon);
    return this.squared ? relative : Math.sqrt(relative);
  }
}

/** The divisor of the root mean squared error: the targets' mean, range, standard deviation, or norm. */
export type ErrorNormalization = 'mean' | 'range' | 'std' | 'l2';

/** The options of `NormalizedRootMeanSquaredError`. */
export interface NormalizedRootMeanSquaredErrorOptions {
  /** The divisor of the error ("mean"). */
  normalization?: ErrorNormalization;
  /** If it is more than one, preds and targets are `[n, numOutputs]`, and each output has its own figure (1). */
  numOutputs?: number;
}

// For one output. Mean and deviation are computed from the differences from the first target, so that a large mean does not cost digits.
class Spread {
  private errors = 0;
  private first = 0;
  private sum = 0;
  private squares = 0;
  private norm = 0;
  private low = Infinity;
  private high = -Infinity;

  add(pred: number, target: number, isFirst: boolean): void {
    if (isFirst) this.first = target;
    const above = target - this.first;
    this.errors += (pred - target) ** 2;
    this.sum += above;
    this.squares += above * above;
    this.norm += target * target;
    this.low = Math.min(this.low, target);
    this.high = Math.max(this.high, target);
  }

  figure(n: number, normalization: ErrorNormalization): number {
    return Math.sqrt(this.errors / n) / this.divisor(n, normalization);
  }

  private divisor(n: number, normalization: ErrorNormalization): number {
    if (normalization === 'mean') return this.first + this.sum / n;
    if (normalization === 'range') return this.high - this.low;
    if (normalization === 'l2') return Math.sqrt(this.norm);
    return Math.sqrt(Math.max(0, this.squares / n - (this.sum / n) ** 2));
  }
}

/**
 * The root mean squared error, divided by a measure of the size of the targets. As `torchmetrics.NormalizedRootMeanSquaredError`.
 *
 * `update(preds, target)` takes tensors of the same shape, float32 or int32: any shape for `numOutputs` 1, else `[n, numOutputs]`. `compute()` is a scalar, or
 * `[numOutputs]` if that is more than 1: `sqrt(mean (pred - target)^2) / d`, where d is the mean of the targets, `"mean"`, their maximum less their minimum,
 * `"range"`, their standard deviation (divided by n), `"std"`, or the root of the sum of their squares, `"l2"`. A negative mean gives a negative figure. If
 * d is 0 the figure is Infinity, or NaN if the error is 0 too; NaN before any update.
 *
 * @example
 * const error = new metrics.NormalizedRootMeanSquaredError({ normalization: 'range' });
 * error.update(tensor([0, 1, 2, 3]), tensor([0, 1, 2, 5]));
 * error.compute().item(); // 0.2
 */
export class NormalizedRootMeanSquaredError extends Metric {
  override readonly higherIsBetter = false;
  private readonly normalization: ErrorNormalization;
  private readonly outputs: number;
  private spreads: Spread[];
  private count = 0;

  constructor(options?: NormalizedRootMeanSquaredErrorOptions) {
    super();
    const where = 'NormalizedRootMeanSquaredError';
    const o = withDefaults<Required<NormalizedRootMeanSquaredErrorOptions>>(where, options, { normalization: 'mean', numOutputs: 1 });
    this.normalization = checkOneOf<ErrorNormalization>(where, 'normalization', o.normalization, ['mean', 'range', 'std', 'l2']);
    this.outputs = checkOutputs(where, o.numOutputs);
    this.spreads = this.none();
  }

  update(preds: Tensor, target: Tensor): void {
    const { outputs, spreads } = this;
    const pairs = rowsOf('NormalizedRootMeanSquaredError.update', preds, target, outputs);
    const isFirst = this.count === 0;
    for (let i = 0; i < pairs.target.length; i++) spreads[i % outputs]!.add(pairs.preds[i]!, pairs.target[i]!, isFirst && i < outputs);
    this.count += pairs.target.length / outputs;
  }

  compute(): Tensor {
    return figuresOf(this.spreads.map((spread) => spread.figure(this.count, this.normalization)));
  }

  reset(): void {
    this.spreads = this.none();
    this.count = 0;
  }

  private none(): Spread[] {
    return Array.from({ length: this.outputs }, () => new Spread());
  }
}

/**
 * The errors relative to the targets, each as a sum: `sum |pred - target| / max(sum |target|, 1.17e-6)`. As
 * `torchmetrics.WeightedMeanAbsolutePercentageError`.
 *
 * `update(preds, target)` takes tensors of the same shape, float32 or int32. `compute()` is a scalar, 1 for 100 percent; 0 before any update.
 *
 * @example
 * const error = new metrics.WeightedMeanAbsolutePercentageError();
 * error.update(tensor([1, 3]), tensor([2, 6]));
 * error.compute().item(); // 0.5
 */
export class WeightedMeanAbsolutePercentageError extends Metric {
  override readonly higherIsBetter = false;
  private error = 0;
  private scale = 0;

  constructor(options?: Record<string, never>) {
    super();
    withDefaults('WeightedMeanAbsolutePercentageError', options, {});
  }

  update(preds: Tensor, target: Tensor): void {
    const pairs = pairsOf('WeightedMeanAbsolutePercentageError.update', preds, target);
    for (let i = 0; i < pairs.target.length; i++) {
      this.error += Math.abs(pairs.preds[i]! - pairs.target[i]!);
      this.scale += Math.abs(pairs.target[i]!);
    }
  }

  compute(): Tensor {
    return scalar(this.error / Math.max(this.scale, 1.17e-6));
  }

  reset(): void {
    this.error = 0;
    this.scale = 0;
  }
}
