// node bench/tfjs-node.mjs FOLDER [rounds]: programs of TensorFlow.js on tfjs-node, on its wasm backend and on simdnn's, one thread each: a step of a loop of the core API
// (`minimize`), a step of an unchanged `model.fit`, and a prediction. FOLDER is one whose node_modules has @tensorflow/tfjs-node; its own copy of TensorFlow.js is used for it.
// Each backend is a process of its own, and they take turns. A time is the median of the rounds, each of which is the mean of about a second of steps after a warm-up, at most
// of an epoch of data of that shape (1,000 batches, MNIST's 60,000 images, covertype's 581,012 rows): a fit has costs of its own, such as copies of the data.
// Start it with `taskset -c CPU`: the processes of the backends inherit that. wasm is left out where it is not installed, as in tfjs.mjs, and cannot train convolutions.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { columns, duration, ratio } from './format.mjs';
import { median } from './statistics.mjs';

const secondsOfRound = 1;
const warmUpSteps = 8;

// widths of dense layers after the image, if there is one; rows of a batch; batches of an epoch
const cases = {
  a: { name: '13-30-25-20-15-10-5', widths: [13, 30, 25, 20, 15, 10, 5], batch: 32, epoch: 1000 },
  b: { name: '784-512-512-10', widths: [784, 512, 512, 10], batch: 128, epoch: 469, predicts: true },
  c: { name: '54-256-256-7', widths: [54, 256, 256, 7], batch: 1024, epoch: 567 },
  cnn: { name: 'MNIST CNN', widths: [400, 10], filters: [8, 16], image: [28, 28, 1], batch: 128, epoch: 469 },
};
const ways = ['minimize', 'single operations', 'model.fit', 'predict'];

async function tensorFlowOf(backend, folder) {
  if (backend === 'node') {
    // Functions of node:util that tfjs-node uses and that Node 23 no longer has.
    const util = createRequire(import.meta.url)('node:util');
    util.isNullOrUndefined ??= (value) => value === null || value === undefined;
    util.isArray ??= Array.isArray;
    return createRequire(path.resolve(folder, 'package.json'))('@tensorflow/tfjs-node');
  }
  const core = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-cpu');
  const { layers, sequential } = await import('@tensorflow/tfjs-layers');
  if (backend === 'simdnn') {
    (await import('simdnn')).setNumThreads(1);
    const { simdnnInfo } = await import('simdnn/tfjs');
    return { ...core, layers, sequential, simdnnInfo };
  }
  const { setThreadsCount } = await import('@tensorflow/tfjs-backend-wasm');
  setThreadsCount(1);
  await core.setBackend('wasm');
  return { ...core, layers, sequential };
}

// The same numbers for each backend.
const numbers = (n, scale, seed) => Float32Array.from({ length: n }, (_, i) => scale * Math.sin(12.9898 * (i % 1000003) + 78.233 * seed));

/** One network on the backend of this process. */
class Case {
  constructor(tf, { widths, filters = [], image, batch }, isRecorded) {
    Object.assign(this, { tf, widths, filters, image, batch, isRecorded });
    this.inputs = image ?? [widths[0]];
    const channels = [1, ...filters];
    this.shapes = [...filters.map((out, i) => [3, 3, channels[i], out]), ...widths.slice(1).map((out, i) => [widths[i], out])].flatMap(
      (shape) => [shape, [shape.at(-1)]],
    );
  }

  weights() {
    return this.shapes.map((shape, i) => {
      const n = shape.reduce((product, size) => product * size);
      return this.tf.tensor(numbers(n, shape.length === 1 ? 0 : Math.sqrt(3 / (n / shape.at(-1))), i + 1), shape);
    });
  }

  data(steps) {
    const { tf, batch, inputs, widths } = this;
    const [rows, classes] = [batch * steps, widths.at(-1)];
    const y = new Float32Array(rows * classes);
    for (let i = 0; i < rows; i++) y[i * classes + ((i * 7919) % classes)] = 1;
    return [tf.tensor(numbers(rows * inputs.reduce((a, b) => a * b), 1, 99), [rows, ...inputs]), tf.tensor(y, [rows, classes])];
  }

  makeModel() {
    const { tf, widths, filters, inputs, isRecorded } = this;
    const first = (i) => i === 0 && { inputShape: inputs };
    const convolutions = filters.flatMap((out, i) => [
      tf.layers.conv2d({ filters: out, kernelSize: 3, activation: 'relu', ...first(i) }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
    ]);
    const dense = widths.slice(1).map((units, i) => {
      const activation = i === widths.length - 2 ? 'softmax' : 'relu';
      return tf.layers.dense({ units, activation, ...(filters.length === 0 && first(i)) });
    });
    const model = tf.sequential({ layers: [...convolutions, ...(filters.length > 0 ? [tf.layers.flatten()] : []), ...dense] });
    model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
    model.setWeights(this.weights());
    if (!isRecorded) model.layers[0].setCallHook(() => {}); // a hook whose effects are unknown, so that simdnn cannot record the step
    return model;
  }

  fit() {
    const model = this.makeModel();
    return async ([x, y]) => (await model.fit(x, y, { epochs: 1, batchSize: this.batch, verbose: 0, shuffle: false })).history.loss[0];
  }

  minimize() {
    const { tf, filters, batch, widths } = this;
    const parameters = this.weights().map((t) => tf.variable(t));
    const forward = (x) => {
      let h = x;
      for (let i = 0; i < parameters.length; i += 2) {
        const [w, b] = parameters.slice(i, i + 2);
        if (i / 2 === filters.length && filters.length > 0) h = tf.reshape(h, [batch, widths[0]]);
        h = tf.add(w.rank === 4 ? tf.conv2d(h, w, 1, 'valid') : tf.matMul(h, w), b);
        if (i < parameters.length - 2) h = tf.relu(h);
        if (w.rank === 4) h = tf.maxPool(h, 2, 2, 'valid');
      }
      return h;
    };
    const optimizer = tf.train.adam(1e-3);
    const loss = (x, y) => tf.mean(tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(forward(x))), 1)));
    return async ([x, y], steps) => {
      const [xs, ys] = [x, y].map((t) => tf.split(t, steps));
      let last = null;
      for (let i = 0; i < steps; i++) {
        last?.dispose();
        last = optimizer.minimize(() => loss(xs[i], ys[i]), true, parameters);
      }
      const found = last.dataSync()[0];
      tf.dispose([last, ...xs, ...ys]);
      return found;
    };
  }

  predict() {
    const model = this.makeModel();
    return async ([x], steps) => {
      const first = this.tf.slice(x, 0, this.batch);
      let found = 0;
      for (let i = 0; i < steps; i++) found = this.tf.tidy(() => model.predict(first, { batchSize: this.batch }).dataSync()[0]);
      first.dispose();
      return found;
    };
  }
}

