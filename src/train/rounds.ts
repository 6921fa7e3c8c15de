// Epochs that a thread does ahead of JavaScript. Waking JavaScript after each epoch, and then the thread, takes as long as half an epoch of a small network. So
// one run does several rounds (an epoch of training, then one on each validation set), and the next run begins before JavaScript has handled those epochs.
import type { Measures } from './measures';
import type { Settings } from './options';
import { isOwnMetric } from './own-metrics';
import type { Segment } from './segment';
import { ownTurn } from './turns';

// So few that JavaScript takes a millisecond for what it is given at once.
const mostRounds = 32;

/** A run of one phase, done ahead. */
export interface Part {
  /** Tells of its steps, with the rates that they were done with. */
  tell(): unknown;
  /** Its result; throws where it has ended with an error. */
  segment(): Segment;
}

/** What a run has done: its parts in their order, how many rounds are complete, and whether the next may follow. */
export interface RoundsDone {
  parts: readonly Part[];
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

/** Whether something needs the figures of an epoch before the fit has ended: what decides on them, reports them, or gathers more than a number for them. */
export const asksFigures = ({ metrics, trainMetrics, schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  !metrics.isEmpty ||
  !trainMetrics.isEmpty ||
  schedules.watch ||
  callbacks.has('onEpoch') ||
  callbacks.has('onBatch') ||
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
  private readonly done: Part[] = [];
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
        const refuse = (): never => {
          throw error;
        };
        this.done.push({ tell() {}, segment: refuse });
      },
    );
  }

  /** Tells of all that was done and will not be handed out. */
  tellRest(): void {
    for (const part of this.done.splice(0)) part.tell();
  }

  /** The next of what was done, where `areAhead`. */
  async next(): Promise<Segment> {
    if (this.done.length === 0) await this.running;
    else await ownTurn();
    const part = this.done.shift()!;
    part.tell();
    return part.segment();
  }
}
