// Models of tf.layers train, evaluate and predict by replays, with the bits of single operations.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { manualSeed } from '../../src/random';
import { simdnnInfo } from '../../src/tfjs';
import { describeImageModel } from './image-programs';
import { describeModel, runModel } from './model-programs';
import { randomly } from './step-programs';

// SIMDNN_TFJS_PROGRAMS sets how many random models are trained.
const programs = Number(process.env['SIMDNN_TFJS_PROGRAMS'] ?? 50);

it.each([
  ['random models', describeModel],
  ['random models of images', describeImageModel],
])(`${programs} %s train with the bits of single operations`, async (_, describe) => {
  const runs = [];
  for (let seed = 0; seed < programs; seed++) runs.push(await runModel(seed, describe));
  const plain = runs.filter(({ replayed }) => replayed === 0);
  expect(plain).toEqual([]);
});

const { layers: make, regularizers } = layers;
type Layer = layers.layers.Layer;

class Doubled extends (make.dense({ units: 1, name: 'of' }).constructor as new (args: object) => Layer) {
  static className = 'Dense';
}

class OwnAdam extends tf.AdamOptimizer {}

async function trained(all: Layer[], compile: Partial<layers.ModelCompileArgs> = {}, steps = 6) {
  const model = layers.sequential({ layers: [make.inputLayer({ inputShape: [3] }), ...all] });
  model.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError', ...compile });
  const [x, y] = [tf.tensor2d(randomly(1).floats(12), [4, 3]), tf.tensor2d(randomly(2).floats(4), [4, 1])];
  for (let i = 0; i < steps; i++) await model.trainOnBatch(x, y);
  return { model, x, y };
}

describe('a model is not recorded', () => {
  const hooked = (): Layer => {
    const layer = make.dense({ units: 1 });
    layer.setCallHook(() => {});
    return layer;
  };
  const patched = (): Layer => {
    const layer = make.dense({ units: 1 });
    const call = layer.call.bind(layer);
    layer.call = (inputs, kwargs) => call(inputs, kwargs);
    return layer;
  };
  const losing = (): Layer => {
    const layer = make.dense({ units: 1 });
    layer.addLoss(() => tf.scalar(Math.random()));
    return layer;
  };
  it.each<[string, RegExp, () => Layer[], Partial<layers.ModelCompileArgs>?]>([
    ['a layer of a class of its own, whatever its name', /the layer .* is not known/, () => [new Doubled({ units: 1 })]],
    ['a call hook', /call hook/, () => [hooked()]],
    ['a method of its own', /is not known|its own call/, () => [patched()]],
    ['a loss of a layer', /losses of its own/, () => [losing()]],
    [
      'dropout of whole rows that draws anew',
      /constant with/,
      () => [make.dropout({ rate: 0.5, noiseShape: [1, null] as never }), make.dense({ units: 1 })],
    ],
    [
      'a loss of its own',
      /a function of its own/,
      () => [make.dense({ units: 1 })],
      { loss: (y: tf.Tensor, p: tf.Tensor) => tf.mean(tf.squaredDifference(y, p)) },
    ],
    ...['simpleRNN', 'lstm', 'gru'].map((cell): [string, RegExp, () => Layer[]] => [
      `dropout within a ${cell}`,
      /recurrent layer .* has dropout/,
      () => [
        make.reshape({ targetShape: [3, 1] }),
        make[cell as 'lstm']({ units: 2, recurrentInitializer: 'ones', recurrentDropout: 0.5 }),
        make.dense({ units: 1 }),
      ],
    ]),
    [
      'a wrapper of a layer with a call hook',
      /call hook/,
      () => [make.reshape({ targetShape: [3, 1] }), make.timeDistributed({ layer: hooked() }), make.flatten(), make.dense({ units: 1 })],
    ],
    [
      'a cell with a method of its own',
      /its own call/,
      () => {
        const cell = make.simpleRNNCell({ units: 2, recurrentInitializer: 'ones' });
        const call = cell.call.bind(cell);
        cell.call = (inputs, kwargs) => call(inputs, kwargs);
        return [make.reshape({ targetShape: [3, 1] }), make.rnn({ cell }) as Layer, make.dense({ units: 1 })];
      },
    ],
    ['noise', /a GaussianNoise, is not known/, () => [make.gaussianNoise({ stddev: 1 }), make.dense({ units: 1 })]],
    ['an optimizer of a class of its own', /only optimizers/, () => [make.dense({ units: 1 })], { optimizer: new OwnAdam(0.1, 0.9, 0.99) }],
  ])('with %s, and says so', async (_, reason, all, compile) => {
    await trained(all(), compile);
    expect(simdnnInfo().level).toBe('training');
    expect(simdnnInfo().reason).toMatch(reason);
  });
});

