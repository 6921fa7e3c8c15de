// Mean errors of predicted numbers.
import { checkBoolean, withDefaults } from '../errors';
import type { Tensor } from '../tensor';
import { Metric } from './metric';
import { checkOutputs, columnsOf, figuresOf, type Pairs, rowsOf } from './outputs';
import { totals } from './totals';

/** The options of `MeanAbsoluteError`. */
export interface MeanAbsoluteErrorOptions {
  /** If it is more than one, preds and targets are `[n, numOutputs]`, and each output has its own mean (1). */
  numOutputs?: number;
}

/** The options of `LogCoshError`. */
export interface LogCoshErrorOptions extends MeanAbsoluteErrorOptions {}

/** The options of `MeanSquaredError`. */
export interface MeanSquaredErrorOptions extends MeanAbsoluteErrorOptions {
  /** Whether the figure is the mean of the squares; otherwise it is the square root of that mean (true). */
  squared?: boolean;
}

/** The base of means of `error` over all samples, summed in float64. */
abstract class MeanError extends Metric {
  override readonly higherIsBetter = false;

  private readonly sums: Float64Array;
  private readonly count = new Float64Array(1);

  constructor(
    private readonly name: string,
    numOutputs: unknown,
  ) {
    super();
    this.sums = new Float64Array(checkOutputs(name, numOutputs));
  }

  /** @internal */
  protected abstract error(pred: number, target: number): number;

  /** @internal */
  override get [totals](): readonly Float64Array[] | null {
    return this.update === MeanError.prototype.update ? [this.sums, this.count] : null;
  }

  update(preds: Tensor, target: Tensor): void {
    const outputs = this.sums.length;
    const pairs = this.pairs(`${this.name}.update`, preds, target, outputs);
    for (let i = 0; i < pairs.target.length; i++) this.sums[i % outputs]! += this.error(pairs.preds[i]!, pairs.target[i]!);
    this.count[0]! += pairs.target.length / outputs;
  }

  compute(): Tensor {
    return figuresOf(this.means());
  }

  reset(): void {
    this.sums.fill(0);
    this.count.fill(0);
  }

  /** @internal */
  protected pairs(where: string, preds: Tensor, target: Tensor, outputs: number): Pairs {
    return rowsOf(where, preds, target, outputs);
  }

  /** @internal */
  protected means(): Float64Array {
    return this.sums.map((sum) => sum / this.count[0]!);
  }
}

/**
 * The mean of `(pred - target)^2`, or with `squared: false` its square root. As `torchmetrics.MeanSquaredError`.
 *
 * `update(preds, target)` takes tensors of the same shape, float32 or int32: any shape for `numOutputs` 1, else `[n, numOutputs]`. `compute()` is a scalar, or
 * `[numOutputs]` if that is more than 1; NaN before any update.
 *
 * @example
 * const error = new metrics.MeanSquaredError({ squared: false });
 * error.update(tensor([1, 2, 3, 4]), tensor([1, 2, 3, 0]));
 * error.compute().item(); // 2
 */
export class MeanSquaredError extends MeanError {
  private readonly squared: boolean;

  constructor(options?: MeanSquaredErrorOptions) {
    const o = withDefaults<Required<MeanSquaredErrorOptions>>('MeanSquaredError', options, { numOutputs: 1, squared: true });
    super('MeanSquaredError', o.numOutputs);
    this.squared = checkBoolean('MeanSquaredError', 'squared', o.squared);
  }

  /** @internal */
  protected override error(pred: number, target: number): number {
    return (pred - target) ** 2;
  }

  /** The mean over all updates since the last reset, or its square root. */
  override compute(): Tensor {
    const means = this.means();
    return figuresOf(this.squared ? means : means.map(Math.sqrt));
  }
}

/**
 * The mean of `|pred - target|`. As `torchmetrics.MeanAbsoluteError`.
 *
 * Shapes as in `MeanSquaredError`; NaN before any update.
 *
 * @example
 * const error = new metrics.MeanAbsoluteError();
 * error.update(tensor([1, 2]), tensor([2, 5]));
 * error.compute().item(); // 2
 */
export class MeanAbsoluteError extends MeanError {
  constructor(options?: MeanAbsoluteErrorOptions) {
    super('MeanAbsoluteError', withDefaults('MeanAbsoluteError', options, { numOutputs: 1 }).numOutputs);
  }

