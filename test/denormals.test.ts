// Denormal numbers count as zero in the library's arithmetic, on every thread and in every way of running it, and nowhere else.
import './kernels/listening';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cat,
  compile,
  data,
  getNumThreads,
  info,
  manualSeed,
  nn,
  optim,
  randn,
  setFlushDenormal,
  setNumThreads,
  type Tensor,
  tensor,
  train,
} from '../src';
import { createPlan, eagerKernels, replayPlan, type TensorData } from '../src/native';
import { expectError, expectSame } from './helpers';
import { arraysOf, invoke, type Typed, valuesOf } from './kernels/call';
import { calls } from './kernels/calls';
import { type Heard, hear } from './kernels/listening';
import { bitsOf, digest, eagerFit, type FitRun, quiet } from './train/runs';

let threads: number;
beforeEach(() => {
  threads = getNumThreads();
});
afterEach(() => {
  setNumThreads(threads);
  setFlushDenormal(true);
});

const least = 2 ** -126;
const denormals = [1e-40, -1e-40, least / 2, -(2 ** -149), 1.1e-38];

/** Whether JavaScript calculates with denormal numbers, of both kinds, as operands and as results. */
function javaScriptKeepsThem(): boolean {
  const wide = Float64Array.of(Number.MIN_VALUE, 1e-308, 2 ** -1000);
  const narrow = Float32Array.of(1e-40, 1e-30, 0);
  narrow[2] = narrow[1]! * 1e-10;
  return wide[0]! * 2 ** 60 > 0 && wide[1]! / 1e10 > 0 && wide[2]! * 2 ** -50 > 0 && narrow[0]! * 1e30 > 1e-11 && narrow[2]! > 0;
}

describe('what it means', () => {
  it('is on, and info says so', () => {
    expect(info().flushDenormal).toBe(true);
    setFlushDenormal(false);
    expect(info().flushDenormal).toBe(false);
  });

  it('results below 2^-126 and operands are zeros of their sign', () => {
    const x = tensor(Float32Array.from([1e-30, -1e-30, 1e-40, -1e-40]));
    expectSame(x.mul(tensor(Float32Array.from([1e-10, 1e-10, 1e10, 1e10]))), [0, -0, 0, -0]);
    expectSame(x.mul(1e-10), [0, -0, 0, -0]);
    expectSame(tensor(Float32Array.from([-88, 1e-40])).exp(), [0, 1]);
    expectSame(tensor(Float32Array.from([1e-40, -1e-40])).log(), [-Infinity, -Infinity]);
  });

  it('the least normal number stays', () =>
    expectSame(
      tensor(Float32Array.from([2 ** -125, -least]))
        .mul(0.5)
        .mul(2),
      [2 ** -125, -0],
    ));

  it('setFlushDenormal(false) is IEEE arithmetic', () => {
    setFlushDenormal(false);
    const x = Float32Array.from(denormals);
    expectSame(
      tensor(x).add(tensor(x)),
      x.map((value) => 2 * value),
    );
    expect(tensor(Float32Array.of(-100)).exp().item()).toBeGreaterThan(0);
    expect(tensor(x.slice(0, 1)).log().item()).toBeCloseTo(Math.log(x[0]!), 4);
  });

  it('moving numbers moves these too', () => {
    const x = Float32Array.from(denormals);
    expectSame(cat([tensor(x), tensor(x)]).narrow(0, 2, 5), [...x.slice(2), ...x.slice(0, 2)]);
  });

  it('refuses what is no boolean', () => {
    expectError(() => setFlushDenormal(1 as never), TypeError, '[setFlushDenormal] expected true or false, got 1');
  });
});

// A call's arrays with every other number of each input a denormal one; `zeros` puts the zeros of their signs there instead.
function withDenormals(argument: Typed, zeros: boolean): Typed {
  if (argument instanceof Int32Array) return argument.slice();
  return argument.map((value, i) => {
    if (i % 2 === 1) return value;
    const tiny = denormals[(i / 2) % denormals.length]!;
    return zeros ? tiny * 0 : tiny;
  });
}

