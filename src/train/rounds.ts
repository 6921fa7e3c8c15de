// Epochs that a thread does ahead of JavaScript. Waking JavaScript after each epoch and the thread again takes as long as half an epoch of a small network, so
// that several rounds (an epoch of training, then one on each validation set) are one run, and the next run begins before JavaScript has seen to those epochs.
import type { AfterSteps } from './ahead';
import type { Measures } from './measures';
import type { Settings } from './options';
import { isOwnMetric } from './own-metrics';
import type { Segment } from './segment';
import { ownTurn } from './turns';

// So few that JavaScript takes a millisecond for what it is given at once.
const mostRounds = 32;

/** Hands out what was done; throws where it has ended with an error. */
export type HandOut = (after: AfterSteps) => Segment;

/** What a run has done: its parts in their order, how many rounds are complete, and whether the next may follow. */
export interface RoundsDone {
  parts: readonly HandOut[];
  complete: number;
  goesOn: boolean;
}

/** Whether JavaScript has something to do after each epoch of a fit. */
export const endsEpochs = ({ validation, metrics, schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  validation.length > 0 ||
  !metrics.isEmpty ||
  !schedules.isEmpty ||
  callbacks.has('onEpoch') ||
  earlyStopping !== null ||
  checkpoint !== null;

/**
 * Whether nothing that a fit does after an epoch decides about the next one or may look at the model: no code of the user's, no scheduler, no early stopping, no
 * checkpoint. Samples must be counted on the thread, so that no metric can refuse one after further epochs.
 */
export function canGoAhead({ check, schedules, earlyStopping, checkpoint, callbacks, metrics, trainMetrics }: Settings): boolean {
  const areCounted = (measures: Measures): boolean => measures.isEmpty || (measures.classes > 0 && measures.all.every(isOwnMetric));
  const isSeenTo = callbacks.has('onBatch') || callbacks.useModel('onEpoch');
  const decides = check > 0 || !schedules.isEmpty || earlyStopping !== null || checkpoint !== null;
  return !isSeenTo && !decides && areCounted(metrics) && areCounted(trainMetrics);
}

export class Rounds {
  private readonly done: HandOut[] = [];
  private running: Promise<void> | null = null;

  /** `begin` starts a run of so many rounds, after one of these or not; null: that cannot be now. */
  constructor(private readonly begin: (rounds: number, isNext: boolean) => Promise<RoundsDone> | null) {}

  /** Whether a run is under way, or something was done that is not handed out yet. */
  get areAhead(): boolean {
    return this.done.length > 0 || this.running !== null;
  }

  /** The run under way, if any. It does not reject. */
  get underWay(): Promise<void> | null {
    return this.running;
  }

  /** Begins a run of so many rounds, or of as many as one may have, and the runs that follow it. */
  start(rounds: number, isNext = false): void {
    const running = rounds > 0 ? this.begin(Math.min(rounds, mostRounds), isNext) : null;
    if (running === null) return;
    this.running = running.then(
      ({ parts, complete, goesOn }) => {
        this.running = null;
        const isEmpty = this.done.length === 0;
        this.done.push(...parts);
        try {
          if (goesOn && isEmpty) this.start(rounds - complete, true);
        } catch {} // the fit is told when it comes there
      },
      (error: unknown) => {
        this.running = null;
        this.done.push(() => {
          throw error;
        });
      },
    );
  }

  /** The next part of what was done, where `areAhead`. */
  async next(): Promise<HandOut> {
    if (this.done.length === 0) await this.running;
    else await ownTurn();
    return this.done.shift()!;
  }
}
