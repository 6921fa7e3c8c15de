// Makes `fit` and `fitDataset` of tfjs-layers use the loops of this library unless a callback asks for single batches.
import { engine } from '@tensorflow/tfjs-core';
import type { CallbackList, History, LayersModel } from '@tensorflow/tfjs-layers';
import { activeThreads, Fit, type FitArguments, type SeriesProvider } from './fit';
import { DatasetFit, type DatasetOptions, type FitDataset } from './fit-dataset';
import { type Callback, FitLogs } from './fit-logs';
import { type BatchFunction, internalsOf } from './model-internals';
import type { Layers } from './recordable';
import { lastFit, lastThread } from './recorded-step';
import { backendName } from './registry';

/** The train functions that `models.ts` has made. */
export interface TrainFunctions {
  /** The replays that each of them can do. */
  series: WeakMap<BatchFunction, SeriesProvider>;
  /** The last one of each model. */
  last: WeakMap<LayersModel, BatchFunction>;
}

type FitLoop = (this: LayersModel, ...args: FitArguments) => Promise<History>;

const singleBatches = 'a callback asks for single batches';
const ownTrainFunction = 'the model has a train function of its own';
const maxRows = 2 ** 24; // TensorFlow.js counts rows in float32

// Returns why the training thread cannot be used, or null.
function objectionToThread(callbacks: readonly Callback[], customCallback: Layers['CustomCallback']): string | null {
  const custom = callbacks.filter((callback) => (callback as object) instanceof customCallback);
  if (custom.some(({ yieldEvery }) => typeof yieldEvery !== 'number')) return 'yieldEvery gives nobody a turn within an epoch';
  return custom.some(({ nowFunc }) => nowFunc != null) ? 'a callback has a clock of its own' : null;
}

function asksForSingleBatches(layers: Layers, callback: Callback): boolean {
  const base = Object.getPrototypeOf(layers.Callback.prototype) as Callback;
  const custom = layers.CustomCallback.prototype as unknown as Callback;
  const { onBatchBegin, onBatchEnd } = callback instanceof layers.CustomCallback ? custom : base;
  if (callback.onBatchBegin !== onBatchBegin || callback.onBatchEnd !== onBatchEnd) return true;
  if (!(callback instanceof layers.CustomCallback)) return false;
  const { batchBegin, batchEnd, yield: yields, yieldEvery } = callback as unknown as Callback;
  return batchBegin != null || batchEnd != null || yields != null || yieldEvery === 'batch';
}

// Returns why a fit cannot use this library's loop, or null.
function objectionToLoop(layers: Layers, trainFunctions: TrainFunctions, args: FitArguments): string | null {
  const [trainFunction, data, , , , , callbacks, , , shuffle, , , stepsPerEpoch, validationSteps] = args;
  if (engine().backendName !== backendName) return `the active backend is ${engine().backendName}`;
  if (!trainFunctions.series.has(trainFunction)) return ownTrainFunction;
  if (stepsPerEpoch != null || validationSteps != null || (typeof shuffle !== 'boolean' && shuffle != null))
    return 'steps are counted, or batches shuffled';
  if ((data[0]?.shape[0] ?? 0) > maxRows) return `there are more than ${maxRows} rows`;
  return callbacks.some((callback) => asksForSingleBatches(layers, callback)) ? singleBatches : null;
}

const stopped = Symbol('the loop of TensorFlow.js was stopped');

// Starts the loop of TensorFlow.js and stops it when it would set the model of its callbacks. Until then it has checked its arguments and made the list of callbacks,
// registered ones included. `list` is null if the loop has not come that far; `started` then rejects with the reason.
function callbackListOf(layers: Layers, start: () => Promise<unknown>): { list: CallbackList | null; started: Promise<unknown> } {
  const prototype = layers.CallbackList.prototype;
  const { setModel } = prototype;
  let list: CallbackList | null = null;
  prototype.setModel = function () {
    list = this as CallbackList;
    throw stopped;
  };
  try {
    const started = start().catch((error) => {
      if (error !== stopped) throw error;
    });
    return { list, started };
  } finally {
    prototype.setModel = setModel;
  }
}

