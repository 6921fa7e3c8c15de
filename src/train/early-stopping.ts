// Stops a fit that no longer improves.
import { checkBoolean, checkInteger, checkNumber, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import type { Module, StateDict } from '../nn';
import { Copies } from '../nn/clone';
import type { Direction } from './measures';
import { figureOf } from './validation';

/** The options of `earlyStopping`. */
export interface EarlyStoppingOptions {
  /** The figure that is monitored: `"loss"`, `"validationLoss"`, or the name of a metric. */
  monitor?: string;
  /** The number of epochs without improvement after which the fit ends (10). */
  patience?: number;
  /** Whether the parameters and buffers of the best epoch are restored at the end (false). */
  restoreBest?: boolean;
  /** Whether smaller or larger is better. By default smaller for losses, and for a metric as its `higherIsBetter` says. */
  mode?: 'min' | 'max';
  /** An improvement by at most this much does not count (0). */
  minDelta?: number;
}

interface EarlyStoppingState {
  /** The monitored figure and its direction. */
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
  /** The epoch with the best value; 0 if there is none yet. */
  bestEpoch = 0;
  private best = Infinity;
  private waited = 0;
  private state: StateDict | null = null;
  /** Whether the last epoch is the best, and its weights have not been copied yet. */
  hasUncopiedBest = false;

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

  /** Updates the state with an epoch's figures; returns true if the fit should end. NaN is never an improvement. */
  update(figures: ReadonlyMap<string, number>, epoch: number): boolean {
    const value = this.sign * figureOf(this.where, figures, this.monitor);
    if (value < this.best - this.minDelta) {
      this.best = value;
      this.bestEpoch = epoch;
      this.waited = 0;
      this.hasUncopiedBest = this.restoreBest;
      return false;
    }
    this.waited++;
    return this.shouldStop;
  }

  /** Copies the model's weights if the epoch was the best and they are to be restored. */
  copyBest(model: Module): void {
    if (this.hasUncopiedBest) this.state = new Copies(this.where).of(model.stateDict());
    this.hasUncopiedBest = false;
  }

  /** Whether the fit should end. */
  get shouldStop(): boolean {
    return this.waited >= this.patience;
  }

  /** The state that a resumed fit needs. */
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

  /** Loads the state of `stateDict` if it monitors the same figure; otherwise counting starts again. */
  loadStateDict({ monitor, sign, best, bestEpoch, waited, state }: EarlyStoppingState): void {
    if (monitor !== this.monitor || sign !== this.sign) return;
    this.best = best ?? Infinity;
    this.bestEpoch = bestEpoch;
    this.waited = waited;
    this.state = state;
  }

  /** Restores the weights of the best epoch, if that was requested. */
  restore(model: Module): void {
    if (this.state !== null) model.loadStateDict(this.state);
  }
}
