// Has `fit` and `fitDataset` of tfjs-layers go through the loops of this library where nobody asks for single batches.
import { engine } from '@tensorflow/tfjs-core';
import type { CallbackList, History, LayersModel } from '@tensorflow/tfjs-layers';
import { Fit, type Function_, type Given, type Trainer, threads } from './fit';
import { DatasetFit, type DatasetOptions, type FitDataset } from './fit-dataset';
import { type Callback, FitLogs } from './fit-logs';
import type { Layers } from './known';
import { lastFit, lastThread } from './recorded-step';
import { backendName } from './registry';

/** The train functions that are ours. */
export interface Trainers {
  /** The trainer of each. */
  of: WeakMap<Function_, Trainer>;
  /** The one that each model has made last. */
  made: WeakMap<LayersModel, Function_>;
}

type Loop = (this: LayersModel, ...given: Given) => Promise<History>;

const asking = 'a callback asks for single batches';
const mostRows = 2 ** 24; // TensorFlow.js counts rows in float32

// Why a fit has no batches for the thread; null where it may.
function objectionToThread(callbacks: readonly Callback[], of: Layers['CustomCallback']): string | null {
  const own = callbacks.filter((callback) => (callback as object) instanceof of);
  if (own.some(({ yieldEvery }) => typeof yieldEvery !== 'number')) return 'yieldEvery gives nobody a turn within an epoch';
  return own.some(({ nowFunc }) => nowFunc != null) ? 'a callback has a clock of its own' : null;
}

// Whether a callback, or an object with functions of which TensorFlow.js makes one, asks for single batches.
function asksForBatches(layers: Layers, callback: Callback): boolean {
  const base = Object.getPrototypeOf(layers.Callback.prototype) as Callback;
  const ofObjects = layers.CustomCallback.prototype as unknown as Callback;
  const { onBatchBegin, onBatchEnd } = callback instanceof layers.CustomCallback ? ofObjects : base;
  if (callback.onBatchBegin !== onBatchBegin || callback.onBatchEnd !== onBatchEnd) return true;
  if (!(callback instanceof layers.CustomCallback)) return false;
  const { batchBegin, batchEnd, yield: yields, yieldEvery } = callback as unknown as Callback;
  return batchBegin != null || batchEnd != null || yields != null || yieldEvery === 'batch';
}

/** Why a fit is not for our loop; null where it is. */
function objectionTo(layers: Layers, trainers: Trainers, given: Given): string | null {
  const [f, ins, , , , , callbacks, , , shuffle, , , stepsPerEpoch, validationSteps] = given;
  if (engine().backendName !== backendName) return `the active backend is ${engine().backendName}`;
  if (!trainers.of.has(f)) return 'the model has a train function of its own';
  if (stepsPerEpoch != null || validationSteps != null || (typeof shuffle !== 'boolean' && shuffle != null))
    return 'steps are counted, or batches shuffled';
  if ((ins[0]?.shape[0] ?? 0) > mostRows) return `there are more than ${mostRows} rows`;
  return callbacks.some((callback) => asksForBatches(layers, callback)) ? asking : null;
}

const taken = Symbol('the list of callbacks is taken');

// TensorFlow.js checks what it is given and makes the callbacks, its own and those that are registered among them. Its loop, which `begin` begins, ends where it
// would tell them the model. Null where it ends before: `begun` says why.
function listOf(layers: Layers, begin: () => Promise<unknown>): { list: CallbackList | null; begun: Promise<unknown> } {
  const lists = layers.CallbackList.prototype;
  const { setModel } = lists;
  let list: CallbackList | null = null;
  lists.setModel = function () {
    list = this as CallbackList;
    throw taken;
  };
  try {
    const begun = begin().catch((error) => {
      if (error !== taken) throw error;
    });
    return { list, begun };
  } finally {
    lists.setModel = setModel;
  }
}

