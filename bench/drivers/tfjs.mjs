// TensorFlow.js on its cpu, wasm and node backends, in the fastest way that its guides show: variables with tf.fused.matMul and
// optimizer.minimize, production mode, and one-hot labels (which its loss requires) made beforehand; whole epochs by model.fit.
import { createRequire } from 'node:module';
import path from 'node:path';
import { batches, digest, labels, linear, network, normal, oneHot, rows, transposed } from '../data.mjs';
import { serve, Unavailable } from './protocol.mjs';

const require = createRequire(new URL('../peers/package.json', import.meta.url));

async function start({ mode, threads }) {
  const tf = mode === 'node' ? startNode(threads) : require('@tensorflow/tfjs');
  if (mode === 'wasm') {
    const wasm = require('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + path.sep);
  }
  if (mode !== 'node' && !(await tf.setBackend(mode))) throw new Unavailable(`the ${mode} backend does not start`);
  await tf.ready();
  tf.enableProdMode();
  return { tf, version: tf.version['tfjs-node'] ?? tf.version.tfjs };
}

function startNode(threads) {
  Object.assign(process.env, {
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_NUM_INTRAOP_THREADS: threads,
    OMP_NUM_THREADS: threads,
    TF_NUM_INTEROP_THREADS: 1,
  });
  try {
    return require('@tensorflow/tfjs-node');
  } catch (error) {
    throw new Unavailable(`@tensorflow/tfjs-node does not load: ${error.message.split('\n')[0]}`);
  }
}

/** x through layers { weight, bias }, with an activation after each but the last; tanh is not one of those that a product may contain. */
const chain = (tf, layers, x, activation = 'linear') =>
  layers.reduce((h, { weight, bias }, i) => {
    const own = i < layers.length - 1 ? activation : 'linear';
    const y = tf.fused.matMul({ a: h, b: weight, bias, activation: own === 'tanh' ? 'linear' : own });
    return own === 'tanh' ? tf.tanh(y) : y;
  }, x);

const optimizer = (tf, { lr, beta1, beta2, eps }) => tf.train.adam(lr, beta1, beta2, eps);

async function value(scalar) {
  const [number] = await scalar.data();
  scalar.dispose();
  return number;
}

/** The batches of a trial: [{ x, y }]. */
function tensorsOf(tf, trial) {
  const { layers: widths, batch } = trial;
  const classes = widths.at(-1);
  return batches(trial).map(({ x, y }) => ({
    x: tf.tensor2d(x, [batch, widths[0]]),
    y: tf.tensor2d(oneHot(y, classes), [batch, classes]),
  }));
}

/** A training step of a trial's network: ({ x, y }) => the loss. */
function stepOf(tf, { layers: widths, activation, softmax, adam }) {
  const layers = network(widths).map((l) => ({
    weight: tf.variable(tf.tensor2d(transposed(l), [l.in, l.out])),
    bias: tf.variable(tf.tensor1d(l.bias)),
  }));
  const adamOptimizer = optimizer(tf, adam);
  return ({ x, y }) =>
    adamOptimizer.minimize(() => {
      const h = chain(tf, layers, x, activation);
      return tf.losses.softmaxCrossEntropy(y, softmax ? tf.softmax(h) : h);
    }, true);
}

await serve({
  async train(job) {
    const { tf, version } = await start(job);
    const data = tensorsOf(tf, job.trial);
    const step = stepOf(tf, job.trial);
    let at = 0;
    const next = () => step(data[at++ % data.length]);
    const check = [];
    while (check.length < 5) check.push(await value(next()));
    const run = (n) => {
      for (let i = 1; i < n; i++) next().dispose();
      return value(next());
    };
    return { version, check, run };
  },

  async training(job) {
    const { tf, version } = await start(job);
    const data = tensorsOf(tf, job.trial);
    const begin = () => {
      tf.disposeVariables();
      const step = stepOf(tf, job.trial);
      return async (epochs) => {
        let sum = 0;
        for (let e = 1; e < epochs; e++) for (const batch of data) step(batch).dispose();
        for (const batch of data) sum += await value(step(batch));
        return sum / data.length;
      };
    };
    return { version, begin };
  },

  async epoch(job) {
    const { tf, version } = await start(job);
    const { layers: widths, batch, adam, rows: count } = job.trial;
    const model = tf.sequential();
    widths.slice(1).forEach((units, i) => {
      model.add(tf.layers.dense({ units, inputShape: [widths[i]], activation: i < widths.length - 2 ? 'relu' : undefined }));
    });
    model.setWeights(network(widths).flatMap((l) => [tf.tensor2d(transposed(l), [l.in, l.out]), tf.tensor1d(l.bias)]));
    model.compile({ optimizer: optimizer(tf, adam), loss: (y, logits) => tf.losses.softmaxCrossEntropy(y, logits) });
    const data = rows(job.trial);
    const x = tf.tensor2d(data.x, [count, widths[0]]);
    const y = tf.tensor2d(oneHot(data.y, widths.at(-1)), [count, widths.at(-1)]);
    const check = [];
    while (check.length < 5) {
      const first = check.length * batch;
      check.push(await model.trainOnBatch(x.slice(first, batch), y.slice(first, batch)));
    }
    const run = async (n) => {
      const { history } = await model.fit(x, y, { batchSize: batch, epochs: n, shuffle: true, verbose: 0, yieldEvery: 'never' });
      return history.loss.at(-1);
    };
    return { version, check, run };
  },

  async infer(job) {
    const { tf, version } = await start(job);
    const { layers: widths, batch, activation } = job.trial;
    const layers = network(widths).map((l) => ({ weight: tf.tensor2d(transposed(l), [l.in, l.out]), bias: tf.tensor1d(l.bias) }));
    const data = batches(job.trial).map(({ x }) => tf.tensor2d(x, [batch, widths[0]]));
    let at = 0;
    const next = () => tf.tidy(() => chain(tf, layers, data[at++ % data.length], activation));
    const values = async (y) => {
      const result = await y.data();
      y.dispose();
      return result;
    };
    const run = async (n) => {
      for (let i = 1; i < n; i++) next().dispose();
      return (await values(next()))[0];
    };
    return { version, check: digest(await values(next())), run };
  },

  async linear(job) {
    const { tf, version } = await start(job);
    const { rows: count, in: inputs, out: outputs } = job.trial;
    const layer = linear(inputs, outputs, 0);
    const a = tf.tensor2d(normal(count * inputs, 1), [count, inputs]);
    const b = tf.tensor2d(transposed(layer), [inputs, outputs]);
    const bias = tf.tensor1d(layer.bias);
    const product = () => tf.fused.matMul({ a, b, bias });
    const run = async (n) => {
      for (let i = 1; i < n; i++) product().dispose();
      const y = product();
      const [first] = await y.data();
      y.dispose();
      return first;
    };
    return { version, check: digest(await product().data()), run };
  },

  async crossEntropy(job) {
    const { tf, version } = await start(job);
    const { rows: count, classes } = job.trial;
    const logits = tf.tensor2d(normal(count * classes, 1), [count, classes]);
    const y = tf.tensor2d(oneHot(labels(count, classes, 2), classes), [count, classes]);
    const lossAndGradient = tf.valueAndGrad((z) => tf.losses.softmaxCrossEntropy(y, z));
    const run = async (n) => {
      for (let i = 1; i < n; i++) tf.dispose(lossAndGradient(logits));
      const { value: loss, grad } = lossAndGradient(logits);
      await grad.data();
      grad.dispose();
      return value(loss);
    };
    const { value: loss, grad } = lossAndGradient(logits);
    return { version, check: [await value(loss), ...digest(await grad.data(), count * classes)], run };
  },

  async adam(job) {
    const { tf, version } = await start(job);
    const { parameters, adam } = job.trial;
    const param = tf.variable(tf.zeros([parameters]), true, 'param');
    const grads = [1, 2].map((seed) => tf.tensor1d(normal(parameters, seed)));
    const adamOptimizer = optimizer(tf, adam);
    let steps = 0;
    const run = (n) => {
      for (let i = 0; i < n; i++) {
        steps++;
        adamOptimizer.applyGradients({ param: grads[steps % 2] });
      }
      return value(param.slice([0], [1]));
    };
    await run(5);
    return { version, check: digest(await param.data(), 1 / adam.lr), run };
  },
});