async function prepare(tf, network, way) {
  const own = new Case(tf, cases[network], way !== 'single operations');
  const run = way === 'minimize' ? own.minimize() : way === 'predict' ? own.predict() : own.fit();
  const first = own.data(1);
  const check = await run(first, 1); // the loss before any update: later ones depend on rounding
  tf.dispose(first);
  let [steps, data] = [0, null];
  const round = async () => {
    const start = performance.now();
    const seconds = () => (performance.now() - start) / 1000;
    let runs = 0;
    for (; runs === 0 || seconds() < secondsOfRound; runs++) await run(data, steps);
    return seconds() / runs / steps;
  };
  for (let wanted = warmUpSteps; wanted > 1.5 * steps; ) {
    if (data !== null) tf.dispose(data);
    [steps, data] = [wanted, own.data(wanted)];
    await round();
    wanted = Math.max(2, Math.min(cases[network].epoch, Math.round(secondsOfRound / (await round()))));
  }
  const info = tf.simdnnInfo?.();
  if (info && way === 'model.fit' && info.level !== 'recorded') throw new Error(`model.fit is not recorded: ${info.reason}`);
  return { round, check };
}

async function serve() {
  const [, , , backend, folder] = process.argv;
  const tf = await tensorFlowOf(backend, folder).catch((error) => {
    process.send({ missing: error.message.split('\n')[0] });
    process.exit();
  });
  await tf.ready();
  const prepared = new Map();
  process.on('message', async ([network, way]) => {
    try {
      const key = `${network} ${way}`;
      const isNew = !prepared.has(key);
      if (isNew) prepared.set(key, await prepare(tf, network, way));
      const { round, check } = prepared.get(key);
      process.send(isNew ? { check } : { seconds: await round() });
    } catch (error) {
      process.send({ error: error.message.split('\n')[0] });
    }
  });
  process.send({ ready: `${tf.getBackend()}, TensorFlow.js ${tf.version_core ?? tf.version.tfjs}` });
}

async function main(folder, rounds) {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', OMP_NUM_THREADS: '1' };
  const backends = [];
  for (const name of ['wasm', 'node', 'simdnn']) {
    const child = fork(fileURLToPath(import.meta.url), ['--serve', name, folder], { env });
    const ask = async (question) => {
      if (question !== null) child.send(question);
      return (await once(child, 'message'))[0];
    };
    const { ready, missing } = await ask(null);
    console.log(`${name}: ${ready ?? `left out, ${missing}`}`);
    if (ready) backends.push({ name, ask, child });
  }
  const table = [['', ...backends.map(({ name }) => name), ...backends.slice(0, -1).map(({ name }) => `simdnn to ${name}`)]];
  for (const [network, { name, predicts }] of Object.entries(cases)) {
    for (const way of ways.filter((one) => one !== 'predict' || predicts)) {
      const found = backends.map((backend) => ({ ...backend, times: [] }));
      for (const one of found) Object.assign(one, await one.ask([network, way]));
      const here = found.at(-1);
      if (here.error) throw new Error(`${name}, ${way}: ${here.error}`);
      for (const one of found)
        if (!one.error && !(Math.abs(one.check - here.check) < 1e-3 * Math.abs(here.check)))
          one.error = `other result: ${one.check}, not ${here.check}`;
      for (let i = 0; i < rounds; i++) for (const one of found) if (!one.error) one.times.push((await one.ask([network, way])).seconds);
      for (const one of found) if (one.error) console.log(`${name}, ${way}, ${one.name}: ${one.error}`);
      const medians = found.map(({ times }) => (times.length > 0 ? median(times) : null));
      const times = medians.map((seconds) => (seconds === null ? '-' : duration(seconds)));
      const ratios = medians.slice(0, -1).map((seconds) => (seconds === null ? '-' : ratio(seconds / medians.at(-1))));
      table.push([`${name}, ${cases[network].batch} rows, ${way}`, ...times, ...ratios]);
    }
  }
  for (const { child } of backends) child.kill();
  console.log(`\n${columns(table).join('\n')}`);
}

if (process.argv[2] === '--serve') await serve();
else if (process.argv[2] === undefined)
  console.log('node bench/tfjs-node.mjs FOLDER [rounds]: FOLDER has @tensorflow/tfjs-node in its node_modules');
else await main(process.argv[2], Number(process.argv[3] ?? 5));
