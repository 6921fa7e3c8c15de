// Random training steps of the core API with random events between them, each run both by compileStep and operation by operation.
import * as tf from '@tensorflow/tfjs-core';
import { simdnnInfo } from '../../src/tfjs';

/** A random number generator with a seed. */
export function randomly(seed: number) {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const upTo = (n: number): number => Math.floor(next() * n);
  const one = <T>(list: readonly T[]): T => list[upTo(list.length)]!;
  const floats = (n: number): Float32Array => Float32Array.from({ length: n }, () => next() * 2 - 1);
  for (let i = 0; i < 8; i++) next(); // the first numbers of neighbouring seeds are similar
  return { next, upTo, one, floats };
}

type Random = ReturnType<typeof randomly>;
type Step = (x: tf.Tensor2D, y: tf.Tensor2D) => tf.Scalar;

const activations: ((x: tf.Tensor2D) => tf.Tensor)[] = [
  (x) => x,
  tf.relu,
  tf.tanh,
  tf.sigmoid,
  tf.softplus,
  tf.softmax,
  tf.square,
  (x) => tf.mul(x, 0.5),
  (x) => tf.sub(x, tf.mean(x, 1, true)),
  (x) => tf.transpose(tf.transpose(x)),
  (x) => tf.clipByValue(x, -0.5, 0.5),
  (x) => tf.leakyRelu(x, 0.1),
];

const losses: ((y: tf.Tensor2D, p: tf.Tensor2D) => tf.Tensor)[] = [
  tf.losses.meanSquaredError,
  tf.losses.absoluteDifference,
  tf.losses.huberLoss,
  tf.losses.softmaxCrossEntropy,
  tf.losses.sigmoidCrossEntropy,
  (y, p) => tf.mean(tf.squaredDifference(y, p)),
  (y, p) => tf.sum(tf.square(tf.sub(tf.sigmoid(p), y))),
  (y, p) => tf.neg(tf.mean(tf.mul(y, tf.logSoftmax(p)))),
];

const optimizers: ((rate: number) => tf.Optimizer)[] = [
  (rate) => tf.train.sgd(rate),
  (rate) => tf.train.momentum(rate, 0.9),
  (rate) => tf.train.momentum(rate, 0.5, true),
  (rate) => tf.train.adam(rate),
  (rate) => tf.train.adam(rate, 0.8, 0.99, 1e-5),
  (rate) => tf.train.rmsprop(rate, 0.9, 0.5),
  (rate) => tf.train.adagrad(rate),
  (rate) => tf.train.adadelta(rate, 0.9),
  (rate) => tf.train.adamax(rate, 0.9, 0.99),
];

interface Program {
  variables: tf.Variable[];
  optimizer: tf.Optimizer;
  step: Step;
}

// Returns what a seed describes: each call of `make` creates it anew, with its own variables.
function programOf(seed: number): { make: () => Program; widths: number[] } {
  const r = randomly(seed);
  const widths = Array.from({ length: 2 + r.upTo(3) }, () => 1 + r.upTo(20));
  const layers = widths.slice(1).map((out, i) => ({
    w: r.floats(widths[i]! * out),
    shape: [widths[i]!, out] as [number, number],
    b: r.floats(out),
    f: r.one(activations),
    fused: r.next() < 0.1,
  }));
  const [loss, makeOptimizer, rate, penalty] = [r.one(losses), r.one(optimizers), 0.001 + 0.05 * r.next(), r.next() < 0.3];
  const make = (): Program => {
    const own = layers.map(({ w, shape, b }) => [tf.variable(tf.tensor2d(w.slice(), shape)), tf.variable(tf.tensor1d(b.slice()))] as const);
    const step: Step = (x, y) => {
      let out: tf.Tensor2D = x;
      for (const [i, [w, b]] of own.entries()) {
        const { f, fused } = layers[i]!;
        const z = fused
          ? (tf.fused.matMul({ a: out, b: w as tf.Tensor2D, bias: b, activation: 'relu' }) as tf.Tensor2D)
          : (tf.add(tf.matMul(out, w as tf.Tensor2D), b) as tf.Tensor2D);
        out = f(z) as tf.Tensor2D;
      }
      const value = loss(y, out);
      return (penalty ? tf.add(value, tf.mul(0.01, tf.sum(tf.square(own[0]![0])))) : value) as tf.Scalar;
    };
    return { variables: own.flat() as tf.Variable[], optimizer: makeOptimizer(rate), step };
  };
  return { make, widths };
}

// What happens to both programs before some steps.
const events: ((r: Random) => (p: Program) => void)[] = [
  (r) => {
    const rate = 0.001 + 0.05 * r.next();
    return ({ optimizer }) => {
      const its = optimizer as unknown as { setLearningRate?(rate: number): void; learningRate: number };
      if (its.setLearningRate === undefined) its.learningRate = rate;
      else its.setLearningRate(rate);
    };
  },
  (r) => {
    const which = r.next();
    return ({ variables }) => {
      const v = variables[Math.floor(which * variables.length)]!;
      tf.tidy(() => v.assign(tf.mul(v, 0.5)));
    };
  },
  () =>
    ({ variables }) =>
      void variables[0]!.dataSync().fill(7),
  () =>
    ({ variables }) =>
      tf.keep(tf.clone(variables[0]!)),
  () =>
    ({ variables }) => {
      variables[1]!.trainable = !variables[1]!.trainable;
    },
  () => () => void tf.tidy(() => tf.add(1, 2)),
  (r) => {
    const beta = r.next();
    return ({ optimizer }) => {
      if (optimizer instanceof tf.AdamOptimizer) (optimizer as unknown as { beta2: number }).beta2 = beta;
    };
  },
];

const bitsOf = (values: ArrayLike<number>): string => Buffer.from(Float32Array.from(values).buffer).toString('hex');

/** Returns how many of its steps were replayed. Throws if a bit differs. */
export function runProgram(seed: number, compileStep: (f: Step, o: tf.Optimizer, v: tf.Variable[]) => Step, steps = 14): number {
  const r = randomly(seed + 7e6);
  const { make, widths } = programOf(seed);
  const [here, there] = [make(), make()];
  const compiled = compileStep(here.step, here.optimizer, here.variables);
  const sizes = [1 + r.upTo(40), 1 + r.upTo(40)];
  let replayed = 0;
  for (let i = 0; i < steps; i++) {
    if (i > 4 && r.next() < 0.15) {
      const event = r.one(events)(r);
      for (const program of [here, there]) event(program);
    }
    const rows = i > 5 && r.next() < 0.2 ? sizes[1]! : sizes[0]!;
    const x = tf.tensor2d(r.floats(rows * widths[0]!), [rows, widths[0]!]);
    const y = tf.tensor2d(r.floats(rows * widths.at(-1)!).map(Math.abs), [rows, widths.at(-1)!]);
    const loss = compiled(x, y);
    if (simdnnInfo().level === 'recorded') replayed++;
    const expected = there.optimizer.minimize(() => there.step(x, y), true, there.variables)!;
    const pairs = [[loss, expected], ...here.variables.map((v, k) => [v, there.variables[k]!])] as [tf.Tensor, tf.Tensor][];
    for (const [k, [a, b]] of pairs.entries()) {
      if (bitsOf(a.dataSync()) !== bitsOf(b.dataSync()))
        throw new Error(`program ${seed}, step ${i}: ${k === 0 ? 'the loss' : `variable ${k - 1}`} differs`);
    }
    tf.dispose([x, y, loss, expected]);
  }
  for (const { variables } of [here, there]) tf.dispose(variables);
  return replayed;
}
