// Trains and predicts with TensorFlow.js, here and in a worker at the same time: says what both found, and whether it was recorded.
const { isMainThread, parentPort, Worker } = require('node:worker_threads');
const { compileStep, simdnnInfo } = require('simdnn/tfjs'); // before TensorFlow.js: the order is the program's choice
const tf = require('@tensorflow/tfjs-core');
const layers = require('@tensorflow/tfjs-layers');
const { manualSeed } = require('simdnn');

async function run() {
  manualSeed(1);
  const seeded = (seed) => layers.initializers.glorotUniform({ seed });
  const model = layers.sequential();
  model.add(layers.layers.dense({ units: 32, activation: 'relu', inputShape: [8], kernelInitializer: seeded(1) }));
  model.add(layers.layers.dropout({ rate: 0.25 }));
  model.add(layers.layers.dense({ units: 1, kernelInitializer: seeded(2) }));
  model.compile({ optimizer: 'rmsprop', loss: 'meanSquaredError' });
  const x = tf.randomNormal([64, 8], 0, 1, 'float32', 3);
  const y = tf.sum(x, 1, true);
  const { history } = await model.fit(x, y, { epochs: 20, batchSize: 16, shuffle: false, verbose: 0 });
  const predicted = Array.from(model.predict(x, { batchSize: 16 }).dataSync());
  const { level, prediction } = simdnnInfo();
  const w = tf.variable(tf.zeros([8, 1]));
  const step = compileStep((a, b) => tf.losses.meanSquaredError(b, tf.matMul(a, w)), tf.train.adamax(0.01, 0.9, 0.999), [w]);
  const losses = Array.from({ length: 10 }, () => step(x, y).dataSync()[0]);
  return { losses: [...losses, ...history.loss], predicted, levels: [level, simdnnInfo().level], prediction };
}

if (isMainThread) {
  const inWorker = new Promise((resolve, reject) => new Worker(__filename).once('message', resolve).once('error', reject));
  Promise.all([run(), inWorker]).then((found) => console.log(JSON.stringify(found)));
} else {
  run().then((found) => parentPort.postMessage(found));
}
