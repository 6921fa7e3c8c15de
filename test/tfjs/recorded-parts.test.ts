// Common models are recorded and have the numbers of the cpu backend. Disposed objects have its errors.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { simdnnInfo } from '../../src/tfjs';

afterEach(() => tf.setBackend('simdnn'));

const { layers: make } = layers;
const numbers = (n: number, seed: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(12.9898 * i + 78.233 * seed));
const x = (seed = 1): tf.Tensor => tf.tensor2d(numbers(42, seed), [14, 3]);
const y = (): tf.Tensor => tf.tensor2d(numbers(28, 2), [14, 2]);
const classes = (): tf.Tensor =>
  tf.oneHot(
    tf.tensor1d(
      Int32Array.from({ length: 14 }, (_, i) => i % 2),
      'int32',
    ),
    2,
  );
const dense = (units: number, seed: number, more: object = {}) =>
  make.dense({ units, kernelInitializer: layers.initializers.glorotUniform({ seed }), ...more });
const fitting = { epochs: 4, batchSize: 4, shuffle: false, verbose: 0 } as const;

function classifier(optimizer: string | tf.Optimizer = 'adam'): layers.LayersModel {
  const model = layers.sequential({
    layers: [dense(5, 1, { inputShape: [3], activation: 'relu' }), dense(2, 2, { activation: 'softmax' })],
  });
  model.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

function joined(): layers.LayersModel {
  const inputs = [layers.input({ shape: [3] }), layers.input({ shape: [3] })];
  const shared = dense(4, 1, { activation: 'tanh' });
  const outputs = dense(2, 2).apply(make.concatenate().apply(inputs.map((input) => shared.apply(input)) as layers.SymbolicTensor[]));
  const model = layers.model({ inputs, outputs: outputs as layers.SymbolicTensor });
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  return model;
}

function normalized(): layers.LayersModel {
  const normal = (momentum: number) => make.batchNormalization({ momentum });
  const model = layers.sequential({
    layers: [dense(5, 1, { inputShape: [3], activation: 'relu' }), normal(0.9), dense(4, 3), normal(0.5), dense(2, 2)],
  });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  return model;
}

// The rows as sequences of three steps, or as images of 6 x 7 pixels.
const trainedWith = async (targetShape: number[], ...own: layers.layers.Layer[]) => {
  const width = targetShape.reduce((product, size) => product * size);
  const model = layers.sequential({
    layers: [make.reshape({ targetShape, inputShape: [width] }), ...own, make.flatten(), dense(2, 2)],
  });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const data = tf.tensor2d(numbers(14 * width, 9), [14, width]);
  const { history } = await model.fit(data, y(), fitting);
  const predicted = [...(model.predict(data) as tf.Tensor).dataSync()];
  return { ...history, predicted, weights: model.getWeights().flatMap((t) => [...t.dataSync()]) };
};
const seeded = layers.initializers.glorotUniform({ seed: 4 });
const recurrent = (cell: 'simpleRNN' | 'lstm' | 'gru', more: object = {}) =>
  make[cell]({
    units: 3,
    returnSequences: true,
    kernelInitializer: seeded,
    recurrentInitializer: seeded,
    kernelRegularizer: 'l1l2',
    ...more,
  } as never);
const depthwise = (more: object = {}) =>
  make.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, depthwiseInitializer: seeded, activation: 'tanh', ...more });

