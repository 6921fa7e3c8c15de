// Random models of tf.layers with random events between their steps, each trained both by replays and operation by operation.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { manualSeed } from '../../src/random';
import { simdnnInfo } from '../../src/tfjs';
import { randomly } from './step-programs';

type Random = ReturnType<typeof randomly>;

const activations = [
  'linear',
  'relu',
  'tanh',
  'sigmoid',
  'softplus',
  'softmax',
  'elu',
  'selu',
  'relu6',
  'hardSigmoid',
  'swish',
  'softsign',
] as const;
const losses = [
  'meanSquaredError',
  'meanAbsoluteError',
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
  'binaryCrossentropy',
  'meanSquaredLogarithmicError',
  'hinge',
  'squaredHinge',
  'categoricalHinge',
  'logcosh',
  'kullbackLeiblerDivergence',
  'poisson',
  'cosineProximity',
];
const metrics = [
  'accuracy',
  'mse',
  'mae',
  'binaryAccuracy',
  'categoricalAccuracy',
  'categoricalCrossentropy',
  'precision',
  'cosine',
  'mape',
];

/** Makers of optimizers. */
export const optimizers: ((rate: number) => tf.Optimizer)[] = [
  (rate) => tf.train.sgd(rate),
  (rate) => tf.train.momentum(rate, 0.9, true),
  (rate) => tf.train.adam(rate),
  (rate) => tf.train.rmsprop(rate),
  (rate) => tf.train.rmsprop(rate, 0.8, 0.5, 1e-2, true),
  (rate) => tf.train.adagrad(rate),
  (rate) => tf.train.adadelta(rate, 0.9),
  (rate) => tf.train.adamax(rate, 0.9, 0.99, 1e-7, 0.1),
];

/** A model that a seed describes: each call of `make` creates it anew. */
export interface Description {
  make: () => layers.LayersModel;
  compile: (model: layers.LayersModel) => void;
  inputs: number;
  /** The shape of an input of `inputs` numbers, if it is no row of them. */
  shape?: number[];
  outputs: number;
  isSparse: boolean;
  text: string;
}

// Layers before the dense ones that see the inputs as a sequence or as an image: often none.
function frontOf(r: Random, inputs: number): { make: () => layers.layers.Layer[]; text: string } {
  const drawn =
    r.next() < 0.6 ? 'none' : r.one(['recurrent', 'recurrent', 'depthwise', 'separable', 'transposed', 'upsampled', 'pooled'] as const);
  // TensorFlow.js itself cannot train a recurrent layer on sequences of one step.
  const kind = drawn === 'recurrent' && inputs === 1 ? 'none' : drawn;
  const [units, size, multiplier] = [1 + r.upTo(4), 1 + r.upTo(Math.min(3, inputs)), 1 + r.upTo(2)];
  const [cell, wrapper, isSequence, isBackward, useBias, isMasked] = [
    r.one(['simpleRNN', 'lstm', 'gru'] as const),
    r.one(['none', 'none', 'bidirectional', 'timeDistributed'] as const),
    r.next() < 0.5,
    r.next() < 0.3,
    r.next() < 0.8,
    r.next() < 0.3,
  ];
  const mergeMode = r.one(['concat', 'sum', 'mul', 'ave'] as const);
  const activation = r.one(activations);
  const [padding, strides] = [r.one(['same', 'valid'] as const), 1 + r.upTo(2)];
  const kernelSize: [number, number] = [size, 1];
  const recurrent = (): layers.layers.Layer => {
    const rnn = layers.layers[cell]({
      units,
      useBias,
      returnSequences: isSequence,
      goBackwards: isBackward,
      recurrentInitializer: 'glorotUniform',
    } as never) as layers.RNN;
    return wrapper === 'bidirectional' ? layers.layers.bidirectional({ layer: rnn, mergeMode }) : rnn;
  };
  const middle: Record<string, () => layers.layers.Layer[]> = {
    recurrent: () => [
      ...(wrapper === 'timeDistributed' ? [layers.layers.timeDistributed({ layer: layers.layers.dense({ units: 3, activation }) })] : []),
      // TensorFlow.js itself cannot train a layer before a masking one.
      ...(isMasked && wrapper !== 'timeDistributed' ? [layers.layers.reLU(), layers.layers.masking({ maskValue: 0 })] : []),
      recurrent(),
    ],
    depthwise: () => [
      layers.layers.conv2d({ filters: 2, kernelSize }),
      layers.layers.zeroPadding2d({
        padding: [
          [size, 0],
          [0, 1],
        ],
      }),
      layers.layers.depthwiseConv2d({ kernelSize, depthMultiplier: multiplier, padding, strides, activation, useBias }),
    ],
    separable: () => [
      layers.layers.conv2d({ filters: 3, kernelSize, padding: 'same' }),
      layers.layers.separableConv2d({
        filters: units,
        kernelSize,
        depthMultiplier: multiplier,
        padding,
        strides: 1,
        activation,
        useBias,
      } as never),
    ],
    transposed: () => [layers.layers.conv2dTranspose({ filters: units, kernelSize, padding, strides, activation, useBias })],
    upsampled: () => [
      layers.layers.conv2d({ filters: units, kernelSize, padding }),
      layers.layers.upSampling2d({ size: [strides, multiplier] }),
    ],
    pooled: () => [
      layers.layers.reshape({ targetShape: [inputs, 1] }),
      layers.layers[isSequence ? 'maxPooling1d' : 'averagePooling1d']({ poolSize: size, strides, padding: 'valid' }),
    ],
  };
  if (kind === 'none') return { make: () => [], text: '' };
  const isFlat = kind === 'recurrent' && !isSequence;
  const targetShape = kind === 'recurrent' ? [inputs, 1] : [inputs, 1, 1];
  return {
    make: () => [layers.layers.reshape({ targetShape }), ...middle[kind]!(), ...(isFlat ? [] : [layers.layers.flatten()])],
    text: `${kind} ${JSON.stringify({ units, size, multiplier, cell, wrapper, isSequence, isBackward, useBias, isMasked, mergeMode, padding, strides, activation })}`,
  };
}