describe('a recorded model', () => {
  it('is no longer replayed when a program replaces one of its methods', async () => {
    const { model, x, y } = await trained([make.dense({ units: 1 })]);
    expect(simdnnInfo().level).toBe('recorded');
    const { model: inner } = model as unknown as { model: { calculateLosses(): tf.Scalar[] } };
    inner.calculateLosses = () => [tf.scalar(1000)];
    expect(await model.trainOnBatch(x, y)).toBeGreaterThan(1000);
    expect(simdnnInfo().reason).toContain('methods of its own');
  });

  it('is recorded anew when a layer is changed, and never follows what it was', async () => {
    const penalty = regularizers.l2({ l2: 0.1 });
    const dense = make.dense({ units: 1, kernelRegularizer: penalty });
    const { model, x, y } = await trained([dense]);
    expect(simdnnInfo().level).toBe('recorded');
    const before = await model.trainOnBatch(x, y);
    (penalty as unknown as { l2: number }).l2 = 1000;
    expect(await model.trainOnBatch(x, y)).toBeGreaterThan((before as number) * 2);
    expect(simdnnInfo().level).toBe('training');
    dense.setCallHook(() => {});
    await model.trainOnBatch(x, y);
    expect(simdnnInfo().reason).toContain('call hook');
  });

  it.each([
    ['adam', () => tf.train.adam(0.05)],
    ['momentum', () => tf.train.momentum(0.01, 0.9)],
  ] as const)('goes on from the state that %s is given', async (_, optimizer) => {
    const losses = async (isRecorded: boolean) => {
      const dense = make.dense({ units: 1, kernelInitializer: 'ones' });
      if (!isRecorded) dense.setCallHook(() => {});
      const { model, x, y } = await trained([dense], { optimizer: optimizer() });
      expect(simdnnInfo().level).toBe(isRecorded ? 'recorded' : 'training');
      const saved = (await model.optimizer.getWeights()).map(({ name, tensor }) => ({ name, tensor: tf.clone(tensor) }));
      for (let i = 0; i < 4; i++) await model.trainOnBatch(x, y);
      await model.optimizer.setWeights(saved);
      const after = [];
      for (let i = 0; i < 6; i++) after.push(await model.trainOnBatch(x, y));
      expect(simdnnInfo().level).toBe(isRecorded ? 'recorded' : 'training');
      return after;
    };
    expect(await losses(true)).toEqual(await losses(false));
  });

  it.each<[string, (model: layers.LayersModel) => void]>([
    [
      'the betas of Adam',
      ({ optimizer }) => {
        Object.assign(optimizer, { beta1: 0.5, beta2: 0.9 });
      },
    ],
    [
      'what Adam has of the powers of the betas',
      ({ optimizer }) => {
        tf.tidy(() => (optimizer as unknown as { accBeta1: tf.Variable }).accBeta1.assign(tf.scalar(0.25)));
      },
    ],
    [
      "Adam's mean of a weight's gradients",
      ({ optimizer }) => {
        const state = (optimizer as unknown as { accumulatedFirstMoment: { variable: tf.Variable }[] }).accumulatedFirstMoment[0]!;
        state.variable = tf.tidy(() => tf.variable(tf.mul(state.variable, -3), false));
      },
    ],
    [
      'the variable of a weight',
      (model) => {
        const weight = model.layers[1]!.weights[0] as unknown as { val: tf.Variable };
        weight.val = tf.variable(tf.tensor2d([[3], [-1], [2]]));
      },
    ],
  ])('follows %s that a program changes, as cpu does', async (_, change) => {
    const run = async (backend: string) => {
      await tf.setBackend(backend);
      const dense = make.dense({ units: 1, kernelInitializer: 'ones' });
      const { model, x, y } = await trained([dense], { optimizer: tf.train.adam(0.05) });
      const losses = [];
      for (let i = 0; i < 12; i++) {
        if (i === 6) change(model);
        losses.push((await model.trainOnBatch(x, y)) as number);
      }
      return losses;
    };
    const [there, here] = [await run('cpu'), await run('simdnn')];
    expect(simdnnInfo().level).toBe('recorded');
    for (const [i, loss] of here.entries()) expect(Math.abs(loss / there[i]! - 1)).toBeLessThan(1e-5);
  });

  it('draws dropout anew in each step, from the sequence of manualSeed', async () => {
    const losses = async (isRecorded: boolean) => {
      const dense = make.dense({ units: 1, kernelInitializer: 'ones' });
      if (!isRecorded) dense.setCallHook(() => {});
      manualSeed(3);
      const { model, x, y } = await trained([make.dropout({ rate: 0.5 }), dense], { optimizer: tf.train.sgd(0) }, 0);
      const all = [];
      for (let i = 0; i < 12; i++) all.push(await model.trainOnBatch(x, y));
      expect(simdnnInfo().level).toBe(isRecorded ? 'recorded' : 'training');
      return all;
    };
    const here = await losses(true);
    expect(here).toEqual(await losses(false));
    expect(new Set(here).size).toBeGreaterThan(10);
  });

  it('drops as many as it is told to, and their gradients', () => {
    const layer = make.dropout({ rate: 0.3 });
    const x = tf.ones([200, 100]);
    const { value, grad } = tf.valueAndGrad((t: tf.Tensor) => tf.sum(layer.call(t, { training: true }) as tf.Tensor))(x);
    const values = grad.dataSync();
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / Math.fround(0.7))]));
    const kept = values.filter((v) => v > 0).length;
    expect(Math.abs(kept / 20000 - 0.7)).toBeLessThan(0.02);
    expect(value.dataSync()[0]! / (kept / 0.7)).toBeCloseTo(1, 4);
  });

  it('trains by an unchanged fit', async () => {
    const { model, x, y } = await trained([make.dense({ units: 1 })], {}, 0);
    await model.fit(x, y, { epochs: 5, verbose: 0 });
    expect(simdnnInfo()).toMatchObject({ backend: 'simdnn', level: 'recorded', reason: null });
  });

  it('trains by fit with weights of classes and validation, and leaves no tensors', async () => {
    const { model, x } = await trained(
      [make.dense({ units: 2, activation: 'softmax' })],
      {
        loss: 'categoricalCrossentropy',
        metrics: ['accuracy'],
      },
      0,
    );
    const y = tf.tensor2d([1, 0, 0, 1, 1, 0, 0, 1], [4, 2]);
    const fit = async (epochs: number) => {
      await model.fit(x, y, { epochs, batchSize: 3, verbose: 0, classWeight: { 0: 1, 1: 3 }, validationData: [x, y] });
    };
    await fit(5);
    expect(simdnnInfo().level).toBe('recorded');
    const { numTensors, numBytes, numDataBuffers } = tf.memory();
    await fit(200);
    expect(simdnnInfo().level).toBe('recorded');
    expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
  });
});