  /** @internal */
  protected override error(pred: number, target: number): number {
    return Math.abs(pred - target);
  }
}

/**
 * The mean of `|pred - target| / max(|target|, 1.17e-6)`, the error relative to the target. As `torchmetrics.MeanAbsolutePercentageError`.
 *
 * `update(preds, target)` takes tensors of the same shape, float32 or int32. `compute()` is a scalar, 1 for 100 percent; NaN before any update.
 *
 * @example
 * const error = new metrics.MeanAbsolutePercentageError();
 * error.update(tensor([1, 3]), tensor([2, 2]));
 * error.compute().item(); // 0.5
 */
export class MeanAbsolutePercentageError extends MeanError {
  constructor(options?: Record<string, never>) {
    withDefaults('MeanAbsolutePercentageError', options, {});
    super('MeanAbsolutePercentageError', 1);
  }

  /** @internal */
  protected override error(pred: number, target: number): number {
    return Math.abs(pred - target) / Math.max(Math.abs(target), 1.17e-6);
  }
}

/**
 * The mean of `2 |pred - target| / max(|pred| + |target|, 1.17e-6)`, the error relative to the mean of both. As
 * `torchmetrics.SymmetricMeanAbsolutePercentageError`.
 *
 * `update(preds, target)` takes tensors of the same shape, float32 or int32. `compute()` is a scalar from 0 to 2; NaN before any update.
 *
 * @example
 * const error = new metrics.SymmetricMeanAbsolutePercentageError();
 * error.update(tensor([1, 2]), tensor([3, 2]));
 * error.compute().item(); // 0.5
 */
export class SymmetricMeanAbsolutePercentageError extends MeanError {
  constructor(options?: Record<string, never>) {
    withDefaults('SymmetricMeanAbsolutePercentageError', options, {});
    super('SymmetricMeanAbsolutePercentageError', 1);
  }

  /** @internal */
  protected override error(pred: number, target: number): number {
    return (2 * Math.abs(pred - target)) / Math.max(Math.abs(pred) + Math.abs(target), 1.17e-6);
  }
}

/**
 * The mean of `(log(1 + pred) - log(1 + target))^2`. As `torchmetrics.MeanSquaredLogError`.
 *
 * `update(preds, target)` takes tensors of the same shape, float32 or int32. `compute()` is a scalar; NaN for numbers below -1 and before any update.
 *
 * @example
 * const error = new metrics.MeanSquaredLogError();
 * error.update(tensor([0, 1]), tensor([0, 1]));
 * error.compute().item(); // 0
 */
export class MeanSquaredLogError extends MeanError {
  constructor(options?: Record<string, never>) {
    withDefaults('MeanSquaredLogError', options, {});
    super('MeanSquaredLogError', 1);
  }

  /** @internal */
  protected override error(pred: number, target: number): number {
    return (Math.log1p(pred) - Math.log1p(target)) ** 2;
  }
}

/**
 * The mean of `log(cosh(pred - target))`, which is about half the squared error near 0 and the absolute error less `log(2)` far from it. As
 * `torchmetrics.LogCoshError`.
 *
 * `update(preds, target)` takes tensors of the same shape, `[n]` or `[n, 1]`, or `[n, numOutputs]`, float32 or int32. `compute()` is a scalar, or
 * `[numOutputs]` if that is more than 1; NaN before any update. Unlike in torchmetrics, it is finite also for errors above 88.
 *
 * @example
 * const error = new metrics.LogCoshError();
 * error.update(tensor([3, 5, 2.5, 7]), tensor([2.5, 5, 4, 8]));
 * error.compute().item().toFixed(4); // '0.3523'
 */
export class LogCoshError extends MeanError {
  constructor(options?: LogCoshErrorOptions) {
    super('LogCoshError', withDefaults('LogCoshError', options, { numOutputs: 1 }).numOutputs);
  }

  /** @internal */
  protected override pairs(where: string, preds: Tensor, target: Tensor, outputs: number): Pairs {
    return columnsOf(where, preds, target, outputs);
  }

  /** @internal */
  protected override error(pred: number, target: number): number {
    const size = Math.abs(pred - target);
    // For small errors cosh(x) - 1 is computed as 2 sinh(x / 2)^2, which keeps precision; for large ones that would overflow.
    return size < 20 ? Math.log1p(2 * Math.sinh(size / 2) ** 2) : size - Math.LN2 + Math.log1p(Math.exp(-2 * size));
  }
}
