// What a fit is told, checked.
import { checkBoolean, checkInteger, checkNumber, describe, typeError, withDefaults } from '../errors';
import { Optimizer } from '../optim';
import { EarlyStopping, type EarlyStoppingOptions } from './early-stopping';
import type { Batches } from './engine';
import { checkMetrics, directionsOf, type Metrics } from './measures';
import { Schedule, type ScheduleOptions, type Scheduler } from './schedule';
import type { Criterion } from './tasks';

/** What `onEpoch` is told. */
export interface EpochReport {
  /** The epoch that has ended, 1 for the first. */
  epoch: number;
  /** How many were asked for. */
  epochs: number;
  /** The mean of the batches' losses. */
  loss: number;
  /** The loss over the validation loader, where there is one: what the criterion gives for all its rows in one batch. */
  validationLoss?: number;
  /** The metrics: over the validation loader where there is one, else over the epoch's own predictions. */
  metrics: Record<string, number>;
}

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
}

/** The options of `fit`. */
export interface FitOptions {
  /** The loss: called with the model's output and the last tensor of each batch. */
  criterion: Criterion;
  /** Steps the parameters. */
  optimizer: Pick<Optimizer<object>, 'step' | 'zeroGrad'>;
  /** The batches, each `[...inputs, target]`. */
  loader: Batches;
  /** How many times the loader is gone through. */
  epochs: number;
  /** Batches over which loss and metrics are taken after each epoch, in evaluation mode. */
  validation?: Batches;
  /** Metrics by the names under which they are reported. */
  metrics?: Metrics;
  /**
   * Stepped after each epoch, or after each step where it counts them (`OneCycleLR`) or `interval: "step"` says so. One that watches a figure
   * is given the validation loss, or the epoch's, or what `monitor` names.
   */
  scheduler?: Scheduler | ScheduleOptions;
  /** Ends the fit between two steps. */
  signal?: AbortSignal;
  /** Called after each epoch, and awaited. The model may be used in it. */
  onEpoch?: (report: EpochReport) => unknown;
  /** Called every `progressEvery` milliseconds or so, and awaited. */
  onBatch?: (report: BatchReport) => unknown;
  /** Milliseconds between two calls of `onBatch`, and between two looks at options that were changed (100). */
  progressEvery?: number;
  /** Whether progress is shown on stderr: a line redrawn on a terminal, some twenty lines elsewhere (true). */
  progress?: boolean;
  /** Ends the fit when it gets no better. */
  earlyStopping?: EarlyStoppingOptions;
  /** Ends the fit with an error that names the operation as soon as a value is NaN or infinite (false). Slower. */
  detectAnomaly?: boolean;
  /**
   * Records the step again after every `check` steps or so, between two looks at options, and ends the fit with an error when it does something else;
   * 0 (the default): only when it is recorded first.
   */
  check?: number;
}

/** What `fit` returns. */
export interface FitResult {
  /** The mean loss of each epoch. */
  loss: number[];
  /** The loss over the validation loader, where there was one, as `evaluate` gives it. */
  validationLoss?: number[];
  /** Each metric, epoch by epoch. */
  metrics: Record<string, number[]>;
  /** The number of epochs that were done. */
  epochs: number;
  /** How long it took. */
  seconds: number;
}

/** The options with their defaults. */
export interface Settings extends Required<Pick<FitOptions, 'progressEvery' | 'progress' | 'detectAnomaly' | 'check'>> {
  criterion: Criterion;
  optimizer: FitOptions['optimizer'];
  loader: Batches;
  epochs: number;
  validation: Batches | undefined;
  metrics: Metrics;
  schedule: Schedule | null;
  signal: AbortSignal | undefined;
  onEpoch: FitOptions['onEpoch'];
  onBatch: FitOptions['onBatch'];
  earlyStopping: EarlyStopping | null;
}

function checkMethod(where: string, name: string, value: unknown, method: string): void {
  if (typeof (value as Record<string, unknown> | null | undefined)?.[method] !== 'function') {
    throw typeError(where, `expected ${name} with a method ${method}, got ${describe(value)}`);
  }
}

function checkFunction<T>(where: string, name: string, value: T | undefined): T | undefined {
  if (value !== undefined && typeof value !== 'function')
    throw typeError(where, `expected ${name} to be a function, got ${describe(value)}`);
  return value;
}

type Given = { [name in keyof Required<FitOptions>]: Required<FitOptions>[name] | undefined };

/** Refuses options that cannot be used. */
export function settingsOf(where: string, options: FitOptions): Settings {
  const o = withDefaults<Given>(where, options as Partial<Given>, {
    criterion: undefined,
    optimizer: undefined,
    loader: undefined,
    epochs: undefined,
    validation: undefined,
    metrics: undefined,
    scheduler: undefined,
    signal: undefined,
    onEpoch: undefined,
    onBatch: undefined,
    progressEvery: 100,
    progress: true,
    earlyStopping: undefined,
    detectAnomaly: false,
    check: 0,
  });
  checkMethod(where, 'criterion', o.criterion, 'forward');
  if (!(o.optimizer instanceof Optimizer)) throw typeError(where, `expected optimizer to be an optimizer, got ${describe(o.optimizer)}`);
  if (o.signal !== undefined && !(o.signal instanceof AbortSignal)) {
    throw typeError(where, `expected signal to be an AbortSignal, got ${describe(o.signal)}`, 'new AbortController().signal');
  }
  const metrics = checkMetrics(where, o.metrics);
  const known = directionsOf(metrics, o.validation !== undefined);
  return {
    criterion: o.criterion!,
    optimizer: o.optimizer,
    loader: o.loader!,
    epochs: checkInteger(where, 'epochs', o.epochs, 1),
    validation: o.validation,
    metrics,
    schedule: o.scheduler === undefined ? null : new Schedule(where, o.scheduler, o.optimizer, known),
    signal: o.signal,
    onEpoch: checkFunction(where, 'onEpoch', o.onEpoch),
    onBatch: checkFunction(where, 'onBatch', o.onBatch),
    progressEvery: checkNumber(where, 'progressEvery', o.progressEvery, 1),
    progress: checkBoolean(where, 'progress', o.progress),
    earlyStopping: o.earlyStopping === undefined ? null : new EarlyStopping(where, o.earlyStopping, known),
    detectAnomaly: checkBoolean(where, 'detectAnomaly', o.detectAnomaly),
    check: checkInteger(where, 'check', o.check),
  };
}
