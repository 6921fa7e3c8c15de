// What a recording freezes, and what it does not, each with what to do about it. docs/compile.md explains why.
import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, metrics, nn, ones, rand, Tensor, tensor, zeros } from '../src';
import { labels, recordingsOf, training, valuesOf } from './compile-training';
import { expectSame, thrownBy } from './helpers';

describe('a JavaScript number is frozen', () => {
  it('as it was when the step was recorded', () => {
    let factor = 2;
    const scale = compile((x: Tensor) => x.mul(factor));
    expectSame(scale(ones([1])), [2]);
    factor = 3;
    expectSame(scale(ones([1])), [2]);
  });
  it('unless it comes in as a tensor', () => {
    const scale = compile((x: Tensor, factor: Tensor) => x.mul(factor));
    expectSame(scale(ones([1]), tensor(2)), [2]);
    expectSame(scale(ones([1]), tensor(3)), [3]);
  });
  it('but an option of an optimizer is not', () => {
    const { model, optimizer, step, x, y } = training();
    step(x, y);
    step(x, y);
    const before = valuesOf(model);
    optimizer.paramGroups[0]!.lr = 0;
    step(x, y);
    expect(valuesOf(model)).toEqual(before);
  });
  it.each([
    ['a factor', 2, 3, (x: Tensor, n: number) => x.mul(n), 'call 0, mul, has a constant with 3 instead of 2'],
    ['a bound', 2, 3, (x: Tensor, n: number) => x.clamp({ max: n }), 'call 0, clampForward, has 3 instead of 2'],
    ['a tensor of numbers', 2, 3, (x: Tensor, n: number) => x.add(tensor([1, n])), 'call 0, add, has a constant with 3 instead of 2'],
  ])('and `check` finds out: %s', (_, before, after, fn, message) => {
    let n = before;
    const compiled = compile((x: Tensor) => fn(x, n), { check: 2 });
    for (let i = 0; i < 6; i++) compiled(ones([2])); // nothing to find
    n = after;
    const error = thrownBy(() => {
      compiled(ones([2]));
      compiled(ones([2]));
    });
    expect(error.code).toBe('SIMDNN_RECORDING_DIFFERS');
    expect(error.message).toContain(message);
  });
});

describe('a branch is frozen', () => {
  it('as it went when the step was recorded', () => {
    let negative = false;
    const fn = compile((x: Tensor) => (negative ? x.neg() : x.mul(1)));
    expectSame(fn(ones([1])), [1]);
    negative = true;
    expectSame(fn(ones([1])), [1]);
  });
  it('so each way is compiled by itself', () => {
    const [straight, negated] = [compile((x: Tensor) => x.mul(1)), compile((x: Tensor) => x.neg())];
    for (let i = 0; i < 3; i++) expectSame((i === 1 ? negated : straight)(ones([1])), [i === 1 ? -1 : 1]);
  });
  it('or recorded anew after dispose()', () => {
    let negative = false;
    const fn = compile((x: Tensor) => (negative ? x.neg() : x.mul(1)));
    fn(ones([1]));
    negative = true;
    fn.dispose();
    expectSame(fn(ones([1])), [-1]);
  });
  it('and `check` finds out', () => {
    let negative = false;
    const fn = compile((x: Tensor) => (negative ? x.neg() : x.mul(1)), { check: 1 });
    fn(ones([1]));
    fn(ones([1]));
    negative = true;
    expect(() => fn(ones([1]))).toThrow('call 0 is negForward instead of mul');
  });
  it('but one on `training`, on a shape or on a dtype is not: each case has its own recording', () => {
    class Model extends nn.Module {
      forward(x: Tensor): Tensor {
        if (this.training) return x.mul(2);
        return x.shape[0] === 1 ? x.neg() : x.mul(3);
      }
    }
    const model = new Model();
    const fn = compile((x: Tensor) => model.forward(x));
    for (let round = 0; round < 3; round++) {
      expectSame(fn(ones([1])), [2]);
      model.eval();
      expectSame(fn(ones([1])), [-1]);
      expectSame(fn(ones([2])), [3, 3]);
      model.train();
    }
    expect(recordingsOf(fn)).toBe(3);
  });
});

