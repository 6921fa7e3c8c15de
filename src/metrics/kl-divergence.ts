// Divergences between distributions.
import { checkBoolean, withDefaults } from '../errors';
import type { TensorData } from '../memory';
import type { Tensor } from '../tensor';
import { RowFigures, type RowReduction } from './row-figures';

/** The options of `KLDivergence`. */
export interface KLDivergenceOptions {
  /** Whether the numbers are log-probabilities; otherwise they are divided by their row's sum (false). */
  logProb?: boolean;
  /** How the rows' figures are reduced: to their mean, to their sum, or not at all ("mean"). */
  reduction?: RowReduction;
}

/** The options of `JensenShannonDivergence`. */
export interface JensenShannonDivergenceOptions extends KLDivergenceOptions {}

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

/** A divergence between distributions in rows. */
abstract class Divergence extends RowFigures {
  override readonly higherIsBetter = false;
  /** @internal */
  protected readonly logProb: boolean;

  /** @internal */
  constructor(name: string, options: KLDivergenceOptions | undefined) {
    const o = withDefaults<Required<KLDivergenceOptions>>(name, options, { logProb: false, reduction: 'mean' });
    super(name, o.reduction);
    this.logProb = checkBoolean(name, 'logProb', o.logProb);
  }
}

/**
 * The Kullback-Leibler divergence of distributions q from distributions p, `sum_i p_i log(p_i / q_i)`. As `torchmetrics.KLDivergence`.
 *
 * `update(p, q)` takes tensors of the same shape `[n, outcomes]`, float32 or int32, with a distribution in each row: probabilities, or with `logProb` their
 * logarithms. An outcome that has probability 0 in p adds 0, one that has it only in q adds Infinity. As in torchmetrics, a row whose sum is 0 is NaN, and so
 * is, with `logProb`, a row where p is -Infinity. `compute()` is a scalar, or `[n]` for `reduction: "none"`. Before any update `"mean"` is NaN, `"sum"` is 0,
 * and `"none"` has no elements.
 *
 * @example
 * const divergence = new metrics.KLDivergence();
 * divergence.update(tensor([[0.36, 0.48, 0.16]]), tensor([[1, 1, 1]]));
 * divergence.compute().item().toFixed(4); // '0.0853'
 */
export class KLDivergence extends Divergence {
  constructor(options?: KLDivergenceOptions) {
    super('KLDivergence', options);
  }

  /** Adds a batch of distributions. */
  update(p: Tensor, q: Tensor): void {
    this.take('KLDivergence.update', ['p', p], ['q', q], 'outcomes');
  }

  /** @internal */
  protected override figure(p: TensorData, q: TensorData, begin: number, width: number): number {
    return (this.logProb ? divergenceOfLogs : divergence)(p, q, begin, width);
  }
}

/**
 * The Jensen-Shannon divergence of distributions p and q: the mean of their Kullback-Leibler divergences from `m = (p + q) / 2`. As
 * `torchmetrics.regression.JensenShannonDivergence`.
 *
 * `update(p, q)` as in `KLDivergence`. An outcome with probability 0 on one side adds `log(2) / 2` times its probability on the other; a row whose sum is 0 is
 * NaN. With `logProb`, -Infinity means probability 0, for which torchmetrics gives NaN. `compute()` is a scalar from 0 to `log(2)`, or `[n]` for `reduction:
 * "none"`. Before any update `"mean"` is NaN, `"sum"` is 0, and `"none"` has no elements.
 *
 * @example
 * const divergence = new metrics.JensenShannonDivergence();
 * divergence.update(tensor([[0.36, 0.48, 0.16]]), tensor([[1, 1, 1]]));
 * divergence.compute().item().toFixed(4); // '0.0225'
 */
export class JensenShannonDivergence extends Divergence {
  constructor(options?: JensenShannonDivergenceOptions) {
    super('JensenShannonDivergence', options);
  }

  /** Adds a batch of distributions. */
  update(p: Tensor, q: Tensor): void {
    this.take('JensenShannonDivergence.update', ['p', p], ['q', q], 'outcomes');
  }

  /** @internal */
  protected override figure(p: TensorData, q: TensorData, begin: number, width: number): number {
    const [sumP, sumQ] = this.logProb ? [1, 1] : [rowSum(p, begin, width), rowSum(q, begin, width)];
    let sum = 0;
    for (let i = begin; i < begin + width; i++) {
      const [own, other] = this.logProb ? [Math.exp(p[i]!), Math.exp(q[i]!)] : [p[i]! / sumP, q[i]! / sumQ];
      const middle = (own + other) / 2;
      if (own !== 0) sum += own * Math.log(own / middle);
      if (other !== 0) sum += other * Math.log(other / middle);
    }
    return sum / 2;
  }
}