const bits = (array: TensorData): number[] => [
  ...new Int32Array(array.buffer.slice(array.byteOffset, array.byteOffset + array.byteLength)),
];
const flushed = (array: TensorData): TensorData =>
  array instanceof Int32Array ? array : array.map((value) => (Math.abs(value) < least ? value * 0 : value));

function refusalOf(body: () => void): string {
  try {
    body();
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return (error as Error).message;
  }
}

describe.each(calls.map((call, i) => ({ call, name: `${call.name} (${i})` })))('$name', ({ call }) => {
  const run = (zeros: boolean) => {
    const arrays = [...arraysOf(call.args)];
    const replaced = Object.fromEntries(arrays.map(([path, { value }]) => [path, withDenormals(value, zeros)]));
    // A matrix of zeros has no inverse and no factor: then what is refused must be the same too.
    let refused = '';
    const issued = hear(() => {
      refused = refusalOf(() => invoke(call, valuesOf(call.args, replaced)));
    });
    return { after: arrays.map(([path]) => replaced[path]!), issued, refused };
  };

  it('takes denormal operands for zeros', () => {
    const [tiny, zero] = [run(false), run(true)];
    expect(tiny.after.map((array) => bits(flushed(array)))).toEqual(zero.after.map((array) => bits(flushed(array))));
    expect(tiny.refused).toBe(zero.refused);
  });

  it('gives the same bits replayed', () => {
    const { issued, refused } = run(false);
    expect(issued.length).toBeGreaterThan(0);
    const arraysIn = issued.flatMap((args) => args.filter((arg): arg is Heard => Array.isArray(arg)));
    const after = arraysIn.map(([array]) => bits(array));
    for (const [array, before] of arraysIn.toReversed()) array.set(before as never);
    const plan = createPlan(
      issued.map((args) => args.map((arg) => (Array.isArray(arg) ? arg[0] : arg))),
      [],
      [],
      [],
    );
    expect(refusalOf(() => replayPlan(plan, [], new Float64Array(0))) !== '').toBe(refused !== '');
    expect(arraysIn.map(([array]) => bits(array))).toEqual(after);
    expect(javaScriptKeepsThem()).toBe(true);
  });
});

// Numbers around 2^-126, enough of them that every operation is divided among threads.
function small(shape: number[], scale: number): Tensor {
  return randn(shape).mul(scale);
}

describe('the same bits for any number of threads', () => {
  const operations: Record<string, () => Tensor> = {
    mul: () => small([1 << 20], 1e-19).mul(small([1 << 20], 1e-19)),
    exp: () => small([1 << 20], 60).exp(),
    softmax: () => small([4096, 100], 60).softmax(1),
    crossEntropy: () => {
      const x = small([4096, 100], 60).detach();
      x.requiresGrad = true;
      new nn.CrossEntropyLoss().forward(x, tensor(Int32Array.from({ length: 4096 }, (_, i) => i % 100))).backward();
      return x.grad!;
    },
    matmul: () => small([300, 300], 1e-19).matmul(small([300, 300], 1e-19)),
    sum: () => small([1024, 1024], 1e-37).mul(0.01).sum(0),
  };
  describe.each([true, false])('flushed: %s', (flush) => {
    it.each(Object.keys(operations))('%s', (name) => {
      const run = (n: number) => {
        setNumThreads(n);
        setFlushDenormal(flush);
        manualSeed(3);
        return digest(operations[name]!());
      };
      const alone = run(1);
      for (let round = 0; round < 3; round++) {
        // the threads have just worked for a call of the other kind
        setFlushDenormal(!flush);
        randn([1 << 20])
          .mul(1e-30)
          .mul(1e-10);
        expect(run(4)).toBe(alone);
      }
    });
  });
});

// Gradients of about 1e-20, whose squares are denormal: an Adam with as small an eps goes other ways where these are zero.
function tinyTraining(): FitRun {
  manualSeed(5);
  const model = new nn.Sequential(new nn.Linear(6, 8), new nn.Linear(8, 3));
  const x = randn([40, 6]).mul(1e-19);
  const loader = new data.DataLoader(new data.TensorDataset(x, randn([40, 3])), { batchSize: 8 });
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3, eps: 1e-24 });
  return { model, criterion: new nn.MSELoss(), optimizer, loader, epochs: 6 };
}

