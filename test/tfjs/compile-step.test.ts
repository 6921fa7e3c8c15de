// A step of `compileStep` has the same bits as `minimize`, or runs operation by operation and says why.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients, as @tensorflow/tfjs does
import { afterEach, describe, expect, it } from 'vitest';
import { compileStep, simdnnInfo } from '../../src/tfjs';
import { randomly, runProgram } from './step-programs';

afterEach(() => tf.setBackend('simdnn'));

// SIMDNN_TFJS_PROGRAMS sets how many random programs run.
const programs = Number(process.env['SIMDNN_TFJS_PROGRAMS'] ?? 50);

const line = () => {
  const w = tf.variable(tf.tensor2d([[0.5], [-0.25]]));
  const [x, y] = [tf.tensor2d(randomly(1).floats(8), [4, 2]), tf.tensor2d(randomly(2).floats(4), [4, 1])];
  return { w, x, y };
};

type Pair = [x: tf.Tensor2D, y: tf.Tensor2D];
const squared =
  (w: tf.Variable) =>
  (x: tf.Tensor2D, y: tf.Tensor2D): tf.Scalar =>
    tf.losses.meanSquaredError(y, tf.matMul(x, w as tf.Tensor2D)) as tf.Scalar;

it(`${programs} random programs have the bits of minimize`, () => {
  const replayed = Array.from({ length: programs }, (_, seed) => runProgram(seed, compileStep));
  expect(replayed.flatMap((steps, seed) => (steps === 0 ? [seed] : []))).toEqual([]);
});