/** A random model. */
export function describeModel(r: Random): Description {
  const [inputs, outputs] = [1 + r.upTo(12), 1 + r.upTo(6)];
  const widths = Array.from({ length: r.upTo(3) }, () => 1 + r.upTo(16));
  const chosen = [...widths, outputs].map((units) => ({
    units,
    activation: r.one(activations),
    useBias: r.next() < 0.8,
    penalty: r.next() < 0.2 ? r.one(['l1', 'l2', 'l1l2'] as const) : null,
    normalization: r.next() < 0.3 ? r.one(['layerNormalization', 'batchNormalization'] as const) : null,
    dropout: r.next() < 0.15,
    isSeeded: r.next() < 0.3,
  }));
  const front = frontOf(r, inputs);
  const isFunctional = r.next() < 0.3;
  const loss = r.one(outputs === 1 ? losses.filter((name) => !/crossentropy/i.test(name) || name.startsWith('binary')) : losses);
  const isSparse = loss.startsWith('sparse');
  const measured = isSparse ? (r.next() < 0.5 ? ['accuracy'] : []) : metrics.filter(() => r.next() < 0.2);
  const [optimizer, rate] = [r.one(optimizers), 0.001 + 0.03 * r.next()];
  const dense = ({ units, activation, useBias, penalty }: (typeof chosen)[number]) =>
    layers.layers.dense({
      units,
      activation,
      useBias,
      ...(penalty && { kernelRegularizer: layers.regularizers[penalty]({ l1: 0.02, l2: 0.03 }) }),
    });
  const make = (): layers.LayersModel => {
    const x = layers.input({ shape: [inputs] });
    let out: layers.SymbolicTensor = x;
    const layersOf = chosen.flatMap((one) => [
      dense(one),
      ...(one.normalization ? [layers.layers[one.normalization]({})] : []),
      ...(one.dropout ? [layers.layers.dropout({ rate: 0.5, ...(one.isSeeded && { seed: 7 }) })] : []),
    ]);
    const all = [...front.make(), ...layersOf];
    if (!isFunctional) return layers.sequential({ layers: [layers.layers.inputLayer({ inputShape: [inputs] }), ...all] });
    for (const layer of all) out = layer.apply(out) as layers.SymbolicTensor;
    const aside = layers.layers.dense({ units: outputs }).apply(x) as layers.SymbolicTensor;
    return layers.model({ inputs: x, outputs: layers.layers.add().apply([out, aside]) as layers.SymbolicTensor });
  };
  const compile = (model: layers.LayersModel): void => model.compile({ optimizer: optimizer(rate), loss, metrics: measured });
  const text = `${isFunctional ? 'functional' : 'sequential'} ${inputs} ${front.text} ${chosen.map((c) => JSON.stringify(c)).join(' ')} ${loss} [${measured}]`;
  return { make, compile, inputs, outputs, isSparse, text };
}

const firstWithWeights = (model: layers.LayersModel): layers.layers.Layer => model.layers.find(({ weights }) => weights.length > 0)!;

// What happens to both models before some steps.
const events: ((r: Random) => (model: layers.LayersModel, description: Description) => void)[] = [
  (r) => {
    const rate = 0.001 + 0.03 * r.next();
    return ({ optimizer }) => {
      const its = optimizer as unknown as { setLearningRate?(rate: number): void; learningRate: number };
      if (its.setLearningRate === undefined) its.learningRate = rate;
      else its.setLearningRate(rate);
    };
  },
  () => (model) => tf.tidy(() => model.setWeights(model.getWeights().map((w) => tf.mul(w, 0.5)))),
  () => (model) => {
    const layer = firstWithWeights(model);
    layer.trainable = !layer.trainable;
  },
  () =>
    (model, { compile }) => {
      compile(model);
    },
  () => (model) => void model.getWeights()[0]!.dataSync().fill(3),
  (r) => {
    const beta = r.next();
    return ({ optimizer }) => {
      if (optimizer instanceof tf.AdamOptimizer) (optimizer as unknown as { beta1: number }).beta1 = beta;
    };
  },
  // A program replaces the variable of a weight.
  () => (model) => {
    const weight = firstWithWeights(model).weights[0] as unknown as { val: tf.Variable };
    weight.val = tf.tidy(() => tf.variable(tf.mul(weight.val, 0.5), weight.val.trainable));
  },
];

