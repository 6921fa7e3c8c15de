// Plain JavaScript loops over Float32Arrays: what V8 does by itself.
import { batches, digest, labels, linear, network, normal, rows } from '../data.mjs';
import { serve } from './protocol.mjs';

function forward(x, { weight, bias, in: inputs, out: outputs }, y, count, relu) {
  for (let r = 0; r < count; r++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias[o];
      for (let i = 0; i < inputs; i++) sum += x[r * inputs + i] * weight[o * inputs + i];
      y[r * outputs + o] = relu && sum < 0 ? 0 : sum;
    }
  }
}

function crossEntropy(logits, y, dlogits, count, classes) {
  let loss = 0;
  for (let r = 0; r < count; r++) {
    const row = r * classes;
    let top = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (let k = 0; k < classes; k++) if (logits[row + k] > top) top = logits[row + k];
    for (let k = 0; k < classes; k++) {
      const e = Math.exp(logits[row + k] - top);
      dlogits[row + k] = e;
      sum += e;
    }
    loss += Math.log(sum) + top - logits[row + y[r]];
    const scale = 1 / (sum * count);
    for (let k = 0; k < classes; k++) dlogits[row + k] *= scale;
    dlogits[row + y[r]] -= 1 / count;
  }
  return loss / count;
}

function weightGradient(dy, x, { dweight, dbias, in: inputs, out: outputs }, count) {
  dweight.fill(0);
  dbias.fill(0);
  for (let r = 0; r < count; r++) {
    for (let o = 0; o < outputs; o++) {
      const g = dy[r * outputs + o];
      if (g === 0) continue; // half of them behind a ReLU
      dbias[o] += g;
      for (let i = 0; i < inputs; i++) dweight[o * inputs + i] += g * x[r * inputs + i];
    }
  }
}

/** x is the layer's input: where a ReLU made it 0, no gradient passes. */
function inputGradient(dy, { weight, dx, in: inputs, out: outputs }, x, count, relu) {
  dx.fill(0, 0, count * inputs);
  for (let r = 0; r < count; r++) {
    for (let o = 0; o < outputs; o++) {
      const g = dy[r * outputs + o];
      if (g === 0) continue;
      for (let i = 0; i < inputs; i++) dx[r * inputs + i] += g * weight[o * inputs + i];
    }
  }
  if (relu) for (let i = 0; i < count * inputs; i++) if (x[i] <= 0) dx[i] = 0;
}

function adamStep(param, grad, m, v, step, { lr, beta1, beta2, eps }) {
  const rate = lr / (1 - beta1 ** step);
  const scale = 1 / Math.sqrt(1 - beta2 ** step);
  for (let i = 0; i < param.length; i++) {
    const g = grad[i];
    const mi = beta1 * m[i] + (1 - beta1) * g;
    const vi = beta2 * v[i] + (1 - beta2) * g * g;
    m[i] = mi;
    v[i] = vi;
    param[i] -= (rate * mi) / (Math.sqrt(vi) * scale + eps);
  }
}

function model({ layers: widths, relu, batch, adam }) {
  const layers = network(widths).map((layer) => {
    const like = () => [new Float32Array(layer.weight.length), new Float32Array(layer.out)];
    const [[dweight, dbias], [mweight, mbias], [vweight, vbias]] = [like(), like(), like()];
    const [y, dx] = [new Float32Array(batch * layer.out), new Float32Array(batch * layer.in)];
    return { ...layer, dweight, dbias, mweight, mbias, vweight, vbias, y, dx };
  });
  const last = layers.at(-1);
  const dlogits = new Float32Array(batch * last.out);
  let steps = 0;
  return ({ x, y }) => {
    const count = y.length;
    const inputs = [];
    let h = x;
    for (const layer of layers) {
      inputs.push(h);
      forward(h, layer, layer.y, count, relu && layer !== last);
      h = layer.y;
    }
    const loss = crossEntropy(h, y, dlogits, count, last.out);
    let dy = dlogits;
    for (let i = layers.length - 1; i >= 0; i--) {
      weightGradient(dy, inputs[i], layers[i], count);
      if (i > 0) inputGradient(dy, layers[i], inputs[i], count, relu);
      dy = layers[i].dx;
    }
    steps++;
    for (const layer of layers) {
      adamStep(layer.weight, layer.dweight, layer.mweight, layer.vweight, steps, adam);
      adamStep(layer.bias, layer.dbias, layer.mbias, layer.vbias, steps, adam);
    }
    return loss;
  };
}

const version = process.version;

await serve({
  train({ trial }) {
    const step = model(trial);
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

  epoch({ trial }) {
    const { batch, layers } = trial;
    const width = layers[0];
    const { x, y } = rows(trial);
    const step = model(trial);
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
    const { layers: widths, batch, relu } = trial;
    const layers = network(widths).map((layer) => ({ ...layer, y: new Float32Array(batch * layer.out) }));
    const last = layers.at(-1);
    const data = batches(trial);
    let at = 0;
    const next = () => {
      let h = data[at++ % data.length].x;
      for (const layer of layers) {
        forward(h, layer, layer.y, batch, relu && layer !== last);
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
