// The programs of examples/tfjs are recorded and have the curves of the cpu backend.
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, it } from 'vitest';
import { simdnnInfo } from '../../src/tfjs';

type Curves = Record<string, number[]>;

const bound = 1e-4; // relative, with values below 0.1 counted as 0.1: sums are taken in another order

afterEach(() => tf.setBackend('simdnn'));

it.each([
  ['flowers', 'acc', 0.9],
  ['digits', 'val_acc', 0.85],
  ['prices', 'val_mae', -0.25],
])('%s', async (name, measure, least) => {
  const { train } = (await import(join(__dirname, `../../examples/tfjs/${name}.mjs`))) as { train(): Promise<Curves> };
  await tf.setBackend('cpu');
  const there = await train();
  await tf.setBackend('simdnn');
  const { numTensors } = tf.memory();
  const here = await train();
  expect(simdnnInfo()).toMatchObject({ backend: 'simdnn', level: 'recorded', reason: null });
  expect(tf.memory().numTensors - numTensors).toBeLessThanOrEqual(16); // what the optimizer keeps
  expect(Object.keys(here)).toEqual(Object.keys(there));
  const off = Object.entries(here).flatMap(([key, values]) =>
    values.map((v, i) => Math.abs(v - there[key]![i]!) / Math.max(Math.abs(v), 0.1)),
  );
  if (process.env['SIMDNN_TFJS_SHOW']) console.log(name, Math.max(...off), here);
  expect(Math.max(...off)).toBeLessThan(bound);
  expect(here[measure]!.at(-1)! * Math.sign(least)).toBeGreaterThan(least);
});