// All NaN are one number, as in JavaScript: which sign and payload a sum of two of them has is the compiler's choice.
const bitsOf = (values: ArrayLike<number>): string =>
  Buffer.from(Float32Array.from(values, (v) => (Number.isNaN(v) ? Number.NaN : v)).buffer).toString('hex');

/** Random rows for a model, and their targets. */
export function dataOf(r: Random, { inputs, shape, outputs, isSparse }: Description, rows: number): [tf.Tensor, tf.Tensor] {
  const x = tf.tensor(r.floats(rows * inputs), [rows, ...(shape ?? [inputs])]);
  const hot = Array.from({ length: rows }, () => r.upTo(outputs));
  const values =
    r.next() < 0.5
      ? r.floats(rows * outputs).map(Math.abs)
      : hot.flatMap((at) => Array.from({ length: outputs }, (_, i) => Number(i === at)));
  const y = isSparse ? tf.tensor2d(Float32Array.from(hot), [rows, 1]) : tf.tensor2d(Float32Array.from(values), [rows, outputs]);
  return [x, y];
}

// Does a step, a short fit, a prediction or an evaluation and returns its numbers.
function workOf(r: Random, rows: number): (model: layers.LayersModel, x: tf.Tensor, y: tf.Tensor) => Promise<number[]> {
  const kind = r.next();
  if (kind < 0.1) {
    return async (model, x, y) => {
      const log = await model.fit(x, y, {
        epochs: 2,
        batchSize: Math.max(1, rows >> 1),
        shuffle: false,
        verbose: 0,
        validationSplit: rows > 4 ? 0.25 : 0,
      });
      return Object.values(log.history).flat() as number[];
    };
  }
  if (kind < 0.25) {
    return async (model, x, y) => {
      const all = [model.evaluate(x, y, { batchSize: rows })].flat() as tf.Tensor[];
      const numbers = all.map((t) => t.dataSync()[0]!);
      tf.dispose(all);
      return numbers;
    };
  }
  if (kind < 0.4) {
    const batchSize = 1 + r.upTo(rows);
    return async (model, x) =>
      tf.tidy(() => {
        const repeated = tf.concat([x, x, x, x]);
        return Array.from((model.predict(repeated, { batchSize }) as tf.Tensor).dataSync());
      });
  }
  return async (model, x, y) => [await model.trainOnBatch(x, y)].flat();
}

/** Returns how many of its steps were replayed, and why the first that could be was not. Throws if a bit differs. */
export async function runModel(
  seed: number,
  describe = describeModel,
  steps = 16,
): Promise<{ replayed: number; reason: string; text: string }> {
  const r = randomly(seed + 3e6);
  const description = describe(r);
  const [here, there] = [description.make(), description.make()];
  there.setWeights(here.getWeights());
  there.layers[0]!.setCallHook(() => {}); // a call hook makes it run operation by operation
  there.layers[1]!.setCallHook(() => {});
  for (const model of [here, there]) description.compile(model);
  const sizes = [1 + r.upTo(24), 1 + r.upTo(24)];
  let replayed = 0;
  let reason = '';
  for (let i = 0; i < steps; i++) {
    if (i > 5 && r.next() < 0.15) {
      const event = r.one(events)(r);
      for (const model of [here, there]) event(model, description);
    }
    const rows = i > 7 && r.next() < 0.2 ? sizes[1]! : sizes[0]!;
    const [x, y] = dataOf(r, description, rows);
    const work = i < 6 ? workOf({ ...r, next: () => 1 }, rows) : workOf(r, rows);
    const outcomes: (number[] | string)[] = [];
    for (const model of [there, here]) {
      manualSeed(i);
      outcomes.push(await work(model, x, y).catch((error: Error) => error.message)); // a model that has only frozen weights, for example
    }
    const [expected, found] = outcomes;
    if (simdnnInfo().level === 'recorded') replayed++;
    else if (i === 5) reason = typeof expected === 'string' ? expected : simdnnInfo().reason!;
    if (typeof expected === 'string' && expected !== found) throw new Error(`model ${seed}: ${found} for ${expected}`);
    const pairs = [
      ...(typeof expected === 'string' ? [] : [[found, expected]]),
      ...here.getWeights().map((w, k) => [w.dataSync(), there.getWeights()[k]!.dataSync()]),
    ] as [number[], number[]][];
    for (const [k, [a, b]] of pairs.entries()) {
      if (bitsOf(a) !== bitsOf(b))
        throw new Error(`model ${seed}, step ${i}: ${k === 0 ? `${a} for ${b}` : `weight ${k - 1} differs`}: ${description.text}`);
    }
    tf.dispose([x, y]);
  }
  for (const model of [here, there]) model.dispose();
  return { replayed, reason, text: `model ${seed}: ${description.text}` };
}
