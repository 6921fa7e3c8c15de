// What trains and evaluates a model of tf.layers is recorded, with the bits that it has operation by operation.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { simdnnInfo } from '../../src/tfjs';
import { runModel } from './model-programs';
import { randomly } from './step-programs';

// More by SIMDNN_TFJS_PROGRAMS.
const programs = Number(process.env['SIMDNN_TFJS_PROGRAMS'] ?? 50);

it(`${programs} random models train with the bits of single operations`, async () => {
  const runs = [];
  for (let seed = 0; seed < programs; seed++) runs.push(await runModel(seed));
  const plain = runs.filter(({ replayed }) => replayed === 0);
  expect(plain.filter(({ reason }) => !reason.startsWith('only optimizers'))).toEqual([]);
  expect(plain.length).toBeLessThan(programs / 2);
}, 600_000);

const { layers: make, regularizers } = layers;
type Layer = layers.layers.Layer;

class Doubled extends (make.dense({ units: 1, name: 'of' }).constructor as new (args: object) => Layer) {
  static className = 'Dense';
}

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
    ['dropout that draws anew', /constant with/, () => [make.dropout({ rate: 0.5 }), make.dense({ units: 1 })]],
    [
      'a loss of its own',
      /a function of its own/,
      () => [make.dense({ units: 1 })],
      { loss: (y: tf.Tensor, p: tf.Tensor) => tf.mean(tf.squaredDifference(y, p)) },
    ],
    ['moving averages', /assigns a variable|kernel of this library/, () => [make.batchNormalization({}), make.dense({ units: 1 })]],
    ['an optimizer that is not recorded', /only optimizers/, () => [make.dense({ units: 1 })], { optimizer: 'rmsprop' }],
  ])('with %s, and says so', async (_, reason, all, compile) => {
    await trained(all(), compile);
    expect(simdnnInfo().level).toBe('training');
    expect(simdnnInfo().reason).toMatch(reason);
  });
});

describe('a recorded model', () => {
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

  it('trains by an unchanged fit', async () => {
    const { model, x, y } = await trained([make.dense({ units: 1 })], {}, 0);
    await model.fit(x, y, { epochs: 5, verbose: 0 });
    expect(simdnnInfo()).toEqual({ backend: 'simdnn', level: 'recorded', reason: null });
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
