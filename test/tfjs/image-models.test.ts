// Random models of images train as on the cpu backend.
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, it } from 'vitest';
import '../../src/tfjs';
import { weightsOf } from './fit-thread-models';
import { describeImageModel } from './image-programs';
import { dataOf } from './model-programs';
import { randomly } from './step-programs';

afterEach(() => tf.setBackend('simdnn'));

// SIMDNN_TFJS_PROGRAMS sets how many random models are trained.
const programs = Number(process.env['SIMDNN_TFJS_PROGRAMS'] ?? 20);

// The losses and the predictions of a few steps, from the same weights.
async function curveOf(seed: number, weights: number[][] | null) {
  const r = randomly(seed + 9e6);
  const description = describeImageModel(r);
  const model = description.make();
  if (weights !== null) model.setWeights(model.getWeights().map((w, i) => tf.tensor(weights[i]!, w.shape)));
  const own = weightsOf(model);
  model.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
  const [x, y] = dataOf(r, description, 6);
  const values: number[] = [];
  for (let i = 0; i < 5; i++) values.push((await model.trainOnBatch(x, y)) as number);
  values.push(...(model.predict(x) as tf.Tensor).dataSync());
  const isRegular = values.every((v) => Number.isFinite(v) && Math.abs(v) < 100);
  return { own, values, isRegular, isOther: /UpSampling2D|dropout/.test(description.text), text: description.text };
}

// Without enlargements, whose gradient in the cpu backend is wrong, and dropout, which draws other numbers.
it(`${programs} random models have the curves of cpu`, async () => {
  let compared = 0;
  for (let seed = 0; seed < programs; seed++) {
    await tf.setBackend('cpu');
    const there = await curveOf(seed, null);
    await tf.setBackend('simdnn');
    const here = await curveOf(seed, there.own);
    if (there.isOther || !there.isRegular) continue;
    compared++;
    for (const [i, value] of here.values.entries()) {
      const bound = 2e-3 * Math.max(1, Math.abs(there.values[i]!));
      if (!(Math.abs(value - there.values[i]!) <= bound))
        throw new Error(`model ${seed}: ${value} for ${there.values[i]} at ${i}: ${there.text}`);
    }
  }
  expect(compared).toBeGreaterThan(programs / 3);
});
