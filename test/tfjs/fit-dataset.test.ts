// The loop of this library for `fitDataset` does what the loop of TensorFlow.js does: the same batches, bits, logs and callbacks.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { simdnnInfo } from '../../src/tfjs';

beforeEach(() => void vi.spyOn(console, 'warn').mockReturnValue());
afterEach(() => void vi.restoreAllMocks());

const { layers: make } = layers;
const numbers = (n: number, seed: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(12.9898 * i + 78.233 * seed));

function modelOf(): layers.LayersModel {
  const model = layers.sequential();
  const seeded = (seed: number) => layers.initializers.glorotUniform({ seed });
  model.add(make.dense({ units: 5, activation: 'relu', inputShape: [3], kernelInitializer: seeded(1) }));
  model.add(make.dense({ units: 2, kernelInitializer: seeded(2) }));
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['mae'] });
  return model;
}

type Value = { xs: unknown; ys: unknown };
const batchOf = (rows: number, seed: number): Value => ({
  xs: tf.tensor2d(numbers(rows * 3, seed), [rows, 3]),
  ys: tf.tensor2d(numbers(rows * 2, seed + 1), [rows, 2]),
});

// A dataset of batches of so many rows. Each call of its iterators is added to `told`.
function datasetOf(rows: readonly number[], told: unknown[] = [], of: (rows: number, seed: number) => Value = batchOf) {
  let iterators = 0;
  return {
    iterator: async () => {
      const nth = iterators++;
      told.push(['iterator', nth]);
      let at = 0;
      return {
        next: async () => {
          told.push(['next', at]);
          return at < rows.length ? { value: of(rows[at]!, at++), done: false } : { value: null, done: true };
        },
      };
    },
  };
}

type Options = Omit<layers.ModelFitDatasetArgs<never>, 'callbacks'>;
type Own = Partial<Pick<layers.CustomCallbackArgs, 'onEpochBegin' | 'onEpochEnd'>>;

// Runs a fit and returns its history, its weights and what its callbacks were told. The loop of TensorFlow.js runs if a callback asks for single batches.
async function fitted(
  isOurs: boolean,
  rows: readonly number[],
  options: Options,
  own: (model: layers.LayersModel) => Own = () => ({}),
  of: (rows: number, seed: number) => Value = batchOf,
) {
  const model = modelOf();
  const told: unknown[] = [];
  const { onEpochBegin, onEpochEnd } = own(model);
  const callbacks = {
    onTrainBegin: async (logs: unknown) => void told.push(['train', logs]),
    onEpochBegin: async (epoch: number, logs: layers.Logs) => void told.push(['begin', epoch, await onEpochBegin?.(epoch, logs)]),
    onEpochEnd: async (epoch: number, logs: layers.Logs) => void told.push(['end', epoch, { ...logs }, await onEpochEnd?.(epoch, logs)]),
    onTrainEnd: async (logs: unknown) => void told.push(['trained', logs]),
    ...(!isOurs && { onBatchEnd: () => {} }),
  };
  const dataset = datasetOf(rows, told, of);
  const end = await model.fitDataset(dataset as never, { verbose: 0, ...options, callbacks } as never).then(
    ({ history, epoch }) => ({ history, epoch }),
    (error: Error) => error.message,
  );
  const { level, fit } = simdnnInfo();
  expect(fit === null).toBe(isOurs);
  const weights = model.getWeights().map((w) => Array.from(w.dataSync()));
  return { end, told, weights, level, warned: vi.mocked(console.warn).mock.calls.length };
}

const validation = (): [tf.Tensor, tf.Tensor] => [tf.tensor2d(numbers(30, 8), [10, 3]), tf.tensor2d(numbers(20, 9), [10, 2])];

