// The loop of this library for `fit` does what the loop of TensorFlow.js does: the same order of rows, bits, logs and callbacks.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { manualSeed } from '../../src/random';
import { simdnnInfo } from '../../src/tfjs';
import { dataOf, describeModel } from './model-programs';
import { randomly } from './step-programs';

// SIMDNN_TFJS_PROGRAMS sets how many random models are fitted.
const programs = Number(process.env['SIMDNN_TFJS_PROGRAMS'] ?? 20);

const { layers: make } = layers;
type Random = ReturnType<typeof randomly>;
type Epochs = Pick<layers.CustomCallbackArgs, 'onEpochBegin' | 'onEpochEnd' | 'onTrainBegin' | 'onTrainEnd'>;

beforeEach(() => void vi.spyOn(console, 'warn').mockReturnValue()); // TensorFlow.js warns of weights that are frozen without a new compilation
afterEach(() => void vi.restoreAllMocks());

const forBatches = { onBatchEnd: () => {} };

// Runs a fit and returns its history, its weights and what its callbacks were told. `isOurs` is false if a callback asks for single batches.
async function fitted(
  model: layers.LayersModel,
  [x, y]: [tf.Tensor, tf.Tensor],
  isOurs: boolean,
  args: layers.ModelFitArgs = {},
  own: Epochs = {},
) {
  const random = randomly(9);
  let draws = 0;
  vi.spyOn(Math, 'random').mockImplementation(() => {
    draws++;
    return random.next();
  });
  const told: unknown[] = [];
  const telling: layers.CustomCallbackArgs = {
    onTrainBegin: async (logs) => void told.push('train', logs, await own.onTrainBegin?.(logs)),
    onEpochBegin: async (epoch, logs) => void told.push('begin', epoch, logs, await own.onEpochBegin?.(epoch, logs)),
    onEpochEnd: async (epoch, logs) => void told.push('end', epoch, { ...logs }, await own.onEpochEnd?.(epoch, logs)),
    onTrainEnd: async (logs) => void told.push('trained', logs, await own.onTrainEnd?.(logs)),
    ...(!isOurs && forBatches),
  };
  const others = [args.callbacks ?? []].flat() as layers.CustomCallbackArgs[];
  manualSeed(1);
  const callbacks = others[0] instanceof layers.Callback ? [...others, new layers.CustomCallback(telling as never)] : [telling, ...others];
  const { history, epoch } = await model.fit(x, y, { verbose: 0, ...args, callbacks: callbacks as never });
  expect(simdnnInfo().fit === null).toBe(isOurs);
  const weights = model.getWeights().map((w) => Array.from(w.dataSync()));
  return { history, epoch, told, draws, weights, level: simdnnInfo().level };
}

function optionsOf(r: Random, rows: number, batchSize: number, data: [tf.Tensor, tf.Tensor]): layers.ModelFitArgs {
  const kind = r.next();
  return {
    epochs: 2 + r.upTo(4),
    batchSize: r.next() < 0.2 ? 1 + r.upTo(rows) : batchSize,
    ...(r.next() < 0.4 && { shuffle: r.next() < 0.5 }),
    ...(kind < 0.25 && { validationSplit: 0.3 }),
    ...(kind > 0.75 && { validationData: data }),
    ...(r.next() < 0.2 && { initialEpoch: 1 }),
    ...(r.next() < 0.2 && { yieldEvery: r.one(['epoch', 'never', 0, 1] as const) }),
  };
}

// What callbacks do to a model between two epochs.
const events: ((r: Random, model: layers.LayersModel) => Epochs)[] = [
  () => ({}),
  (_, model) => ({ onEpochEnd: () => void tf.tidy(() => model.setWeights(model.getWeights().map((w) => tf.mul(w, 0.5)))) }),
  (_, model) => ({
    onEpochEnd: () => {
      model.stopTraining = true;
    },
  }),
  (_, model) => ({
    onEpochBegin: () => {
      model.layers[1]!.trainable = !model.layers[1]!.trainable;
    },
  }),
  (r, { optimizer }) => {
    const rate = 0.02 * r.next();
    return { onEpochBegin: () => void Object.assign(optimizer, { learningRate: rate }) };
  },
];

it(`${programs} random models fit with the bits of TensorFlow.js's loop`, async () => {
  let recorded = 0;
  for (let seed = 0; seed < programs; seed++) {
    const r = randomly(seed + 7e6);
    const description = describeModel(r);
    const models = [description.make(), description.make()];
    models[1]!.setWeights(models[0]!.getWeights());
    const rows = 2 + r.upTo(60);
    const batchSize = 1 + r.upTo(rows);
    const data = dataOf(r, description, rows);
    for (const model of models) description.compile(model);
    for (let fit = 0; fit < 3; fit++) {
      const args = fit === 0 ? { epochs: 4, batchSize } : optionsOf(r, rows, batchSize, data);
      const event = fit === 0 ? events[0]! : r.one(events);
      const drawn = r.next();
      const found = [];
      for (const isOurs of [true, false]) {
        const model = models[isOurs ? 0 : 1]!;
        const own = event({ ...r, next: () => drawn }, model);
        found.push(await fitted(model, data, isOurs, args, own).catch((error: Error) => error.message));
      }
      expect(found[0], `model ${seed}: ${description.text}`).toEqual(found[1]);
      if (typeof found[0] === 'object' && found[0].level === 'recorded') recorded++;
    }
    tf.dispose(data);
    for (const model of models) model.dispose();
  }
  expect(recorded).toBeGreaterThan(programs);
});