const useOriginal = (reason: string): void => {
  for (const status of [lastFit, lastThread]) Object.assign(status, { isReplayed: false, reason });
};

/** Makes `fit` use this library's loop if that does the same as TensorFlow.js's. */
export function installFitLoop(layers: Layers, trainFunctions: TrainFunctions): void {
  const prototype = layers.LayersModel.prototype as unknown as { fitLoop: FitLoop };
  const { fitLoop: original } = prototype;
  const stopTraining = Object.getOwnPropertyDescriptor(prototype, 'stopTraining')!;
  Object.defineProperty(prototype, 'stopTraining', {
    ...stopTraining,
    set(this: LayersModel, stop: boolean) {
      stopTraining.set!.call(this, stop);
      if (stop) activeThreads.get(this)?.stop();
    },
  });
  prototype.fitLoop = async function (...args) {
    const objection = objectionToLoop(layers, trainFunctions, args);
    if (objection !== null) {
      useOriginal(objection);
      return original.apply(this, args);
    }
    const { list, started } = callbackListOf(layers, () => original.apply(this, args));
    await started;
    const [trainFunction, , , , , , callbacks] = args;
    if (list!.callbacks.length !== callbacks.length + 2) {
      useOriginal('a registered callback, such as a progress bar, asks for single batches');
      return original.apply(this, args);
    }
    Object.assign(lastFit, { isReplayed: true, reason: '' });
    const { CustomCallback } = layers;
    const series = trainFunctions.series.get(trainFunction)!;
    return new Fit(this, args, list!, series, CustomCallback, objectionToThread(callbacks, CustomCallback)).run();
  };
}

// Returns why `fitDataset` cannot use this library's loop, as far as its options show, or null.
function objectionToDataset({ classWeight, callbacks, yieldEvery }: DatasetOptions): string | null {
  if (engine().backendName !== backendName) return `the active backend is ${engine().backendName}`;
  if (classWeight != null) return 'classes have weights';
  const asks = (callback: Record<string, unknown> | null): boolean =>
    ['onBatchBegin', 'onBatchEnd', 'onYield'].some((name) => callback != null && Object.hasOwn(callback, name) && callback[name] != null);
  return yieldEvery === 'batch' || [callbacks].flat().some((callback) => asks(callback as never)) ? singleBatches : null;
}

/** Makes `fitDataset` use this library's loop if that does the same as TensorFlow.js's. */
export function installDatasetLoop(layers: Layers, trainFunctions: TrainFunctions): void {
  const prototype = layers.LayersModel.prototype as unknown as { fitDataset: FitDataset; makeTrainFunction: unknown };
  const { fitDataset: original, makeTrainFunction } = prototype;
  prototype.fitDataset = async function (dataset, options) {
    const early = options == null ? null : objectionToDataset(options);
    if (early !== null) {
      useOriginal(early);
      return original.call(this, dataset, options);
    }
    trainFunctions.last.delete(this);
    const { list, started } = callbackListOf(layers, () => original.call(this, dataset, options));
    if (list === null) return started as Promise<History>;
    started.catch(() => {});
    const trainFunction = trainFunctions.last.get(this);
    const callbacks = list.callbacks.slice(1, -1) as unknown as Callback[]; // the first and the last are TensorFlow.js's logger and history
    const hasOwnFunction = internalsOf(this).makeTrainFunction !== makeTrainFunction || trainFunction === undefined;
    const asks = callbacks.some((callback) => asksForSingleBatches(layers, callback));
    if (hasOwnFunction || asks) {
      useOriginal(hasOwnFunction ? ownTrainFunction : singleBatches);
      return original.call(this, dataset, options);
    }
    Object.assign(lastFit, { isReplayed: true, reason: '' });
    Object.assign(lastThread, { isReplayed: false, reason: 'the batches are those of a dataset' });
    const labels = internalsOf(this).getDedupedMetricsNames();
    const logs = new FitLogs(list, labels, callbacks, layers.CustomCallback);
    const series = trainFunctions.series.get(trainFunction!)!;
    return new DatasetFit(this, dataset, options, list, trainFunction!, series, labels, logs, original).run();
  };
}
