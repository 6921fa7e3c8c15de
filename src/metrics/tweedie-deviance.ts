// The Tweedie deviance: the error of predicted means if the targets' variance is a power of their mean.
import { checkNumber, rangeError, withDefaults } from '../errors';
import type { TensorData } from '../memory';
import type { Tensor } from '../tensor';
import { scalar } from './counts';
import { Metric } from './metric';
import { pairsOf } from './outputs';

/** The options of `TweedieDevianceScore`. */
export interface TweedieDevianceScoreOptions {
  /** The power of the mean to which the variance is proportional, a finite number, not between 0 and 1 (0). */
  power?: number;
}

// The condition that each power imposes on all numbers. NaN is allowed; the figure is NaN then.
function checkRange(where: string, name: string, values: TensorData, isOut: (value: number) => boolean, range: string): void {
  const found = (values as Float32Array).findIndex(isOut);
  if (found >= 0) throw rangeError(where, `expected ${name} ${range}, got ${values[found]} at position ${found}`);
}

/** The deviance of one prediction. */
function deviance(power: number, pred: number, target: number): number {
  if (power === 0) return (target - pred) ** 2;
  if (power === 1) return 2 * ((target === 0 ? 0 : target * Math.log(target / pred)) + pred - target);
  if (power === 2) return 2 * (Math.log(pred / target) + target / pred - 1);
  const [one, two] = [1 - power, 2 - power];
  return 2 * (Math.max(target, 0) ** two / (one * two) - (target * pred ** one) / one + pred ** two / two);
}

/**
 * The mean deviance of a Tweedie distribution, whose variance is proportional to a power p of its mean. As `torchmetrics.TweedieDevianceScore`.
 *
 * - `power: 0` (default), normal: `(target - pred)^2`, for all numbers.
 * - `power: 1`, Poisson: `2 (target log(target / pred) + pred - target)`, for preds above 0 and targets of at least 0.
 * - `power: 2`, gamma: `2 (log(pred / target) + target / pred - 1)`, for preds and targets above 0.
 * - others: `2 (max(target, 0)^(2 - p) / ((1 - p)(2 - p)) - target pred^(1 - p) / (1 - p) + pred^(2 - p) / (2 - p))`, for preds above 0. Targets must be at least 0 for
 *   powers from 1 to 2, and above 0 for larger ones.
 *
 * `update(preds, target)` takes tensors of the same shape, float32 or int32; a RangeError for numbers that the power does not allow. `compute()` is a scalar;
 * NaN before any update. `higherIsBetter` is null, as in torchmetrics, though 0 is perfect.
 *
 * @example
 * const score = new metrics.TweedieDevianceScore({ power: 2 });
 * score.update(tensor([4, 3, 2, 1]), tensor([1, 2, 3, 4]));
 * score.compute().item().toFixed(4); // '1.2083'
 */
export class TweedieDevianceScore extends Metric {
  private readonly power: number;
  private sum = 0;
  private count = 0;

  constructor(options?: TweedieDevianceScoreOptions) {
    super();
    const { power } = withDefaults<Required<TweedieDevianceScoreOptions>>('TweedieDevianceScore', options, { power: 0 });
    this.power = checkNumber('TweedieDevianceScore', 'power', power);
    if ((power > 0 && power < 1) || !Number.isFinite(power))
      throw rangeError('TweedieDevianceScore', `expected power to be finite and not between 0 and 1, got ${power}`);
  }

  update(preds: Tensor, target: Tensor): void {
    const where = 'TweedieDevianceScore.update';
    const { power } = this;
    const pairs = pairsOf(where, preds, target);
    const isNegative = (value: number): boolean => value < 0;
    const isNotPositive = (value: number): boolean => value <= 0;
    if (power !== 0) checkRange(where, 'preds', pairs.preds, isNotPositive, `above 0 for power ${power}`);
    if (power >= 2) checkRange(where, 'target', pairs.target, isNotPositive, `above 0 for power ${power}`);
    else if (power >= 1) checkRange(where, 'target', pairs.target, isNegative, `of at least 0 for power ${power}`);
    for (let i = 0; i < pairs.target.length; i++) this.sum += deviance(power, pairs.preds[i]!, pairs.target[i]!);
    this.count += pairs.target.length;
  }

  compute(): Tensor {
    return scalar(this.sum / this.count);
  }

  reset(): void {
    this.sum = 0;
    this.count = 0;
  }
}
