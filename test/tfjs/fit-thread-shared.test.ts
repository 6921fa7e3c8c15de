// Other uses of a variable while the training thread trains it.
import * as tf from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { simdnnInfo } from '../../src/tfjs';
import { alwaysOnThread, fitted, long, modelOf, numbersOf, rowsOf, stateOf, weightsOf } from './fit-thread-models';

alwaysOnThread();

const stepsOf = (model: layers.LayersModel): number => stateOf(model).iterations;

/** A fit during which something happens once while the thread trains. It ends with the next epoch after that. */
async function during<T>(model: layers.LayersModel, happen: () => T): Promise<T> {
  let found: T | undefined;
  const timer = setInterval(() => {
    if (found !== undefined || simdnnInfo().thread !== null) return;
    found = happen();
  }, 1);
  let epochsAfter = 0;
  const onEpochEnd = () => {
    if (found !== undefined && epochsAfter++ === 1) model.stopTraining = true;
  };
  await model.fit(...rowsOf(8000), { ...long, epochs: 1000, callbacks: { onEpochEnd } as never });
  clearInterval(timer);
  expect(found).toBeDefined();
  return found!;
}

const variableOf = (model: layers.LayersModel): tf.Variable => model.trainableWeights[0]!.read() as tf.Variable;

it('a clone keeps the values of when it was made', async () => {
  const model = modelOf();
  const { clone, values } = await during(model, () => {
    const clone = variableOf(model).clone();
    return { clone, values: numbersOf(variableOf(model)) };
  });
  expect(stepsOf(model) % 1000).toBe(0);
  expect(numbersOf(clone)).toEqual(values);
  expect(numbersOf(variableOf(model))).not.toEqual(values);
});

it('a step of another optimizer counts', async () => {
  const model = modelOf();
  await during(model, () => {
    const variable = variableOf(model);
    tf.train.sgd(1e6).minimize(() => tf.sum(variable) as tf.Scalar, false, [variable]);
    return true;
  });
  expect(Math.min(...numbersOf(variableOf(model)))).toBeLessThan(-1e5);
});

it('a recorded prediction has the weights of now', async () => {
  const model = modelOf();
  const [x] = rowsOf(9);
  const predict = (): number[] => tf.tidy(() => numbersOf(model.predict(x) as tf.Tensor));
  for (let i = 0; i < 5; i++) predict();
  const [first, again] = await during(model, () => {
    const first = predict();
    weightsOf(model);
    return [first, predict()];
  });
  expect(first).toEqual(again);
});

it('draws the random numbers of the steps that were done, also where a run ends early', async () => {
  const data = rowsOf(8000);
  const there = modelOf({ dropout: true });
  let reads = 0;
  const timer = setInterval(() => {
    weightsOf(there);
    reads++;
  }, 2);
  const found = await fitted(there, data, true, { epochs: 4, shuffle: false });
  clearInterval(timer);
  expect(reads).toBeGreaterThan(1);
  expect(found).toEqual(await fitted(modelOf({ dropout: true }), data, false, { epochs: 4, shuffle: false }));
});
