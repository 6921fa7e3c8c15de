// Has `fit` of tfjs-layers go through the loop of this library where nobody asks for single batches.
import { engine } from '@tensorflow/tfjs-core';
import type { CallbackList, History, LayersModel } from '@tensorflow/tfjs-layers';
import { type Callback, Fit, type Function_, type Given, type Trainer, threads } from './fit';
import type { Layers } from './known';
import { lastFit, lastThread } from './recorded-step';
import { backendName } from './registry';

/** The trainer of each train function that is ours. */
export type Trainers = WeakMap<Function_, Trainer>;

type Loop = (this: LayersModel, ...given: Given) => Promise<History>;

const mostRows = 2 ** 24; // TensorFlow.js counts rows in float32

// Why a fit has no batches for the thread; null where it may.
function objectionToThread(callbacks: readonly Callback[], of: Layers['CustomCallback']): string | null {
  const own = callbacks.filter((callback) => (callback as object) instanceof of);
  if (own.some(({ yieldEvery }) => typeof yieldEvery !== 'number')) return 'yieldEvery gives nobody a turn within an epoch';
  return own.some(({ nowFunc }) => nowFunc != null) ? 'a callback has a clock of its own' : null;
}

/** Why a fit is not for our loop; null where it is. */
function objectionTo(layers: Layers, trainers: Trainers, given: Given): string | null {
  const [f, ins, , , , , callbacks, , , shuffle, , , stepsPerEpoch, validationSteps] = given;
  const ofObjects = layers.CustomCallback.prototype as unknown as Callback;
  const base = Object.getPrototypeOf(layers.Callback.prototype) as Callback;
  const asksForBatches = (callback: Callback): boolean => {
    const { onBatchBegin, onBatchEnd } = callback instanceof layers.CustomCallback ? ofObjects : base;
    if (callback.onBatchBegin !== onBatchBegin || callback.onBatchEnd !== onBatchEnd) return true;
    if (!(callback instanceof layers.CustomCallback)) return false;
    const { batchBegin, batchEnd, yield: yields, yieldEvery } = callback as unknown as Callback;
    return batchBegin != null || batchEnd != null || yields != null || yieldEvery === 'batch';
  };
  if (engine().backendName !== backendName) return `the active backend is ${engine().backendName}`;
  if (!trainers.has(f)) return 'the model has a train function of its own';
  if (stepsPerEpoch != null || validationSteps != null || (typeof shuffle !== 'boolean' && shuffle != null))
    return 'steps are counted, or batches shuffled';
  if ((ins[0]?.shape[0] ?? 0) > mostRows) return `there are more than ${mostRows} rows`;
  return callbacks.some(asksForBatches) ? 'a callback asks for single batches' : null;
}

const taken = Symbol('the list of callbacks is taken');

/** Has `fit` go through our loop where that is the same. */
export function installFitLoop(layers: Layers, trainers: Trainers): void {
  const prototype = layers.LayersModel.prototype as unknown as { fitLoop: Loop };
  const lists = layers.CallbackList.prototype;
  const { fitLoop: theirs } = prototype;

  // TensorFlow.js checks what it is given and makes the callbacks, its own and those that are registered among them. Its loop ends when it would begin.
  const listOf = async (model: LayersModel, given: Given): Promise<CallbackList> => {
    const { setModel } = lists;
    let list: CallbackList | null = null;
    lists.setModel = function () {
      list = this as CallbackList;
      throw taken;
    };
    let begun: Promise<unknown>;
    try {
      begun = theirs.apply(model, given);
    } finally {
      lists.setModel = setModel;
    }
    await begun.catch((error) => {
      if (error !== taken) throw error;
    });
    return list!;
  };

  const stops = Object.getOwnPropertyDescriptor(prototype, 'stopTraining')!;
  Object.defineProperty(prototype, 'stopTraining', {
    ...stops,
    set(this: LayersModel, stop: boolean) {
      stops.set!.call(this, stop);
      if (stop) threads.get(this)?.stop();
    },
  });
  prototype.fitLoop = async function (...given) {
    const refuse = (reason: string): Promise<History> => {
      for (const status of [lastFit, lastThread]) Object.assign(status, { isReplayed: false, reason });
      return theirs.apply(this, given);
    };
    const objection = objectionTo(layers, trainers, given);
    if (objection !== null) return refuse(objection);
    const list = await listOf(this, given);
    if (list.callbacks.length !== given[6].length + 2)
      return refuse('a registered callback, such as a progress bar, asks for single batches');
    Object.assign(lastFit, { isReplayed: true, reason: '' });
    return new Fit(
      this,
      given,
      list,
      trainers.get(given[0])!,
      layers.CustomCallback,
      objectionToThread(given[6], layers.CustomCallback),
    ).run();
  };
}