describe('side effects of JavaScript', () => {
  it('happen while recording and never again', () => {
    let runs = 0;
    const fn = compile((x: Tensor) => {
      runs++;
      return x.mul(2);
    });
    for (let i = 0; i < 5; i++) fn(ones([1]));
    expect(runs).toBe(1);
  });
  it('keep tensors of the recorded call only: what is wanted of each call is returned', () => {
    const kept: Tensor[] = [];
    const fn = compile((x: Tensor) => {
      const y = x.mul(2);
      kept.push(y);
      return { y };
    });
    const returned = [1, 2, 3].map((v) => fn(tensor([v])).y.item());
    expect(kept).toHaveLength(1);
    expect(returned).toEqual([2, 4, 6]);
  });
});

describe('reading a value inside throws', () => {
  it.each<[string, (loss: Tensor) => unknown]>([
    ['Tensor.item', (loss) => loss.item()],
    ['Tensor.data', (loss) => loss.data],
    ['Tensor.toArray', (loss) => loss.toArray()],
    ['Tensor.toString', (loss) => `${loss}`],
    ['Tensor.grad', (loss) => loss.grad],
    ['Accuracy.update', (loss) => new metrics.Accuracy({ task: 'multiclass', numClasses: 2 }).update(loss.reshape([1, 1]), labels(0))],
    ['StandardScaler.fit', (loss) => new data.StandardScaler().fit(loss.reshape([1, 1]))],
    ['LabelEncoder.fit', (loss) => new data.LabelEncoder().fit(loss.reshape([1]))],
    ['trainTestSplit', (loss) => data.trainTestSplit(ones([2, 1]), ones([2]), { testSize: 0.5, stratify: loss.add(zeros([2])) })],
  ])('%s', (what, read) => {
    const fn = compile((x: Tensor) => {
      const loss = x.sum();
      read(loss);
      return loss;
    });
    const error = thrownBy(() => fn(ones([2])));
    expect(error.message).toBe(
      `[${what}] a value cannot be read inside a compiled function: what depends on it would be frozen\n  hint: return the tensor and read it outside`,
    );
    expect(error.code).toBe('SIMDNN_READ_WHILE_RECORDING');
    expect(error.stack).toContain('compile-tracing.test.ts');
  });
  it('so values are returned, and metrics updated outside', () => {
    const model = new nn.Linear(2, 2);
    model.loadStateDict({
      weight: tensor([
        [1, 0],
        [0, 1],
      ]),
      bias: zeros([2]),
    });
    const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 2 });
    const predict = compile((x: Tensor) => model.forward(x));
    for (let i = 0; i < 4; i++) accuracy.update(predict(tensor([[1, 0]])), labels(i % 2));
    expect(accuracy.compute().item()).toBe(0.5);
  });
});

describe('a tensor made inside', () => {
  it('from numbers is a constant of the recording', () => {
    let n = 0;
    const count = compile((x: Tensor) => x.add(tensor([++n])));
    expect([0, 0, 0].map(() => count(zeros([1])).item())).toEqual([1, 1, 1]);
  });
  it('on an array of the caller sees what is written to the array', () => {
    const array = Float32Array.of(1);
    const add = compile((x: Tensor) => x.add(Tensor.fromTypedArray(array)));
    add(zeros([1]));
    array[0] = 7;
    expectSame(add(zeros([1])), [7]);
  });
});

describe('random numbers', () => {
  const both = (fn: (x: Tensor) => Tensor): [number[][], number[][]] => {
    const run = (f: (x: Tensor) => Tensor): number[][] => {
      manualSeed(3);
      const drawn = Array.from({ length: 5 }, () => [...f(ones([4])).data]);
      return [...drawn, [...rand([4]).data]]; // what comes after is the same as well
    };
    return [run(compile(fn)), run(fn)];
  };
  it('advance at each call as in eager', () => {
    const [compiled, eager] = both((x) => nn.functional.dropout(x.add(rand([4])), 0.5));
    expect(compiled).toEqual(eager);
    expect(new Set(compiled.map(String)).size).toBe(6);
  });
  it('are not seeded by a manualSeed() inside, which is JavaScript: it is called outside', () => {
    const draw = (x: Tensor): Tensor => x.add(rand([2]));
    const inside = compile((x: Tensor) => {
      manualSeed(3);
      return draw(x);
    });
    expect(inside(zeros([2])).toArray()).not.toEqual(inside(zeros([2])).toArray());
    const outside = compile(draw);
    const drawn = [0, 1, 2].map(() => {
      manualSeed(3);
      return outside(zeros([2])).toArray();
    });
    expect(new Set(drawn.map(String)).size).toBe(1);
  });
});
