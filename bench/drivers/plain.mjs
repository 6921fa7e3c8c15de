// Plain JavaScript loops over Float32Arrays: what V8 does by itself.
import { batches, digest, labels, linear, network, normal, rows } from '../data.mjs';
import { adamStep, crossEntropy, forward, networkStep } from '../plain-network.mjs';
import { serve } from './protocol.mjs';

const version = process.version;

await serve({
  train({ trial }) {
    const step = networkStep(trial);
    const data = batches(trial);
    let at = 0;
    const next = () => step(data[at++ % data.length]);
    const check = Array.from({ length: 5 }, next);
    const run = (n) => {
      let loss = 0;
      for (let i = 0; i < n; i++) loss = next();
      return loss;
    };
    return { version, check, run };
  },

  training({ trial }) {
    const data = batches(trial);
    const begin = () => {
      const step = networkStep(trial);
      return (epochs) => {
        let sum = 0;
        for (let e = 1; e < epochs; e++) for (const batch of data) step(batch);
        for (const batch of data) sum += step(batch);
        return sum / data.length;
      };
    };
    return { version, begin };
  },

  epoch({ trial }) {
    const { batch, layers } = trial;
    const width = layers[0];
    const { x, y } = rows(trial);
    const step = networkStep(trial);
    const [bx, by] = [new Float32Array(batch * width), new Int32Array(batch)];
    const order = Int32Array.from(y, (_, row) => row);
    const take = (start) => {
      const count = Math.min(batch, order.length - start);
      for (let r = 0; r < count; r++) {
        const row = order[start + r];
        by[r] = y[row];
        for (let i = 0; i < width; i++) bx[r * width + i] = x[row * width + i];
      }
      return step({ x: bx, y: by.subarray(0, count) });
    };
    const shuffle = () => {
      for (let i = order.length - 1; i > 0; i--) {
        const other = Math.floor(Math.random() * (i + 1));
        [order[i], order[other]] = [order[other], order[i]];
      }
    };
    const check = Array.from({ length: 5 }, (_, i) => take(i * batch));
    const run = (n) => {
      let loss = 0;
      for (let e = 0; e < n; e++) {
        shuffle();
        for (let start = 0; start < order.length; start += batch) loss = take(start);
      }
      return loss;
    };
    return { version, check, run };
  },

  infer({ trial }) {
    const { layers: widths, batch, activation } = trial;
    const layers = network(widths).map((layer) => ({ ...layer, y: new Float32Array(batch * layer.out) }));
    const last = layers.at(-1);
    const data = batches(trial);
    let at = 0;
    const next = () => {
      let h = data[at++ % data.length].x;
      for (const layer of layers) {
        forward(h, layer, layer.y, batch, layer !== last && activation);
        h = layer.y;
      }
      return h;
    };
    const check = digest(next());
    const run = (n) => {
      for (let i = 1; i < n; i++) next();
      return next()[0];
    };
    return { version, check, run };
  },

  linear({ trial }) {
    const layer = linear(trial.in, trial.out, 0);
    const x = normal(trial.rows * trial.in, 1);
    const y = new Float32Array(trial.rows * trial.out);
    const run = (n) => {
      for (let i = 0; i < n; i++) forward(x, layer, y, trial.rows, false);
      return y[0];
    };
    run(1);
    return { version, check: digest(y), run };
  },

  crossEntropy({ trial: { rows: count, classes } }) {
    const logits = normal(count * classes, 1);
    const y = labels(count, classes, 2);
    const dlogits = new Float32Array(count * classes);
    const run = (n) => {
      let loss = 0;
      for (let i = 0; i < n; i++) loss = crossEntropy(logits, y, dlogits, count, classes);
      return loss;
    };
    return { version, check: [run(1), ...digest(dlogits, count * classes)], run };
  },

  adam({ trial: { parameters, adam } }) {
    const [param, m, v] = [0, 0, 0].map(() => new Float32Array(parameters));
    const grads = [normal(parameters, 1), normal(parameters, 2)];
    let steps = 0;
    const run = (n) => {
      for (let i = 0; i < n; i++) {
        steps++;
        adamStep(param, grads[steps % 2], m, v, steps, adam);
      }
      return param[0];
    };
    run(5);
    return { version, check: digest(param, 1 / adam.lr), run };
  },
});
