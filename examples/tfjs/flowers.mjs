// node examples/tfjs/flowers.mjs: a classifier of three kinds of flowers by four measures, drawn at random around the mean of each kind.
// A program of TensorFlow.js: only the import of simdnn/tfjs is this library's.
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import 'simdnn/tfjs';

const kinds = [
  [5.0, 3.4, 1.5, 0.2],
  [5.9, 2.8, 4.3, 1.3],
  [6.6, 3.0, 5.6, 2.0],
];
const each = 50;

function flowers() {
  return tf.tidy(() => {
    const measures = kinds.map((mean, kind) => tf.add(tf.randomNormal([each, 4], 0, 0.4, 'float32', kind + 1), tf.tensor1d(mean)));
    const labels = kinds.flatMap((_, kind) => Array(each).fill(kind));
    // One of each kind in turn, so that every batch has all of them.
    const order = tf.tensor1d(
      labels.map((_, i) => (i % 3) * each + Math.floor(i / 3)),
      'int32',
    );
    const y = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 3), 'float32');
    return { x: tf.gather(tf.concat(measures), order), y: tf.gather(y, order) };
  });
}

export async function train(onEpochEnd) {
  const { x, y } = flowers();
  const seeded = (seed) => layers.initializers.glorotNormal({ seed });
  const model = layers.sequential();
  model.add(layers.layers.dense({ units: 10, activation: 'sigmoid', inputShape: [4], kernelInitializer: seeded(1) }));
  model.add(layers.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: seeded(2) }));
  model.compile({ optimizer: tf.train.adam(0.02), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const { history } = await model.fit(x, y, { epochs: 40, batchSize: 30, shuffle: false, verbose: 0, callbacks: { onEpochEnd } });
  tf.dispose([x, y]);
  model.dispose();
  return history;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await train((epoch, { loss, acc }) => console.log(`epoch ${epoch + 1}: loss ${loss.toFixed(3)}, ${(100 * acc).toFixed(0)} % right`));
}