describe('a compiled step', () => {
  it('replays from the fourth call on, and again once its variable has new memory', () => {
    const { w, x, y } = line();
    const step = compileStep(squared(w), tf.train.adam(0.1), [w]);
    const levels = (n: number) =>
      Array.from({ length: n }, () => {
        step(x, y).dispose();
        return simdnnInfo().level;
      });
    expect(levels(5)).toEqual(['training', 'training', 'training', 'recorded', 'recorded']);
    expect(simdnnInfo().reason).toBeNull();
    w.assign(tf.tensor2d([[1], [2]]));
    expect(levels(4)).toEqual(['training', 'training', 'training', 'recorded']);
  });

  it('keeps the number of tensors and bytes, and the power of the betas', () => {
    const { w, x, y } = line();
    const optimizer = tf.train.adam(0.1);
    const step = compileStep(squared(w), optimizer, [w]);
    step(x, y).dispose();
    const { numTensors, numBytes } = tf.memory();
    for (let i = 0; i < 9; i++) step(x, y).dispose();
    expect(simdnnInfo().level).toBe('recorded');
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    const { iterations, accBeta1 } = optimizer as unknown as { iterations: number; accBeta1: tf.Variable };
    expect(iterations).toBe(10);
    expect(accBeta1.dataSync()[0]).toBeCloseTo(0.9 ** 11, 6);
  });

  it('gives its loss to the scope that runs', () => {
    const { w, x, y } = line();
    const step = compileStep(squared(w), tf.train.sgd(0.1), [w]);
    for (let i = 0; i < 4; i++) step(x, y).dispose();
    const { numTensors } = tf.memory();
    tf.tidy(() => void step(x, y));
    expect(simdnnInfo().level).toBe('recorded');
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('does not change what others have of its variables', () => {
    const { w, x, y } = line();
    const step = compileStep(squared(w), tf.train.sgd(0.1), [w]);
    for (let i = 0; i < 5; i++) step(x, y).dispose();
    const [clone, seen] = [tf.clone(w), w.dataSync()];
    const before = Array.from(seen);
    for (let i = 0; i < 5; i++) step(x, y).dispose();
    expect([Array.from(clone.dataSync()), Array.from(seen)]).toEqual([before, before]);
    expect(Array.from(w.dataSync())).not.toEqual(before);
  });

  it('reads arguments that share memory, with each other or with a variable, as they are when it is called', () => {
    const z = line().x;
    const make = (compile: boolean) => {
      const { w } = line();
      const [optimizer, loss] = [tf.train.sgd(0.1), squared(w)];
      const apart = (a: tf.Tensor2D, b: tf.Tensor2D) => loss(tf.sub(a, tf.mul(b, 2)) as tf.Tensor2D, tf.zeros([4, 1]));
      const towards = (a: tf.Tensor2D) => tf.losses.meanSquaredError(a, tf.mul(w, 2)) as tf.Scalar;
      const stepOf = <A extends tf.Tensor[]>(f: (...args: A) => tf.Scalar) =>
        compile ? compileStep(f, optimizer, [w]) : (...args: A) => optimizer.minimize(() => f(...args), true, [w])!;
      return { w, apart: stepOf(apart), towards: stepOf(towards) };
    };
    const [here, there] = [make(true), make(false)];
    let replayed = 0;
    for (let i = 0; i < 8; i++) {
      for (const { w, apart, towards } of [there, here]) {
        apart(z, z).dispose();
        if (simdnnInfo().level === 'recorded') replayed++;
        const clone = tf.clone(w) as tf.Tensor2D;
        towards(clone).dispose();
        clone.dispose();
        towards(w as tf.Tensor2D).dispose(); // differentiated by both: operation by operation
      }
    }
    expect(replayed).toBeGreaterThan(0);
    expect(Array.from(here.w.dataSync())).toEqual(Array.from(there.w.dataSync()));
  });

  it.each<[string, RegExp, (w: tf.Variable) => (...args: Pair) => tf.Scalar]>([
    [
      'reads a tensor from outside',
      /neither an argument nor a variable/,
      (w) => {
        const factor = tf.tensor2d([[2]]);
        return (x, y) => squared(w)(x, tf.mul(y, factor));
      },
    ],
    ['makes a tensor of numbers', /pass it as an argument/, (w) => (x, y) => squared(w)(x, tf.add(y, tf.tensor2d([[1], [2], [3], [4]])))],
    [
      'draws random numbers',
      /pass it as an argument|read by JavaScript/,
      (w) => (x, y) => squared(w)(tf.dropout(x, 0.5) as tf.Tensor2D, y),
    ],
    [
      'looks at values',
      /read by JavaScript/,
      (w) => (x, y) => (x.dataSync()[0]! > 0 ? squared(w)(x, y) : (tf.mul(squared(w)(x, y), 2) as tf.Scalar)),
    ],
    ['uses a kernel of JavaScript', /Cumprod of these arguments is no kernel/, (w) => (x, y) => squared(w)(tf.cumprod(x), y)],
    [
      'counts',
      /two calls in a row differ/,
      (w) => {
        let n = 0;
        return (x, y) => tf.mul(squared(w)(x, y), n++) as tf.Scalar;
      },
    ],
    [
      'keeps a tensor',
      /leaves tensors/,
      (w) => {
        const kept: tf.Tensor[] = [];
        return (x, y) => {
          kept.push(tf.keep(tf.matMul(x, w as tf.Tensor2D)));
          return squared(w)(x, y);
        };
      },
    ],
    [
      'assigns a variable',
      /assigns a variable|did not step once/,
      (w) => {
        const average = tf.variable(tf.zeros([2, 1]), false);
        return (x, y) => {
          average.assign(tf.add(average, w));
          return squared(w)(x, y);
        };
      },
    ],
  ])('that %s runs as before and says so', (_, reason, make) => {
    const { w, x, y } = line();
    const step = compileStep(make(w), tf.train.sgd(0.1), [w]);
    for (let i = 0; i < 6; i++) {
      step(x, y).dispose();
      expect(simdnnInfo().level).toBe('training');
    }
    expect(simdnnInfo().reason).toMatch(reason);
  });

  it('follows a variable that it reads and another optimizer trains', () => {
    const run = (compiled: boolean): number[] => {
      const { w, x, y } = line();
      const scale = tf.variable(tf.scalar(1.5));
      const f = (a: tf.Tensor2D, b: tf.Tensor2D) => squared(w)(tf.mul(a, scale), b);
      const [one, other] = [tf.train.momentum(0.1, 0.9), tf.train.sgd(0.05)];
      const step = compiled ? compileStep(f, one, [w]) : (...args: Pair) => one.minimize(() => f(...args), true, [w])!;
      return Array.from({ length: 10 }, () => {
        const loss = step(x, y).dataSync()[0]!;
        other.minimize(() => f(x, y), false, [scale]);
        return loss;
      });
    };
    const expected = run(false);
    expect(run(true)).toEqual(expected);
    expect(simdnnInfo().level).toBe('recorded');
  });

  it('runs on other backends, with other optimizers and while TensorFlow.js profiles, and says so', async () => {
    const { w, x, y } = line();
    const step = compileStep(squared(w), tf.train.sgd(0.1), [w]);
    for (let i = 0; i < 4; i++) step(x, y).dispose();
    expect(simdnnInfo().level).toBe('recorded');
    const { newTensors } = await tf.profile(() => void step(x, y).dispose());
    expect([newTensors, simdnnInfo().level]).toEqual([0, 'training']);
    expect(simdnnInfo().reason).toContain('profiles');
    await tf.setBackend('cpu');
    expect(step(x, y).dataSync()[0]).toBeGreaterThan(0);
    await tf.setBackend('simdnn');
    for (let i = 0; i < 4; i++) step(x, y).dispose();
    expect(simdnnInfo().level).toBe('recorded');
    class Own extends tf.AdagradOptimizer {}
    compileStep(squared(w), new Own(0.1), [w])(x, y).dispose();
    expect(simdnnInfo().reason).toContain('only optimizers of tf.train');
  });

  it('has memory that stays flat over many steps', () => {
    const steps = Number(process.env['SIMDNN_TFJS_STEPS'] ?? 2000);
    const { w, x, y } = line();
    const step = compileStep(squared(w), tf.train.adam(0.001), [w]);
    for (let i = 0; i < 100; i++) step(x, y).dispose();
    const { numTensors, numBytes, numDataBuffers } = tf.memory();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < steps; i++) step(x, y).dispose();
    expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
    expect(process.memoryUsage().rss - before).toBeLessThan(64e6);
    expect(simdnnInfo().level).toBe('recorded');
  });

  it('trains no variable that is disposed, though a call that failed before keeps its memory', () => {
    const { w, x, y } = line();
    const step = compileStep(squared(w), tf.train.adam(0.1), [w]);
    for (let i = 0; i < 5; i++) step(x, y).dispose();
    expect(simdnnInfo().level).toBe('recorded');
    expect(() => step(...([x] as unknown as Pair))).toThrow(/must be a Tensor/); // TensorFlow.js leaves its scopes open here
    w.dispose();
    expect(() => step(x, y)).toThrow();
  });

  it('refuses what is no step', () => {
    const { w, x } = line();
    const f = () => tf.scalar(1);
    expect(() => compileStep(null as never, tf.train.sgd(1), [w])).toThrow('expected a function');
    expect(() => compileStep(f, {} as never, [w])).toThrow('expected an optimizer');
    expect(() => compileStep(f, tf.train.sgd(1), [x] as never)).toThrow('expected a list of variables');
    expect(() => (compileStep(f, tf.train.sgd(1), [w]) as (x: unknown) => unknown)(3)).toThrow('expected argument 0 to be a tensor');
  });
});
