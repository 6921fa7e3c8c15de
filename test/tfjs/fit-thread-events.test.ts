// While the training thread runs the batches of a fit, the event loop is free, and whatever a program reads or changes then is as of a whole step.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { simdnnInfo } from '../../src/tfjs';
import { alwaysOnThread, fitted, long, modelOf, numbersOf, rowsOf, stateOf, weightsOf, withUsualMinimum } from './fit-thread-models';

alwaysOnThread();

const { layers: make } = layers;
const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const ofLong = () => rowsOf(8000);

describe('meanwhile', () => {
  it('timers of JavaScript run, within an epoch', async () => {
    withUsualMinimum();
    const [model, data] = [modelOf({ width: 64 }), rowsOf(40_000)];
    const ticksIn = async (args: layers.ModelFitArgs): Promise<number> => {
      let [ticks, most] = [0, 0];
      const timer = setInterval(() => ticks++, 1);
      const onEpochBegin = async () => {
        ticks = 0;
      };
      const onEpochEnd = async () => {
        most = Math.max(most, ticks);
      };
      await model.fit(...data, { ...long, epochs: 3, batchSize: 50, callbacks: { onEpochBegin, onEpochEnd }, ...args });
      clearInterval(timer);
      return most;
    };
    expect(await ticksIn({ yieldEvery: 'never' })).toBe(0);
    expect(simdnnInfo().thread).toContain('yieldEvery');
    expect(await ticksIn({ yieldEvery: 1e6 })).toBeGreaterThan(4);
    expect(simdnnInfo().thread).toBeNull();
  });

  it('variables and the optimizer have the values after a whole step', async () => {
    const data = ofLong();
    const known = new Map<number, unknown>();
    const reference = modelOf();
    const keep = (model: layers.LayersModel) => ({ weights: weightsOf(model), state: stateOf(model) });
    const onBatchEnd = () => void known.set(stateOf(reference).iterations, keep(reference));
    await reference.fit(...data, { ...long, epochs: 2, callbacks: { onBatchEnd } });
    const model = modelOf();
    let within = 0;
    let isOver = false;
    const reading = (async () => {
      for (let i = 0; !isOver; i++) {
        await later(i % 3);
        // Reads in both orders, because either read must give both values as of the same step.
        const found = i % 2 === 0 ? { weights: weightsOf(model), state: stateOf(model) } : keep(model);
        const { iterations } = found.state;
        if (iterations > 0) expect(found).toEqual(known.get(iterations));
        if (iterations % 1000 !== 0) within++;
      }
    })();
    await model.fit(...data, { ...long, epochs: 2 });
    isOver = true;
    await reading;
    expect(simdnnInfo().thread).toBeNull();
    expect(within).toBeGreaterThan(2);
    expect(keep(model)).toEqual(known.get(2000));
  });

  // The event happens in a turn of the event loop during a run. It then happens in the loop of TensorFlow.js, after the same number of batches.
  const x = () => rowsOf(8);
  const fetched = (model: layers.LayersModel): number => {
    weightsOf(model);
    return stateOf(model).iterations;
  };
  it.each<[string, (model: layers.LayersModel) => unknown, number?]>([
    ['a weight is read', (model) => numbersOf(model.getWeights()[2]!)],
    ['the count of steps is read', ({ optimizer }) => void (optimizer as unknown as { iterations: number }).iterations],
    ['the count of steps is saved', async ({ optimizer }) => numbersOf((await optimizer.getWeights())[0]!.tensor)],
    ['a power of a beta is read', ({ optimizer }) => numbersOf((optimizer as unknown as { accBeta1: tf.Variable }).accBeta1)],
    ['weights are set', (model) => tf.tidy(() => model.setWeights(model.getWeights().map((w) => tf.ones(w.shape))))],
    ['weights are halved', (model) => tf.tidy(() => model.setWeights(model.getWeights().map((w) => tf.mul(w, 0.5))))],
    ['the model predicts', (model) => tf.tidy(() => numbersOf(model.predict(x()[0]) as tf.Tensor))],
    ['the model predicts what it has predicted before', (model) => tf.tidy(() => numbersOf(model.predict(rowsOf(9)[0]) as tf.Tensor))],
    ['a batch is trained on', (model) => model.trainOnBatch(...x()), 1],
    ['a batch is trained on that has another size', (model) => model.trainOnBatch(...rowsOf(5)), 1],
    [
      'gradients are applied',
      (model) => {
        const given = model.trainableWeights.map((w) => w.read() as tf.Variable).map(({ name, shape }) => [name, tf.ones(shape)] as const);
        tf.tidy(() => model.optimizer.applyGradients(Object.fromEntries(given)));
      },
      1,
    ],
    ['a variable is cloned', (model) => model.getWeights()[0]!.clone()],
    ['a variable is assigned', (model) => (model.getWeights()[0] as tf.Variable).assign(tf.ones([4, 8]))],
    ['all is written to what was read', (model) => void model.getWeights()[0]!.dataSync().fill(9)],
    ['the state of the optimizer is set', async ({ optimizer }) => optimizer.setWeights(await optimizer.getWeights())],
    [
      'another backend is active for a while',
      async (model) => {
        await tf.setBackend('cpu');
        const found = weightsOf(model);
        await tf.setBackend('simdnn');
        return found;
      },
    ],
  ])('%s', async (_, event, own = 0) => {
    const data = ofLong();
    const run = async (at: number | null, milliseconds = 0) => {
      const model = modelOf();
      for (let i = 0; i < 5; i++) tf.tidy(() => model.predict(rowsOf(9)[0]));
      let [steps, found]: [number | null, unknown] = [null, null];
      const happen = async (): Promise<void> => {
        steps = 0;
        const given = await event(model);
        steps = fetched(model) - own;
        found = given;
      };
      const onBatchEnd = (): Promise<void> | undefined => (stateOf(model).iterations === at && steps === null ? happen() : undefined);
      const begun = model.fit(...data, { ...long, ...(at !== null && { callbacks: { onBatchEnd } }) });
      if (at === null) {
        await later(milliseconds);
        await happen();
      }
      const { history } = await begun;
      if (found instanceof tf.Tensor) found = numbersOf(found); // a clone keeps the values of the time when it was made
      if (at === null) expect(simdnnInfo().thread).toBeNull();
      return { steps, found, history, weights: weightsOf(model), state: stateOf(model) };
    };
    let aside = await run(null, 10);
    for (let more = 0; more < 20 && aside.steps! % 1000 < 5; more++) aside = await run(null, 10 + 3 * more); // the event fell between two epochs
    expect(aside.steps! % 1000).toBeGreaterThan(4);
    expect(aside).toEqual(await run(aside.steps));
  });

  it('a fit is stopped, after the present step', async () => {
    const model = modelOf();
    const begun = model.fit(...ofLong(), { ...long, epochs: 1000, yieldEvery: 1e6 });
    while (simdnnInfo().thread !== null) await later(5);
    await later(5);
    model.stopTraining = true;
    const { iterations_: iterations } = model.optimizer as unknown as { iterations_: number }; // to ask for `iterations` would end the run
    const { epoch } = await begun;
    const steps = stateOf(model).iterations;
    expect(steps - iterations).toBeLessThanOrEqual(Number(iterations % 1000 === 0)); // an epoch that has begun has a batch
    expect(epoch).toHaveLength(Math.ceil(steps / 1000));
    expect(simdnnInfo().thread).toBeNull();
  });

  it('frozen weights are written to, in memory that a program has', async () => {
    const data = rowsOf(300);
    const run = async (onThread: boolean) => {
      const model = modelOf();
      model.layers[0]!.trainable = false;
      model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
      const onEpochEnd = async (epoch: number) => {
        if (epoch === 6) model.layers[0]!.getWeights()[0]!.dataSync().fill(0.5);
      };
      return fitted(model, data, onThread, { epochs: 9, callbacks: { onEpochEnd } as never });
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('the fit ends as TensorFlow.js ends it where the model is disposed', async () => {
    const model = modelOf();
    const data = ofLong();
    const begun = model.fit(...data, { ...long, epochs: 1000 }).catch((error: Error) => error.message);
    await later(20);
    model.dispose();
    expect(await begun).toMatch(/disposed/);
  });

  it('no tensors are left, and as many are there at the end of an epoch', async () => {
    const data = rowsOf(300);
    const counts: number[][] = [];
    for (const onThread of [true, false]) {
      const model = modelOf();
      await fitted(model, data, onThread);
      const before = tf.memory();
      const during: number[] = [];
      const onEpochEnd = () => void during.push(tf.memory().numTensors - before.numTensors);
      await fitted(model, data, onThread, { callbacks: { onEpochEnd } });
      const { numTensors, numBytes, numDataBuffers } = before;
      expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
      counts.push(during);
    }
    expect(counts[0]).toEqual(counts[1]);
  });

  it('callbacks of epochs see, and change, what they would', async () => {
    const data = rowsOf(300);
    const run = async (onThread: boolean) => {
      const model = modelOf();
      const told: unknown[] = [];
      const onEpochEnd = async (epoch: number, logs?: layers.Logs) => {
        told.push(epoch, logs, weightsOf(model), stateOf(model));
        if (epoch === 5) Object.assign(model.optimizer, { learningRate: 0.002 });
        if (epoch === 7) await model.trainOnBatch(...x());
        if (epoch === 9) tf.tidy(() => model.setWeights(model.getWeights().map((w) => tf.mul(w, 0.5))));
        if (epoch === 14) model.stopTraining = true;
      };
      return [await fitted(model, data, onThread, { epochs: 20, callbacks: { onEpochEnd } as never }), told];
    };
    const aside = await run(true);
    expect(aside).toEqual(await run(false));
    expect(aside[1]).toHaveLength(60);
  });

  it('an error of a callback ends the fit, with all variables as they are', async () => {
    const run = async (onThread: boolean) => {
      const model = modelOf();
      const onEpochEnd = async (epoch: number) => {
        if (epoch === 6) throw new Error('no more');
      };
      await expect(fitted(model, rowsOf(300), onThread, { epochs: 9, callbacks: { onEpochEnd } as never })).rejects.toThrow('no more');
      return [weightsOf(model), stateOf(model), await fitted(model, rowsOf(300), onThread)];
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it.each([0, 3, 57, 99])('a label that is none, in row %i, has the outcome of TensorFlow.js', async (row) => {
    const [rows] = rowsOf(100);
    const labels = Float32Array.from({ length: 100 }, (_, i) => (i === row ? 7 : i % 3));
    const setting = { loss: 'sparseCategoricalCrossentropy' };
    const data: [tf.Tensor, tf.Tensor] = [rows, tf.tensor2d(labels, [100, 1])];
    expect(await fitted(modelOf(setting), data, true)).toEqual(await fitted(modelOf(setting), data, false));
  });

  it('others are fitted, each with the bits it has alone', async () => {
    const sets = [100, 2000, 4000].map((rows) => rowsOf(rows));
    const fit = async (data: [tf.Tensor, tf.Tensor], i: number) => {
      const model = modelOf({ width: 4 * (i + 1) });
      const { history } = await model.fit(...data, { ...long, epochs: 10 });
      return { history, weights: weightsOf(model), ...stateOf(model) };
    };
    const together = await Promise.all(sets.map(fit));
    for (const [i, data] of sets.entries()) expect(together[i]).toEqual(await fit(data, i));
  });

  it('others are fitted that have the same layers, or the same optimizer', async () => {
    const data = ofLong();
    const shared = make.dense({ units: 3, activation: 'softmax', inputShape: [4] });
    const optimizer = tf.train.adam(0.001);
    const models = [1, 2].map(() => {
      const model = layers.sequential({ layers: [shared] });
      model.compile({ optimizer: tf.train.adam(0.001), loss: 'categoricalCrossentropy' });
      return model;
    });
    const others = [1, 2].map(() => {
      const model = layers.sequential({ layers: [make.dense({ units: 3, activation: 'softmax', inputShape: [4] })] });
      model.compile({ optimizer, loss: 'categoricalCrossentropy' });
      return model;
    });
    const all = [...models, ...others];
    const losses = await Promise.all(
      all.map(async (model) => (await model.fit(...data, { ...long, epochs: 3 })).history['loss'] as number[]),
    );
    for (const [first, , last] of losses) expect(last!).toBeLessThan(first!);
    expect(models.map((model) => stateOf(model).iterations)).toEqual([3000, 3000]);
    expect(stateOf(others[0]!).iterations).toBe(6000);
  });
});
