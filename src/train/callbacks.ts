// What a fit tells while it runs, and who is told.
import { describe, rangeError, refusePromise, typeError } from '../errors';
import type { Module } from '../nn';
import type { Optimizer } from '../optim';
import { isReportReader } from '../report-readers';
import type { NestedArray } from '../tensor';
import type { ArraysOf, NumbersOf, OfValidation, SetFigures } from './figure-types';
import type { GivenMetrics } from './measures';
import type { FitResult } from './options';
import type { Segment } from './segment';
import type { GivenValidation } from './validation';

/** What the library's own callbacks are told besides: no name that an object of the user's may have. */
export const stepsDone = Symbol('simdnn.stepsDone');
export const flush = Symbol('simdnn.flush');

/** What `onBegin` is told. */
export interface BeginReport {
  /** The model that is trained. */
  model: Module;
  /** What steps it. */
  optimizer: Pick<Optimizer<object>, 'step' | 'zeroGrad'>;
  /** The number of the last epoch that was asked for. */
  epochs: number;
  /** Epochs that were done before, by which those of this fit are numbered on. */
  initialEpoch: number;
  /** Whether it goes on from a checkpoint. */
  resumed: boolean;
  /** Batches an epoch, where the loader knows. */
  batches: number | undefined;
}

/** What `onEpoch` is told of the training itself. */
export interface TrainingReport<M extends GivenMetrics = GivenMetrics, T extends GivenMetrics = GivenMetrics> {
  /** The epoch that has ended, 1 for the first. */
  epoch: number;
  /** The number of the last that was asked for. */
  epochs: number;
  /** The mean of the batches' losses. */
  loss: number;
  /** The metrics that are one number: over the validation loader where there is one, else over the epoch's own predictions. */
  metrics: NumbersOf<M, number>;
  /** Those that are several, such as a confusion matrix. */
  arrays: ArraysOf<M, NestedArray>;
  /** The metrics of `trainMetrics`, over the epoch's own predictions; empty without. */
  trainMetrics: NumbersOf<T, number>;
  /** Those of them that are several numbers. */
  trainArrays: ArraysOf<T, NestedArray>;
  /** The learning rate of the epoch's last step: of the first parameter group. */
  lr: number;
  /** The same of every group. */
  lrs: number[];
  /** How long the epoch took, validation included, callbacks not. */
  seconds: number;
  /** Ends the fit after this epoch: it resolves with what was done. */
  stop(): void;
}

/** What `onEpoch` is told: of the training, and where there is a validation `validationLoss`, and of several sets each in `validation`. */
export type EpochReport<
  M extends GivenMetrics = GivenMetrics,
  T extends GivenMetrics = GivenMetrics,
  V extends GivenValidation | undefined = GivenValidation | undefined,
> = TrainingReport<M, T> & OfValidation<V, number, SetFigures<M>>;

/** What `onBatch` is told. */
export interface BatchReport {
  /** The epoch that is under way, 1 for the first. */
  epoch: number;
  /** Batches done of it. */
  batch: number;
  /** Batches an epoch, where the loader knows. */
  batches: number | undefined;
  /** The mean of their losses. */
  loss: number;
  /** Ends the fit here, within the epoch: it resolves with the epochs before. */
  stop(): void;
}

/** An object that follows a fit: each method is optional, called with the model free to be used, and awaited. */
export interface Callback {
  /**
   * A part of each step, behind the optimizer's: recorded with it, and replayed without JavaScript. What a recorded step may do holds for it:
   * operations on tensors, in place. Averages of weights, bounds of weights.
   */
  afterStep?(): void;
  /** @internal Steps were done, all at these learning rates, one of each parameter group. Not awaited, the model not free. */
  [stepsDone]?(rates: readonly number[], steps: number): void;
  /** @internal A checkpoint is about to be written, or the fit ends, however it does: what was told of before is to be written. */
  [flush]?(): Promise<void>;
  /** Before the first step. */
  onBegin?(report: BeginReport): unknown;
  /** After each epoch. */
  onEpoch?(report: EpochReport): unknown;
  /** Every `progressEvery` milliseconds or so. */
  onBatch?(report: BatchReport): unknown;
  /** When the fit has ended and is about to resolve, the best weights put back where that was asked for. */
  onEnd?(result: FitResult): unknown;
}

