// The fraction of the targets' variance that predictions explain.
import { checkInteger, checkOneOf, rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { scalar } from './counts';
import { Metric } from './metric';
import { figuresOf, pairsOf } from './outputs';

/**
 * How the figures of several outputs are averaged: their mean, "uniform_average"; their mean weighted by the variance of the targets,
 * "variance_weighted"; or not at all, "raw_values".
 */
export type Multioutput = 'raw_values' | 'uniform_average' | 'variance_weighted';

/** The options of `ExplainedVariance`. */
export interface ExplainedVarianceOptions {
  /** How the figures of several outputs are averaged ("uniform_average"). */
  multioutput?: Multioutput;
}

/** The options of `R2Score`. */
export interface R2ScoreOptions extends ExplainedVarianceOptions {
  /** The number of independent variables, for the adjusted figure; 0: not adjusted (0). */
  adjusted?: number;
}

// For each output. Sums are of the differences from the first number, so that a large mean does not cost digits of the variance.
interface Sums {
  firstTarget: Float64Array;
  target: Float64Array;
  targetSquares: Float64Array;
  firstError: Float64Array;
  error: Float64Array;
  errorSquares: Float64Array;
  /** The sum of squared errors. */
  residual: Float64Array;
}

function zeros(outputs: number): Sums {
  const numbers = (): Float64Array => new Float64Array(outputs);
  return {
    ...{ firstTarget: numbers(), target: numbers(), targetSquares: numbers(), firstError: numbers() },
    ...{ error: numbers(), errorSquares: numbers(), residual: numbers() },
  };
}

/** The base of figures that compare the variance of targets with that of their errors. */
export abstract class VarianceScore extends Metric {
  protected count = 0;
  private sums = zeros(0);
  private readonly multioutput: Multioutput;

  constructor(
    private readonly name: string,
    multioutput: unknown,
  ) {
    super();
    this.multioutput = checkOneOf<Multioutput>(name, 'multioutput', multioutput, ['raw_values', 'uniform_average', 'variance_weighted']);
  }

  /** @internal The figure of one output, from the sums of squared deviations of targets and errors. */
  protected abstract score(targetSpread: number, errorSpread: number, residual: number): number;

  update(preds: Tensor, target: Tensor): void {
    const where = `${this.name}.update`;
    const pairs = pairsOf(where, preds, target);
    const { shape, numel } = target;
    if (shape.length !== 1 && shape.length !== 2) throw rangeError(where, `expected target [n] or [n, outputs], got ${shapeText(shape)}`);
    if (numel === 0) return;
    const outputs = shape[1] ?? 1;
    const before = this.sums.target.length;
    if (this.count > 0 && outputs !== before) throw rangeError(where, `expected ${before} outputs as before, got ${outputs}`);
    if (this.count === 0) {
      this.sums = zeros(outputs);
      for (let o = 0; o < outputs; o++) {
        this.sums.firstTarget[o] = pairs.target[o]!;
        this.sums.firstError[o] = pairs.target[o]! - pairs.preds[o]!;
      }
    }
    const { sums } = this;
    for (let i = 0; i < numel; i++) {
      const o = i % outputs;
      const error = pairs.target[i]! - pairs.preds[i]!;
      const [t, e] = [pairs.target[i]! - sums.firstTarget[o]!, error - sums.firstError[o]!];
      sums.target[o]! += t;
      sums.targetSquares[o]! += t * t;
      sums.error[o]! += e;
      sums.errorSquares[o]! += e * e;
      sums.residual[o]! += error * error;
    }
    this.count += numel / outputs;
  }

  compute(): Tensor {
    const { count, sums } = this;
    if (count === 0) return scalar(Number.NaN);
    const spreads = (all: Float64Array, squares: Float64Array): Float64Array => squares.map((square, o) => square - all[o]! ** 2 / count);
    const [targets, errors] = [spreads(sums.target, sums.targetSquares), spreads(sums.error, sums.errorSquares)];
    const scores = targets.map((spread, o) => this.score(spread, errors[o]!, sums.residual[o]!));
    if (this.multioutput === 'raw_values') return figuresOf(scores.map((score) => this.adjust(score)));
    const weights = this.multioutput === 'variance_weighted' ? targets : scores.map(() => 1);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return scalar(this.adjust(scores.reduce((sum, score, o) => sum + (score * weights[o]!) / total, 0)));
  }

  reset(): void {
    this.count = 0;
    this.sums = zeros(0);
  }

  /** @internal */
  protected adjust(score: number): number {
    return score;
  }
}

/**
 * The fraction of the targets' variance that predictions explain, `1 - Var(target - pred) / Var(target)`. As `torchmetrics.ExplainedVariance`.
 *
 * `update(preds, target)` takes tensors of the same shape, `[n]` or `[n, outputs]`, float32 or int32. `compute()` is a scalar, or `[outputs]` for
 * `multioutput: "raw_values"` with several outputs; 1 if the errors are constant, else 0 if the targets are; NaN before any update. Unlike `R2Score` it
 * ignores a constant error.
 *
 * @example
 * const explained = new metrics.ExplainedVariance();
 * explained.update(tensor([2, 3, 4, 5]), tensor([1, 2, 3, 4]));
 * explained.compute().item(); // 1
 */
export class ExplainedVariance extends VarianceScore {
  override readonly higherIsBetter = true;

  constructor(options?: ExplainedVarianceOptions) {
    const o = withDefaults<Required<ExplainedVarianceOptions>>('ExplainedVariance', options, { multioutput: 'uniform_average' });
    super('ExplainedVariance', o.multioutput);
  }

  /** @internal */
  protected override score(targetSpread: number, errorSpread: number): number {
    if (errorSpread === 0) return 1;
    return targetSpread === 0 ? 0 : 1 - errorSpread / targetSpread;
  }
}

/**
 * The coefficient of determination, `1 - sum (target - pred)^2 / sum (target - mean)^2`. As `torchmetrics.R2Score`.
 *
 * `update(preds, target)` takes tensors of the same shape, `[n]` or `[n, outputs]`, float32 or int32. `compute()` is a scalar, or `[outputs]` for
 * `multioutput: "raw_values"` with several outputs. As in torchmetrics, a sum of at most 1e-4 counts as 0: the figure is 1 if the sum of the errors does,
 * else 0 if that of the targets does. So scale small numbers with a `data.StandardScaler` first.
 *
 * With `adjusted: k` it is `1 - (1 - R2) (n - 1) / (n - k - 1)`, if n is larger than `k + 1`. A RangeError for less than two samples.
 *
 * @example
 * const r2 = new metrics.R2Score();
 * r2.update(tensor([2, 3, 4, 5]), tensor([1, 2, 3, 4]));
 * r2.compute().item().toFixed(3); // '0.200'
 */
export class R2Score extends VarianceScore {
  override readonly higherIsBetter = true;

  private readonly adjusted: number;

  constructor(options?: R2ScoreOptions) {
    const o = withDefaults<Required<R2ScoreOptions>>('R2Score', options, { adjusted: 0, multioutput: 'uniform_average' });
    super('R2Score', o.multioutput);
    this.adjusted = checkInteger('R2Score', 'adjusted', o.adjusted);
  }

  /** The figure over all updates since the last reset, which must have at least two samples. */
  override compute(): Tensor {
    if (this.count < 2) throw rangeError('R2Score.compute', `expected two samples or more, got ${this.count}`);
    return super.compute();
  }

  /** @internal */
  protected override score(targetSpread: number, _: number, residual: number): number {
    const [someError, someSpread] = [!(residual <= 1e-4), !(targetSpread <= 1e-4)];
    if (!someError) return 1;
    return someSpread ? 1 - residual / targetSpread : 0;
  }

  /** @internal */
  protected override adjust(score: number): number {
    const rest = this.count - this.adjusted - 1;
    return this.adjusted === 0 || rest <= 0 ? score : 1 - ((1 - score) * (this.count - 1)) / rest;
  }
}
