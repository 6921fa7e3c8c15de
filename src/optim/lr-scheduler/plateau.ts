// A learning rate that is reduced when a metric stops improving.
import { checkInteger, checkNumber, checkOneOf, describe, rangeError, typeError } from '../../errors';
import { Tensor } from '../../tensor';
import { checkLength, checkPerGroup, ofGroup } from './checks';
import { type Definition, LRScheduler, type LRSchedulerStateDict, type Scheduled } from './scheduler';

/** The options of `ReduceLROnPlateau`. */
export interface ReduceLROnPlateauOptions {
  /** Whether a smaller metric, "min", or a larger one, "max", is better; default "min". */
  mode?: 'min' | 'max';
  /** The factor of the rate, below 1; default 0.1. */
  factor?: number;
  /** The number of steps without improvement that are tolerated; the next one reduces the rate. Default 10. */
  patience?: number;
  /** By how much a metric must be better than the best to count as an improvement; default 1e-4. */
  threshold?: number;
  /** Whether the threshold is relative to the best, "rel", or absolute, "abs"; default "rel". */
  thresholdMode?: 'rel' | 'abs';
  /** The number of steps after a reduction that do not count; default 0. */
  cooldown?: number;
  /** The least rate, or that of each group; default 0. */
  minLr?: number | readonly number[];
  /** A reduction by at most this is not made; default 1e-8. */
  eps?: number;
}

const reduceLROnPlateau: Definition<ReduceLROnPlateauOptions> = {
  name: 'ReduceLROnPlateau',
  defaults: { mode: 'min', factor: 0.1, patience: 10, threshold: 1e-4, thresholdMode: 'rel', cooldown: 0, minLr: 0, eps: 1e-8 },
  check(where, { mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps }, optimizer) {
    checkOneOf(where, 'mode', mode, ['min', 'max']);
    checkNumber(where, 'factor', factor, 0);
    if (factor >= 1) throw rangeError(where, `expected factor to be below 1, got ${factor}`);
    checkInteger(where, 'patience', patience);
    checkNumber(where, 'threshold', threshold, 0);
    checkOneOf(where, 'thresholdMode', thresholdMode, ['rel', 'abs']);
    checkInteger(where, 'cooldown', cooldown);
    checkPerGroup(where, 'minLr', minLr, optimizer, 0);
    checkNumber(where, 'eps', eps, 0);
  },
};

/**
 * Multiplies the rate by `factor` when a metric stops improving: `torch.optim.lr_scheduler.ReduceLROnPlateau`.
 *
 * A metric m is better than the best so far, b, when `m < b * (1 - threshold)`; with `thresholdMode: "abs"` when `m < b - threshold`; for mode
 * "max" when it is above b with the signs turned. NaN never is. After `patience` steps in a row without a better one the next such step
 * sets `lr = max(lr * factor, minLr)`.
 *
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(2, 1).parameters(), { lr: 0.1 });
 * const scheduler = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 1, factor: 0.5 });
 * for (const validationLoss of [1, 0.8, 0.9]) scheduler.step(validationLoss);
 * optimizer.paramGroups[0].lr; // 0.1
 * scheduler.step(0.85);
 * optimizer.paramGroups[0].lr; // 0.05
 */
export class ReduceLROnPlateau extends LRScheduler<ReduceLROnPlateauOptions> {
  override readonly needsMetric: boolean = true;

  #best: number;
  #badEpochs = 0;
  #cooling = 0;

  constructor(optimizer: Scheduled, options?: ReduceLROnPlateauOptions) {
    super(reduceLROnPlateau, optimizer, options);
    this.#best = this.#worst(this.options.mode);
  }

  /** Whether the metric is to fall, "min", or to rise, "max". */
  get mode(): 'min' | 'max' {
    return this.options.mode;
  }

  /** Adds the metric of an epoch, a number or a tensor of one element, and reduces the rates if patience has run out. */
  override step(metric: number | Tensor): void {
    const where = this.where('step');
    const value: unknown = metric instanceof Tensor ? metric.item() : metric;
    if (typeof value !== 'number')
      throw typeError(where, `expected the metric to be a number, got ${describe(value)}`, 'scheduler.step(validationLoss)');
    const { patience, cooldown, minLr } = this.options;
    if (Array.isArray(minLr)) checkLength(where, 'minLr', minLr, this.optimizer);
    const better = this.#isBetter(value);
    if (better) this.#best = value;
    this.#badEpochs = better ? 0 : this.#badEpochs + 1;
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#badEpochs = 0;
    }
    if (this.#badEpochs > patience) {
      this.#reduce();
      this.#cooling = cooldown;
      this.#badEpochs = 0;
    }
    this.finish(this.lastEpoch + 1);
  }

  /** The state: the options, the best metric (null before any, as JSON writes an infinity), and the counts. */
  override stateDict(): LRSchedulerStateDict {
    const best = Number.isFinite(this.#best) ? this.#best : null;
    return { ...super.stateDict(), best, num_bad_epochs: this.#badEpochs, cooldown_counter: this.#cooling };
  }

  /** @internal */
  override read(where: string, dict: LRSchedulerStateDict): () => void {
    const own = super.read(where, dict);
    const mode = (dict['mode'] ?? this.options.mode) as 'min' | 'max';
    const best = dict['best'] === null ? this.#worst(mode) : checkNumber(where, 'best', dict['best']);
    const badEpochs = checkInteger(where, 'num_bad_epochs', dict['num_bad_epochs']);
    const cooling = checkInteger(where, 'cooldown_counter', dict['cooldown_counter']);
    return () => {
      own();
      this.#best = best;
      this.#badEpochs = badEpochs;
      this.#cooling = cooling;
    };
  }

  #worst(mode: 'min' | 'max'): number {
    return mode === 'min' ? Infinity : -Infinity;
  }

  #isBetter(value: number): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const best = this.#best;
    if (mode === 'min') return value < (thresholdMode === 'rel' ? best * (1 - threshold) : best - threshold);
    return value > (thresholdMode === 'rel' ? best * (threshold + 1) : best + threshold);
  }

  #reduce(): void {
    const { factor, minLr, eps } = this.options;
    this.optimizer.paramGroups.forEach((group, i) => {
      const reduced = Math.max(group.lr * factor, ofGroup(minLr, i));
      if (group.lr - reduced > eps) group.lr = reduced;
    });
  }
}
