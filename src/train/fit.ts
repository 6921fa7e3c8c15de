// A whole training run on a native thread, the event loop free.
import { describe, typeError } from '../errors';
import { Module } from '../nn';
import type { NoMetrics } from './figure-types';
import { Fit } from './fitting';
import type { GivenMetrics } from './measures';
import { type FitOptions, type FitResult, type Settings, settingsOf } from './options';
import { tensorsOf } from './plain';
import { Ranks } from './ranks';
import { emptyResult } from './result';
import { takeAll } from './taking';
import type { GivenValidation } from './validation';

const where = 'train.fit';

/**
 * Trains a model on a native thread, so that the event loop stays free: the loop of epochs, batches and steps with the same bits.
 *
 * Each batch is `[...inputs, target]`; a step is `zeroGrad`, `criterion(model(...inputs), target)`, `backward`, `step`, compiled as
 * `compile` does: its rules hold for the model's code. Loaders of a `TensorDataset` are gathered natively from a copy of its tensors; own datasets are
 * read on the JavaScript thread. `progressEvery` is in milliseconds, default 100.
 *
 * It trains in training mode, in a model that was left in evaluation mode too. Random numbers are drawn from the loop's one sequence, by callbacks and own
 * datasets as well, metrics have a sequence of their own; whoever else draws while it runs has a sequence of its own.
 *
 * From the call on the model, the optimizer and their tensors are in use: reading `data`, `item()` or `toArray()` gives the values as of the last
 * finished step, anything else is a SimdnnError `"SIMDNN_IN_USE"`. In `onEpoch` and `onBatch` they are free. When `signal` aborts, the run ends after the present step, the model
 * whole, and the promise rejects with `signal.reason`. What a callback, a dataset, a metric or a scheduler throws rejects it as well; what they changed stays.
 *
 * Rejects with a TypeError or RangeError for options that cannot be used, for batches of more tensors than the model takes, for an optimizer or a scheduler of something
 * else, for a step that changes no parameter, and for labels out of range; with `detectAnomaly` with a SimdnnError
 * `"SIMDNN_NOT_FINITE"` at the first value that is NaN or infinite.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
 * const dataset = new data.TensorDataset(randn([100, 4]), zeros([100], { dtype: "int32" }));
 * const { loss } = await train.fit(model, {
 *   criterion: new nn.CrossEntropyLoss(),
 *   optimizer: new optim.Adam(model.parameters()),
 *   loader: new data.DataLoader(dataset, { batchSize: 32, shuffle: true }),
 *   epochs: 5,
 *   progress: false,
 * });
 * loss.length; // 5
 */
export async function fit(
  model: Module,
  options: FitOptions<NoMetrics, NoMetrics, undefined> & { metrics?: undefined },
): Promise<FitResult<NoMetrics, NoMetrics, undefined>>;
export async function fit<V extends GivenValidation, T extends GivenMetrics>(
  model: Module,
  options: FitOptions<NoMetrics, T, V> & { metrics?: undefined; validation: V },
): Promise<FitResult<NoMetrics, T, V>>;
export async function fit<M extends GivenMetrics>(
  model: Module,
  options: FitOptions<M, NoMetrics, undefined>,
): Promise<FitResult<M, NoMetrics, undefined>>;
export async function fit<M extends GivenMetrics, V extends GivenValidation, T extends GivenMetrics>(
  model: Module,
  options: FitOptions<M, T, V> & { validation: V },
): Promise<FitResult<M, T, V>>;
export async function fit<M extends GivenMetrics, V extends GivenValidation | undefined, T extends GivenMetrics>(
  model: Module,
  options: FitOptions<M, T, V>,
  ...rest: never[]
): Promise<FitResult<M, T, V | undefined>>;
export async function fit(model: Module, options: FitOptions, ...rest: never[]): Promise<FitResult> {
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  if (rest.length > 0) throw typeError(where, `expected a model and options, got ${2 + rest.length} arguments`);
  const ranks = new Ranks(model);
  try {
    return await checked(model, settingsOf(where, model, options), ranks);
  } catch (error) {
    // A signal to all of them reaches one first.
    throw ranks.stop(error) && options.signal?.aborted ? options.signal.reason : error;
  }
}

async function checked(model: Module, settings: Settings, ranks: Ranks): Promise<FitResult> {
  if (settings.signal?.aborted) throw settings.signal.reason;
  let load: (() => number) | null = null;
  if (settings.checkpoint?.resumes) {
    const giveBack = takeAll(where, tensorsOf(model, settings.optimizer));
    try {
      load = await settings.checkpoint.open();
    } finally {
      giveBack();
    }
    if (settings.signal?.aborted) throw settings.signal.reason;
  }
  const done = load === null ? null : load();
  if (done === null) return new Fit(model, settings, ranks).run();
  const { epochs, earlyStopping } = settings;
  if (done < epochs && !earlyStopping?.hasEnded) return new Fit(model, { ...settings, initialEpoch: done, resumed: true }, ranks).run();
  earlyStopping?.restore(model);
  return { ...emptyResult(settings), bestEpoch: earlyStopping?.bestEpoch ?? 0, stopped: earlyStopping?.hasEnded ? 'earlyStopping' : null };
}
