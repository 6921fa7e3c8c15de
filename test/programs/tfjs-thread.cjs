// A fit of TensorFlow.js on the library's thread that something ends: the process, by itself or by process.exit, or a worker that is terminated. Says what was seen.
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');
const tf = require('@tensorflow/tfjs-core');
const layers = require('@tensorflow/tfjs-layers');
const { simdnnInfo } = require('simdnn/tfjs');

const how = isMainThread ? process.argv[2] : workerData;
const rows = 20_000;

function fit(epochs) {
  const seeded = (seed) => layers.initializers.glorotUniform({ seed });
  const model = layers.sequential();
  // So wide that a step takes several tenths of a millisecond on any processor, where the thread is worthwhile.
  model.add(layers.layers.dense({ units: 256, activation: 'relu', inputShape: [8], kernelInitializer: seeded(1) }));
  model.add(layers.layers.dense({ units: 256, activation: 'relu', kernelInitializer: seeded(3) }));
  model.add(layers.layers.dense({ units: 1, kernelInitializer: seeded(2) }));
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  const x = tf.randomNormal([rows, 8], 0, 1, 'float32', 3);
  return model.fit(x, tf.sum(x, 1, true), { epochs, batchSize: 200, shuffle: false, verbose: 0 });
}

const said = ({ history }) => ({ loss: history.loss, thread: simdnnInfo().thread });
const say = (found) => (isMainThread ? console.log(JSON.stringify(found)) : parentPort.postMessage(found));

if (how === 'workers' && isMainThread) {
  const inWorker = new Promise((resolve, reject) =>
    new Worker(__filename, { workerData: 'end' }).once('message', resolve).once('error', reject),
  );
  Promise.all([fit(3).then(said), inWorker]).then(say);
} else if (how === 'terminate' && isMainThread) {
  const worker = new Worker(__filename, { workerData: 'on and on' });
  worker.once('message', () => worker.terminate().then((code) => fit(3).then((found) => say({ code, ...said(found) }))));
} else if (how === 'end') {
  fit(3).then(said).then(say); // nothing else keeps the process alive
} else {
  void fit(1e6);
  let polls = 0;
  const timer = setInterval(() => {
    if (simdnnInfo().thread !== null && ++polls < 1000) return; // under a sanitizer it takes some time until the thread has its first batch
    clearInterval(timer);
    say(simdnnInfo().thread);
    if (how === 'exit') process.exit(3);
  }, 20);
}
