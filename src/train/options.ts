// What a fit is told, checked.
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
import { type Criterion, type CriterionFunction, criterionOf } from './tasks';
import { type GivenValidation, knownFigures, type ValidationSet, validationSets } from './validation';

/** The options of `fit`. */
export interface FitOptions<
  M extends GivenMetrics = GivenMetrics,
  T extends GivenMetrics = GivenMetrics,
  V extends GivenValidation | undefined = GivenValidation | undefined,
> {
  /** The loss: called with what the model's `forward` returns and the targets of each batch. A module, or a plain function. */
  criterion: Criterion | CriterionFunction;
  /** Steps the parameters. */
  optimizer: Pick<Optimizer<object>, 'step' | 'zeroGrad'>;
  /** The batches, each `[...inputs, target]`, or as `targets` and `sampleWeights` say. */
  loader: Batches;
  /** How many tensors of a batch are targets, behind the inputs (1). */
  targets?: number;
  /**
   * Whether the last tensor of each batch weighs its rows, `[rows]` (false): the loss is `mean(weight * loss of the row)`, or with
   * `reduction: "sum"` the sum. Metrics count all rows alike.
   */
  sampleWeights?: boolean;
  /**
   * Batches to a step (1): their gradients are added up, each loss divided by the number of batches in the step. What is left at the end of an epoch is a step as
   * well, divided by what it holds.
   */
  accumulate?: number;
  /** The number of the last epoch: how many times the loader is gone through, where `initialEpoch` is 0. */
  epochs: number;
  /** Epochs that were done before, by which those of this fit are numbered on (0). */
  initialEpoch?: number;
  /** Batches over which loss and metrics are taken after each epoch, in evaluation mode. Several loaders by names: the first of them is `validationLoss`, each is in `validation`. */
  validation?: V;
  /**
   * Metrics by the names under which they are reported. A plain function gives a batch's figure, of which the mean over all rows is reported. Of several outputs
   * or targets `{ metric, output, target }` names one each.
   */
  metrics?: M;
  /** Metrics over the training rows as well, where there is a validation: over the epoch's own predictions, in training mode. */
  trainMetrics?: T;
  /** Scales the gradients of the optimizer's parameters before each step so that their norm, 2 where none is named, is at most this: `utils.clipGradNorm_`. */
  clipGradNorm?: number | ClipNorm;
  /** Puts each of their elements between minus this and this: `utils.clipGradValue_`. */
  clipGradValue?: number;
  /**
   * Stepped after each epoch, or after each step where it counts them (`OneCycleLR`) or `interval: "step"` says so. One that watches a figure
   * is given the validation loss, or the epoch's, or what `monitor` names. Several are stepped in their order.
   */
  scheduler?: Scheduler | ScheduleOptions | readonly (Scheduler | ScheduleOptions)[];
  /** Ends the fit between two steps. */
  signal?: AbortSignal;
  /** Called after each epoch, and awaited. The model may be used in it. */
  onEpoch?: (report: EpochReport<M, T, V>) => unknown;
  /** Called every `progressEvery` milliseconds or so, and awaited. */
  onBatch?: (report: BatchReport) => unknown;
  /** Objects that follow the fit, told after `onEpoch` and `onBatch` in their order. */
  callbacks?: readonly Callback[];
  /** Milliseconds between two calls of `onBatch`, and between two looks at options that were changed (100). */
  progressEvery?: number;
  /** Writes checkpoints after epochs, of all that the next ones depend on, and goes on from the one that is there with `resume: true`. */
  checkpoint?: CheckpointOptions;
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
  /** How large products take their operands, in training and validation; absent: as `setFloat32MatmulPrecision` has it when the fit begins. */
  precision?: Float32MatmulPrecision;
}

/** What `fit` returns of the training itself. */
export interface TrainingResult<M extends GivenMetrics = GivenMetrics, T extends GivenMetrics = GivenMetrics> {
  /** The mean loss of each epoch. */
  loss: number[];
  /** Each metric that is one number, epoch by epoch. */
  metrics: NumbersOf<M, number[]>;
  /** Each metric that is several, such as a confusion matrix, epoch by epoch. */
  arrays: ArraysOf<M, NestedArray[]>;
  /** Each metric of `trainMetrics`, epoch by epoch. */
  trainMetrics: NumbersOf<T, number[]>;
  /** Those of `trainMetrics` that are several numbers. */
  trainArrays: ArraysOf<T, NestedArray[]>;
  /** The learning rate of each epoch's last step, of the first parameter group. */
  lr: number[];
  /** Seconds that each epoch took; of several that ended in one go, where nothing in JavaScript had to be asked, their mean. */
  epochSeconds: number[];
  /** The number of the epoch with the best figure: what `earlyStopping` monitors, else the validation loss, else the loss; 0 where none is below Infinity. */
  bestEpoch: number;
  /** What ended it: `"earlyStopping"`, or a callback's `stop()`; null: that all epochs were done. */
  stopped: 'earlyStopping' | 'callback' | null;
  /** The number of epochs that were done. */
  epochs: number;
  /** How long it took. */
  seconds: number;
  /** Rows that were trained on, in a second of these. */
  rowsPerSecond: number;
}

/**
 * What `fit` returns: of the training, and where there is a validation `validationLoss`, epoch by epoch, as `evaluate` gives it. Of several sets each is in
 * `validation`, by its name. The types follow the call's options: names of metrics and sets are known, `validationLoss` is there where a validation was given.
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
  /** Whether these were done by the fit whose checkpoint this one goes on from. */
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

/** Refuses options that cannot be used. */
export function settingsOf(where: string, model: Module, options: FitOptions): Settings {
  const o = withDefaults<Given>(where, options as Partial<Given>, {
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
  });
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
  const known = knownFigures(metrics, validation);
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
  refuseOtherAverages(where, settings.callbacks.objects, trainedBy(model, criterion));
  const { checkpoint } = o;
  return { ...settings, checkpoint: checkpoint === undefined ? null : new Checkpointing(where, checkpoint, model, settings, known) };
}