const cases: [string, readonly number[], () => Options, ((model: layers.LayersModel) => Own)?, ((rows: number, seed: number) => Value)?][] =
  [
    ['whole epochs', [4, 4, 4, 4, 4, 4], () => ({ epochs: 3 })],
    ['a last batch of fewer rows', [4, 4, 4, 3], () => ({ epochs: 6 })],
    ['batches counted', Array(24).fill(4), () => ({ epochs: 3, batchesPerEpoch: 8 })],
    ['a dataset that ends before its batches are done', Array(10).fill(4), () => ({ epochs: 3, batchesPerEpoch: 8 })],
    ['an initial epoch', [4, 4, 4, 4, 4], () => ({ epochs: 4, initialEpoch: 2 })],
    ['validation by tensors', [4, 4, 4, 4, 4], () => ({ epochs: 3, validationData: validation() as never, validationBatchSize: 4 })],
    ['validation by a dataset', [4, 4, 4, 4, 4], () => ({ epochs: 3, validationData: datasetOf([4, 2]) as never })],
    ['no turns', [4, 4, 4, 4, 4], () => ({ epochs: 3, yieldEvery: 'never' })],
    ['a turn an epoch', [4, 4, 4, 4, 4], () => ({ epochs: 3, yieldEvery: 'epoch' })],
    ['a turn whenever there is time', [4, 4, 4, 4, 4], () => ({ epochs: 3, yieldEvery: 0 as never })],
    [
      'an end in an epoch',
      [4, 4, 4, 4, 4],
      () => ({ epochs: 5 }),
      (model) => ({
        onEpochBegin: (epoch) => {
          if (epoch === 2) model.stopTraining = true;
        },
      }),
    ],
    [
      'weights that are set',
      [4, 4, 4, 4, 4],
      () => ({ epochs: 5 }),
      (model) => ({ onEpochEnd: () => void tf.tidy(() => model.setWeights(model.getWeights().map((w) => tf.mul(w, 0.5)))) }),
    ],
    [
      'another compilation',
      [4, 4, 4, 4, 4],
      () => ({ epochs: 5 }),
      (model) => ({
        onEpochEnd: (epoch) => {
          if (epoch === 1) model.compile({ optimizer: 'sgd', loss: 'meanAbsoluteError', metrics: ['mae'] });
        },
      }),
    ],
    [
      'frozen weights',
      [4, 4, 4, 4, 4],
      () => ({ epochs: 5 }),
      (model) => ({
        onEpochEnd: () => {
          model.layers[0]!.trainable = !model.layers[0]!.trainable;
        },
      }),
    ],
    [
      'an error of a callback',
      [4, 4, 4, 4, 4],
      () => ({ epochs: 5 }),
      () => ({
        onEpochEnd: () => {
          throw new Error('enough');
        },
      }),
    ],
    [
      'lists of tensors',
      [4, 4, 4, 4, 4],
      () => ({ epochs: 3 }),
      undefined,
      (rows, seed) => {
        const { xs, ys } = batchOf(rows, seed);
        return { xs: [xs], ys: [ys] };
      },
    ],
    [
      'batches that do not fit',
      [4, 4, 4, 4, 4],
      () => ({ epochs: 3 }),
      undefined,
      (rows, seed) => (seed < 4 ? batchOf(rows, seed) : { xs: batchOf(rows, seed).xs, ys: batchOf(rows + 1, seed).ys }),
    ],
    [
      'batches of another width',
      [4, 4, 4, 4, 4],
      () => ({ epochs: 3 }),
      undefined,
      (rows, seed) => (seed < 4 ? batchOf(rows, seed) : { xs: tf.zeros([rows, 7]), ys: batchOf(rows, seed).ys }),
    ],
    [
      'batches without labels',
      [4, 4, 4, 4, 4],
      () => ({ epochs: 3 }),
      undefined,
      (rows, seed) => (seed < 4 ? batchOf(rows, seed) : { xs: batchOf(rows, seed).xs, ys: null }),
    ],
    ['no rows', [4, 4, 4, 4, 0, 4], () => ({ epochs: 3 })],
    [
      'labels that are whole numbers',
      [4, 4, 4, 4, 4],
      () => ({ epochs: 3 }),
      undefined,
      (rows, seed) => ({
        xs: batchOf(rows, seed).xs,
        ys: tf.ones([rows, 2], 'int32'),
      }),
    ],
  ];

it.each(cases)('%s', async (_, rows, options, own, of) => {
  const ours = await fitted(true, rows, options(), own, of);
  vi.mocked(console.warn).mockClear();
  const theirs = await fitted(false, rows, options(), own, of);
  const { end } = ours;
  if (typeof end === 'string') expect(end.replaceAll(/\d+/g, '')).toBe(String(theirs.end).replaceAll(/\d+/g, '')); // names of layers contain numbers
  expect({ ...ours, end: null }).toEqual({ ...theirs, end: null });
  if (typeof end !== 'string') expect(end).toEqual(theirs.end);
});

it('replays, and has the logs of cpu', async () => {
  const { level, end } = await fitted(true, [4, 4, 4, 3], { epochs: 6 });
  expect(level).toBe('recorded');
  await tf.setBackend('cpu');
  const there = await modelOf().fitDataset(datasetOf([4, 4, 4, 3]) as never, { epochs: 6, verbose: 0 });
  await tf.setBackend('simdnn');
  const rounded = (history: object) => Object.entries(history).map(([key, list]) => [key, (list as number[]).map((v) => v.toFixed(4))]);
  expect(rounded((end as layers.History).history)).toEqual(rounded(there.history));
});

describe('tensors', () => {
  it('are disposed, and as many are there at the end of an epoch', async () => {
    const counts = async (isOurs: boolean): Promise<number[]> => {
      const model = modelOf();
      const found: number[] = [];
      const onEpochEnd = () => void found.push(tf.memory().numTensors);
      const before = tf.memory().numTensors;
      const callbacks = { onEpochEnd, ...(!isOurs && { onBatchEnd: () => {} }) };
      await model.fitDataset(datasetOf([4, 4, 4, 4, 4]) as never, { epochs: 4, verbose: 0, callbacks } as never);
      found.push(tf.memory().numTensors);
      model.dispose();
      return found.map((count) => count - before);
    };
    expect(await counts(true)).toEqual(await counts(false));
  });
});

it('is refused while another fit is under way', async () => {
  const model = modelOf();
  const first = model.fitDataset(datasetOf([4, 4, 4, 4, 4]) as never, { epochs: 4, verbose: 0 });
  await expect(model.fitDataset(datasetOf([4]) as never, { epochs: 1, verbose: 0 })).rejects.toThrow(/ongoing/);
  await first;
  await model.fitDataset(datasetOf([4]) as never, { epochs: 1, verbose: 0 });
});

it.each([
  ['options', { epochs: 0 }],
  ['a split', { epochs: 1, validationSplit: 0.5 }],
])('says what TensorFlow.js says of %s that are not valid', async (_, options) => {
  await expect(modelOf().fitDataset(datasetOf([4]) as never, options as never)).rejects.toThrow(/fitDataset/);
});
