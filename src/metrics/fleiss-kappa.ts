// Fleiss' kappa: how far several raters agree beyond chance.
import { checkOneOf, rangeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { scalar } from './counts';
import { Metric } from './metric';
import { highestOf } from './order';

/** The options of `FleissKappa`. */
export interface FleissKappaOptions {
  /** Whether ratings are the numbers of raters that chose each category, or scores by each rater ("counts"). */
  mode?: 'counts' | 'probs';
}

/**
 * Fleiss' kappa, the agreement of raters beyond that of chance, `(p - e) / (1 - e + 1e-5)`: p is the fraction of pairs of raters that agree on a sample, e that
 * of raters who choose categories at random with the observed frequencies. As `torchmetrics.FleissKappa`.
 *
 * `update(ratings)` takes int32 counts `[n, categories]`, or with `mode: "probs"` float32 scores `[n, categories, raters]`, where each rater's highest score is
 * its choice. `compute()` is a scalar: 1 less 1e-5 for complete agreement, 0 for that of chance; NaN before any update. The number of raters is the largest
 * number of any sample. Source: Fleiss, Psychological Bulletin 76 (1971).
 *
 * @example
 * const kappa = new metrics.FleissKappa();
 * kappa.update(tensor([[4, 0], [0, 4], [2, 2]], { dtype: 'int32' }));
 * kappa.compute().item().toFixed(4); // '0.5555'
 */
export class FleissKappa extends Metric {
  override readonly higherIsBetter = true;
  private readonly mode: 'counts' | 'probs';
  private sums = new Float64Array(0);
  private squares = 0;
  private raters = 0;
  private samples = 0;

  constructor(options?: FleissKappaOptions) {
    super();
    const o = withDefaults<Required<FleissKappaOptions>>('FleissKappa', options, { mode: 'counts' });
    this.mode = checkOneOf<'counts' | 'probs'>('FleissKappa', 'mode', o.mode, ['counts', 'probs']);
  }

  /** Adds the ratings of a batch of samples. */
  update(ratings: Tensor): void {
    const where = 'FleissKappa.update';
    recorder?.reading(where);
    const isCounts = this.mode === 'counts';
    checkTensor(where, 'ratings', ratings, isCounts ? 'int32' : 'float32');
    const { shape } = ratings;
    const [samples, categories] = shape as [number, number];
    if (shape.length !== (isCounts ? 2 : 3) || categories === 0)
      throw rangeError(where, `expected ratings ${isCounts ? '[n, categories]' : '[n, categories, raters]'}, got ${shapeText(shape)}`);
    if (this.samples > 0 && this.sums.length !== categories)
      throw rangeError(where, `expected ratings of ${this.sums.length} categories as before, got ${categories}`);
    const counts = isCounts ? ratings.ints : chosen(ratings.floats, samples, categories, shape[2]!);
    const negative = counts.findIndex((count) => count < 0);
    if (negative >= 0) throw rangeError(where, `expected counts from 0, got ${counts[negative]} at position ${negative}`);
    if (this.samples === 0) this.sums = new Float64Array(categories);
    for (let sample = 0; sample < samples; sample++) {
      let raters = 0;
      for (let c = 0; c < categories; c++) {
        const count = counts[sample * categories + c]!;
        this.sums[c]! += count;
        this.squares += count * count;
        raters += count;
      }
      this.raters = Math.max(this.raters, raters);
    }
    this.samples += samples;
  }

  compute(): Tensor {
    const { sums, squares, raters, samples } = this;
    const agreement = (squares / samples - raters) / (raters * (raters - 1));
    const chance = sums.reduce((sum, count) => sum + (count / (samples * raters)) ** 2, 0);
    return scalar((agreement - chance) / (1 - chance + 1e-5));
  }

  reset(): void {
    this.sums = new Float64Array(0);
    this.squares = 0;
    this.raters = 0;
    this.samples = 0;
  }
}

// How many raters have their highest score (of equal scores the first) at each category.
function chosen(scores: Float32Array, samples: number, categories: number, raters: number): Int32Array {
  const counts = new Int32Array(samples * categories);
  for (let sample = 0; sample < samples; sample++) {
    for (let rater = 0; rater < raters; rater++) {
      const best = highestOf(categories, (c) => scores[(sample * categories + c) * raters + rater]!);
      counts[sample * categories + best]!++;
    }
  }
  return counts;
}
