// Programs of tf.layers and of the core API have the losses of the cpu backend.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { simdnnInfo } from '../../src/tfjs';

const onBoth = async <T>(program: () => Promise<T>): Promise<[T, T]> => {
  await tf.setBackend('cpu');
  const there = await program();
  await tf.setBackend('simdnn');
  return [there, await program()];
};

function expectClose(actual: number[], expected: number[], bound: number): void {
  expect(actual.length).toBe(expected.length);
  expect(actual.length).toBeGreaterThan(0);
  for (const [i, value] of actual.entries()) {
    const error = Math.abs(value - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    if (!(error <= bound)) throw new Error(`${value} instead of ${expected[i]} at ${i}`);
  }
}

// The same numbers in each run.
const series = (n: number, seed: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));

function classifier(optimizer: string | tf.Optimizer): layers.Sequential {
  const seeded = (seed: number) => layers.initializers.glorotUniform({ seed });
  const model = layers.sequential();
  model.add(layers.layers.dense({ units: 16, activation: 'relu', inputShape: [8], kernelInitializer: seeded(1) }));
  model.add(layers.layers.batchNormalization());
  model.add(layers.layers.dense({ units: 8, activation: 'tanh', kernelInitializer: seeded(2) }));
  model.add(layers.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: seeded(3) }));
  model.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

afterEach(() => tf.setBackend('simdnn'));

describe('a LayersModel', () => {
  it.each(['sgd', 'momentum', 'rmsprop', 'adam', 'adagrad', 'adadelta', 'adamax'])('trains with %s as on cpu', async (name) => {
    const run = async () => {
      const model = classifier(name === 'momentum' ? tf.train.momentum(0.01, 0.9) : name);
      const x = tf.tensor2d(series(50 * 8, 1), [50, 8]);
      const y = tf.oneHot(
        tf.tensor1d(
          Int32Array.from(series(50, 2), (v) => Math.floor((v + 1) * 1.49)),
          'int32',
        ),
        3,
      );
      const options = { epochs: 6, batchSize: 16, shuffle: false, verbose: 0, validationSplit: 0.2 } as const;
      const { history } = await model.fit(x, y, options);
      const evaluated = (model.evaluate(x, y) as tf.Scalar[]).map((t) => t.dataSync()[0]!);
      const predicted = Array.from((model.predict(x) as tf.Tensor).dataSync());
      return { ...(history as Record<string, number[]>), evaluated, predicted };
    };
    const [there, here] = (await onBoth(run)) as Record<string, number[]>[];
    expect(Object.keys(here!)).toEqual(Object.keys(there!));
    for (const key in there!) expectClose(here![key]!, there![key]!, 2e-3);
  });
});

describe('programs', () => {
  const { layers: l, sequential, initializers } = layers;
  const glorot = (seed: number) => initializers.glorotUniform({ seed });

  it('a classifier of texts has the curve of cpu', async () => {
    const run = async () => {
      const model = sequential();
      model.add(l.embedding({ inputDim: 20, outputDim: 8, inputLength: 6, embeddingsInitializer: glorot(1) }));
      model.add(l.globalAveragePooling1d({}));
      model.add(l.dropout({ rate: 0.2, seed: 3 }));
      model.add(l.dense({ units: 1, activation: 'sigmoid', kernelInitializer: glorot(2) }));
      model.compile({ optimizer: tf.train.adam(0.05), loss: 'binaryCrossentropy', metrics: ['accuracy'] });
      const words = Int32Array.from(series(64 * 6, 7), (v) => Math.floor((v + 1) * 9.99));
      const labels = Float32Array.from({ length: 64 }, (_, i) => (words[6 * i]! < 10 ? 1 : 0));
      const options = { epochs: 20, batchSize: 16, shuffle: false, verbose: 0 } as const;
      return (await model.fit(tf.tensor2d(words, [64, 6], 'int32'), tf.tensor2d(labels, [64, 1]), options)).history;
    };
    const [there, here] = (await onBoth(run)) as Record<string, number[]>[];
    for (const key of ['loss', 'acc']) expectClose(here![key]!, there![key]!, 1e-3);
    expect(here!['loss']!.at(-1)!).toBeLessThan(0.8 * here!['loss']![0]!);
  });

  it('a small convolutional network has the curve of cpu', async () => {
    const run = async () => {
      const model = sequential();
      const inputShape: [number, number, number] = [8, 8, 1];
      model.add(l.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape, kernelInitializer: glorot(1) }));
      model.add(l.maxPooling2d({ poolSize: 2 }));
      model.add(l.flatten());
      model.add(l.dense({ units: 2, activation: 'softmax', kernelInitializer: glorot(2) }));
      model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
      const images = tf.tensor4d(series(32 * 64, 8), [32, 8, 8, 1]);
      const y = tf.oneHot(
        tf.tensor1d(
          Int32Array.from({ length: 32 }, (_, i) => i % 2),
          'int32',
        ),
        2,
      );
      return (await model.fit(images, y, { epochs: 10, batchSize: 8, shuffle: false, verbose: 0 })).history;
    };
    const [there, here] = (await onBoth(run)) as Record<string, number[]>[];
    expectClose(here!['loss']!, there!['loss']!, 1e-4);
    expect(here!['loss']!.at(-1)!).toBeLessThan(here!['loss']![0]!);
  });
});