const refuse = (reason: string): void => {
  for (const status of [lastFit, lastThread]) Object.assign(status, { isReplayed: false, reason });
};

/** Has `fit` go through our loop where that is the same. */
export function installFitLoop(layers: Layers, trainers: Trainers): void {
  const prototype = layers.LayersModel.prototype as unknown as { fitLoop: Loop };
  const { fitLoop: theirs } = prototype;
  const stops = Object.getOwnPropertyDescriptor(prototype, 'stopTraining')!;
  Object.defineProperty(prototype, 'stopTraining', {
    ...stops,
    set(this: LayersModel, stop: boolean) {
      stops.set!.call(this, stop);
      if (stop) threads.get(this)?.stop();
    },
  });
  prototype.fitLoop = async function (...given) {
    const objection = objectionTo(layers, trainers, given);
    if (objection !== null) {
      refuse(objection);
      return theirs.apply(this, given);
    }
    const { list, begun } = listOf(layers, () => theirs.apply(this, given));
    await begun;
    if (list!.callbacks.length !== given[6].length + 2) {
      refuse('a registered callback, such as a progress bar, asks for single batches');
      return theirs.apply(this, given);
    }
    Object.assign(lastFit, { isReplayed: true, reason: '' });
    return new Fit(
      this,
      given,
      list!,
      trainers.of.get(given[0])!,
      layers.CustomCallback,
      objectionToThread(given[6], layers.CustomCallback),
    ).run();
  };
}

// Why the batches of a dataset are not for our loop, as far as that can be seen from the options; null where they may be.
function objectionToDataset({ classWeight, callbacks, yieldEvery }: DatasetOptions): string | null {
  if (engine().backendName !== backendName) return `the active backend is ${engine().backendName}`;
  if (classWeight != null) return 'classes have weights';
  const asks = (callback: Record<string, unknown> | null): boolean =>
    ['onBatchBegin', 'onBatchEnd', 'onYield'].some((name) => callback != null && Object.hasOwn(callback, name) && callback[name] != null);
  return yieldEvery === 'batch' || [callbacks].flat().some((callback) => asks(callback as never)) ? asking : null;
}

/** The same of `fitDataset`. */
export function installDatasetLoop(layers: Layers, trainers: Trainers): void {
  const prototype = layers.LayersModel.prototype as unknown as { fitDataset: FitDataset; makeTrainFunction: unknown };
  const { fitDataset: theirs, makeTrainFunction } = prototype;
  prototype.fitDataset = async function (dataset, options) {
    const early = options == null ? null : objectionToDataset(options);
    if (early !== null) {
      refuse(early);
      return theirs.call(this, dataset, options);
    }
    trainers.made.delete(this);
    const { list, begun } = listOf(layers, () => theirs.call(this, dataset, options));
    if (list === null) return begun as Promise<History>;
    begun.catch(() => {});
    const f = trainers.made.get(this);
    const callbacks = list.callbacks.slice(1, -1) as unknown as Callback[]; // without those of TensorFlow.js itself
    const isOwn = (this as unknown as { makeTrainFunction: unknown }).makeTrainFunction !== makeTrainFunction || f === undefined;
    const late = isOwn
      ? 'the model has a train function of its own'
      : callbacks.some((callback) => asksForBatches(layers, callback))
        ? asking
        : null;
    if (late !== null) {
      refuse(late);
      return theirs.call(this, dataset, options);
    }
    Object.assign(lastFit, { isReplayed: true, reason: '' });
    Object.assign(lastThread, { isReplayed: false, reason: 'the batches are those of a dataset' });
    const labels = (this as unknown as { getDedupedMetricsNames(): string[] }).getDedupedMetricsNames();
    const logs = new FitLogs(list, labels, callbacks, layers.CustomCallback);
    return new DatasetFit(this, dataset, options, list, f!, trainers.of.get(f!)!, labels, logs, theirs).run();
  };
}