const programs: Record<string, () => Promise<unknown>> = {
  'moving averages of batch normalization, and a validation by them': async () => {
    const model = normalized();
    const { history } = await model.fit(x(), y(), { ...fitting, validationData: [x(3), y()] });
    return { ...history, averages: model.getWeights().flatMap((t) => [...t.dataSync()]) };
  },
  'moving averages of the channels of images': async () => {
    const seeded = layers.initializers.glorotUniform({ seed: 4 });
    const model = layers.sequential({
      layers: [
        make.reshape({ targetShape: [6, 7, 1], inputShape: [42] }),
        make.conv2d({ filters: 3, kernelSize: 3, kernelInitializer: seeded, padding: 'same' }),
        make.batchNormalization({ momentum: 0.8 }),
        make.maxPooling2d({ poolSize: 2 }),
        make.batchNormalization({ momentum: 0.7 }),
        make.flatten(),
        dense(2, 2),
      ],
    });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const images = tf.tensor2d(numbers(14 * 42, 9), [14, 42]);
    const { history } = await model.fit(images, y(), fitting);
    return { ...history, averages: model.getWeights().flatMap((t) => [...t.dataSync()]) };
  },
  'labels that tf.oneHot makes, with their accuracy': async () => (await classifier().fit(x(), classes(), fitting)).history,
  'a simple recurrent layer': () => trainedWith([3, 2], recurrent('simpleRNN')),
  'an LSTM': () => trainedWith([3, 2], recurrent('lstm')),
  'an LSTM that goes backwards': () => trainedWith([3, 2], recurrent('lstm', { goBackwards: true })),
  'a GRU': () => trainedWith([3, 2], recurrent('gru')),
  'a cell in a recurrent layer': () =>
    trainedWith(
      [3, 2],
      make.rnn({
        cell: make.gruCell({ units: 3, kernelInitializer: seeded, recurrentInitializer: seeded }),
        returnSequences: true,
      }) as never,
    ),
  'two directions': () => trainedWith([3, 2], make.bidirectional({ layer: recurrent('gru') as layers.RNN, mergeMode: 'concat' })),
  'a layer for each step of a sequence': () => trainedWith([3, 2], make.timeDistributed({ layer: dense(4, 5) })),
  'depthwise convolution': () => trainedWith([6, 7, 2], depthwise({ padding: 'same' })),
  'depthwise convolution with strides': () => trainedWith([6, 7, 2], depthwise({ strides: 2, depthMultiplier: 1, padding: 'same' })),
  'separable convolution': () =>
    trainedWith(
      [6, 7, 2],
      make.separableConv2d({
        filters: 3,
        kernelSize: 3,
        depthMultiplier: 2,
        depthwiseInitializer: seeded,
        pointwiseInitializer: seeded,
      } as never),
    ),
  'transposed convolution': () =>
    trainedWith(
      [3, 4, 2],
      make.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, kernelInitializer: seeded }),
      make.cropping2D({
        cropping: [
          [1, 0],
          [0, 2],
        ],
      } as never),
    ),
  'padding with zeros': () =>
    trainedWith(
      [6, 7, 2],
      make.zeroPadding2d({
        padding: [
          [1, 0],
          [2, 1],
        ],
      }),
      depthwise(),
    ),
  'pooling of sequences': () =>
    trainedWith([14, 2], make.maxPooling1d({ poolSize: 2, strides: 1 }), make.averagePooling1d({ poolSize: 3, strides: 2 })),
  'other scales': () => trainedWith([6, 7, 2], make.rescaling({ scale: 0.5, offset: 0.25 } as never), depthwise()),
  'steps of sequences that are masked': () =>
    trainedWith([3, 2], make.timeDistributed({ layer: make.reLU() }), make.masking({ maskValue: 0 }), recurrent('lstm')),
  'words that are masked': async () => {
    const embedding = make.embedding({
      inputDim: 5,
      outputDim: 3,
      maskZero: true,
      embeddingsInitializer: layers.initializers.randomUniform({ minval: -1, maxval: 1, seed: 5 }),
      inputLength: 4,
    });
    const model = layers.sequential({ layers: [embedding, recurrent('gru', { returnSequences: false }), dense(2, 2)] });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const words = tf.tensor2d(
      Int32Array.from({ length: 56 }, (_, i) => (i * 7 + (i >> 3)) % 5),
      [14, 4],
      'int32',
    );
    const { history } = await model.fit(words, y(), fitting);
    return { ...history, weights: model.getWeights().flatMap((t) => [...t.dataSync()]) };
  },
  'layers that are concatenated': async () => (await joined().fit([x(1), x(5)], y(), fitting)).history,
};

describe('are recorded:', () => {
  it.each(Object.entries(programs))('%s', async (_, program) => {
    const here = (await program()) as Record<string, number[]>;
    expect(simdnnInfo().level).toBe('recorded');
    await tf.setBackend('cpu');
    const there = (await program()) as Record<string, number[]>;
    expect(Object.keys(here)).toEqual(Object.keys(there));
    for (const key in there) for (const [i, value] of there[key]!.entries()) expect(here[key]![i]).toBeCloseTo(value, 5);
  });
});

// Not compared with the cpu backend, whose gradient of any image but the first of a batch is that of other pixels.
it('upsampling is recorded, and sums the gradients of the copies of a pixel', async () => {
  const train = async (isHooked: boolean) => {
    const first = make.upSampling2d({ size: [2, 3] });
    if (isHooked) first.setCallHook(() => {});
    return trainedWith([3, 4, 2], depthwise({ kernelSize: 2 }), first, make.upSampling2d({ size: [1, 2] }));
  };
  const recorded = await train(false);
  expect(simdnnInfo().level).toBe('recorded');
  expect(await train(true)).toEqual(recorded);
  expect(simdnnInfo().level).toBe('training');

  const [batch, rows, columns, channels] = [2, 3, 4, 2];
  const image = tf.tensor4d(numbers(48, 1), [batch, rows, columns, channels]);
  const factors = tf.tensor4d(numbers(288, 2), [batch, 2 * rows, 3 * columns, channels]);
  const large = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [2 * rows, 3 * columns]);
  const gradient = tf
    .grad((x) => tf.sum(tf.mul(large(x), factors)))(image)
    .arraySync() as number[][][][];
  const given = factors.arraySync();
  const enlarged = large(image).arraySync() as number[][][][];
  for (let b = 0; b < batch; b++)
    for (let d = 0; d < channels; d++) {
      const sums = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
      for (let r = 0; r < 2 * rows; r++)
        for (let c = 0; c < 3 * columns; c++) {
          const [row, column] = [Math.floor(r / 2), Math.floor(c / 3)];
          sums[row]![column]! += given[b]![r]![c]![d]!;
          expect(enlarged[b]![r]![c]![d]).toBe(image.arraySync()[b]![row]![column]![d]);
        }
      for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) expect(gradient[b]![r]![c]![d]).toBeCloseTo(sums[r]![c]!, 5);
    }
});

