// Which batches of a fit the library's thread for fits does, and why not the others.
import { type Tensor, Variable } from '@tensorflow/tfjs-core';
import type { TensorData } from '../memory';
import { createRows, type RowsHandle } from '../native';
import { Beside, type Done } from './beside';
import { lastStep, lastThread, type Series } from './recorded-step';
import { backendNow } from './registry';

/**
 * What the thread does in a row takes at least so many milliseconds, because to begin it and to hear of its end takes some 0.2; and each step at least so many,
 * because the numbers of an optimizer are calculated before a run, step by step: 13-30-25-20-15-10-5 takes 24 us a step here and 16 on JavaScript's thread. Tests
 * have it do less.
 */
export const worth = { least: 2, step: 0.1 };
const leastPause = 2;
const mostMilliseconds = 125; // as often as TensorFlow.js gives others their turn, where it is not said how often

/** The thread of one fit. */
export class FitThread {
  private readonly milliseconds: number;
  private rows: RowsHandle | null = null;
  private beside: Beside | null = null;
  private isPossible = true;
  private secondsOfStep: number | null = null;
  /** How many batches JavaScript's thread does before this one is asked: the first few, to see how long they take. */
  private here = 4;

  /**
   * The batches are rows of `tensors`, which have `columns` for values; others have their turn after the least of `pauses`, in milliseconds. `objection`: why the thread
   * does none.
   */
  constructor(
    tensors: readonly Tensor[],
    private readonly columns: readonly TensorData[] | null,
    private readonly count: number,
    pauses: readonly number[],
    objection: string | null,
  ) {
    this.milliseconds = Math.max(leastPause, Math.min(mostMilliseconds, ...pauses));
    Object.assign(lastThread, { isReplayed: false, reason: 'no batch was trained on' });
    const changes = (t: Tensor): boolean => t instanceof Variable || backendNow().piece(t.dataId).isHome;
    if (objection !== null) this.refuse(objection);
    else if (columns === null || tensors.some(changes)) this.refuse('the data are not all tensors of float32 and int32 that do not change');
  }

  private refuse(reason: string): void {
    this.isPossible = false;
    lastThread.reason = reason;
  }

  /** How many batches JavaScript's thread does in a row. */
  get mostHere(): number {
    return this.isPossible && this.here > 0 ? this.here : Number.POSITIVE_INFINITY;
  }

  /** JavaScript's thread has done so many, in so many seconds. */
  didHere(batches: number, seconds: number): void {
    this.here = Math.max(0, this.here - batches);
    this.secondsOfStep = seconds / batches;
  }

  /** Whether the batches that come next are for it: so many, of `columns`. */
  takes(batches: number, columns: readonly TensorData[] | null): boolean {
    if (!this.isPossible || !columns?.every((column, i) => column === this.columns![i])) return false;
    const step = 1000 * (this.secondsOfStep ?? 0);
    const isLong = this.secondsOfStep !== null && step >= worth.step && batches * step >= worth.least;
    if (!isLong && !lastThread.isReplayed) {
      const what =
        step < worth.step ? `a step takes less than ${worth.step} ms` : `the batches of an epoch take less than ${worth.least} ms`;
      lastThread.reason = lastStep.isReplayed ? what : lastStep.reason;
    }
    return isLong && this.here === 0;
  }

  /**
   * Does batches of these rows, `size` in each, and a last one of fewer where `kinds` has a second step for that. It ends early after some milliseconds, or where
   * somebody reads a variable. Null where it cannot.
   */
  async run(kinds: readonly Series[], size: number, order: Int32Array): Promise<Done | null> {
    this.beside = this.besideFor(
      kinds.map(({ replay }) => replay),
      size,
    );
    if (this.beside === null) return null;
    const done = await this.beside.run(order, this.milliseconds);
    const { steps, seconds, isRefused } = done;
    kinds[0]!.count(steps);
    if (steps > 0) this.secondsOfStep = seconds / steps;
    if (steps > 0) lastThread.isReplayed = true;
    // A batch that a kernel refuses is done operation by operation. Two fits that take the same variables from each other go on so, too.
    if (isRefused || steps === 0) this.here = 1;
    return done;
  }

  private besideFor(replays: Beside['kinds'], size: number): Beside | null {
    const { beside } = this;
    if (beside !== null && replays.length === beside.kinds.length && replays.every((replay, i) => replay === beside.kinds[i]))
      return beside;
    this.end();
    try {
      this.rows ??= createRows([...this.columns!], this.count);
      return new Beside(replays, this.rows, size, replays.length > 1 ? this.count : this.count - (this.count % size));
    } catch (error) {
      const { name, message } = error as Error;
      if (name !== 'RangeError') throw error;
      this.refuse(message); // there is no memory for a copy
      return null;
    }
  }

  /** Ends what it does after its present step. */
  stop(): void {
    this.beside?.fetch();
  }

  /** Has all variables here. */
  end(): void {
    this.beside?.leave();
    this.beside = null; // its copies may be large
  }
}
