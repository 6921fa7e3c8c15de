// The update of all variables is one native call, with the bits of one call for each variable.
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { eagerKernels } from '../../src/native';
import '../../src/tfjs';

afterEach(() => void vi.restoreAllMocks());

const optimizers: Record<string, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.1, 0.9),
  nesterov: () => tf.train.momentum(0.1, 0.9, true),
  rmsprop: () => tf.train.rmsprop(0.01, 0.9, 0.5, undefined, true),
  adam: () => tf.train.adam(0.1),
  adamax: () => tf.train.adamax(0.1, 0.9, 0.999, undefined, 0.01),
  adagrad: () => tf.train.adagrad(0.1),
  adadelta: () => tf.train.adadelta(0.1),
};

const sizes = [3, 40, 1];
const numbers = (n: number, seed: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(12.9898 * i + 78.233 * seed));

type Event = (optimizer: tf.Optimizer, variables: tf.Variable[], at: number) => void;

// Runs steps of one optimizer over all variables, or of one optimizer for each. `event` happens before each step.
function stepped(make: () => tf.Optimizer, isJoint: boolean, event: Event): number[][] {
  const variables = sizes.map((size, i) => tf.variable(tf.tensor1d(numbers(size, i))));
  const own = isJoint ? [make()] : variables.map(make);
  for (let step = 0; step < 9; step++) {
    for (const [i, optimizer] of own.entries()) event(optimizer, isJoint ? variables : [variables[i]!], step);
    const gradients = sizes.map((size, i) => tf.tensor1d(numbers(size, 10 * step + i)));
    const named = variables.map(({ name }, i) => ({ name, tensor: gradients[i]! }));
    if (isJoint) own[0]!.applyGradients(named);
    else for (const [i, optimizer] of own.entries()) optimizer.applyGradients([named[i]!]);
    tf.dispose(gradients);
  }
  const found = variables.map((variable) => Array.from(variable.dataSync()));
  for (const optimizer of own) optimizer.dispose();
  tf.dispose(variables);
  return found;
}

const events: Record<string, Event> = {
  nothing: () => {},
  'another rate': (optimizer, _, at) => {
    const inside = optimizer as unknown as { setLearningRate?(rate: number): void; learningRate: number };
    if (at !== 5) return;
    if (inside.setLearningRate) inside.setLearningRate(0.02);
    else inside.learningRate = 0.02;
  },
  'other values': (_, variables, at) => {
    if (at === 4) for (const variable of variables) variable.assign(tf.tidy(() => tf.mul(variable, 0.5)));
  },
  'values that somebody reads': (_, variables, at) => {
    if (at === 6) for (const variable of variables) tf.tidy(() => void tf.clone(variable));
  },
  'other kinds of momentum': (optimizer, _, at) => {
    if (at === 5 && 'useNesterov' in optimizer) optimizer.useNesterov = !optimizer.useNesterov;
  },
};

describe.each(Object.entries(optimizers))('%s', (_, make) => {
  it.each(Object.entries(events))('has the bits of a step for each variable with %s', (_event, event) => {
    expect(stepped(make, true, event)).toEqual(stepped(make, false, event));
  });
});

describe('a step over all variables', () => {
  it('is one native call from the third on', () => {
    const spy = vi.spyOn(eagerKernels, 'adamStep');
    const made: number[] = [];
    stepped(optimizers['adam']!, true, () => void made.push(spy.mock.calls.length));
    expect(made).toEqual([0, 3, 6, 6, 6, 6, 6, 6, 6]);
  });

  it('goes on with weights that were set, and with other variables', async () => {
    const run = async (): Promise<unknown> => {
      const optimizer = tf.train.adam(0.1);
      const make = (seed: number) => [tf.variable(tf.tensor1d(numbers(4, seed))), tf.variable(tf.tensor1d(numbers(2, seed + 1)))];
      const first = make(1);
      const step = (variables: tf.Variable[], seed: number) =>
        optimizer.applyGradients(variables.map(({ name, shape }) => ({ name, tensor: tf.tensor1d(numbers(shape[0]!, seed)) })));
      for (let i = 0; i < 5; i++) step(first, i);
      const kept = await optimizer.getWeights();
      const copies = kept.map(({ name, tensor }) => ({ name, tensor: tf.mul(tensor, name.includes('iter') ? 1 : 0.5) }));
      await optimizer.setWeights(copies);
      for (let i = 0; i < 5; i++) step(first, i);
      const names = (await optimizer.getWeights()).map(({ name, tensor }) => [name.replace(/^\d+/, ''), tensor.shape]);
      return [first.map((v) => Array.from(v.dataSync())), names];
    };
    const here = (await run()) as [number[][], unknown];
    await tf.setBackend('cpu');
    const there = (await run()) as [number[][], unknown];
    await tf.setBackend('simdnn');
    expect(here[0].flat().map((x) => x.toFixed(4))).toEqual(there[0].flat().map((x) => x.toFixed(4)));
  });

  it('reads gradients that share memory', () => {
    const run = (isJoint: boolean): number[][] => {
      const variables = [1, 2].map((seed) => tf.variable(tf.tensor1d(numbers(5, seed))));
      const own = isJoint ? [tf.train.adam(0.1)] : variables.map(() => tf.train.adam(0.1));
      for (let step = 0; step < 8; step++) {
        const shared = tf.tensor1d(numbers(5, step));
        const other = step > 4 ? shared : tf.tensor1d(numbers(5, step + 50));
        const named = variables.map(({ name }, i) => ({ name, tensor: i === 0 ? shared : other }));
        if (isJoint) own[0]!.applyGradients(named);
        else for (const [i, optimizer] of own.entries()) optimizer.applyGradients([named[i]!]);
      }
      return variables.map((variable) => Array.from(variable.dataSync()));
    };
    expect(run(true)).toEqual(run(false));
  });
});
