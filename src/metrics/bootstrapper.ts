// Bootstrapping: how much a figure would vary with other samples.
import { noGrad } from '../autograd';
import { checkBoolean, checkInteger, checkNumber, checkOneOf, rangeError, withDefaults } from '../errors';
import { rand, randint, stack } from '../ops';
import { recorder } from '../recorder';
import { checkTensor, Tensor } from '../tensor';
import { Metric } from './metric';
import { remember } from './remember';
import { checkMetric, copyOf } from './wrapper';

/**
 * How often each sample of a batch counts: a number from the Poisson distribution with mean 1, or how often it is drawn if as many samples are drawn with
 * replacement.
 */
export type SamplingStrategy = 'poisson' | 'multinomial';

/** The options of `BootStrapper`. */
export interface BootStrapperOptions {
  /** The number of copies of the metric (10). */
  numBootstraps?: number;
  /** Whether the mean of their figures is returned (true). */
  mean?: boolean;
  /** Whether their standard deviation is returned (true). */
  std?: boolean;
  /** The quantiles of all their figures to return, one or several numbers from 0 to 1; none by default. */
  quantile?: number | readonly number[];
  /** Whether the figures themselves are returned (false). */
  raw?: boolean;
  /** How samples are drawn ("poisson"). */
  samplingStrategy?: SamplingStrategy;
}

interface Settings {
  numBootstraps: number;
  mean: boolean;
  std: boolean;
  quantile: number | readonly number[] | null;
  raw: boolean;
  samplingStrategy: SamplingStrategy;
}

/** The result of `BootStrapper`, as its options determine. */
export interface BootStrapped {
  mean?: Tensor;
  std?: Tensor;
  quantile?: Tensor;
  raw?: Tensor;
}

// The number from the Poisson distribution with mean 1 at quantile u.
function poisson(u: number): number {
  let [n, share] = [0, Math.exp(-1)];
  for (let below = share; u >= below && share > 0; below += share) share /= ++n;
  return n;
}

function drawn(n: number, strategy: SamplingStrategy): Int32Array {
  if (strategy === 'multinomial') return n === 0 ? new Int32Array(0) : randint(n, [n]).ints;
  return Int32Array.from(Array.from(rand([n]).floats, (u, i) => Array<number>(poisson(u)).fill(i)).flat());
}

const listed = (numbers: readonly number[]): Tensor => new Tensor(Float32Array.from(numbers), [numbers.length]);

/**
 * How far a figure varies when each batch's samples are drawn anew, with replacement: `torchmetrics.BootStrapper`, but with
 * draws of its own.
 *
 * `update(preds, target)` draws rows of the batch for each of `numBootstraps` copies of `baseMetric`, seeded by `manualSeed`, and updates the copy with them.
 * `compute()` is a record of the figures that the options select: `mean` and `std` (divided by n - 1), with the shape of the metric's figure; `quantile`, a
 * scalar or `[quantiles]`, over all figures; `raw`, `[numBootstraps, ...]`. JavaScript's private fields of a metric, `#name`, are not copied.
 *
 * @example
 * const error = new metrics.BootStrapper(new metrics.MeanAbsoluteError(), { numBootstraps: 20, quantile: [0.05, 0.95] });
 * error.update(randn([100]), randn([100]));
 * const { mean, std, quantile } = error.compute();
 * [mean.shape, std.shape, quantile.shape]; // [[], [], [2]]
 */
export class BootStrapper extends Metric<BootStrapped> {
  override readonly higherIsBetter: boolean | null;
  private readonly settings: Settings;
  private readonly copies: readonly Metric[];

  constructor(baseMetric: Metric, options?: BootStrapperOptions) {
    super();
    const where = 'BootStrapper';
    this.higherIsBetter = checkMetric(where, 'baseMetric', baseMetric).higherIsBetter;
    const o = withDefaults<Settings>(where, options as Partial<Settings> | undefined, {
      numBootstraps: 10,
      mean: true,
      std: true,
      quantile: null,
      raw: false,
      samplingStrategy: 'poisson',
    });
    checkInteger(where, 'numBootstraps', o.numBootstraps, 1, 2 ** 20);
    for (const name of ['mean', 'std', 'raw'] as const) checkBoolean(where, name, o[name]);
    for (const q of [o.quantile ?? []].flat() as number[]) checkNumber(where, 'quantile', q, 0, 1);
    checkOneOf<SamplingStrategy>(where, 'samplingStrategy', o.samplingStrategy, ['poisson', 'multinomial']);
    this.settings = o;
    this.copies = Array.from({ length: o.numBootstraps }, () => copyOf(baseMetric));
  }

  override update(preds: Tensor, target: Tensor): void {
    const where = 'BootStrapper.update';
    recorder?.reading(where);
    const [n] = checkTensor(where, 'preds', preds).shape;
    if (n === undefined || checkTensor(where, 'target', target).shape[0] !== n)
      throw rangeError(where, 'expected preds and target of as many rows each');
    const back = this.copies.map((copy) => copy[remember]());
    try {
      for (const copy of this.copies) {
        const rows = drawn(n, this.settings.samplingStrategy);
        if (rows.length === 0) continue;
        const [p, t] = noGrad(() => [preds, target].map((one) => one.indexSelect(0, new Tensor(rows, [rows.length]))));
        copy.update(p!, t!);
      }
    } catch (error) {
      for (const undo of back) undo();
      throw error;
    }
  }

  compute(): BootStrapped {
    const { mean, std, quantile, raw } = this.settings;
    const figures = noGrad(() => stack(this.copies.map((copy) => copy.compute())).to('float32'));
    return noGrad(() => ({
      ...(mean ? { mean: figures.mean(0) } : {}),
      ...(std ? { std: figures.std(0) } : {}),
      ...(quantile === null ? {} : { quantile: figures.flatten().quantile(typeof quantile === 'number' ? quantile : listed(quantile)) }),
      ...(raw ? { raw: figures } : {}),
    }));
  }

  reset(): void {
    for (const copy of this.copies) copy.reset();
  }
}