const seeded = (seed: number) => layers.initializers.glorotUniform({ seed });

function modelOf(...metrics: string[]): layers.LayersModel {
  const model = layers.sequential({
    layers: [
      make.dense({ units: 6, activation: 'relu', inputShape: [3], kernelInitializer: seeded(1) }),
      make.dense({ units: 2, activation: 'softmax', kernelInitializer: seeded(2) }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.02), loss: 'categoricalCrossentropy', metrics });
  return model;
}

function rowsOf(rows: number): [tf.Tensor, tf.Tensor] {
  const r = randomly(rows);
  const x = tf.tensor2d(r.floats(3 * rows), [rows, 3]);
  const classes = Array.from({ length: rows }, () => r.upTo(2));
  return [x, tf.tensor2d(Float32Array.from(classes.flatMap((c) => [1 - c, c])), [rows, 2])];
}

describe('a fit', () => {
  it.each<[string, layers.ModelFitArgs]>([
    ['weights of classes', { classWeight: { 0: 1, 1: 3 }, epochs: 3, batchSize: 7 }],
    ['a batch that is larger than its rows', { epochs: 6, batchSize: 500 }],
    ['no epochs', { epochs: 0 }],
    ['validation', { epochs: 3, validationSplit: 0.4, batchSize: 4 }],
    ['nothing but the default', { epochs: 3 }],
  ])('with %s is that of TensorFlow.js', async (_, args) => {
    const data = rowsOf(45);
    expect(await fitted(modelOf('accuracy'), data, true, args)).toEqual(await fitted(modelOf('accuracy'), data, false, args));
  });

  it('ends early as EarlyStopping says', async () => {
    const args = (): layers.ModelFitArgs => ({
      epochs: 60,
      batchSize: 4,
      validationSplit: 0.5,
      callbacks: [layers.callbacks.earlyStopping({ monitor: 'val_loss', patience: 1 })],
    });
    const data = rowsOf(24);
    const here = await fitted(modelOf(), data, true, args());
    expect(here).toEqual(await fitted(modelOf(), data, false, args()));
    expect(here.epoch.length).toBeLessThan(60);
  });

  it('has several inputs and outputs', async () => {
    const run = async (isOurs: boolean) => {
      const inputs = [1, 2].map((width) => layers.input({ shape: [width] }));
      const joined = make.concatenate().apply(inputs) as layers.SymbolicTensor;
      const outputs = [1, 2].map(
        (units) => make.dense({ units, kernelInitializer: seeded(units), name: `of_${units}` }).apply(joined) as layers.SymbolicTensor,
      );
      const model = layers.model({ inputs, outputs });
      model.compile({ optimizer: 'sgd', loss: ['meanSquaredError', 'meanAbsoluteError'], metrics: ['mse'] });
      const of = (seed: number, width: number) => tf.tensor2d(randomly(seed).floats(20 * width), [20, width]);
      const { history } = await model.fit([of(1, 1), of(2, 2)], [of(3, 1), of(4, 2)], {
        epochs: 4,
        batchSize: 6,
        shuffle: false,
        verbose: 0,
        ...(!isOurs && { callbacks: forBatches }),
      });
      expect(simdnnInfo().fit === null).toBe(isOurs);
      return history;
    };
    const here = await run(true);
    expect(here).toEqual(await run(false));
    expect(simdnnInfo().level).toBe('recorded');
    expect(Object.keys(here)).toHaveLength(5);
  });

  it('leaves no tensors, and has as many at the end of an epoch', async () => {
    const data = rowsOf(45);
    const numbers: number[][] = [];
    for (const isOurs of [true, false]) {
      const model = modelOf('accuracy');
      await fitted(model, data, isOurs, { epochs: 3, batchSize: 4 });
      const before = tf.memory();
      const during: number[] = [];
      const onEpochEnd = () => void during.push(tf.memory().numTensors - before.numTensors);
      await fitted(model, data, isOurs, { epochs: 3, batchSize: 4, validationSplit: 0.2 }, { onEpochEnd });
      const { numTensors, numBytes, numDataBuffers } = before;
      expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
      numbers.push(during);
    }
    expect(numbers[0]).toEqual(numbers[1]);
  });

  it('gives others their turn as yieldEvery says, and stops within an epoch', async () => {
    const [model, data] = [modelOf(), rowsOf(20_000)];
    await fitted(model, data, true, { epochs: 1, batchSize: 500, shuffle: false });
    const { iterations } = model.optimizer as unknown as { iterations: number };
    let turns = 0;
    const frames = () => {
      if (++turns === 3) model.stopTraining = true;
      return tf.nextFrame();
    };
    let now = 0;
    const args = { yieldEvery: 5, epochs: 5, batchSize: 10, shuffle: false, verbose: 0 };
    await model.fit(...data, { ...args, callbacks: { nextFrameFunc: frames, nowFunc: () => now++ } as never });
    expect(simdnnInfo()).toMatchObject({ fit: null, level: 'recorded' });
    expect(turns).toBe(3);
    const steps = (model.optimizer as unknown as { iterations: number }).iterations - iterations;
    expect(steps).toBe(15);
  });

  it('goes on with weights that others set during their turn', async () => {
    const data = rowsOf(600);
    const run = async (isOurs: boolean) => {
      const model = modelOf('mse');
      let [now, turns] = [0, 0];
      const nextFrameFunc = async () => {
        await tf.nextFrame();
        if (++turns % 4 === 0) tf.tidy(() => model.setWeights(model.getWeights().map((w) => tf.mul(w, -1))));
        if (turns % 5 === 0) tf.tidy(() => (model.predict(data[0]) as tf.Tensor).dataSync());
      };
      const callbacks = { nextFrameFunc, nowFunc: () => now++, ...(!isOurs && forBatches) };
      const { history } = await model.fit(...data, {
        yieldEvery: 7,
        epochs: 3,
        batchSize: 5,
        shuffle: false,
        verbose: 0,
        callbacks: callbacks as never,
      });
      expect(simdnnInfo().fit === null).toBe(isOurs);
      return [history, model.getWeights().map((w) => Array.from(w.dataSync())), turns];
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('says what TensorFlow.js says of rows that do not fit, and of labels that are none', async () => {
    const [x, y] = rowsOf(8);
    await expect(modelOf().fit(x, tf.slice(y, 0, 4), { verbose: 0 })).rejects.toThrow(/same number of samples/);
    const run = async (isOurs: boolean) => {
      const model = modelOf();
      model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
      const labels = tf.tensor2d(Float32Array.from([0, 1, 0, 1, 0, 1, 7, 1]), [8, 1]);
      const { history } = await model.fit(x, labels, {
        epochs: 6,
        batchSize: 2,
        shuffle: false,
        verbose: 0,
        ...(!isOurs && { callbacks: forBatches }),
      });
      return history;
    };
    expect(await run(true)).toEqual(await run(false));
  });
});

describe('the loop of TensorFlow.js runs', () => {
  class Own extends layers.Callback {
    override async onBatchBegin(): Promise<void> {}
  }
  class EpochsOnly extends layers.Callback {
    override async onEpochEnd(): Promise<void> {}
  }
  it.each<[string, RegExp, layers.ModelFitArgs]>([
    ['onBatchBegin', /single batches/, { callbacks: { onBatchBegin: () => {} } }],
    ['onBatchEnd', /single batches/, { callbacks: forBatches }],
    ['onYield', /single batches/, { callbacks: { onYield: () => {} } }],
    ['a turn after each batch', /single batches/, { yieldEvery: 'batch' }],
    ['a callback of a class of its own', /single batches/, { callbacks: [new Own()] }],
  ])('with %s, and simdnnInfo says so', async (_, reason, args) => {
    const [x, y] = rowsOf(8);
    await modelOf().fit(x, y, { verbose: 0, ...args });
    expect(simdnnInfo().fit).toMatch(reason);
    await modelOf().fit(x, y, { verbose: 0, callbacks: [new EpochsOnly()] });
    expect(simdnnInfo().fit).toBeNull();
  });

  it('on another backend, and with a train function of its own', async () => {
    const [x, y] = rowsOf(8);
    const model = modelOf();
    const { model: inside } = model as unknown as { model: { makeTrainFunction(): (data: tf.Tensor[]) => tf.Tensor[] } };
    const theirs = inside.makeTrainFunction.bind(inside);
    inside.makeTrainFunction = () => {
      const f = theirs();
      return (data) => f(data);
    };
    await model.fit(x, y, { verbose: 0 });
    expect(simdnnInfo().fit).toContain('train function of its own');
    await tf.setBackend('cpu');
    await modelOf().fit(...rowsOf(8), { verbose: 0 });
    await tf.setBackend('simdnn');
    expect(simdnnInfo().fit).toContain('backend');
  });

  it('where callbacks are registered, such as a progress bar', async () => {
    const told: string[] = [];
    class Bar extends layers.Callback {
      override async onBatchEnd(batch: number): Promise<void> {
        told.push(`batch ${batch}`);
      }
    }
    layers.registerCallbackConstructor(1, Bar as never);
    const [x, y] = rowsOf(8);
    await modelOf().fit(x, y, { batchSize: 4 });
    expect(told).toEqual(['batch 0', 'batch 1']);
    expect(simdnnInfo().fit).toContain('registered callback');
    await modelOf().fit(x, y, { verbose: 0 });
    expect(simdnnInfo().fit).toBeNull();
  });
});