describe('a prediction', () => {
  // A model of two outputs that is not compiled. A call hook makes it run operation by operation.
  const twofold = (isRecorded = true) => {
    const seeded = (seed: number) => layers.initializers.glorotUniform({ seed });
    const x = layers.input({ shape: [3] });
    const hidden = make.dense({ units: 5, activation: 'relu', kernelInitializer: seeded(1) });
    if (!isRecorded) hidden.setCallHook(() => {});
    const normal = make.batchNormalization({}).apply(make.dropout({ rate: 0.5 }).apply(hidden.apply(x)));
    const outputs = [2, 3].map((units) => make.dense({ units, activation: 'softmax', kernelInitializer: seeded(units) }).apply(normal));
    return layers.model({ inputs: x, outputs: outputs as layers.SymbolicTensor[] });
  };
  const numbers = (model: layers.LayersModel, rows: number, batchSize?: number) =>
    tf.tidy(() => {
      const x = tf.tensor2d(randomly(rows).floats(3 * rows), [rows, 3]);
      const found = batchSize === undefined ? model.predictOnBatch(x) : model.predict(x, { batchSize });
      return (found as tf.Tensor[]).map((t) => [t.shape, Array.from(t.dataSync())] as const);
    });

  it('is replayed batch for batch, with the bits of single operations', () => {
    const [here, there] = [twofold(), twofold(false)];
    const reasons = [];
    for (let i = 0; i < 6; i++) {
      expect(numbers(here, 10, 4)).toEqual(numbers(there, 10, 4));
      numbers(here, 10, 4);
      reasons.push(simdnnInfo().prediction === null);
      expect(numbers(here, 7)).toEqual(numbers(there, 7));
    }
    expect(reasons).toEqual([false, true, true, true, true, true]);
    expect(numbers(here, 10, 4).map(([shape]) => shape)).toEqual([
      [10, 2],
      [10, 3],
    ]);
    numbers(there, 7);
    expect(simdnnInfo().prediction).toContain('call hook');
  });

  it('is that of cpu, and follows weights that change', async () => {
    const run = async (backend: string) => {
      await tf.setBackend(backend);
      const model = twofold();
      for (let i = 0; i < 6; i++) numbers(model, 10, 5);
      tf.tidy(() => model.setWeights(model.getWeights().map((w) => tf.mul(w, 1.5))));
      const changed = numbers(model, 10, 5);
      const weight = model.layers[1]!.weights[0] as unknown as { val: tf.Variable };
      weight.val = tf.tidy(() => tf.variable(tf.mul(weight.val, -1)));
      return [changed, numbers(model, 10, 5)].flat().flatMap(([, values]) => values);
    };
    const [there, here] = [await run('cpu'), await run('simdnn')];
    expect(new Set(here).size).toBeGreaterThan(20);
    for (const [i, value] of here.entries()) expect(Math.abs(value - there[i]!)).toBeLessThan(1e-6);
  });

  it('leaves nothing but itself', () => {
    const model = twofold();
    for (let i = 0; i < 5; i++) numbers(model, 10, 4);
    expect(simdnnInfo().prediction).toBeNull();
    const { numTensors, numBytes, numDataBuffers } = tf.memory();
    for (let i = 0; i < 200; i++) numbers(model, 10, 4);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
    const x = tf.ones([10, 3]);
    const before = tf.memory().numTensors;
    const kept = model.predict(x, { batchSize: 4 }) as tf.Tensor[];
    expect(tf.memory().numTensors - before).toBe(2);
    tf.dispose([x, ...kept]);
  });

  it('says what TensorFlow.js says of data that do not fit', () => {
    const model = twofold();
    expect(() => model.predict(tf.ones([2, 4]))).toThrow(/to have shape/);
    expect(() => model.predict(tf.ones([2, 3]), { batchSize: 0 })).toThrow(/batchSize/);
  });
});

