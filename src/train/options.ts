// The options of a fit, and their checks.
import { isAbortSignal } from '../brands';
import { checkBoolean, checkInteger, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { Module } from '../nn';
import { Optimizer } from '../optim';
import { checkPrecision, type Float32MatmulPrecision, getFloat32MatmulPrecision } from '../precision';
import type { NestedArray, Tensor } from '../tensor';
import type { Layout } from './batch';
import type { Batches } from './batches';
import { type BatchReport, type Callback, Callbacks, type EpochReport } from './callbacks';
import { Checkpointing, type CheckpointOptions } from './checkpointing';
import { type ClipNorm, type Clipping, clippingOf } from './clipping';
import { EarlyStopping, type EarlyStoppingOptions } from './early-stopping';
import { refuseOtherAverages } from './ema-weights';
import type { ArraysOf, NumbersOf, OfValidation, SetHistory } from './figure-types';
import { type GivenMetrics, Measures } from './measures';
import { type ScheduleOptions, type Scheduler, Schedules } from './schedule';
import { type AnyOutput, type Criterion, type CriterionFunction, criterionOf } from './tasks';
import { type GivenValidation, knownFigures, type ValidationSet, validationSets } from './validation';

/** The options of `fit`. */
export interface FitOptions<
  M extends GivenMetrics = GivenMetrics,
  T extends GivenMetrics = GivenMetrics,
  V extends GivenValidation | undefined = GivenValidation | undefined,
  Output = AnyOutput,
> {
  /** The loss, called with the result of the model's `forward` and the targets of each batch: a module or a plain function. */
  criterion: Criterion<Output> | CriterionFunction<Output>;
  /** The optimizer. */
  optimizer: Pick<Optimizer<object>, 'step' | 'zeroGrad'>;
  /** The batches, each `[...inputs, target]`, unless `targets` or `sampleWeights` change that. */
  loader: Batches;
  /** The number of targets at the end of each batch, behind the inputs (1). */
  targets?: number;
  /**
   * Whether the last tensor of each batch has weights for its rows, `[rows]` (false): the loss is `mean(weight * loss of the row)`, or with
   * `reduction: "sum"` the sum. Metrics do not use the weights.
   */
  sampleWeights?: boolean;
  /**
   * The number of batches of a step (1), for gradient accumulation: each loss is divided by the number of batches in the step. The batches left at the end of
   * an epoch are a step too, divided by their number.
   */
  accumulate?: number;
  /** The number of the last epoch; the fit has `epochs - initialEpoch` epochs. */
  epochs: number;
  /** The number of epochs done before, after which those of this fit are numbered (0). */
  initialEpoch?: number;
  /**
   * The batches for loss and metrics after each epoch, in evaluation mode. With several loaders by name, `validationLoss` is that of the first, and
   * `validation` has each.
   */
  validation?: V;
  /**
   * Metrics by the names under which they are reported. A plain function returns a batch's figure; the mean over all rows is reported. With several outputs
   * or targets, `{ metric, output, target }` selects one of each.
   */
  metrics?: M;
  /** Metrics over the training rows, in addition to those of the validation: over the epoch's own predictions, in training mode. */
  trainMetrics?: T;
  /** Scales the gradients of the optimizer's parameters before each step so that their norm (2 by default) is at most this: `utils.clipGradNorm_`. */
  clipGradNorm?: number | ClipNorm;
  /** Clamps each element of the gradients between minus this and this: `utils.clipGradValue_`. */
  clipGradValue?: number;
  /**
   * Stepped after each epoch, or after each step if it counts steps (`OneCycleLR`) or with `interval: "step"`. A scheduler that watches a figure
   * gets the validation loss, or the epoch's loss without validation, or what `monitor` names. Several schedulers are stepped in order.
   */
  scheduler?: Scheduler | ScheduleOptions | readonly (Scheduler | ScheduleOptions)[];
  /** Aborts the fit between two steps. */
  signal?: AbortSignal;
  /** Called after each epoch, and awaited. The model may be used in it. */
  onEpoch?: (report: EpochReport<M, T, V>) => unknown;
  /** Called about every `progressEvery` milliseconds, and awaited. */
  onBatch?: (report: BatchReport) => unknown;
  /** Objects that follow the fit, called in order after `onEpoch` and `onBatch`. */
  callbacks?: readonly Callback[];
  /** The milliseconds between two calls of `onBatch`, and between two checks for changed options (100). */
  progressEvery?: number;
  /** Writes checkpoints, with everything on which the next epochs depend, and with `resume: true` continues from the existing one. */
  checkpoint?: CheckpointOptions;
  /** Whether progress is shown on stderr: a line that is redrawn on a terminal, about twenty lines elsewhere (true). */
  progress?: boolean;
  /** Ends the fit when it no longer improves. */
  earlyStopping?: EarlyStoppingOptions;
  /** Ends the fit with an error that names the operation as soon as a value is NaN or infinite (false). Slower. */
  detectAnomaly?: boolean;
  /**
   * Records the step again about every `check` steps, when options are checked for changes, and rejects if it differs;
   * 0 (the default): never after the first recording.
   */
  check?: number;
  /** The precision of large products in training and validation. By default that of `setFloat32MatmulPrecision` when the fit begins. */
  precision?: Float32MatmulPrecision;
}

/** The result of `fit`, without the figures of validation sets. */
export interface TrainingResult<M extends GivenMetrics = GivenMetrics, T extends GivenMetrics = GivenMetrics> {
  /** The mean loss of each epoch. */
  loss: number[];
  /** Each metric that is a single number, for each epoch. */
  metrics: NumbersOf<M, number[]>;
  /** Each metric that is several numbers, such as a confusion matrix, for each epoch. */
  arrays: ArraysOf<M, NestedArray[]>;
  /** Each metric of `trainMetrics`, for each epoch. */
  trainMetrics: NumbersOf<T, number[]>;
  /** Each metric of `trainMetrics` that is several numbers. */
  trainArrays: ArraysOf<T, NestedArray[]>;
  /** The learning rate of the first parameter group in each epoch's last step. */
  lr: number[];
  /** The seconds of each epoch. If nothing in JavaScript has to run between epochs, the time of several is divided between them by the batches done. */
  epochSeconds: number[];
  /** The epoch with the best figure: that which `earlyStopping` monitors, else the validation loss, else the loss; 0 if no figure is below Infinity. */
  bestEpoch: number;
  /** Why it ended: `"earlyStopping"`, or a callback's `stop()`; null: all epochs were done. */
  stopped: 'earlyStopping' | 'callback' | null;
  /** The number of epochs that were done. */
  epochs: number;
  /** The duration. */
  seconds: number;
  /** The number of training rows per second. */
  rowsPerSecond: number;
}

/**
 * The result of `fit`. With validation it has `validationLoss` for each epoch, computed as by `evaluate`; with several sets the results of each are in
 * `validation`, by name. The types follow the call's options: they know the names of metrics and sets, and whether there is a `validationLoss`.
 */
export type FitResult<
  M extends GivenMetrics = GivenMetrics,
  T extends GivenMetrics = GivenMetrics,
  V extends GivenValidation | undefined = GivenValidation | undefined,
> = TrainingResult<M, T> & OfValidation<V, number[], SetHistory<M>>;

/** The options with their defaults. */
export interface Settings extends Required<Pick<FitOptions, 'progressEvery' | 'progress' | 'detectAnomaly' | 'check' | 'precision'>> {
  criterion: Criterion;
  optimizer: FitOptions['optimizer'];
  loader: Batches;
  epochs: number;
  layout: Layout;
  accumulate: number;
  validation: readonly ValidationSet[];
  initialEpoch: number;
  /** Whether the fit whose checkpoint this one resumes had these options. */
  resumed: boolean;
  metrics: Measures;
  trainMetrics: Measures;
  clip: Clipping;
  schedules: Schedules;
  signal: AbortSignal | undefined;
  callbacks: Callbacks;
  earlyStopping: EarlyStopping | null;
  checkpoint: Checkpointing | null;
}

function checkFunction<T>(where: string, name: string, value: T | undefined): T | undefined {
  if (value !== undefined && typeof value !== 'function')
    throw typeError(where, `expected ${name} to be a function, got ${describe(value)}`);
  return value;
}

const trainedBy = (model: Module, criterion: Criterion): ReadonlySet<Tensor> =>
  new Set<Tensor>([...model.parameters(), ...(criterion instanceof Module ? criterion.parameters() : [])]);

type Given = { [name in keyof Required<FitOptions>]: Required<FitOptions>[name] | undefined };

const defaults: Given = {
  criterion: undefined,
  optimizer: undefined,
  loader: undefined,
  epochs: undefined,
  targets: 1,
  sampleWeights: false,
  accumulate: 1,
  validation: undefined,
  initialEpoch: 0,
  metrics: undefined,
  trainMetrics: undefined,
  clipGradNorm: undefined,
  clipGradValue: undefined,
  callbacks: [],
  scheduler: undefined,
  signal: undefined,
  onEpoch: undefined,
  onBatch: undefined,
  progressEvery: 100,
  progress: true,
  earlyStopping: undefined,
  checkpoint: undefined,
  detectAnomaly: false,
  check: 0,
  precision: undefined,
};

/** Throws for invalid options. */
export function settingsOf(where: string, model: Module, options: FitOptions): Settings {
  const o = withDefaults<Given>(where, options as Partial<Given>, defaults);
  const criterion = criterionOf(where, o.criterion);
  if (!(o.optimizer instanceof Optimizer))
    throw typeError(where, `expected optimizer to be an optimizer, got ${describe(o.optimizer)}`, 'new optim.Adam(model.parameters())');
  if (o.signal !== undefined && !isAbortSignal(o.signal)) {
    throw typeError(where, `expected signal to be an AbortSignal, got ${describe(o.signal)}`, 'new AbortController().signal');
  }
  const initialEpoch = checkInteger(where, 'initialEpoch', o.initialEpoch);
  const epochs = checkInteger(where, 'epochs', o.epochs, 1);
  if (epochs <= initialEpoch) {
    throw rangeError(where, `epochs is the number of the last one: expected it to be above initialEpoch, ${initialEpoch}, got ${epochs}`);
  }
  const targets = checkInteger(where, 'targets', o.targets, 1);
  const metrics = new Measures(where, o.metrics, 'metrics', targets);
  const trainMetrics = new Measures(where, o.trainMetrics, 'trainMetrics', targets);
  const all = [...metrics.all, ...trainMetrics.all];
  if (new Set(all).size < all.length)
    throw rangeError(where, 'one metric is given twice: it would take in the batches of both', 'make one for each');
  if (o.trainMetrics !== undefined && o.validation === undefined) {
    throw rangeError(
      where,
      'trainMetrics stand beside the metrics of a validation, and there is none',
      'metrics: of the training rows then',
    );
  }
  const validation = validationSets(where, o.validation);
  const known = knownFigures(where, metrics, validation);
  const settings = {
    criterion,
    optimizer: o.optimizer,
    loader: o.loader!,
    epochs,
    initialEpoch,
    resumed: false,
    layout: { targets, sampleWeights: checkBoolean(where, 'sampleWeights', o.sampleWeights) },
    accumulate: checkInteger(where, 'accumulate', o.accumulate, 1),
    validation,
    metrics,
    trainMetrics,
    clip: clippingOf(where, o.clipGradNorm, o.clipGradValue),
    schedules: new Schedules(where, o.scheduler, o.optimizer, known),
    signal: o.signal,
    callbacks: new Callbacks(
      where,
      { onEpoch: checkFunction(where, 'onEpoch', o.onEpoch), onBatch: checkFunction(where, 'onBatch', o.onBatch) },
      o.callbacks,
    ),
    progressEvery: checkNumber(where, 'progressEvery', o.progressEvery, 1),
    progress: checkBoolean(where, 'progress', o.progress),
    earlyStopping: o.earlyStopping === undefined ? null : new EarlyStopping(where, o.earlyStopping, known),
    detectAnomaly: checkBoolean(where, 'detectAnomaly', o.detectAnomaly),
    check: checkInteger(where, 'check', o.check),
    precision: checkPrecision(where, o.precision) ?? getFloat32MatmulPrecision(),
  };
  refuseOtherAverages(where, settings.callbacks.objects, () => trainedBy(model, criterion));
  const { checkpoint } = o;
  return { ...settings, checkpoint: checkpoint === undefined ? null : new Checkpointing(where, checkpoint, model, settings, known) };
}
