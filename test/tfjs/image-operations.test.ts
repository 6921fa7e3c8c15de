// Convolutions, poolings and enlargements of images have the values, gradients and errors of the cpu backend.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients, as @tensorflow/tfjs does
import { afterEach, expect, it } from 'vitest';
import '../../src/tfjs';
import { runOperation } from './image-operations';

afterEach(() => tf.setBackend('simdnn'));

// SIMDNN_TFJS_PROGRAMS sets how many random operations run, in multiples of ten.
const operations = 10 * Number(process.env['SIMDNN_TFJS_PROGRAMS'] ?? 50);

it(`${operations} random operations on images`, async () => {
  const problems: string[] = [];
  let valid = 0;
  for (let seed = 0; seed < operations; seed++) {
    try {
      if ((await runOperation(seed)).isValid) valid++;
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  expect(problems.slice(0, 10)).toEqual([]);
  expect(valid).toBeGreaterThan(operations / 2);
});

it('pooling of single pixels keeps NaN, infinities and -0', () => {
  const values = [Number.NaN, Number.NEGATIVE_INFINITY, -0, 1];
  const x = tf.tensor3d(values, [2, 2, 1]);
  for (const pool of [tf.maxPool, tf.avgPool]) expect([...pool(x, 1, 1, 'same').dataSync()]).toEqual(values);
});
