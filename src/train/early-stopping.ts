// When a fit has stopped getting better.
import { checkBoolean, checkInteger, checkNumber, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import type { Module, StateDict } from '../nn';
import { Copies } from '../nn/clone';
import type { Direction } from './measures';
import { figureOf } from './validation';

/** The options of `earlyStopping`. */
export interface EarlyStoppingOptions {
  /** What is watched: `"loss"`, `"validationLoss"`, or the name of a metric. */
  monitor?: string;
  /** Epochs without a better value until the fit ends (10). */
  patience?: number;
  /** Whether the parameters and buffers of the best epoch are put back at the end (false). */
  restoreBest?: boolean;
  /** Whether smaller or larger is better: by default smaller for losses, and what a metric says in `higherIsBetter`. */
  mode?: 'min' | 'max';
  /** A change by no more than this counts as none (0). */
  minDelta?: number;
}

interface EarlyStoppingState {
  /** What was watched, and which way it is better. */
  monitor: string;
  sign: number;
  best: number | null;
  bestEpoch: number;
  waited: number;
  state: StateDict | null;
}

export class EarlyStopping {
  private readonly monitor: string;
  private readonly patience: number;
  private readonly restoreBest: boolean;
  private readonly sign: number;
  private readonly minDelta: number;
  /** The epoch with the best value; 0: none yet. */
  bestEpoch = 0;
  private best = Infinity;
  private waited = 0;
  private state: StateDict | null = null;
  /** Whether the epoch that was looked at last is the best, and its values are still to be taken. */
  keeps = false;

  constructor(
    private readonly where: string,
    options: EarlyStoppingOptions,
    known: ReadonlyMap<string, Direction>,
  ) {
    if (typeof options !== 'object' || options === null)
      throw typeError(where, `expected earlyStopping to be options, got ${describe(options)}`);
    const o = withDefaults(`${where}: earlyStopping`, options, {
      monitor: known.has('validationLoss') ? 'validationLoss' : 'loss',
      patience: 10,
      restoreBest: false,
      mode: undefined as 'min' | 'max' | undefined,
      minDelta: 0,
    });
    if (!known.has(o.monitor)) {
      const hint = o.monitor === 'validationLoss' ? 'give fit a validation loader' : undefined;
      throw rangeError(where, `earlyStopping cannot monitor ${describe(o.monitor)} (known: ${[...known.keys()].join(', ')})`, hint);
    }
    this.monitor = o.monitor;
    this.patience = checkInteger(where, 'earlyStopping.patience', o.patience, 1);
    this.restoreBest = checkBoolean(where, 'earlyStopping.restoreBest', o.restoreBest);
    const mode = o.mode ?? known.get(o.monitor);
    if (mode === null) {
      throw rangeError(
        where,
        `earlyStopping cannot know whether ${describe(o.monitor)} is to become smaller or larger`,
        `earlyStopping: { monitor: ${describe(o.monitor)}, mode: "min" } or "max", or say higherIsBetter in the metric`,
      );
    }
    this.sign = checkOneOf(where, 'earlyStopping.mode', mode, ['min', 'max']) === 'min' ? 1 : -1;
    this.minDelta = checkNumber(where, 'earlyStopping.minDelta', o.minDelta, 0);
  }

  /** Takes in an epoch's figures; true when it was one too many. NaN is never better. */
  isOver(figures: ReadonlyMap<string, number>, epoch: number): boolean {
    const value = this.sign * figureOf(this.where, figures, this.monitor);
    if (value < this.best - this.minDelta) {
      this.best = value;
      this.bestEpoch = epoch;
      this.waited = 0;
      this.keeps = this.restoreBest;
      return false;
    }
    this.waited++;
    return this.hasEnded;
  }

  /** Takes the model's values where the epoch was the best and they are to be put back. */
  keep(model: Module): void {
    if (this.keeps) this.state = new Copies(this.where).of(model.stateDict());
    this.keeps = false;
  }

  /** Whether there was one epoch too many. */
  get hasEnded(): boolean {
    return this.waited >= this.patience;
  }

  /** What a fit that goes on must know. */
  stateDict(): EarlyStoppingState {
    const { monitor, sign } = this;
    return {
      monitor,
      sign,
      best: Number.isFinite(this.best) ? this.best : null,
      bestEpoch: this.bestEpoch,
      waited: this.waited,
      state: this.state,
    };
  }

  /** Takes over what `stateDict` gave, where that watched the same; else it counts anew. */
  loadStateDict({ monitor, sign, best, bestEpoch, waited, state }: EarlyStoppingState): void {
    if (monitor !== this.monitor || sign !== this.sign) return;
    this.best = best ?? Infinity;
    this.bestEpoch = bestEpoch;
    this.waited = waited;
    this.state = state;
  }

  /** Puts the best epoch's values back, where that was asked for. */
  restore(model: Module): void {
    if (this.state !== null) model.loadStateDict(this.state);
  }
}
