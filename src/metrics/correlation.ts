// Correlations of predictions and targets.
import { withDefaults } from '../errors';
import { checkTensor, type Tensor } from '../tensor';
import { Growing } from './growing';
import { Metric } from './metric';
import { keysOf } from './order';
import { checkOutputs, columnsOf, figuresOf } from './outputs';

/** The options of `PearsonCorrCoef`. */
export interface PearsonCorrCoefOptions {
  /** If it is more than one, preds and targets are `[n, numOutputs]`, and each output has its own figure (1). */
  numOutputs?: number;
}

/** The options of `ConcordanceCorrCoef`. */
export interface ConcordanceCorrCoefOptions extends PearsonCorrCoefOptions {}

/** The options of `SpearmanCorrCoef`. */
export interface SpearmanCorrCoefOptions extends PearsonCorrCoefOptions {}

const outputsOf = (name: string, options: PearsonCorrCoefOptions | undefined): number =>
  checkOutputs(name, withDefaults(name, options, { numOutputs: 1 }).numOutputs);

const clamp = (value: number): number => Math.max(-1, Math.min(1, value));

// For one output: the means, the sums of squares and products of the deviations from them, and the largest deviations.
class Moments {
  private x = 0;
  private y = 0;
  private xx = 0;
  private yy = 0;
  private xy = 0;
  private farX = 0;
  private farY = 0;

  /** Adds a batch of `n` numbers to `before` others. Source: Chan, Golub and LeVeque, The American Statistician 37 (1983). */
  add(n: number, before: number, xAt: (i: number) => number, yAt: (i: number) => number): void {
    let [x, y, xx, yy, xy] = [0, 0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      x += xAt(i);
      y += yAt(i);
    }
    // A single division, so that the mean of equal numbers is exactly that number and their variance 0.
    x /= n;
    y /= n;
    for (let i = 0; i < n; i++) {
      const [dx, dy] = [xAt(i) - x, yAt(i) - y];
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    }
    const [dx, dy, total] = [x - this.x, y - this.y, before + n];
    this.x += (dx * n) / total;
    this.y += (dy * n) / total;
    this.xx += xx + (dx * dx * before * n) / total;
    this.yy += yy + (dy * dy * before * n) / total;
    this.xy += xy + (dx * dy * before * n) / total;
    for (let i = 0; i < n; i++) {
      this.farX = Math.max(this.farX, Math.abs(xAt(i) - this.x));
      this.farY = Math.max(this.farY, Math.abs(yAt(i) - this.y));
    }
  }

  correlation(n: number): number {
    // In units of the largest deviation, a variance is between 1 / n and 1; anything smaller is a rounding error.
    const [xx, yy, xy] = [this.xx / this.farX ** 2, this.yy / this.farY ** 2, this.xy / (this.farX * this.farY)];
    const least = 2 ** -26 * (n - 1);
    return n > 1 && xx >= least && yy >= least ? clamp(xy / Math.sqrt(xx * yy)) : Number.NaN;
  }

  concordance(n: number): number {
    const [varX, varY] = [this.xx / (n - 1), this.yy / (n - 1)];
    return (2 * this.correlation(n) * Math.sqrt(varX) * Math.sqrt(varY)) / (varX + varY + (this.x - this.y) ** 2);
  }
}

/** The base of correlations that are functions of moments. */
abstract class MomentCorrelation extends Metric {
  private readonly outputs: number;
  private moments: Moments[];
  private count = 0;

  constructor(
    private readonly name: string,
    options: PearsonCorrCoefOptions | undefined,
  ) {
    super();
    this.outputs = outputsOf(name, options);
    this.moments = this.none();
  }

  /** @internal The figure of one output of `n` samples. */
  protected abstract figure(moments: Moments, n: number): number;

  update(preds: Tensor, target: Tensor): void {
    const { outputs } = this;
    const pairs = columnsOf(`${this.name}.update`, preds, target, outputs);
    const n = pairs.target.length / outputs;
    if (n === 0) return;
    this.moments.forEach((moments, o) => {
      moments.add(
        n,
        this.count,
        (i) => pairs.preds[i * outputs + o]!,
        (i) => pairs.target[i * outputs + o]!,
      );
    });
    this.count += n;
  }

  compute(): Tensor {
    return figuresOf(this.moments.map((moments) => this.figure(moments, this.count)));
  }

  reset(): void {
    this.moments = this.none();
    this.count = 0;
  }

  private none(): Moments[] {
    return Array.from({ length: this.outputs }, () => new Moments());
  }
}

/**
 * Pearson's correlation, `cov(pred, target) / sqrt(var(pred) var(target))`. As `torchmetrics.PearsonCorrCoef`.
 *
 * `update(preds, target)` takes tensors of the same shape, `[n]` or `[n, 1]`, or `[n, numOutputs]`, float32 or int32. `compute()` is a scalar, or
 * `[numOutputs]` if that is more than 1, from -1 to 1. It is NaN for less than two samples, and if either variance, in units of the largest squared deviation
 * from the mean, is below 2^-26, torchmetrics' bound for float64, in which this is computed. `higherIsBetter` is null, because both -1 and 1 are perfect.
 *
 * @example
 * const pearson = new metrics.PearsonCorrCoef();
 * pearson.update(tensor([1, 2, 3, 4]), tensor([2, 4, 6, 8]));
 * pearson.compute().item(); // 1
 */
