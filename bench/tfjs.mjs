// node bench/tfjs.mjs [more rounds]: a step of an unchanged `model.fit` of TensorFlow.js with Adam on its cpu and wasm backends and on simdnn's, of `train.fit`, and of
// the core API with compileStep; then a prediction of 128 rows, and how long a timer of 1 ms waits at most while a `model.fit` runs; one thread. They take
// turns. A time is the median of the rounds, each of which is the mean of its steps after a warm-up of as many steps (on cpu and wasm one step). wasm is left
// out where it is not installed: npm install --no-save @tensorflow/tfjs-backend-wasm
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import { data, nn, optim, setNumThreads, tensor, train } from 'simdnn';
import { compileStep, simdnnInfo } from 'simdnn/tfjs';
import { columns, duration } from './format.mjs';
import { median } from './statistics.mjs';

const wasm = await import('@tensorflow/tfjs-backend-wasm').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  return null;
});
if (wasm !== null) {
  wasm.setThreadsCount(1);
  await tf.setBackend('wasm');
}

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

const modelOf = (widths) =>
  layers.sequential({
    layers: widths.slice(1).map((units, i) => {
      const last = i === widths.length - 2;
      return layers.layers.dense({ units, activation: last ? 'softmax' : 'relu', ...(i === 0 && { inputShape: [widths[0]] }) });
    }),
  });

// `yieldEvery`: 'never' for JavaScript's thread, 'auto' for the library's where an epoch is long enough.
async function fit(backend, widths, batch, steps, isRecorded, yieldEvery = 'auto', isTimed = false) {
  await tf.setBackend(backend);
  const model = modelOf(widths);
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
  if (!isRecorded) model.layers[0].setCallHook(() => {}); // a hook whose effects are unknown, so that the backend cannot record the step
  const [x, y] = dataOf(widths, batch * steps);
  const warming = backend !== 'simdnn' ? [tf.slice(x, 0, batch), tf.slice(y, 0, batch)] : [x, y];
  await model.fit(...warming, { epochs: 1, batchSize: batch, verbose: 0 });
  let [longest, last] = [0, performance.now()];
  const tick = () => {
    const now = performance.now();
    [longest, last] = [Math.max(longest, now - last), now];
  };
  const timer = isTimed ? setInterval(tick, 1) : null;
  const begin = performance.now();
  await model.fit(x, y, { epochs: 1, batchSize: batch, verbose: 0, shuffle: false, yieldEvery });
  const seconds = (performance.now() - begin) / 1000 / steps;
  if (isTimed) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    clearInterval(timer);
  }
  if (isRecorded !== (simdnnInfo().level === 'recorded')) throw new Error(`model.fit is not as it should be: ${simdnnInfo().reason}`);
  if (isRecorded && simdnnInfo().fit !== null) throw new Error(`the loop is that of TensorFlow.js: ${simdnnInfo().fit}`);
  tf.dispose([x, y, ...warming]);
  model.dispose();
  return isTimed ? longest / 1000 : seconds;
}

// `predict` of a model that is not trained.
async function prediction(backend, widths, rows, calls) {
  await tf.setBackend(backend);
  const model = modelOf(widths);
  const [x] = dataOf(widths, rows);
  const predict = () => tf.tidy(() => model.predict(x, { batchSize: rows }).dataSync()[0]);
  for (let i = 0; i < Math.max(4, calls / 4); i++) predict();
  const begin = performance.now();
  for (let i = 0; i < calls; i++) predict();
  const seconds = (performance.now() - begin) / 1000 / calls;
  if (backend === 'simdnn' && simdnnInfo().prediction !== null) throw new Error(`predict is not recorded: ${simdnnInfo().prediction}`);
  x.dispose();
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

const others = wasm === null ? ['cpu'] : ['cpu', 'wasm'];
const fits = others.map((name) => `model.fit, ${name}`);
const table = [['', ...fits, 'single operations', "model.fit, JavaScript's thread", 'model.fit', 'train.fit', 'minimize', 'compileStep']];
for (const [name, batch, steps, onOthers] of networks) {
  const widths = name.split('-').map(Number);
  const ways = [
    ...others.map((other) => () => fit(other, widths, batch, onOthers, false)),
    () => fit('simdnn', widths, batch, steps, false),
    () => fit('simdnn', widths, batch, steps, true, 'never'),
    () => fit('simdnn', widths, batch, steps, true),
    () => native(widths, batch, steps),
    () => core(widths, batch, steps, false),
    () => core(widths, batch, steps, true),
  ];
  const found = ways.map(() => []);
  for (let round = 0; round < rounds; round++) for (const [i, way] of ways.entries()) found[i].push(await way());
  table.push([`${name}, ${batch} rows`, ...found.map((times) => duration(median(times)))]);
}
console.log(columns(table).join('\n'));

const predictions = [['', ...[...others, 'simdnn'].map((name) => `model.predict, ${name}`)]];
for (const [name, rows, calls] of [['784-512-512-10', 128, 40]]) {
  const found = [...others, 'simdnn'].map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, backend] of [...others, 'simdnn'].entries())
      found[i].push(await prediction(backend, name.split('-').map(Number), rows, backend === 'cpu' ? 2 : calls));
  predictions.push([`${name}, ${rows} rows`, ...found.map((times) => duration(median(times)))]);
}
console.log(`\n${columns(predictions).join('\n')}`);

const waits = [['', "JavaScript's thread", "the library's thread"]];
for (const [name, batch, steps] of networks) {
  const found = [[], []];
  for (let round = 0; round < rounds; round++)
    for (const [i, yieldEvery] of ['never', 'auto'].entries())
      found[i].push(await fit('simdnn', name.split('-').map(Number), batch, steps, true, yieldEvery, true));
  waits.push([`longest wait, ${name}, ${batch} rows`, ...found.map((times) => duration(median(times)))]);
}
console.log(`\n${columns(waits).join('\n')}`);