describe('the core API', () => {
  it('minimises as on cpu', async () => {
    const run = async () => {
      const w = tf.variable(tf.tensor2d(series(12, 5), [4, 3]));
      const b = tf.variable(tf.zeros([3]));
      const x = tf.tensor2d(series(40, 6), [10, 4]);
      const y = tf.oneHot(tf.mod(tf.range(0, 10, 1, 'int32'), tf.scalar(3, 'int32')) as tf.Tensor1D, 3);
      const optimizer = tf.train.sgd(0.1);
      const losses: number[] = [];
      for (let i = 0; i < 30; i++) {
        const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, tf.add(tf.matMul(x, w), b)) as tf.Scalar, true)!;
        losses.push(loss.dataSync()[0]!);
        loss.dispose();
      }
      return losses;
    };
    const [there, here] = await onBoth(run);
    expectClose(here, there, 1e-6);
    expect(here.at(-1)!).toBeLessThan(here[0]!);
  });
});

describe('an update in place', () => {
  const stepped = (optimizer: tf.Optimizer, w: tf.Variable): void => {
    optimizer.minimize(() => tf.sum(tf.square(w)) as tf.Scalar, false, [w]);
  };

  it.each([
    ['sgd', () => tf.train.sgd(0.25)],
    ['momentum', () => tf.train.momentum(0.25, 0.5)],
    ['adam', () => tf.train.adam(0.25)],
  ] as const)('of %s changes nothing that others have', (_, make) => {
    const given = Float32Array.of(1, 2, 3);
    const start = tf.tensor1d(given);
    const w = tf.variable(start);
    const optimizer = make();
    stepped(optimizer, w);
    const [clone, reshaped, seen] = [tf.clone(w), tf.reshape(w, [3, 1]), w.dataSync()];
    const before = Array.from(seen);
    expect(before).not.toEqual([1, 2, 3]);
    stepped(optimizer, w);
    stepped(optimizer, w);
    for (const values of [clone.dataSync(), reshaped.dataSync(), seen]) expect(Array.from(values)).toEqual(before);
    expect(Array.from(start.dataSync())).toEqual([1, 2, 3]);
    expect(Array.from(given)).toEqual([1, 2, 3]);
    expect(Array.from(w.dataSync())).not.toEqual(before);
    tf.dispose([start, clone, reshaped, w]);
  });

  it('goes on from what was assigned, and from where another backend left it', async () => {
    const w = tf.variable(tf.tensor1d([1, 2]));
    const optimizer = tf.train.sgd(0.25);
    stepped(optimizer, w);
    const other = tf.tensor1d([8, 16]);
    w.assign(other);
    stepped(optimizer, w);
    expect([Array.from(w.dataSync()), Array.from(other.dataSync())]).toEqual([
      [4, 8],
      [8, 16],
    ]);
    await tf.setBackend('cpu');
    stepped(optimizer, w);
    await tf.setBackend('simdnn');
    stepped(optimizer, w);
    expect(Array.from(w.dataSync())).toEqual([1, 2]);
  });
});

describe('gradients of gradients', () => {
  it.each([
    ['sigmoid', (x: tf.Tensor) => tf.square(tf.sigmoid(x))],
    ['tanh', (x: tf.Tensor) => tf.square(tf.tanh(x))],
    ['softplus', tf.softplus],
    ['softmax', (x: tf.Tensor) => tf.square(tf.softmax(x))],
  ] as const)('of %s are those of cpu', async (_, f) => {
    const second = tf.grad((x: tf.Tensor) => tf.sum(tf.grad((z: tf.Tensor) => f(z as never))(x)));
    const [there, here] = await onBoth(async () => Array.from(second(tf.tensor2d([[0.5, -1, 2]])).dataSync()));
    expectClose(here, there, 1e-6);
  });
});

describe('memory', () => {
  it('does not grow from step to step', async () => {
    const model = classifier('adam');
    const x = tf.tensor2d(series(16 * 8, 1), [16, 8]);
    const y = tf.oneHot(tf.zeros([16], 'int32'), 3);
    await model.trainOnBatch(x, y);
    const { numTensors, numBytes } = tf.memory();
    for (let i = 0; i < 20; i++) await model.trainOnBatch(x, y);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });

  it('is that of the tensors alone: what JavaScript holds is not changed', async () => {
    const held = Float32Array.of(1, 2, 3);
    const t = tf.tensor1d(held);
    const twice = tf.mul(t, 2);
    expect(Array.from(twice.dataSync())).toEqual([2, 4, 6]);
    tf.dispose([t, twice]);
    expect(Array.from(held)).toEqual([1, 2, 3]);
  });
});

describe('simdnnInfo', () => {
  it('says what is active, and why it is not this', async () => {
    const model = classifier('sgd');
    model.layers[0]!.setCallHook(() => {});
    await model.trainOnBatch(tf.zeros([4, 8]), tf.zeros([4, 3]));
    expect(simdnnInfo()).toMatchObject({ backend: 'simdnn', level: 'training' });
    await tf.setBackend('cpu');
    expect(simdnnInfo()).toMatchObject({ backend: 'cpu', level: 'none' });
    expect(simdnnInfo().reason).toContain("tf.setBackend('simdnn')");
  });

  it('leaves tensors to other backends and takes them back', async () => {
    const t = tf.add(tf.tensor1d([1, 2]), 1);
    await tf.setBackend('cpu');
    const there = tf.mul(t, 3);
    await tf.setBackend('simdnn');
    expect(Array.from(tf.add(there, t).dataSync())).toEqual([8, 12]);
  });
});
