// Callbacks, validation, stops, saving and memory of model.fit are those of the cpu backend.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import '../../src/tfjs';
import { randomly } from './step-programs';

afterEach(() => tf.setBackend('simdnn'));

function regression(): layers.Sequential {
  const seeded = (seed: number) => layers.initializers.glorotUniform({ seed });
  const model = layers.sequential();
  model.add(layers.layers.dense({ units: 6, activation: 'tanh', inputShape: [3], kernelInitializer: seeded(1) }));
  model.add(layers.layers.dense({ units: 1, kernelInitializer: seeded(2) }));
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError', metrics: ['mae'] });
  return model;
}

const data = () => {
  const x = tf.tensor2d(randomly(5).floats(120), [40, 3]);
  return { x, y: tf.sum(tf.mul(x, tf.tensor1d([1, -2, 0.5])), 1, true) };
};

describe('model.fit', () => {
  it('calls callbacks in the order of cpu, with its logs, and stops when it is told to', async () => {
    const run = async () => {
      const { x, y } = data();
      const model = regression();
      const events: string[] = [];
      const logs: number[] = [];
      const callbacks = {
        onTrainBegin: async () => void events.push('train'),
        onEpochBegin: async (epoch: number) => void events.push(`epoch ${epoch}`),
        onBatchEnd: async (batch: number, log?: layers.Logs) => {
          events.push(`batch ${batch}`);
          logs.push(log!['loss']!);
        },
        onEpochEnd: async (epoch: number, log?: layers.Logs) => {
          events.push(`end ${epoch} ${Object.keys(log!).join(' ')}`);
          logs.push(...Object.values(log!));
          if (epoch === 2) model.stopTraining = true;
        },
        onTrainEnd: async () => void events.push('trained'),
      };
      const { epoch } = await model.fit(x, y, { epochs: 9, batchSize: 16, shuffle: false, verbose: 0, validationSplit: 0.2, callbacks });
      return { events, logs, epoch };
    };
    await tf.setBackend('cpu');
    const there = await run();
    await tf.setBackend('simdnn');
    const here = await run();
    expect([here.events, here.epoch]).toEqual([there.events, there.epoch]);
    expect(here.epoch).toEqual([0, 1, 2]);
    expect(here.events).toContain('end 2 val_loss val_mae loss mae');
    for (const [i, value] of here.logs.entries()) expect(value).toBeCloseTo(there.logs[i]!, 4);
  });

  it.each([
    ['batch', 6],
    ['epoch', 3],
  ] as const)('yields after each %s, so that others run during a fit', async (yieldEvery, times) => {
    const { x, y } = data();
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    await regression().fit(x, y, { epochs: 3, batchSize: 20, verbose: 0, yieldEvery });
    running = false;
    expect(turns).toBeGreaterThanOrEqual(times);
  });

  it('leaves no tensors, step for step', async () => {
    const { x, y } = data();
    const model = regression();
    await model.fit(x, y, { epochs: 1, batchSize: 20, verbose: 0 });
    const { numTensors, numBytes, numDataBuffers } = tf.memory();
    await model.fit(x, y, { epochs: Number(process.env['SIMDNN_TFJS_EPOCHS'] ?? 100), batchSize: 20, verbose: 0 });
    expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
  });
});

it('what is trained is saved, and predicts the same when it is loaded, here and on cpu', async () => {
  const { x, y } = data();
  const model = regression();
  await model.fit(x, y, { epochs: 2, verbose: 0 });
  const expected = Array.from((model.predict(x) as tf.Tensor).dataSync());
  let saved: tf.io.ModelArtifacts | null = null;
  const modelArtifactsInfo = { dateSaved: new Date(0), modelTopologyType: 'JSON' } as const;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo };
    }),
  );
  const loaded = await layers.loadLayersModel(tf.io.fromMemory(saved!));
  expect(Array.from((loaded.predict(x) as tf.Tensor).dataSync())).toEqual(expected);
  await model.fit(x, y, { epochs: 1, verbose: 0 }); // further training must not change what was saved
  expect(Array.from((loaded.predict(x) as tf.Tensor).dataSync())).toEqual(expected);
  await tf.setBackend('cpu');
  const there = (loaded.predict(x) as tf.Tensor).dataSync();
  for (const [i, value] of expected.entries()) expect(there[i]!).toBeCloseTo(value, 5);
});

it('tidy, keep and dispose count as on cpu', async () => {
  const run = () => {
    const counts: number[] = [];
    const begin = tf.memory();
    const count = () => void counts.push(tf.memory().numTensors - begin.numTensors, tf.memory().numBytes - begin.numBytes);
    const t = tf.tensor1d([1, 2, 3]);
    let kept: tf.Tensor | null = null;
    const sum = tf.tidy(() => {
      kept = tf.keep(tf.mul(t, 2));
      count();
      return tf.sum(tf.add(kept, tf.reshape(t, [3])));
    });
    count();
    const clone = tf.clone(t);
    t.dispose();
    count();
    expect(Array.from(clone.dataSync())).toEqual([1, 2, 3]);
    expect(() => t.dataSync()).toThrow('disposed');
    tf.dispose([clone, kept!, sum]);
    count();
    return counts;
  };
  await tf.setBackend('cpu');
  const there = run();
  await tf.setBackend('simdnn');
  expect(run()).toEqual(there);
  expect(there.slice(-2)).toEqual([0, 0]);
});
