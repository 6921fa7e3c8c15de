// Trains a model on a native thread.
import { describe, typeError } from '../errors';
import { Module } from '../nn';
import { holdAll } from './exclusive-use';
import type { NoMetrics } from './figure-types';
import { Fit } from './fitting';
import { tensorsOf } from './library-step';
import type { GivenMetrics } from './measures';
import { type FitOptions, type FitResult, type Settings, settingsOf } from './options';
import { Ranks } from './ranks';
import { emptyResult } from './result';
import type { OutputOf } from './tasks';
import type { GivenValidation } from './validation';

const where = 'train.fit';

/**
 * Trains a model on a native thread, so that the event loop stays free. The result is that of the plain loop of epochs, batches and steps, bit for bit.
 *
 * Each batch is `[...inputs, target]`; a step is `zeroGrad`, `criterion(model(...inputs), target)`, `backward`, `step`, recorded as by
 * `compile`, whose rules hold for the model's code. Rows of a `TensorDataset` are gathered natively from a copy of its tensors; your own datasets are
 * read on the JavaScript thread. `progressEvery` is in milliseconds (default 100).
 *
 * The model is put into training mode. The fit, its callbacks and your own datasets draw from the random numbers of a plain loop; metrics have their own
 * sequence, and all other code that draws while the fit runs has another.
 *
 * During the fit the model, the optimizer and their tensors are in use: reading `data`, `item()` or `toArray()` gives the values after the last complete step,
 * anything else is a SimdnnError `"SIMDNN_IN_USE"`. In `onEpoch` and `onBatch` they are free. When `signal` aborts, the fit ends after the current step with a
 * consistent model, and the promise rejects with `signal.reason`. It also rejects with what a callback, dataset, metric or scheduler throws; changes that these
 * made remain.
 *
 * Rejects with a TypeError or RangeError for invalid options, for batches with more tensors than the model takes, for an optimizer or scheduler of another
 * model, for a step that changes no parameter, and for labels out of range; with `detectAnomaly` with a SimdnnError
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
export async function fit<Net extends Module>(
  model: Net,
  options: FitOptions<NoMetrics, NoMetrics, undefined, OutputOf<Net>> & { metrics?: undefined },
): Promise<FitResult<NoMetrics, NoMetrics, undefined>>;
export async function fit<V extends GivenValidation, T extends GivenMetrics, Net extends Module>(
  model: Net,
  options: FitOptions<NoMetrics, T, V, OutputOf<Net>> & { metrics?: undefined; validation: V },
): Promise<FitResult<NoMetrics, T, V>>;
export async function fit<M extends GivenMetrics, Net extends Module>(
  model: Net,
  options: FitOptions<M, NoMetrics, undefined, OutputOf<Net>>,
): Promise<FitResult<M, NoMetrics, undefined>>;
export async function fit<M extends GivenMetrics, V extends GivenValidation, T extends GivenMetrics, Net extends Module>(
  model: Net,
  options: FitOptions<M, T, V, OutputOf<Net>> & { validation: V },
): Promise<FitResult<M, T, V>>;
export async function fit<M extends GivenMetrics, V extends GivenValidation | undefined, T extends GivenMetrics, Net extends Module>(
  model: Net,
  options: FitOptions<M, T, V, OutputOf<Net>>,
  ...rest: never[]
): Promise<FitResult<M, T, V | undefined>>;
export async function fit(model: Module, options: FitOptions, ...rest: never[]): Promise<FitResult> {
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  if (rest.length > 0) throw typeError(where, `expected a model and options, got ${2 + rest.length} arguments`);
  const ranks = new Ranks(model);
  try {
    return await checked(model, settingsOf(where, model, options), ranks);
  } catch (error) {
    // If all processes get a signal, one of them gets it first.
    throw ranks.announceFailure(error) && options.signal?.aborted ? options.signal.reason : error;
  }
}

async function checked(model: Module, settings: Settings, ranks: Ranks): Promise<FitResult> {
  if (settings.signal?.aborted) throw settings.signal.reason;
  let load: (() => number) | null = null;
  if (settings.checkpoint?.resumes) {
    const release = holdAll(where, tensorsOf(model, settings.optimizer));
    try {
      load = await settings.checkpoint.open();
    } finally {
      release();
    }
    if (settings.signal?.aborted) throw settings.signal.reason;
  }
  const done = load === null ? null : load();
  if (done === null) return new Fit(model, settings, ranks).run();
  const { epochs, earlyStopping } = settings;
  if (done < epochs && !earlyStopping?.shouldStop) return new Fit(model, { ...settings, initialEpoch: done, resumed: true }, ranks).run();
  earlyStopping?.restore(model);
  return {
    ...emptyResult(settings),
    bestEpoch: earlyStopping?.bestEpoch ?? 0,
    stopped: earlyStopping?.shouldStop ? 'earlyStopping' : null,
  };
}
