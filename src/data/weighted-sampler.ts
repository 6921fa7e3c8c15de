// Items drawn by weights.
import { checkBoolean, checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import type { RandomPosition } from '../random';
import type { Tensor } from '../tensor';
import { fractionsAt } from './order';
import { DrawnSampler } from './samplers';
import { listOf } from './values';

/** The options of `WeightedRandomSampler`. */
export interface WeightedRandomSamplerOptions {
  /** How many numbers an epoch has (as many as weights). */
  numSamples?: number;
  /** Whether an item can come several times (true). */
  replacement?: boolean;
  /** Makes the orders a function of (seed, epoch); without it they follow the loader's seed, or `manualSeed`. */
  seed?: number;
}

/**
 * Items drawn with chances in the ratio of weights, item i by `weights[i]`: a way to see rare classes more often. As
 * `torch.utils.data.WeightedRandomSampler`.
 *
 * The weights need no sum of 1. Without replacement each number is drawn from the items that are left, as if one after another. A RangeError for weights that are
 * negative, not finite or all 0, and for more numbers without replacement than weights above 0.
 *
 * @example
 * const sampler = new data.WeightedRandomSampler([0, 1, 3], { numSamples: 1000, seed: 1 });
 * const drawn = [...sampler];
 * drawn.includes(0); // false
 * Math.abs(drawn.filter((i) => i === 2).length - 750) < 60; // true
 */
export class WeightedRandomSampler extends DrawnSampler {
  /** The weights given. */
  readonly weights: Float64Array;
  /** How many numbers an epoch has. */
  readonly numSamples: number;
  /** Whether an item can come several times. */
  readonly replacement: boolean;
  private readonly ends: Float64Array;

  constructor(weights: ArrayLike<number> | Tensor, options?: WeightedRandomSamplerOptions) {
    const where = 'WeightedRandomSampler';
    const o = withDefaults(where, options, {
      numSamples: undefined as number | undefined,
      replacement: true,
      seed: undefined as number | undefined,
    });
    super(where, o.seed);
    this.replacement = checkBoolean(where, 'replacement', o.replacement);
    const list = listOf(where, 'weights', weights);
    this.weights = new Float64Array(list.length);
    this.ends = new Float64Array(list.length);
    let total = 0;
    let positive = 0;
    for (let i = 0; i < list.length; i++) {
      const weight = list[i];
      if (typeof weight !== 'number') throw typeError(where, `expected weights[${i}] to be a number, got ${describe(weight)}`);
      if (!(weight >= 0 && weight < Infinity)) throw rangeError(where, `expected weights[${i}] to be finite and at least 0, got ${weight}`);
      if (weight > 0) positive++;
      this.weights[i] = weight;
      total += weight;
      this.ends[i] = total;
    }
    if (!(total > 0 && total < Infinity)) throw rangeError(where, `the weights add up to ${total}: nothing can be drawn by them`);
    this.numSamples = checkInteger(where, 'numSamples', o.numSamples ?? list.length, 1, 2 ** 31 - 1);
    if (!this.replacement && this.numSamples > positive) {
      throw rangeError(where, `${this.numSamples} items cannot be drawn without replacement where ${positive} weights are above 0`);
    }
  }

  get length(): number {
    return this.numSamples;
  }
  /** @internal */
  get counters(): number {
    return Math.ceil((this.replacement ? this.numSamples : this.weights.length) / 2);
  }

  /** @internal */
  orderAt(position: RandomPosition): Int32Array {
    if (!this.replacement) return this.withoutReplacement(position);
    const total = this.ends.at(-1)!;
    return Int32Array.from(fractionsAt(this.numSamples, position), (fraction) => this.itemAt(fraction * total));
  }

  // The first item whose weights, with those before it, add up to more than `target`: never one whose own weight is 0.
  private itemAt(target: number): number {
    const { ends } = this;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! > target) high = middle;
      else low = middle + 1;
    }
    while (this.weights[low] === 0) low--; // where rounding has made the target the whole sum
    return low;
  }

  // Each item waits an exponential time with its weight as rate: the order of arrival is that of drawing one after another (Efraimidis and Spirakis, 2006).
  private withoutReplacement(position: RandomPosition): Int32Array {
    const times = fractionsAt(this.weights.length, position).map((fraction, i) => -Math.log1p(-fraction) / this.weights[i]!);
    const items = Int32Array.from(times.keys()).filter((i) => this.weights[i]! > 0);
    return items.sort((a, b) => times[a]! - times[b]! || a - b).slice(0, this.numSamples);
  }
}
