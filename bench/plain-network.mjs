// A network and its training step as plain JavaScript loops, to show V8's own speed. With arrays of doubles its losses are the reference
// for the others' if the data is not known beforehand.
import { network } from './data.mjs';

export function forward(x, { weight, bias, in: inputs, out: outputs }, y, count, activation) {
  for (let r = 0; r < count; r++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias[o];
      for (let i = 0; i < inputs; i++) sum += x[r * inputs + i] * weight[o * inputs + i];
      y[r * outputs + o] = activation === 'relu' && sum < 0 ? 0 : sum;
    }
  }
  if (activation === 'tanh') for (let i = 0; i < count * outputs; i++) y[i] = Math.tanh(y[i]);
}

export function crossEntropy(logits, y, dlogits, count, classes) {
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
      if (g === 0) continue; // half of the gradients before a ReLU are 0
      dbias[o] += g;
      for (let i = 0; i < inputs; i++) dweight[o * inputs + i] += g * x[r * inputs + i];
    }
  }
}

/** x is the layer's input, the result of an activation, through which the gradient passes as well. */
function inputGradient(dy, { weight, dx, in: inputs, out: outputs }, x, count, activation) {
  dx.fill(0, 0, count * inputs);
  for (let r = 0; r < count; r++) {
    for (let o = 0; o < outputs; o++) {
      const g = dy[r * outputs + o];
      if (g === 0) continue;
      for (let i = 0; i < inputs; i++) dx[r * inputs + i] += g * weight[o * inputs + i];
    }
  }
  if (activation === 'relu') for (let i = 0; i < count * inputs; i++) if (x[i] <= 0) dx[i] = 0;
  if (activation === 'tanh') for (let i = 0; i < count * inputs; i++) dx[i] *= 1 - x[i] * x[i];
}

export function adamStep(param, grad, m, v, step, { lr, beta1, beta2, eps }) {
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

function softmaxForward(logits, p, count, classes) {
  for (let row = 0; row < count * classes; row += classes) {
    let top = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (let k = row; k < row + classes; k++) if (logits[k] > top) top = logits[k];
    for (let k = row; k < row + classes; k++) {
      p[k] = Math.exp(logits[k] - top);
      sum += p[k];
    }
    for (let k = row; k < row + classes; k++) p[k] /= sum;
  }
}

/** Replaces the gradient with respect to the probabilities p by that with respect to the logits. */
function softmaxBackward(p, gradient, count, classes) {
  for (let row = 0; row < count * classes; row += classes) {
    let dot = 0;
    for (let k = row; k < row + classes; k++) dot += gradient[k] * p[k];
    for (let k = row; k < row + classes; k++) gradient[k] = p[k] * (gradient[k] - dot);
  }
}

/** A training step of a trial's network, with its numbers in arrays of the given class: ({ x, y }) => the loss. */
export function networkStep({ layers: widths, activation, softmax, batch, adam }, Floats = Float32Array) {
  const layers = network(widths).map((layer) => {
    const [weight, bias] = [new Floats(layer.weight), new Floats(layer.bias)];
    const like = () => [new Floats(layer.weight.length), new Floats(layer.out)];
    const [[dweight, dbias], [mweight, mbias], [vweight, vbias]] = [like(), like(), like()];
    const [y, dx] = [new Floats(batch * layer.out), new Floats(batch * layer.in)];
    return { ...layer, weight, bias, dweight, dbias, mweight, mbias, vweight, vbias, y, dx };
  });
  const last = layers.at(-1);
  const dlogits = new Floats(batch * last.out);
  const probabilities = new Floats(batch * last.out);
  let steps = 0;
  return ({ x, y }) => {
    const count = y.length;
    const inputs = [];
    let h = x;
    for (const layer of layers) {
      inputs.push(h);
      forward(h, layer, layer.y, count, layer !== last && activation);
      h = layer.y;
    }
    if (softmax) softmaxForward(h, probabilities, count, last.out);
    const loss = crossEntropy(softmax ? probabilities : h, y, dlogits, count, last.out);
    if (softmax) softmaxBackward(probabilities, dlogits, count, last.out);
    let dy = dlogits;
    for (let i = layers.length - 1; i >= 0; i--) {
      weightGradient(dy, inputs[i], layers[i], count);
      if (i > 0) inputGradient(dy, layers[i], inputs[i], count, activation);
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