describe('a convolutional network', () => {
  const optimizers = {
    sgd: () => tf.train.sgd(0.1),
    adam: () => tf.train.adam(0.01),
    rmsprop: () => tf.train.rmsprop(0.01),
    'centered rmsprop': () => tf.train.rmsprop(0.01, 0.9, 0.5, 1e-20, true),
    adagrad: () => tf.train.adagrad(0.1),
    adadelta: () => tf.train.adadelta(1, 0.9),
    adamax: () => tf.train.adamax(0.01, 0.9, 0.99, 1e-7, 0.1),
  };
  it.each(Object.entries(optimizers))(
    'trains with %s and predicts recorded, with the bits of single operations and the curve of cpu',
    async (_, optimizer) => {
      const seeded = (seed: number) => layers.initializers.glorotUniform({ seed });
      const run = async (backend: string, isRecorded: boolean) => {
        await tf.setBackend(backend);
        const first = make.conv2d({
          filters: 4,
          kernelSize: 3,
          strides: 2,
          padding: 'same',
          inputShape: [11, 11, 2],
          kernelInitializer: seeded(1),
        });
        if (!isRecorded) first.setCallHook(() => {});
        const model = layers.sequential({
          layers: [
            first,
            make.maxPooling2d({ poolSize: 2 }),
            make.conv2d({ filters: 3, kernelSize: 2, activation: 'relu', kernelInitializer: seeded(3) }),
            make.averagePooling2d({ poolSize: 2, strides: 1 }),
            make.flatten(),
            make.dense({ units: 2, activation: 'softmax', kernelInitializer: seeded(2) }),
          ],
        });
        model.compile({ optimizer: optimizer(), loss: 'categoricalCrossentropy' });
        const x = tf.randomNormal([24, 11, 11, 2], 0, 1, 'float32', 5);
        const y = tf.oneHot(
          tf.tensor1d(
            Array.from({ length: 24 }, (_, i) => i % 2),
            'int32',
          ),
          2,
        );
        const { history } = await model.fit(x, y, { epochs: 4, batchSize: 8, shuffle: false, verbose: 0 });
        const predicted = Array.from((model.predict(x, { batchSize: 6 }) as tf.Tensor).dataSync());
        return [...(history['loss'] as number[]), ...predicted];
      };
      const there = await run('cpu', false);
      const single = await run('simdnn', false);
      const here = await run('simdnn', true);
      expect(simdnnInfo()).toMatchObject({ level: 'recorded', prediction: null });
      expect(here).toEqual(single);
      for (const [i, value] of here.entries()) expect(Math.abs(value - there[i]!)).toBeLessThan(1e-5);
      expect(here[3]!).toBeLessThan(here[0]!);
    },
  );
});
