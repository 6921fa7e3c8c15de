// node examples/tfjs/digits.mjs: handwritten digits of 8 x 8 pixels by a network of two layers; the last fifth is held out.
// A program of TensorFlow.js: only the import of simdnn/tfjs is this library's.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import 'simdnn/tfjs';

function digits() {
  const file = new URL('../data/digits.csv', import.meta.url);
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number));
  return tf.tidy(() => ({
    x: tf.div(tf.tensor2d(rows.map((row) => row.slice(0, 64))), 16),
    y: tf.tensor2d(rows.map((row) => row.slice(64))), // the digit itself, as sparseCategoricalCrossentropy takes it
  }));
}

export async function train(onEpochEnd) {
  const { x, y } = digits();
  const seeded = (seed) => layers.initializers.heNormal({ seed });
  const model = layers.sequential();
  model.add(layers.layers.dense({ units: 32, activation: 'relu', inputShape: [64], kernelInitializer: seeded(1) }));
  model.add(layers.layers.dense({ units: 10, activation: 'softmax', kernelInitializer: seeded(2) }));
  model.compile({ optimizer: tf.train.momentum(0.02, 0.9), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const options = { epochs: 8, batchSize: 64, shuffle: false, validationSplit: 0.2, verbose: 0, callbacks: { onEpochEnd } };
  const { history } = await model.fit(x, y, options);
  tf.dispose([x, y]);
  model.dispose();
  return history;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await train((epoch, { loss, val_acc }) =>
    console.log(`epoch ${epoch + 1}: loss ${loss.toFixed(3)}, ${(100 * val_acc).toFixed(1)} % of those held out`),
  );
}