export class PearsonCorrCoef extends MomentCorrelation {
  constructor(options?: PearsonCorrCoefOptions) {
    super('PearsonCorrCoef', options);
  }

  /** @internal */
  protected override figure(moments: Moments, n: number): number {
    return moments.correlation(n);
  }
}

/**
 * Lin's concordance correlation, which measures how close the pairs are to the line of equality: with Pearson's correlation r,
 * `2 r std(pred) std(target) / (var(pred) + var(target) + (mean(pred) - mean(target))^2)`. As `torchmetrics.ConcordanceCorrCoef`.
 *
 * Shapes as in `PearsonCorrCoef`, and NaN in the same cases. Variances are divided by `n - 1`, in Lin's own definition by `n`. Unlike
 * `PearsonCorrCoef` it is 1 only if the predictions equal the targets, not if they are any increasing linear function of them.
 *
 * @example
 * const concordance = new metrics.ConcordanceCorrCoef();
 * concordance.update(tensor([2.5, 0, 2, 8]), tensor([3, -0.5, 2, 7]));
 * concordance.compute().item().toFixed(4); // '0.9777'
 */
export class ConcordanceCorrCoef extends MomentCorrelation {
  override readonly higherIsBetter = true;

  constructor(options?: ConcordanceCorrCoefOptions) {
    super('ConcordanceCorrCoef', options);
  }

  /** @internal */
  protected override figure(moments: Moments, n: number): number {
    return moments.concordance(n);
  }
}

// The ranks of numbers from the smallest; equal numbers get the mean of their ranks.
function ranksOf(values: Float32Array): Float64Array {
  const keys = keysOf(values);
  const sorted = keys.slice().sort();
  // The number of keys below `key`, by binary search between two positions.
  const below = (key: number, low: number, high: number): number => {
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const n = keys.length;
  return Float64Array.from(keys, (key) => {
    const first = below(key, 0, n);
    const isTie = first + 1 < n && sorted[first + 1] === key;
    const end = isTie ? below(key + 1, first + 1, n) : first + 1;
    return (first + 1 + end) / 2;
  });
}

function rankCorrelation(x: Float32Array, y: Float32Array): number {
  const n = x.length;
  if (n === 0 || x.some(Number.isNaN) || y.some(Number.isNaN)) return Number.NaN;
  const mean = (n + 1) / 2;
  const [a, b] = [ranksOf(x), ranksOf(y)];
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [da, db] = [a[i]! - mean, b[i]! - mean];
    aa += da * da;
    bb += db * db;
    ab += da * db;
  }
  return clamp(ab / n / (Math.sqrt(aa / n) * Math.sqrt(bb / n) + 1e-6));
}

/**
 * Spearman's rank correlation: Pearson's correlation of the ranks of predictions and targets, where equal numbers get the mean of their ranks. As
 * `torchmetrics.SpearmanCorrCoef`.
 *
 * `update(preds, target)` as in `PearsonCorrCoef`, float32 only; all numbers are stored. `compute()` is a scalar, or `[numOutputs]` if that is more than 1.
 * With the ranks r and s it is `cov(r, s) / (std(r) std(s) + 1e-6)`, from -1 to 1; 0 if either side is constant, NaN before any update and if there is a NaN.
 *
 * @example
 * const spearman = new metrics.SpearmanCorrCoef();
 * spearman.update(tensor([1, 2, 3, 40]), tensor([0.1, 0.2, 0.4, 0.3]));
 * spearman.compute().item().toFixed(3); // '0.800'
 */
export class SpearmanCorrCoef extends Metric {
  override readonly higherIsBetter = true;
  private readonly outputs: number;
  private readonly preds = new Growing(Float32Array);
  private readonly targets = new Growing(Float32Array);

  constructor(options?: SpearmanCorrCoefOptions) {
    super();
    this.outputs = outputsOf('SpearmanCorrCoef', options);
  }

  update(preds: Tensor, target: Tensor): void {
    const where = 'SpearmanCorrCoef.update';
    const pairs = columnsOf(where, preds, target, this.outputs);
    checkTensor(where, 'preds', preds, 'float32');
    checkTensor(where, 'target', target, 'float32');
    this.preds.append(pairs.preds);
    this.targets.append(pairs.target);
  }

  compute(): Tensor {
    const { outputs } = this;
    const column = (values: Float32Array, o: number): Float32Array => (outputs === 1 ? values : values.filter((_, i) => i % outputs === o));
    return figuresOf(
      Array.from({ length: outputs }, (_, o) => rankCorrelation(column(this.preds.values, o), column(this.targets.values, o))),
    );
  }

  reset(): void {
    this.preds.clear();
    this.targets.clear();
  }
}