it.each([
  [false, false],
  [true, false],
  [false, true],
])(
  'the gradient of an enlargement by any factor is the sum over the copies of a pixel (alignCorners %s, halfPixelCenters %s)',
  (...rule) => {
    const [image, factors] = [tf.tensor4d(numbers(60, 1), [2, 3, 5, 2]), tf.tensor4d(numbers(140, 2), [2, 5, 7, 2])];
    const large = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [5, 7], ...rule);
    const gradient = tf.grad(large)(image, factors).dataSync();
    // The enlarged images of which one pixel is 1 have ones at its copies.
    for (let i = 0; i < 60; i++) {
      const ones = tf.reshape(tf.oneHot(tf.scalar(i, 'int32'), 60), image.shape);
      expect(gradient[i]).toBeCloseTo(tf.sum(tf.mul(large(tf.cast(ones, 'float32')), factors)).dataSync()[0]!, 5);
    }
  },
);

it('moving averages that a program has read or cloned stay what they were', async () => {
  const model = normalized();
  await model.fit(x(), y(), fitting);
  expect(simdnnInfo().level).toBe('recorded');
  const averages = model.weights.filter(({ name }) => name.includes('moving')).map((weight) => weight.read());
  expect(averages).toHaveLength(4);
  const [read, clones] = [averages.map((t) => t.dataSync()), averages.map((t) => t.clone())];
  const before = read.map((values) => [...values]);
  await model.fit(x(5), y(), fitting);
  expect(read.map((values) => [...values])).toEqual(before);
  expect(clones.map((t) => [...t.dataSync()])).toEqual(before);
  for (const [i, t] of averages.entries()) expect([...t.dataSync()]).not.toEqual(before[i]);
});

const disposals: Record<string, (model: layers.LayersModel) => unknown> = {
  'a weight': (model) => model.getWeights()[0]!.dispose(),
  'the model': (model) => model.dispose(),
  'the optimizer': (model) => model.optimizer.dispose(),
};

describe('what is disposed has the errors of cpu:', () => {
  it.each(Object.entries(disposals))('%s', async (_, dispose) => {
    const run = async (): Promise<unknown[]> => {
      const model = classifier(tf.train.adam(0.01));
      await model.fit(x(), classes(), fitting);
      dispose(model);
      const found: unknown[] = [];
      for (const call of [() => model.trainOnBatch(x(), classes()), () => model.fit(x(), classes(), fitting)]) {
        found.push(
          await call().then(
            () => 'done',
            (error: Error) => error.message.replaceAll(/\d+/g, ''),
          ),
        );
      }
      return found;
    };
    const here = await run();
    await tf.setBackend('cpu');
    expect(here).toEqual(await run());
  });
});

it('the parts of a tensor, and the places of its extremes where it has whole numbers, are those of cpu', async () => {
  const run = (): unknown[] => {
    const whole = tf.tensor2d([3, 1, 3, -5, 0, 7], [2, 3], 'int32');
    const parts = [tf.split(whole, 3, 1), tf.split(x(), [4, -1, 3]), tf.split(tf.tensor1d([true, false, true], 'bool'), 3)].flat();
    const extremes = [tf.argMax(whole, 1), tf.argMin(whole, 0), tf.max(whole, 1), tf.min(whole), tf.argMax(tf.tensor1d([1, 1], 'int32'))];
    return [...parts, ...extremes].map((t) => [t.dtype, t.shape, Array.from(t.dataSync())]);
  };
  const here = run();
  await tf.setBackend('cpu');
  expect(here).toEqual(run());
});

it('shapes that do not fit have the errors of cpu', async () => {
  const errors = (): string[] =>
    [tf.add, tf.mul, tf.maximum, tf.less, tf.squaredDifference].map((op) => {
      try {
        return String(op(tf.ones([2, 2]), tf.ones([3, 2])).shape);
      } catch (error) {
        return (error as Error).message;
      }
    });
  const here = errors();
  await tf.setBackend('cpu');
  expect(here).toEqual(errors());
});
