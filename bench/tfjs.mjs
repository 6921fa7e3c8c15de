// node bench/tfjs.mjs [more rounds]: a step of an unchanged `model.fit` of TensorFlow.js with Adam on its cpu backend and on simdnn's, of `train.fit`, and of
// the core API with compileStep; one thread. They take turns. A time is the median of the rounds, each of which is the mean of its steps after a warm-up of as
// many steps (on cpu one step).
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import { data, nn, optim, setNumThreads, tensor, train } from 'simdnn';
import { compileStep, simdnnInfo } from 'simdnn/tfjs';
import { columns, duration } from './format.mjs';
import { median } from './statistics.mjs';

setNumThreads(1);
const rounds = Number(process.argv[2] ?? 3);
// widths, rows of a batch, steps of a round on simdnn and on cpu
const networks = [
  ['13-30-25-20-15-10-5', 32, 1000, 100],
  ['784-512-512-10', 128, 20, 2],
  ['54-256-256-7', 1024, 20, 2],
];

function dataOf(widths, rows) {
  const x = tf.randomUniform([rows, widths[0]], -1, 1, 'float32', 1);
  const y = tf.oneHot(tf.randomUniform([rows], 0, widths.at(-1), 'int32', 2), widths.at(-1));
  return [x, tf.cast(y, 'float32')];
}

async function fit(backend, widths, batch, steps, isRecorded) {
  tf.setBackend(backend);
  const model = layers.sequential({
    layers: widths.slice(1).map((units, i) => {
      const last = i === widths.length - 2;
      return layers.layers.dense({ units, activation: last ? 'softmax' : 'relu', ...(i === 0 && { inputShape: [widths[0]] }) });
    }),
  });
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
  if (!isRecorded) model.layers[0].setCallHook(() => {}); // a hook whose effects are unknown, so that the backend cannot record the step
  const [x, y] = dataOf(widths, batch * steps);
  const warming = backend === 'cpu' ? [tf.slice(x, 0, batch), tf.slice(y, 0, batch)] : [x, y];
  await model.fit(...warming, { epochs: 1, batchSize: batch, verbose: 0 });
  const begin = performance.now();
  await model.fit(x, y, { epochs: 1, batchSize: batch, verbose: 0, shuffle: false });
  const seconds = (performance.now() - begin) / 1000 / steps;
  if (isRecorded !== (simdnnInfo().level === 'recorded')) throw new Error(`model.fit is not as it should be: ${simdnnInfo().reason}`);
  if (isRecorded && simdnnInfo().fit !== null) throw new Error(`the loop is that of TensorFlow.js: ${simdnnInfo().fit}`);
  tf.dispose([x, y, ...warming]);
  model.dispose();
  return seconds;
}

// The same network by this library's own names.
async function native(widths, batch, steps) {
  const layersOf = (out, i) => [new nn.Linear(widths[i], out), ...(i < widths.length - 2 ? [new nn.ReLU()] : [])];
  const model = new nn.Sequential(...widths.slice(1).flatMap(layersOf));
  const rows = batch * steps;
  const x = tensor(Float32Array.from({ length: rows * widths[0] }, () => 2 * Math.random() - 1)).reshape([rows, widths[0]]);
  const y = tensor(Int32Array.from({ length: rows }, () => Math.floor(Math.random() * widths.at(-1))));
  const given = { criterion: new nn.CrossEntropyLoss(), optimizer: new optim.Adam(model.parameters()), progress: false, epochs: 1 };
  const loaderOf = (first) =>
    new data.DataLoader(new data.TensorDataset(...[x, y].map((t) => t.narrow(0, 0, first))), { batchSize: batch });
  await train.fit(model, { ...given, loader: loaderOf(batch), epochs: 5 });
  const loader = loaderOf(rows);
  const begin = performance.now();
  await train.fit(model, { ...given, loader });
  return (performance.now() - begin) / 1000 / steps;
}

function core(widths, batch, steps, isCompiled) {
  tf.setBackend('simdnn');
  const parameters = widths
    .slice(1)
    .flatMap((out, i) => [
      tf.variable(tf.randomNormal([widths[i], out], 0, Math.sqrt(2 / widths[i]), 'float32', i + 1)),
      tf.variable(tf.zeros([out])),
    ]);
  const forward = (x) =>
    parameters.reduce((h, p, i) => (i % 2 === 0 ? tf.matMul(h, p) : i < parameters.length - 1 ? tf.relu(tf.add(h, p)) : tf.add(h, p)), x);
  const loss = (x, y) => tf.mean(tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(forward(x))), 1)));
  const optimizer = tf.train.adam(1e-3);
  const step = isCompiled ? compileStep(loss, optimizer, parameters) : (x, y) => optimizer.minimize(() => loss(x, y), true, parameters);
  const [x, y] = dataOf(widths, batch);
  for (let i = 0; i < steps; i++) step(x, y).dispose();
  if (isCompiled && simdnnInfo().level !== 'recorded') throw new Error(`the step is not recorded: ${simdnnInfo().reason}`);
  const begin = performance.now();
  for (let i = 0; i < steps; i++) step(x, y).dispose();
  const seconds = (performance.now() - begin) / 1000 / steps;
  tf.dispose([x, y, ...parameters]);
  return seconds;
}

const table = [['', 'model.fit, cpu', 'single operations', 'model.fit', 'train.fit', 'minimize', 'compileStep']];
for (const [name, batch, steps, onCpu] of networks) {
  const widths = name.split('-').map(Number);
  const found = [[], [], [], [], [], []];
  for (let round = 0; round < rounds; round++) {
    found[0].push(await fit('cpu', widths, batch, onCpu, false));
    found[1].push(await fit('simdnn', widths, batch, steps, false));
    found[2].push(await fit('simdnn', widths, batch, steps, true));
    found[3].push(await native(widths, batch, steps));
    found[4].push(core(widths, batch, steps, false));
    found[5].push(core(widths, batch, steps, true));
  }
  table.push([`${name}, ${batch} rows`, ...found.map((times) => duration(median(times)))]);
}
console.log(columns(table).join('\n'));
