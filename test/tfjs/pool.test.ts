// The pool of buffers: memory of disposed results is used again, and never while anybody can read it.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compileStep, simdnnInfo } from '../../src/tfjs';
import { limits } from '../../src/tfjs/pool';
import { simdnnBackend } from '../../src/tfjs/registry';

const usual = { ...limits };
beforeAll(() => tf.setBackend('simdnn'));
afterEach(() => void Object.assign(limits, usual));

const n = 8192;
const memoryOf = (t: tf.Tensor): unknown => simdnnBackend().storageOf(t.dataId).array;
const result = (value: number): tf.Tensor => tf.fill([n], value);
const isAll = (values: ArrayLike<number>, value: number): boolean => Array.from(values).every((one) => one === value);
// Results of the same length, which would take the memory of those before.
const others = (): void => tf.tidy(() => void [1, 2, 3, 4].map(() => result(-1)));

describe('memory of results', () => {
  it('is used again when a tensor is disposed', () => {
    const first = result(1);
    const memory = memoryOf(first);
    first.dispose();
    const next = result(2);
    expect(memoryOf(next)).toBe(memory);
    expect(isAll(next.dataSync(), 2)).toBe(true);
    next.dispose();
  });

  it.each([
    ['JavaScript has read it', (t: tf.Tensor) => t.dataSync()],
    ['a buffer has been made of it', (t: tf.Tensor) => t.bufferSync().values],
  ] as const)('stays what it is where %s', (_, read) => {
    const t = result(3);
    const values = read(t) as Float32Array;
    t.dispose();
    others();
    expect(isAll(values, 3)).toBe(true);
  });

  it('stays what it is where it has been read asynchronously', async () => {
    const t = result(3);
    const reading = t.data();
    t.dispose();
    others();
    expect(isAll(await reading, 3)).toBe(true);
  });

  it.each([
    ['a clone', (t: tf.Tensor) => t.clone()],
    ['a reshaped tensor', (t: tf.Tensor) => tf.reshape(t, [2, n / 2])],
    ['a variable', (t: tf.Tensor) => tf.variable(t)],
    ['a part that the cpu backend makes', (t: tf.Tensor) => tf.stridedSlice(t, [0], [n], [1])],
    [
      'a tensor that another backend has',
      (t: tf.Tensor) => {
        tf.setBackend('cpu');
        const sum = tf.add(t, 0);
        tf.setBackend('simdnn');
        return sum;
      },
    ],
  ] as const)('stays what it is while there is %s', (_, make) => {
    const t = result(4);
    const kept = make(t);
    t.dispose();
    others();
    expect(isAll(kept.dataSync(), 4)).toBe(true);
    kept.dispose();
  });

  it('stays what it is for a recorded step', () => {
    const weights = tf.variable(result(1));
    const optimizer = tf.train.sgd(1);
    const step = compileStep((x: tf.Tensor) => tf.sum(tf.mul(x, weights)) as tf.Scalar, optimizer, [weights]);
    for (let i = 0; i < 8; i++) {
      const x = result(2);
      const loss = step(x);
      x.dispose();
      others();
      expect(loss.dataSync()[0]).toBe(n * 2 * (1 - 2 * i));
      loss.dispose();
    }
    expect(isAll(weights.dataSync(), -15)).toBe(true);
    weights.dispose();
  });

  const network = (): layers.Sequential => {
    const dense = (units: number, more = {}) =>
      layers.layers.dense({ units, activation: 'tanh', kernelInitializer: layers.initializers.glorotUniform({ seed: units }), ...more });
    const model = layers.sequential({ layers: [dense(64, { inputShape: [32] }), dense(48), dense(40), dense(32)] });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    return model;
  };
  const data = (rows: number): tf.Tensor2D => tf.tidy(() => tf.reshape(tf.sin(tf.mul(tf.range(0, rows * 32), 0.37)), [rows, 32]));

  it('is no other for the results of a recorded prediction, which are disposed in its midst', () => {
    const [model, x, rows] = [network(), data(256), 256];
    const predict = () => tf.tidy(() => (model.predict(x, { batchSize: rows }) as tf.Tensor).dataSync());
    const first = predict();
    for (let i = 0; i < 6; i++) {
      others();
      expect(predict()).toEqual(first);
    }
    expect(simdnnInfo().prediction).toBeNull();
  });

  // A thread may still read them, for the last of its batches.
  it('is not used again where a fit has read it', async () => {
    const [model, x, y] = [network(), data(256), data(256)];
    const memory = [x, y].map(memoryOf);
    await model.fit(x, y, { epochs: 4, batchSize: 32, verbose: 0 });
    expect(simdnnInfo().fit).toBeNull();
    tf.dispose([x, y]);
    const next = Array.from({ length: 16 }, () => tf.fill([256 * 32], 1));
    for (const t of next) expect(memory).not.toContain(memoryOf(t));
    tf.dispose(next);
  });

  it('is cleared where a product has nothing to add up', () => {
    others();
    const [a, b] = [tf.zeros([128, 0]), tf.zeros([0, n / 128])] as [tf.Tensor2D, tf.Tensor2D];
    expect(isAll(tf.matMul(a, b).dataSync(), 0)).toBe(true);
    expect(isAll(tf.sum(tf.zeros([n, 0]), 1).dataSync(), 0)).toBe(true);
  });

  it('does not grow beyond its limit', () => {
    limits.mostBytes = 10 * n * 4;
    const many = Array.from({ length: 11 }, () => result(5));
    const memory = new Set(many.map(memoryOf));
    expect(memory.size).toBe(11);
    tf.dispose(many); // the eleventh takes the place of those before
    const next = Array.from({ length: 11 }, () => result(6));
    expect(next.filter((t) => memory.has(memoryOf(t))).length).toBeLessThan(4);
    tf.dispose(next);
  });
});
