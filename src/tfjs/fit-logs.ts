// What the callbacks of a fit learn of batches that are replayed: the sums that the logger of TensorFlow.js keeps, and when it is time to yield.
import { add, mul, type Scalar, scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { CallbackList } from '@tensorflow/tfjs-layers';
import type { Layers } from './recordable';
import { simdnnBackend } from './registry';
import { floatsOf } from './storage';

export type Logs = Record<string, number | Tensor>;

/** The members of a callback of tfjs-layers that matter here. A CustomCallback, made of an object of functions, has the optional ones. */
export interface Callback {
  onBatchBegin: unknown;
  onBatchEnd: unknown;
  batchBegin?: unknown;
  batchEnd?: unknown;
  yield?: unknown;
  nowFunc?: unknown;
  yieldEvery?: number | string;
  /** Starts a pause if it is time for one. Returns the same promise until it is time again. */
  maybeWait?(epoch: number, batch: number, logs: Logs): Promise<void> | undefined;
}

/** The first callback of every fit, which sums the logs of an epoch. */
interface Logger {
  seen: number;
  totals: Record<string, number | Scalar>;
}

const leastNormal = 2 ** -126;
const isNormal = (x: number): boolean => x === 0 || Math.abs(x) >= leastNormal;

/** Adds the value of a batch of so many rows to the logger's sum, with the bits that its kernels would give; only they know whether denormal numbers count as zero. */
export function addToTotal(total: number, value: number, rows: number): number {
  const part = Math.fround(value * rows);
  const sum = Math.fround(total + part);
  if (isNormal(value) && isNormal(part) && isNormal(sum)) return sum;
  return tidy(() => add(scalar(total), mul(value, rows)).dataSync()[0]!);
}

/** The callbacks of a fit in which none asks for single batches. */
export class FitLogs {
  private readonly lastPauses = new Map<Callback, unknown>();
  /** The callbacks that yield after so many milliseconds. */
  private readonly yielding: readonly Callback[];

  /** `labels`: the names of the loss and the metrics. */
  constructor(
    private readonly list: CallbackList,
    private readonly labels: readonly string[],
    callbacks: readonly Callback[],
    customCallback: Layers['CustomCallback'],
  ) {
    this.yielding = callbacks.filter(
      (callback) => (callback as object) instanceof customCallback && typeof callback.yieldEvery === 'number',
    );
  }

  /** After how many milliseconds each of them yields. */
  get pauses(): number[] {
    return this.yielding.map(({ yieldEvery }) => yieldEvery as number);
  }

  /** Called after a batch. Adds the promises that the fit must await before the next batch to `pauses`. */
  yieldIfDue(epoch: number, batch: number, pauses: Promise<void>[]): void {
    for (const callback of this.yielding) {
      const pause = callback.maybeWait!(epoch, batch, {});
      if (pause === this.lastPauses.get(callback)) continue;
      this.lastPauses.set(callback, pause);
      if (pause !== undefined) pauses.push(pause);
    }
  }

  private get logger(): Logger {
    return this.list.callbacks[0] as unknown as Logger;
  }

  /** The logger's sums of this epoch, one for each label. */
  totals(): number[] {
    const { totals } = this.logger;
    return this.labels.map((label) => {
      const total = totals[label] ?? 0;
      return typeof total === 'number' ? total : floatsOf(simdnnBackend(), total)![0]!;
    });
  }

  /** Sets the logger's sums after so many more rows. */
  log(rows: number, totals: readonly number[]): void {
    const { logger } = this;
    for (const [i, label] of this.labels.entries()) {
      const before = logger.totals[label];
      if (typeof before === 'object') before.dispose();
      logger.totals[label] = scalar(totals[i]!);
    }
    logger.seen += rows;
  }
}
