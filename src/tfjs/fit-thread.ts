// Decides which batches of a fit run on the library's training thread, and reports why the others do not.
import { type Tensor, Variable } from '@tensorflow/tfjs-core';
import type { TensorData } from '../memory';
import { createRows, type RowsHandle } from '../native';
import { lastStep, lastThread, type ReplaySeries } from './recorded-step';
import { simdnnBackend } from './registry';
import { type RunReport, ThreadSession } from './thread-session';

/**
 * The least milliseconds that the thread is used for. `run`: starting a run and waiting for its end takes some 0.2 ms. `step`: the optimizer's numbers are calculated
 * before a run, step by step, so that a step of 13-30-25-20-15-10-5 takes 30 us here and 19 us on JavaScript's thread. Tests lower both.
 */
export const minimum = { run: 2, step: 0.1 };

const minMilliseconds = 2;
const maxMilliseconds = 125; // TensorFlow.js yields this often by default

/** The use of the training thread by one fit. */
export class FitThread {
  private readonly milliseconds: number;
  private rows: RowsHandle | null = null;
  private session: ThreadSession | null = null;
  private isPossible = true;
  private secondsPerStep: number | null = null;
  /** How many batches JavaScript's thread still does first. The first four of a fit are done there to measure the time of a step. */
  private batchesToMeasure = 4;

  /**
   * `columns` are the values of `tensors`, of which batches are rows. Runs end after the least of `pauses`, in milliseconds, so that other code has its turn.
   * `objection`: why the thread cannot be used, or null.
   */
  constructor(
    tensors: readonly Tensor[],
    private readonly columns: readonly TensorData[] | null,
    private readonly count: number,
    pauses: readonly number[],
    objection: string | null,
  ) {
    this.milliseconds = Math.max(minMilliseconds, Math.min(maxMilliseconds, ...pauses));
    Object.assign(lastThread, { isReplayed: false, reason: 'no batch was trained on' });
    const mayChange = (t: Tensor): boolean => t instanceof Variable || simdnnBackend().storageOf(t.dataId).isUpdatedInPlace;
    if (objection !== null) this.refuse(objection);
    else if (columns === null || tensors.some(mayChange))
      this.refuse('the data are not all tensors of float32 and int32 that do not change');
  }

  private refuse(reason: string): void {
    this.isPossible = false;
    lastThread.reason = reason;
  }

  /** How many batches JavaScript's thread may do before `accepts` is asked again. */
  get maxBatchesHere(): number {
    return this.isPossible && this.batchesToMeasure > 0 ? this.batchesToMeasure : Number.POSITIVE_INFINITY;
  }

  /** Takes account of batches that JavaScript's thread has done. */
  measured(batches: number, seconds: number): void {
    this.batchesToMeasure = Math.max(0, this.batchesToMeasure - batches);
    this.secondsPerStep = seconds / batches;
  }

  /** Whether the thread does the remaining `batches` of the epoch, whose rows `columns` have. */
  accepts(batches: number, columns: readonly TensorData[] | null): boolean {
    if (!this.isPossible || !columns?.every((column, i) => column === this.columns![i])) return false;
    const step = 1000 * (this.secondsPerStep ?? 0);
    const isLong = this.secondsPerStep !== null && step >= minimum.step && batches * step >= minimum.run;
    if (!isLong && !lastThread.isReplayed) {
      const short =
        step < minimum.step ? `a step takes less than ${minimum.step} ms` : `the batches of an epoch take less than ${minimum.run} ms`;
      lastThread.reason = lastStep.isReplayed ? short : lastStep.reason;
    }
    return isLong && this.batchesToMeasure === 0;
  }

  /**
   * Runs batches of `size` of these rows; `series` has a second element if the last batch is smaller. The run ends early after some milliseconds, or when other code
   * reads a variable. Returns null if there is no memory for copies of data and variables.
   */
  async run(series: readonly ReplaySeries[], size: number, order: Int32Array): Promise<RunReport | null> {
    this.session = this.sessionFor(
      series.map(({ replay }) => replay),
      size,
    );
    if (this.session === null) return null;
    const report = await this.session.run(order, this.milliseconds);
    const { steps, seconds, isRefused } = report;
    series[0]!.count(steps);
    if (steps > 0) {
      this.secondsPerStep = seconds / steps;
      lastThread.isReplayed = true;
    }
    // A batch that a kernel refuses runs operation by operation. After a run without a step the next batch runs on JavaScript's thread too: otherwise two fits could
    // take the same variables from each other for ever.
    if (isRefused || steps === 0) this.batchesToMeasure = 1;
    return report;
  }

  private sessionFor(replays: ThreadSession['replays'], size: number): ThreadSession | null {
    const { session } = this;
    if (session !== null && replays.length === session.replays.length && replays.every((replay, i) => replay === session.replays[i]))
      return session;
    this.end();
    try {
      this.rows ??= createRows([...this.columns!], this.count);
      return new ThreadSession(replays, this.rows, size, replays.length > 1 ? this.count : this.count - (this.count % size));
    } catch (error) {
      const { name, message } = error as Error;
      if (name !== 'RangeError') throw error;
      this.refuse(message);
      return null;
    }
  }

  /** Ends the present run after its present step. */
  stop(): void {
    this.session?.fetch();
  }

  /** Gives the variables back to JavaScript and frees the session's copies. */
  end(): void {
    this.session?.reclaim();
    this.session = null;
  }
}
