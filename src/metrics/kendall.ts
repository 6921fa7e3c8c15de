// Kendall's tau: whether pairs of samples have the same order by predictions as by targets.
import { checkOneOf, withDefaults } from '../errors';
import type { Tensor } from '../tensor';
import { Growing } from './growing';
import { Metric } from './metric';
import { checkOutputs, columnsOf, figuresOf } from './outputs';

/** What the difference of concordant and discordant pairs is divided by; see `KendallRankCorrCoef`. */
export type KendallVariant = 'a' | 'b' | 'c';

/** The options of `KendallRankCorrCoef`. */
export interface KendallRankCorrCoefOptions {
  /** How ties are handled ("b"). */
  variant?: KendallVariant;
  /** If it is more than one, preds and targets are `[n, numOutputs]`, and each output has its own figure (1). */
  numOutputs?: number;
}

// For a sorted list, how many numbers are below `value`; equal numbers, including 0 and -0, give the same.
function placeOf(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// For a sorted list, the number of pairs of equal numbers, and of distinct numbers.
function tiesOf(sorted: Float64Array): { pairs: number; distinct: number } {
  let [pairs, distinct, run] = [0, 0, 0];
  for (let i = 0; i < sorted.length; i++) {
    run = i > 0 && sorted[i] === sorted[i - 1] ? run + 1 : 0;
    pairs += run;
    if (run === 0) distinct++;
  }
  return { pairs, distinct };
}

// The number of inversions, counted by a merge sort, after which the list is sorted.
function inversions(list: Float64Array): number {
  let [from, to]: [Float64Array, Float64Array] = [list, new Float64Array(list.length)];
  const n = list.length;
  let count = 0;
  for (let width = 1; width < n; width *= 2) {
    for (let begin = 0; begin < n; begin += 2 * width) {
      const [middle, end] = [Math.min(begin + width, n), Math.min(begin + 2 * width, n)];
      let [left, right] = [begin, middle];
      for (let at = begin; at < end; at++) {
        if (right < end && (left === middle || from[right]! < from[left]!)) {
          to[at] = from[right++]!;
          count += middle - left;
        } else to[at] = from[left++]!;
      }
    }
    [from, to] = [to, from];
  }
  return count;
}

/** Source: Knight, Journal of the American Statistical Association 61 (1966). */
function tau(x: Float64Array, y: Float64Array, variant: KendallVariant): number {
  const n = x.length;
  if (n === 0 || x.some(Number.isNaN) || y.some(Number.isNaN)) return Number.NaN;
  const [sortedX, sortedY] = [x.slice().sort(), y.slice().sort()];
  // Sorted by x, then by y; both ranks are combined in one number.
  const keys = x.map((value, i) => placeOf(sortedX, value) * n + placeOf(sortedY, y[i]!)).sort();
  const [tiesX, tiesY, both] = [tiesOf(sortedX), tiesOf(sortedY), tiesOf(keys)];
  const pairs = (n * (n - 1)) / 2;
  const discordant = inversions(keys.map((key) => key % n));
  const untied = pairs - tiesX.pairs - tiesY.pairs + both.pairs;
  const surplus = untied - 2 * discordant;
  const classes = Math.min(tiesX.distinct, tiesY.distinct);
  const divisors = {
    a: () => untied,
    b: () => Math.sqrt(pairs - tiesX.pairs) * Math.sqrt(pairs - tiesY.pairs),
    c: () => (((classes - 1) / classes) * n * n) / 2,
  };
  return Math.max(-1, Math.min(1, surplus / divisors[variant]()));
}

/**
 * Kendall's rank correlation: how many more pairs of samples have the same order by predictions and targets than the opposite order. As
 * `torchmetrics.KendallRankCorrCoef`.
 *
 * `update(preds, target)` takes tensors of the same shape, `[n]` or `[n, 1]`, or `[n, numOutputs]`, float32 or int32; all numbers are stored. C is the number
 * of pairs with the same order, D of those with the opposite order, T of all pairs, `Tx` and `Ty` of those with equal predictions and targets. `compute()`
 * depends on the `variant`:
 *
 * - `"a"`: `(C - D) / (C + D)`;
 * - `"b"` (default): `(C - D) / sqrt((T - Tx) (T - Ty))`;
 * - `"c"`: `2 (C - D) / (n^2 (m - 1) / m)`, where m is the smaller one of the numbers of distinct predictions and distinct targets;
 *
 * It is a scalar, or `[numOutputs]` if that is more than 1, from -1 to 1. It is NaN for less than two samples, if either side is constant, and if there is a
 * NaN, for which torchmetrics gives a number. torchmetrics' `t_test` does not exist here. `higherIsBetter` is null, because both -1 and 1 are perfect.
 *
 * @example
 * const kendall = new metrics.KendallRankCorrCoef();
 * kendall.update(tensor([2.5, 0, 2, 8]), tensor([3, -0.5, 2, 1]));
 * kendall.compute().item().toFixed(4); // '0.3333'
 */
export class KendallRankCorrCoef extends Metric {
  private readonly variant: KendallVariant;
  private readonly outputs: number;
  private readonly preds = new Growing(Float64Array);
  private readonly targets = new Growing(Float64Array);

  constructor(options?: KendallRankCorrCoefOptions) {
    super();
    const o = withDefaults<Required<KendallRankCorrCoefOptions>>('KendallRankCorrCoef', options, { variant: 'b', numOutputs: 1 });
    this.variant = checkOneOf<KendallVariant>('KendallRankCorrCoef', 'variant', o.variant, ['a', 'b', 'c']);
    this.outputs = checkOutputs('KendallRankCorrCoef', o.numOutputs);
  }

  update(preds: Tensor, target: Tensor): void {
    const pairs = columnsOf('KendallRankCorrCoef.update', preds, target, this.outputs);
    this.preds.append(pairs.preds);
    this.targets.append(pairs.target);
  }

  compute(): Tensor {
    const { outputs } = this;
    const column = (values: Float64Array, o: number): Float64Array => (outputs === 1 ? values : values.filter((_, i) => i % outputs === o));
    return figuresOf(
      Array.from({ length: outputs }, (_, o) => tau(column(this.preds.values, o), column(this.targets.values, o), this.variant)),
    );
  }

  reset(): void {
    this.preds.clear();
    this.targets.clear();
  }
}
