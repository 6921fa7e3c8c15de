// node examples/tfjs/prices.mjs: prices of houses by twelve properties, drawn at random, with a penalty for large weights.
// A program of TensorFlow.js: only the import of simdnn/tfjs is this library's.
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import 'simdnn/tfjs';

function houses(count) {
  return tf.tidy(() => {
    const x = tf.randomNormal([count, 12], 0, 1, 'float32', 1);
    const worth = tf.randomNormal([12, 1], 0, 0.5, 'float32', 2);
    const noise = tf.randomNormal([count, 1], 0, 0.1, 'float32', 3);
    return { x, y: tf.add(tf.tanh(tf.matMul(x, worth)), noise) };
  });
}

export async function train(onEpochEnd) {
  const { x, y } = houses(400);
  const input = layers.input({ shape: [12] });
  const hidden = layers.layers
    .dense({
      units: 16,
      activation: 'tanh',
      kernelInitializer: layers.initializers.leCunNormal({ seed: 4 }),
      kernelRegularizer: layers.regularizers.l2({ l2: 1e-4 }),
    })
    .apply(input);
  const output = layers.layers.dense({ units: 1, kernelInitializer: layers.initializers.leCunNormal({ seed: 5 }) }).apply(hidden);
  const model = layers.model({ inputs: input, outputs: output });
  model.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError', metrics: ['mae'] });
  const options = { epochs: 20, batchSize: 40, shuffle: false, validationSplit: 0.2, verbose: 0, callbacks: { onEpochEnd } };
  const { history } = await model.fit(x, y, options);
  tf.dispose([x, y]);
  model.dispose();
  return history;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await train((epoch, { loss, val_mae }) =>
    console.log(`epoch ${epoch + 1}: loss ${loss.toFixed(4)}, error of those held out ${val_mae.toFixed(3)}`),
  );
}
