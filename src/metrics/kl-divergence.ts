// How far distributions are from others.
import { checkBoolean, checkOneOf, rangeError, withDefaults } from '../errors';
import type { TensorData } from '../memory';
import { recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { scalar } from './counts';
import { Growing } from './growing';
import { Metric } from './metric';

/** The options of `KLDivergence`. */
export interface KLDivergenceOptions {
  /** Whether the numbers are logarithms of probabilities; else they are divided by the sum of their row (false). */
  logProb?: boolean;
  /** What becomes of the figures of the rows: their mean, their sum, or they stay as they are ("mean"). */
  reduction?: 'mean' | 'sum' | 'none';
}

function rowSum(values: TensorData, begin: number, width: number): number {
  let sum = 0;
  for (let i = begin; i < begin + width; i++) sum += values[i]!;
  return sum;
}

function divergence(p: TensorData, q: TensorData, begin: number, width: number): number {
  const [sumP, sumQ] = [rowSum(p, begin, width), rowSum(q, begin, width)];
  let sum = 0;
  for (let i = begin; i < begin + width; i++) {
    const [own, other] = [p[i]! / sumP, q[i]! / sumQ];
    if (own !== 0) sum += own * Math.log(own / other);
  }
  return sum;
}

function divergenceOfLogs(p: TensorData, q: TensorData, begin: number, width: number): number {
  let sum = 0;
  for (let i = begin; i < begin + width; i++) sum += Math.exp(p[i]!) * (p[i]! - q[i]!);
  return sum;
}

/**
 * The Kullback-Leibler divergence of distributions q from distributions p, `sum_i p_i log(p_i / q_i)`. As `torchmetrics.KLDivergence`.
 *
 * `update(p, q)` takes tensors of one shape `[n, outcomes]`, float32 or int32, a distribution in each row: probabilities, or with `logProb` their logarithms. What
 * has no probability in p counts 0, what has none in q alone Infinity; a row whose sum is 0 is NaN, and so is with `logProb` one where p has -Infinity, as in
 * torchmetrics. `compute()` is a scalar, or `[n]` of all rows for `reduction: "none"`. Before any update `"mean"` is NaN, `"sum"` 0, and `"none"` has no
 * elements.
 *
 * @example
 * const divergence = new metrics.KLDivergence();
 * divergence.update(tensor([[0.36, 0.48, 0.16]]), tensor([[1, 1, 1]]));
 * divergence.compute().item().toFixed(4); // '0.0853'
 */
export class KLDivergence extends Metric {
  override readonly higherIsBetter = false;
  private readonly logProb: boolean;
  private readonly reduction: 'mean' | 'sum' | 'none';
  private readonly figures = new Growing(Float64Array);
  private sum = 0;
  private count = 0;

  constructor(options?: KLDivergenceOptions) {
    super();
    const o = withDefaults<Required<KLDivergenceOptions>>('KLDivergence', options, { logProb: false, reduction: 'mean' });
    this.logProb = checkBoolean('KLDivergence', 'logProb', o.logProb);
    this.reduction = checkOneOf<'mean' | 'sum' | 'none'>('KLDivergence', 'reduction', o.reduction, ['mean', 'sum', 'none']);
  }

  /** Takes in a batch of distributions. */
  update(p: Tensor, q: Tensor): void {
    const where = 'KLDivergence.update';
    recorder?.reading(where);
    checkTensor(where, 'p', p);
    checkTensor(where, 'q', q);
    if (q.shape.length !== 2) throw rangeError(where, `expected q [n, outcomes], got ${shapeText(q.shape)}`);
    if (!sameShape(p.shape, q.shape)) throw rangeError(where, `expected p ${shapeText(q.shape)}, got ${shapeText(p.shape)}`);
    const [rows, width] = q.shape as [number, number];
    const [own, other] = [p.values, q.values];
    const of = this.logProb ? divergenceOfLogs : divergence;
    const figures = Float64Array.from({ length: rows }, (_, row) => of(own, other, row * width, width));
    if (this.reduction === 'none') this.figures.append(figures);
    else this.sum += figures.reduce((sum, figure) => sum + figure, 0);
    this.count += rows;
  }

  compute(): Tensor {
    const { reduction, sum, count } = this;
    if (reduction === 'none') return new Tensor(Float32Array.from(this.figures.values), [count]);
    return scalar(reduction === 'sum' ? sum : sum / count);
  }

  reset(): void {
    this.figures.clear();
    this.sum = 0;
    this.count = 0;
  }
}