/** How far a segment got: in the midst of an epoch, or at the end of one. */
export const batchReport = (
  { loss }: FitResult,
  epochs: number,
  segment: Segment,
  batches: number | undefined,
): Omit<BatchReport, 'stop'> =>
  segment.batch > 0
    ? { epoch: epochs + 1, batch: segment.batch, batches, loss: segment.lossSum / segment.batch }
    : { epoch: epochs, batch: segment.ofEpoch ?? batches!, batches, loss: loss.at(-1)! };

const events = ['onBegin', 'onEpoch', 'onBatch', 'onEnd', 'afterStep'] as const;
type Event = (typeof events)[number];

/** All who are told: the options `onEpoch` and `onBatch` first, then the callbacks in their order. */
export class Callbacks {
  private readonly all: readonly Callback[];

  constructor(
    private readonly where: string,
    own: Pick<Callback, 'onEpoch' | 'onBatch'>,
    callbacks: unknown,
  ) {
    if (!Array.isArray(callbacks)) throw typeError(where, `expected callbacks to be a list of objects, got ${describe(callbacks)}`);
    for (const [i, callback] of callbacks.entries()) {
      if (typeof callback !== 'object' || callback === null) {
        throw typeError(where, `expected callbacks[${i}] to be an object, got ${describe(callback)}`, '{ onEpoch(report) { ... } }');
      }
      const methods = events.filter((event) => (callback as Callback)[event] !== undefined);
      if (methods.length === 0) throw rangeError(where, `callbacks[${i}] has none of ${events.join(', ')}`);
      for (const event of methods) {
        const method: unknown = (callback as Callback)[event];
        if (typeof method !== 'function')
          throw typeError(where, `expected callbacks[${i}].${event} to be a function, got ${describe(method)}`);
      }
    }
    this.all = [own, ...(callbacks as Callback[])];
  }

  /** The callbacks, without the options. */
  get objects(): readonly Callback[] {
    return this.all.slice(1);
  }

  /** Whether anybody listens. */
  has(event: Event): boolean {
    return this.all.some((callback) => callback[event] !== undefined);
  }

  /** Whether any of those who listen may use the model. */
  useModel(event: Event): boolean {
    return this.all.some(({ [event]: method }) => method !== undefined && !isReportReader(method));
  }

  /** What stands behind the optimizer's step; null: nothing does. */
  get afterStep(): (() => void) | null {
    const own = this.all.filter((callback) => callback.afterStep !== undefined);
    if (own.length === 0) return null;
    return () => {
      for (const callback of own) {
        refusePromise(this.where, 'afterStep', 'it is a part of the recorded step', callback.afterStep!());
      }
    };
  }

  /** Tells those who keep account of learning rates. */
  stepsDone(rates: readonly number[], steps: number): void {
    for (const callback of this.all) callback[stepsDone]?.(rates, steps);
  }

  /** Has them write what they hold. */
  async flush(): Promise<void> {
    for (const callback of this.all) await callback[flush]?.();
  }

  /** Waits for a training, and has them write what they hold, however it ends. */
  async flushedAfter(training: Promise<void>): Promise<void> {
    try {
      await training;
    } catch (error) {
      await this.flush().catch(() => {}); // why it ended is told
      throw error;
    }
    await this.flush();
  }

  /** Tells them one after the other. */
  async tell<E extends Exclude<Event, 'afterStep'>>(event: E, report: Parameters<NonNullable<Callback[E]>>[0]): Promise<void> {
    for (const callback of this.all) {
      const told = callback[event]?.(report as never);
      if (told !== undefined) await told;
    }
  }
}