const trainings: Record<string, (run: FitRun) => Promise<unknown> | unknown> = {
  loop: eagerFit,
  compiled: (run) => {
    const step = compile((x: Tensor, y: Tensor) => {
      run.optimizer.zeroGrad();
      const loss = run.criterion.forward(run.model.forward(x), y);
      loss.backward();
      run.optimizer.step();
      return loss;
    });
    for (let epoch = 0; epoch < run.epochs; epoch++) for (const [x, y] of run.loader) step(x!, y!);
  },
  fit: ({ model, ...options }) => train.fit(model, { ...options, ...quiet }),
};

describe('a training', () => {
  const result = async (how: string, flush: boolean, n: number) => {
    setNumThreads(n);
    setFlushDenormal(flush);
    const run = tinyTraining();
    await trainings[how]!(run);
    return bitsOf(run.model);
  };

  it.each([true, false])('has the same bits as a loop, compiled and as a fit, flushed: %s', async (flush) => {
    const expected = await result('loop', flush, 1);
    for (const how of Object.keys(trainings)) for (const n of [1, 4]) expect(await result(how, flush, n), `${how}, ${n}`).toEqual(expected);
  });

  it('is one that shows the difference', async () => {
    expect(await result('loop', true, 1)).not.toEqual(await result('loop', false, 1));
  });
});

describe("JavaScript's own numbers", () => {
  it('stay after a call', () => {
    tensor([1e-30]).mul(1e-10);
    expect(javaScriptKeepsThem()).toBe(true);
  });

  it('stay after calls that throw, eager and compiled', () => {
    const logits = randn([2, 3]);
    const labels = tensor(Int32Array.of(1, 2));
    const bad = tensor(Int32Array.of(1, 7));
    const criterion = new nn.CrossEntropyLoss();
    const compiled = compile((y: Tensor) => criterion.forward(logits, y));
    compiled(labels);
    expect(() => criterion.forward(logits, bad)).toThrow(RangeError);
    expect(javaScriptKeepsThem()).toBe(true);
    expect(() => compiled(bad)).toThrow(RangeError);
    expect(javaScriptKeepsThem()).toBe(true);
    expect(() => eagerKernels.expForward(new Float32Array(1), new Float32Array(1), 9)).toThrow(RangeError);
    expect(javaScriptKeepsThem()).toBe(true);
  });

  it('stay in a recorded function and in the callbacks of a fit', async () => {
    const seen: boolean[] = [];
    compile((x: Tensor) => {
      seen.push(javaScriptKeepsThem());
      return x.mul(2);
    })(randn([3]));
    const { model, ...options } = tinyTraining();
    await train.fit(model, { ...options, ...quiet, onEpoch: () => void seen.push(javaScriptKeepsThem()) });
    expect(seen.length).toBeGreaterThan(options.epochs);
    expect(seen.every(Boolean)).toBe(true);
  });

  it('stay in a worker thread, whose calls do as the process wants', async () => {
    const program = `
      const { workerData, parentPort } = require('node:worker_threads');
      const { kernels, setTarget, setNumThreads } = require(workerData);
      setTarget(null);
      const product = () => {
        const y = Float32Array.of(9), x = Float32Array.of(1e-20);
        kernels.powScalarForward(y, x, 1, 2, 0);
        return y[0];
      };
      const own = () => Number.MIN_VALUE * 2 ** 60 > 0 && 1e-308 / Number(process.pid) > 0;
      parentPort.postMessage([own(), product(), own()]);`;
    const ask = () =>
      new Promise((resolve, reject) => {
        const workerData = join(process.env['SIMDNN_PREBUILD'] ?? join(__dirname, '..'), 'build/Release/simdnn.node'); // the addon of this process
        new Worker(program, { eval: true, workerData }).once('message', resolve).once('error', reject);
      });
    expect(await ask()).toEqual([true, 0, true]);
    setFlushDenormal(false);
    const [before, product, after] = (await ask()) as [boolean, number, boolean];
    expect([before, product > 0, after]).toEqual([true, true, true]);
    expect(javaScriptKeepsThem()).toBe(true);
  });
});
