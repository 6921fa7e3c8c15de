// The same data in every language: a function of an integer hash, so that all drivers start from the same data and weights
// and must reach the same losses. drivers/data.py is the same in Python.
import { readFileSync } from 'node:fs';

/** A well-mixed 32-bit hash of i and seed (Ettinger's "lowbias32": https://nullprogram.com/blog/2018/07/31/). */
export function hash(i, seed) {
  let x = (i + Math.imul(seed, 0x9e3779b9)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** In (0, 1), both ends excluded. */
const unit = (i, seed) => (hash(i, seed) + 0.5) / 2 ** 32;

/** n normal numbers by the Box-Muller method. */
export function normal(n, seed) {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) out[i] = Math.sqrt(-2 * Math.log(unit(2 * i, seed))) * Math.cos(2 * Math.PI * unit(2 * i + 1, seed));
  return out;
}

/** n numbers in (-bound, bound). */
export function uniform(n, seed, bound) {
  return Float32Array.from({ length: n }, (_, i) => (2 * unit(i, seed) - 1) * bound);
}

/** n classes. */
export function labels(n, classes, seed) {
  return Int32Array.from({ length: n }, (_, i) => hash(i, seed) % classes);
}

/** A linear layer: weight [out, in] and bias [out], uniform within 1/sqrt(in), PyTorch's initialization. */
export function linear(inputs, outputs, layer) {
  const bound = 1 / Math.sqrt(inputs);
  return { in: inputs, out: outputs, weight: uniform(inputs * outputs, 100 + layer, bound), bias: uniform(outputs, 200 + layer, bound) };
}

/** The layers of a network of these widths. */
export function network(widths) {
  return widths.slice(1).map((width, i) => linear(widths[i], width, i));
}

/** { x: [count, in], y: [count] }: random, or for a trial with real data from its file, which prepared.mjs wrote. */
function values({ layers, file }, count) {
  const width = layers[0];
  if (!file) return { x: normal(count * width, 1), y: labels(count, layers.at(-1), 2) };
  const { buffer } = Uint8Array.from(readFileSync(file)); // a buffer that begins with the first byte of the file
  return { x: new Float32Array(buffer, 0, count * width), y: new Int32Array(buffer, 4 * count * width, count) };
}

/** The distinct batches of a training trial: [{ x: [batch, in], y: [batch] }]. */
export function batches(trial) {
  const { layers, batch, batches: count } = trial;
  const width = layers[0];
  const { x, y } = values(trial, count * batch);
  return Array.from({ length: count }, (_, i) => ({
    x: x.slice(i * batch * width, (i + 1) * batch * width),
    y: y.slice(i * batch, (i + 1) * batch),
  }));
}

/** The rows of an epoch, or all those that the batches hold: { x: [rows, in], y: [rows] }. */
export function rows(trial) {
  return values(trial, trial.rows ?? trial.batches * trial.batch);
}

/** [out, in] transposed to [in, out], for libraries that store weights in that layout. */
export function transposed({ in: inputs, out: outputs, weight }) {
  const result = new Float32Array(weight.length);
  for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) result[i * outputs + o] = weight[o * inputs + i];
  return result;
}

/** Classes one-hot encoded. */
export function oneHot(y, classes) {
  const result = new Float32Array(y.length * classes);
  y.forEach((label, row) => {
    result[row * classes + label] = 1;
  });
  return result;
}

/** The summary of a large result that is checked: the mean of its magnitudes and four elements, all times `scale`. */
export function digest(values, scale = 1) {
  let sum = 0;
  for (const value of values) sum += Math.abs(value);
  const elements = Array.from({ length: 4 }, (_, i) => values[hash(i, 3) % values.length] * scale);
  return [(sum / values.length) * scale, ...elements];
}
