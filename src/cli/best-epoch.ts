// Which epoch was the best, and its weights. The library's `earlyStopping` does the same within one fit; this one outlasts the process, so that a run
// that goes on ends where it would have ended.
import type { nn, Tensor } from '../index';

/** Its state, for a checkpoint. */
export interface BestState {
  epoch: number;
  /** The best validation loss; null before there is one. */
  value: number | null;
  waited: number;
  weights: Record<string, Tensor>;
}

export class BestEpoch {
  /** The epoch with the smallest validation loss; 0: none yet. */
  epoch = 0;
  private value = Infinity;
  private waited = 0;
  private weights: nn.StateDict | null = null;

  /** `patience`: how many epochs without a better one are too many; 0: any number may follow. */
  constructor(private readonly patience: number) {}

  /** Takes in an epoch's loss. NaN is never better. */
  note(epoch: number, value: number, model: nn.Module): void {
    if (value < this.value) {
      this.epoch = epoch;
      this.value = value;
      this.waited = 0;
      this.weights = Object.fromEntries(Object.entries(model.stateDict()).map(([name, t]) => [name, t.clone()]));
    } else {
      this.waited++;
    }
  }

  /** Whether no more is to be expected. */
  get isOver(): boolean {
    return this.patience > 0 && this.waited >= this.patience;
  }

  /** Gives the model the weights of the best epoch, where there is one. */
  restore(model: nn.Module): void {
    if (this.weights !== null) model.loadStateDict(this.weights);
  }

  state(): BestState {
    return {
      epoch: this.epoch,
      value: Number.isFinite(this.value) ? this.value : null,
      waited: this.waited,
      weights: { ...this.weights },
    };
  }

  load({ epoch, value, waited, weights }: BestState): void {
    this.epoch = epoch;
    this.value = value ?? Infinity;
    this.waited = waited;
    this.weights = epoch > 0 ? weights : null;
  }
}
