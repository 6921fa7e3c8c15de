// An optimizer that trains other variables than before has the losses, weights and errors of the cpu backend.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import '../../src/tfjs';

beforeEach(() => void vi.spyOn(console, 'warn').mockReturnValue()); // of weights that are no longer trainable
afterEach(async () => {
  vi.restoreAllMocks();
  await tf.setBackend('simdnn');
});

const numbers = (n: number, seed: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(12.9898 * i + 78.233 * seed));
const dense = (units: number, seed: number, more: object = {}) =>
  layers.layers.dense({ units, kernelInitializer: layers.initializers.glorotUniform({ seed }), ...more });

const optimizers: Record<string, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(0.05),
  momentum: () => tf.train.momentum(0.05, 0.9),
  adam: () => tf.train.adam(0.01),
  rmsprop: () => tf.train.rmsprop(0.01),
  adamax: () => tf.train.adamax(0.01),
  adagrad: () => tf.train.adagrad(0.05),
  adadelta: () => tf.train.adadelta(0.1),
};

/** A model of layers of these widths; the first is the width of its input. */
function modelOf(...widths: number[]): layers.Sequential {
  return layers.sequential({ layers: widths.slice(1).map((units, i) => dense(units, i + 1, i === 0 ? { inputShape: [widths[0]] } : {})) });
}

const compile = (model: layers.LayersModel, optimizer: tf.Optimizer): layers.LayersModel => {
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
};

/** The losses of a fit, or its error without the numbers in it. */
async function fitted(model: layers.LayersModel): Promise<number[] | string> {
  const [inputs] = model.inputs;
  const x = tf.tensor2d(numbers(22 * inputs!.shape[1]!, 1), [22, inputs!.shape[1]!]);
  const y = tf.tensor2d(numbers(44, 2), [22, 2]);
  return await model.fit(x, y, { epochs: 5, batchSize: 4, shuffle: false, verbose: 0 }).then(
    ({ history }) => history['loss'] as number[],
    (error: Error) => error.message.replaceAll(/\d+/g, ''),
  );
}

type Program = (makeOptimizer: () => tf.Optimizer) => { models: layers.LayersModel[]; fits: () => Promise<(number[] | string)[]> };

const inTurn =
  (...widths: number[][]): Program =>
  (makeOptimizer) => {
    const optimizer = makeOptimizer();
    const models = widths.map((own) => compile(modelOf(...own), optimizer));
    const fits = async () => {
      const found = [];
      for (const model of [...models, ...models]) found.push(await fitted(model));
      return found;
    };
    return { models, fits };
  };

const programs: Record<string, Program> = {
  'two models whose weights have the same shapes': inTurn([3, 2], [3, 2]),
  'two models, the second with larger weights': inTurn([3, 5, 2], [3, 8, 2]),
  'two models, the second with smaller weights': inTurn([3, 5, 2], [3, 2]),
  'two models whose weights can be broadcast to each other': inTurn([1, 2], [3, 2]),
  'a model whose first layer is frozen for a while': (makeOptimizer) => {
    const optimizer = makeOptimizer();
    const model = modelOf(3, 5, 4, 2);
    const fits = async () => {
      const found = [];
      for (const trainable of [true, false, true]) {
        model.layers[0]!.trainable = trainable;
        found.push(await fitted(compile(model, optimizer)));
      }
      return found;
    };
    return { models: [model], fits };
  },
};

// Errors are equal, and numbers up to rounding: sums are taken in another order.
function expectClose(found: (number | string)[], expected: (number | string)[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of found.entries()) {
    const other = expected[i]!;
    if (typeof value === 'string' || typeof other === 'string') expect(value).toBe(other);
    else expect(Math.abs(value - other)).toBeLessThan(2e-5 * Math.max(1, Math.abs(other)));
  }
}

describe.each(Object.entries(optimizers))('%s trains', (_, optimizer) => {
  it.each(Object.entries(programs))('%s', async (_name, program) => {
    const run = async (backend: string) => {
      await tf.setBackend(backend);
      const { models, fits } = program(optimizer);
      const found = await fits();
      return { found, weights: models.flatMap((model) => model.getWeights().flatMap((w) => Array.from(w.dataSync()))) };
    };
    const [there, here] = [await run('cpu'), await run('simdnn')];
    expectClose([...here.found.flat(), ...here.weights], [...there.found.flat(), ...there.weights]);
  });
});
