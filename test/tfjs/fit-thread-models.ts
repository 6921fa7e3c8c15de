// Models, data and helpers for the tests of fits on the training thread.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { manualSeed, randomPosition } from '../../src/random';
import { simdnnInfo } from '../../src/tfjs';
import { minimum } from '../../src/tfjs/fit-thread';
import { randomly } from './step-programs';

const usual = { ...minimum };

/** Makes the training thread run batches of any duration. */
export function alwaysOnThread(): void {
  beforeEach(() => {
    Object.assign(minimum, { run: 0, step: 0 });
    vi.spyOn(console, 'warn').mockReturnValue(); // TensorFlow.js warns of weights that are frozen without a new compilation
  });
  afterEach(() => {
    Object.assign(minimum, usual);
    vi.restoreAllMocks();
  });
}

/** Restores the usual minimum of a run, but not that of a step: the steps of tests are short. */
export const withUsualMinimum = (): void => {
  Object.assign(minimum, usual, { step: 0 });
};

const { layers: make } = layers;
const seeded = (seed: number) => layers.initializers.glorotUniform({ seed });

export interface Setting {
  optimizer?: () => tf.Optimizer;
  width?: number;
  dropout?: boolean;
  loss?: string;
}

export function modelOf({
  optimizer = () => tf.train.adam(0.01),
  width = 8,
  dropout = false,
  loss = 'categoricalCrossentropy',
}: Setting = {}) {
  const model = layers.sequential({
    layers: [
      make.dense({ units: width, activation: 'relu', inputShape: [4], kernelInitializer: seeded(1) }),
      ...(dropout ? [make.dropout({ rate: 0.5 })] : []),
      make.dense({ units: width, activation: 'tanh', kernelInitializer: seeded(2) }),
      make.dense({ units: 3, activation: 'softmax', kernelInitializer: seeded(3) }),
    ],
  });
  model.compile({ optimizer: optimizer(), loss, metrics: loss.startsWith('sparse') ? [] : ['accuracy'] });
  return model;
}

export function rowsOf(rows: number): [tf.Tensor, tf.Tensor] {
  const r = randomly(rows);
  const classes = tf.tensor1d(
    Array.from({ length: rows }, () => r.upTo(3)),
    'int32',
  );
  return [tf.tensor2d(r.floats(4 * rows), [rows, 4]), tf.cast(tf.oneHot(classes, 3), 'float32')];
}

export const weightsOf = (model: layers.LayersModel): number[][] => model.getWeights().map((w) => Array.from(w.dataSync()));
export const numbersOf = (t: { dataSync(): ArrayLike<number> }): number[] => Array.from(t.dataSync());

/** The state and the step count of an optimizer. */
export function stateOf({ optimizer }: layers.LayersModel) {
  const { iterations, accBeta1, accumulatedFirstMoment } = optimizer as unknown as {
    iterations: number;
    accBeta1?: tf.Variable;
    accumulatedFirstMoment?: { variable: tf.Variable }[];
  };
  return { iterations, beta: accBeta1 && numbersOf(accBeta1), moments: accumulatedFirstMoment?.map(({ variable }) => numbersOf(variable)) };
}

/** Runs a fit on the training thread, or on JavaScript's thread by `yieldEvery`. */
export async function fitted(model: layers.LayersModel, [x, y]: [tf.Tensor, tf.Tensor], onThread: boolean, args: layers.ModelFitArgs = {}) {
  const random = randomly(5);
  vi.spyOn(Math, 'random').mockImplementation(random.next);
  manualSeed(3);
  const { history } = await model.fit(x, y, { verbose: 0, epochs: 6, batchSize: 8, ...args, ...(!onThread && { yieldEvery: 'never' }) });
  if (onThread) expect(simdnnInfo()).toMatchObject({ thread: null, fit: null, level: 'recorded' });
  else expect(simdnnInfo().thread).not.toBeNull();
  return { history, weights: weightsOf(model), ...stateOf(model), drawn: randomPosition() };
}

/** The arguments of a fit of many steps. */
export const long = { epochs: 8, batchSize: 8, shuffle: false, verbose: 0 };
