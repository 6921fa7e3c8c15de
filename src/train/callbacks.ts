// The callbacks of a fit, and the reports that they get.
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

/** The methods by which a fit reports to the library's own callbacks. They are symbols, so that a user's object cannot have them by accident. */
export const stepsDone = Symbol('simdnn.stepsDone');
export const flush = Symbol('simdnn.flush');

/** The argument of `onBegin`. */
export interface BeginReport {
  /** The model that is being trained. */
  model: Module;
  /** The optimizer. */
  optimizer: Pick<Optimizer<object>, 'step' | 'zeroGrad'>;
  /** The number of the last epoch that was requested. */
  epochs: number;
  /** The number of epochs before this fit, after which its epochs are numbered. */
  initialEpoch: number;
  /** Whether the fit resumes from a checkpoint. */
  resumed: boolean;
  /** The number of batches of an epoch, if the loader knows it. */
  batches: number | undefined;
}

/** The argument of `onEpoch`, without the figures of validation sets. */
export interface TrainingReport<M extends GivenMetrics = GivenMetrics, T extends GivenMetrics = GivenMetrics> {
  /** The epoch that has ended, from 1. */
  epoch: number;
  /** The number of the last epoch that was requested. */
  epochs: number;
  /** The mean of the losses of its batches. */
  loss: number;
  /** The metrics that are single numbers: over the validation loader if there is one, else over the epoch's own predictions. */
  metrics: NumbersOf<M, number>;
  /** The metrics that are several numbers, such as a confusion matrix. */
  arrays: ArraysOf<M, NestedArray>;
  /** The metrics of `trainMetrics`, over the epoch's own predictions; empty without. */
  trainMetrics: NumbersOf<T, number>;
  /** The metrics of `trainMetrics` that are several numbers. */
  trainArrays: ArraysOf<T, NestedArray>;
  /** The learning rate of the first parameter group in the epoch's last step. */
  lr: number;
  /** The learning rate of every parameter group in that step. */
  lrs: number[];
  /** The duration of the epoch, including validation but not callbacks. */
  seconds: number;
  /** Ends the fit after this epoch; its promise resolves. */
  stop(): void;
}

/** The argument of `onEpoch`. With validation it has `validationLoss`, and with several validation sets the figures of each in `validation`. */
export type EpochReport<
  M extends GivenMetrics = GivenMetrics,
  T extends GivenMetrics = GivenMetrics,
  V extends GivenValidation | undefined = GivenValidation | undefined,
> = TrainingReport<M, T> & OfValidation<V, number, SetFigures<M>>;

/** The argument of `onBatch`. */
export interface BatchReport {
  /** The current epoch, from 1. */
  epoch: number;
  /** The number of batches done in this epoch. */
  batch: number;
  /** The number of batches of an epoch, if the loader knows it. */
  batches: number | undefined;
  /** The mean of the losses of these batches. */
  loss: number;
  /** Ends the fit at once, within the epoch; its promise resolves with the result of the epochs before. */
  stop(): void;
}

/** An object that follows a fit. All methods are optional; they are awaited, and may use the model. */
export interface Callback {
  /**
   * Work for each step, after the optimizer's: it is recorded as a part of the step and replayed without JavaScript. The rules of recorded functions apply:
   * operations on tensors, in place. For example, averages of weights, or bounds of weights.
   */
  afterStep?(): void;
  /** @internal Steps were done, all at these learning rates, one for each parameter group. Not awaited, and the model is in use. */
  [stepsDone]?(rates: readonly number[], steps: number): void;
  /** @internal A checkpoint is about to be written, or the fit ends for whatever reason: buffered output must be written. */
  [flush]?(): Promise<void>;
  /** Called before the first step. */
  onBegin?(report: BeginReport): unknown;
  /** Called after each epoch. */
  onEpoch?(report: EpochReport): unknown;
  /** Called about every `progressEvery` milliseconds. */
  onBatch?(report: BatchReport): unknown;
  /** Called when the fit is about to resolve, after the best weights were restored if that was requested. */
  onEnd?(result: FitResult): unknown;
}

/** How far a segment got: to the middle of an epoch, or to the end of one. */
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

// The methods of an object, also of its classes, that are named like events and are none: those of another library, or misspelled ones, which nothing would call.
function otherEvents(callback: object): string[] {
  const found = new Set<string>();
  for (let part = callback; part !== null && part !== Object.prototype; part = Object.getPrototypeOf(part) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(part)))
      if (/^on[A-Z]/.test(name) && typeof value === 'function' && !events.some((event) => event === name)) found.add(name);
  }
  return [...found];
}

/** All listeners: the options `onEpoch` and `onBatch` first, then the callbacks in order. */
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
      const others = otherEvents(callback as object);
      if (others.length > 0)
        throw rangeError(where, `callbacks[${i}] has ${others.join(', ')}, which nothing calls (known: ${events.join(', ')})`);
      for (const event of methods) {
        const method: unknown = (callback as Callback)[event];
        if (typeof method !== 'function')
          throw typeError(where, `expected callbacks[${i}].${event} to be a function, got ${describe(method)}`);
      }
    }
    this.all = [own, ...(callbacks as Callback[])];
  }

  /** The callbacks, without those options. */
  get objects(): readonly Callback[] {
    return this.all.slice(1);
  }

  /** Whether any callback has this method. */
  has(event: Event): boolean {
    return this.all.some((callback) => callback[event] !== undefined);
  }

  /** Whether any callback with this method may use the model; the library's report readers do not. */
  mayUseModel(event: Event): boolean {
    return this.all.some(({ [event]: method }) => method !== undefined && !isReportReader(method));
  }

  /** The work after the optimizer's step; null if there is none. */
  get afterStep(): (() => void) | null {
    const own = this.all.filter((callback) => callback.afterStep !== undefined);
    if (own.length === 0) return null;
    return () => {
      for (const callback of own) {
        refusePromise(this.where, 'afterStep', 'it is a part of the recorded step', callback.afterStep!());
      }
    };
  }

  /** Whether any callback records the learning rates of steps. */
  get recordRates(): boolean {
    return this.all.some((callback) => callback[stepsDone] !== undefined);
  }

  /** Reports learning rates to the callbacks that record them. */
  stepsDone(rates: readonly number[], steps: number): void {
    for (const callback of this.all) callback[stepsDone]?.(rates, steps);
  }

  /** Lets callbacks write their buffered output. */
  async flush(): Promise<void> {
    for (const callback of this.all) await callback[flush]?.();
  }

  /** Awaits a training, then lets callbacks write their buffered output, however it has ended. */
  async flushedAfter(training: Promise<void>): Promise<void> {
    try {
      await training;
    } catch (error) {
      await this.flush().catch(() => {}); // the error of the training takes precedence
      throw error;
    }
    await this.flush();
  }

  /** Calls the listeners one after another. */
  async notify<E extends Exclude<Event, 'afterStep'>>(event: E, report: Parameters<NonNullable<Callback[E]>>[0]): Promise<void> {
    for (const callback of this.all) {
      const result = callback[event]?.(report as never);
      if (result !== undefined) await result;
    }
  }
}
