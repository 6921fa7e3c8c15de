// Keeps the best epoch and its weights. The library's `earlyStopping` does that within one fit; this class has a state for checkpoints, so that a resumed run
// ends where it would have ended without the interruption.
import type { nn, Tensor } from '../index';

/** Its state, for a checkpoint. */
export interface BestState {
  epoch: number;
  /** The best validation loss so far, or null. */
  value: number | null;
  waited: number;
  weights: Record<string, Tensor>;
}

export class BestEpoch {
  /** The epoch with the smallest validation loss, or 0. */
  epoch = 0;
  private value = Infinity;
  private waited = 0;
  private weights: nn.StateDict | null = null;

  /** Training stops after `patience` epochs without a better one; 0: never. */
  constructor(private readonly patience: number) {}

  /** Adds an epoch's loss. NaN is never better. */
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

  /** Whether patience has run out. */
  get isOver(): boolean {
    return this.patience > 0 && this.waited >= this.patience;
  }

  /** Loads the weights of the best epoch into the model, if there is one. */
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
