// What trains and evaluates a model of tf.layers is recorded, with the bits that it has operation by operation.
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, it } from 'vitest';
import '../../src/tfjs';
import { runModel } from './model-programs';

afterEach(() => tf.setBackend('simdnn'));

// More by SIMDNN_TFJS_PROGRAMS.
const programs = Number(process.env['SIMDNN_TFJS_PROGRAMS'] ?? 50);

it(`${programs} random models train with the bits of single operations`, async () => {
  const runs = [];
  for (let seed = 0; seed < programs; seed++) runs.push(await runModel(seed));
  if (process.env['SIMDNN_TFJS_SHOW'])
    console.log(runs.map((run) => `${run.seed} ${run.replayed} ${run.reason} ${run.replayed ? '' : run.text}`).join('\n'));
  expect(runs.filter(({ replayed }) => replayed > 0).length).toBeGreaterThan(programs / 3);
}, 600_000);
