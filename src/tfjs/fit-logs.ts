// What the callbacks of a fit hear of batches that are replayed: the sums of the logger, and whether it is time to give others their turn.
import { add, mul, type Scalar, scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { CallbackList } from '@tensorflow/tfjs-layers';
import type { Layers } from './known';
import { backendNow } from './registry';
import { floatsOf } from './storage';

export type Logs = Record<string, number | Tensor>;

/** What is inside a callback of tfjs-layers; the last four of one that is made of an object with functions. */
export interface Callback {
  onBatchBegin: unknown;
  onBatchEnd: unknown;
  batchBegin?: unknown;
  batchEnd?: unknown;
  yield?: unknown;
  nowFunc?: unknown;
  yieldEvery?: number | string;
  /** Gives others their turn where it is time, and returns the same promise until it is time again. */
  maybeWait?(epoch: number, batch: number, logs: Logs): Promise<void> | undefined;
}

/** The first of all callbacks: it adds up the logs of an epoch. */
interface Logger {
  seen: number;
  totals: Record<string, number | Scalar>;
}

const leastNormal = 2 ** -126;
const isNormal = (x: number): boolean => x === 0 || Math.abs(x) >= leastNormal;

/** What the logger makes of one more value of so many rows, with the bits that its kernels give. */
export function withValue(total: number, value: number, rows: number): number {
  const part = Math.fround(value * rows);
  const sum = Math.fround(total + part);
  if (isNormal(value) && isNormal(part) && isNormal(sum)) return sum;
  return tidy(() => add(scalar(total), mul(value, rows)).dataSync()[0]!);
}

/** The callbacks of one fit that ask for no single batches. */
export class FitLogs {
  private readonly waited = new Map<Callback, unknown>();
  /** Those that give others their turn after so many milliseconds. */
  private readonly yielding: readonly Callback[];

  /** `labels`: the names of loss and metrics. */
  constructor(
    private readonly list: CallbackList,
    private readonly labels: readonly string[],
    callbacks: readonly Callback[],
    of: Layers['CustomCallback'],
  ) {
    this.yielding = callbacks.filter((callback) => (callback as object) instanceof of && typeof callback.yieldEvery === 'number');
  }

  /** After how many milliseconds each of them gives others their turn. */
  get pauses(): number[] {
    return this.yielding.map(({ yieldEvery }) => yieldEvery as number);
  }

  /** After a batch: adds to `pauses` what is waited for before the next one. */
  giveTurns(epoch: number, batch: number, pauses: Promise<void>[]): void {
    for (const callback of this.yielding) {
      const pause = callback.maybeWait!(epoch, batch, {});
      if (pause === this.waited.get(callback)) continue;
      this.waited.set(callback, pause);
      if (pause !== undefined) pauses.push(pause);
    }
  }

  private get logger(): Logger {
    return this.list.callbacks[0] as unknown as Logger;
  }

  /** What the logger has of this epoch: a sum for each label. */
  totals(): number[] {
    const { totals } = this.logger;
    return this.labels.map((label) => {
      const total = totals[label] ?? 0;
      return typeof total === 'number' ? total : floatsOf(backendNow(), total)![0]!;
    });
  }

  /** Tells the logger what it would have after so many more rows. */
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
