// What surprises in a compiled function, each with what to do about it. docs/compile.md explains why.
import { describe, expect, it } from 'vitest';
import {
  compile,
  data,
  manualSeed,
  metrics,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  randn,
  type Tensor,
  Tensor as TensorClass,
  tensor,
  zeros,
} from '../src/index';
import { expectSame, thrownBy } from './helpers';

const labels = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' });
const valuesOf = (model: nn.Module): number[][] => model.parameters().map((p) => [...p.data]);

/** How many recordings a compiled function holds. */
const recordingsOf = (step: { toString(): string }): number => (String(step).match(/^\(/gm) ?? []).length;

/** A classifier, its optimizer, and a step that trains it. */
function training(options?: { keepGrad?: boolean }) {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters());
  const eager = (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { model, criterion, optimizer, eager, step: compile(eager, options), x: randn([4, 3]), y: labels(0, 1, 1, 0) };
}

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
    expect(error.stack).toContain('compile-surprises.test.ts');
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

describe('outputs have no history', () => {
  it('from the second call on, so backward() on one throws', () => {
    const w = tensor([2], { requiresGrad: true });
    const times = compile((x: Tensor) => x.mul(w));
    times(ones([1]));
    expect(() => times(ones([1])).backward()).toThrow('[backward] this tensor does not require a gradient and has no history');
  });
  it('so backward() is called inside', () => {
    const w = tensor([2], { requiresGrad: true });
    const times = compile(
      (x: Tensor) => {
        w.grad = null;
        const y = x.mul(w);
        y.backward();
        return y;
      },
      { keepGrad: true },
    );
    for (const v of [3, 4, 5]) {
      times(tensor([v]));
      expectSame(w.grad!, [v]);
    }
  });
});

describe('param.grad after a compiled step', () => {
  it('is hidden', () => {
    const { model, step, x, y } = training();
    for (let i = 0; i < 2; i++) {
      step(x, y);
      const error = thrownBy(() => model.parameters()[0]!.grad);
      expect(error.message).toBe(
        '[Tensor.grad] a compiled step made this gradient and did not keep it\n  hint: compile(fn, { keepGrad: true })',
      );
      expect(error.code).toBe('SIMDNN_GRADIENT_NOT_KEPT');
    }
  });
  it('is null after zeroGrad(), and readable after an eager backward()', () => {
    const { model, criterion, optimizer, step, x, y } = training();
    step(x, y);
    optimizer.zeroGrad();
    expect(model.parameters()[0]!.grad).toBeNull();
    criterion.forward(model.forward(x), y).backward();
    expect(model.parameters()[0]!.grad!.shape).toEqual([4, 3]);
  });
  it('is a copy of its own with keepGrad', () => {
    const { model, step, x, y } = training({ keepGrad: true });
    const first = [0, 1, 2].map(() => {
      step(x, y);
      return model.parameters()[0]!.grad!;
    });
    const values = first.map((t) => t.toArray());
    expect(new Set(values.map(String)).size).toBe(3);
    step(x, y);
    expect(first.map((t) => t.toArray())).toEqual(values);
  });
});

describe('eager steps between compiled ones', () => {
  it('give the bits of eager steps alone', () => {
    const [alone, mixed] = [training(), training()];
    for (let i = 0; i < 12; i++) {
      const loss = alone.eager(alone.x, alone.y);
      expectSame((i % 3 === 1 ? mixed.eager : mixed.step)(mixed.x, mixed.y), loss);
    }
    expect(valuesOf(mixed.model)).toEqual(valuesOf(alone.model));
  });
  it('that look at a gradient cost a recording: the memory that was shown is not written again', () => {
    const { model, eager, step, x, y } = training();
    step(x, y);
    step(x, y);
    expect(recordingsOf(step)).toBe(1);
    eager(x, y);
    const shown = model.parameters()[0]!.grad!;
    const values = shown.toArray();
    step(x, y);
    expect(recordingsOf(step)).toBe(2);
    expect(shown.toArray()).toEqual(values);
  });
});

describe('a parameter that is replaced', () => {
  class Scale extends nn.Module {
    factor = new nn.Parameter(tensor([2]));
    offset = tensor([0]);
    forward(x: Tensor): Tensor {
      return x.mul(this.factor).add(this.offset);
    }
  }
  it('in a module that was never looked through keeps its old value', () => {
    const scale = new Scale();
    const fn = compile((x: Tensor) => scale.forward(x));
    fn(ones([1]));
    scale.factor = new nn.Parameter(tensor([5]));
    expectSame(fn(ones([1])), [2]);
  });
  it('is noticed where parameters(), eval() or an optimizer has looked through the module before', () => {
    const scale = new Scale();
    const fn = compile((x: Tensor) => scale.forward(x));
    scale.eval();
    fn(ones([1]));
    scale.factor = new nn.Parameter(tensor([5]));
    expectSame(fn(ones([1])), [5]);
  });
  it('is better loaded: new values in the same memory are always seen', () => {
    const scale = new Scale();
    const fn = compile((x: Tensor) => scale.forward(x));
    fn(ones([1]));
    scale.loadStateDict({ factor: tensor([5]) });
    expectSame(fn(ones([1])), [5]);
    nn.init.constant_(scale.factor, 6);
    expectSame(fn(ones([1])), [6]);
  });
  it('when it is a plain tensor, is never noticed: its values are changed in place, or it is given as an argument', () => {
    const scale = new Scale();
    scale.eval();
    const fn = compile((x: Tensor) => scale.forward(x));
    fn(ones([1]));
    scale.offset.data[0] = 10;
    expectSame(fn(ones([1])), [12]);
    scale.offset = tensor([100]);
    expectSame(fn(ones([1])), [12]);
    fn.dispose();
    expectSame(fn(ones([1])), [102]);
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
    const add = compile((x: Tensor) => x.add(TensorClass.fromTypedArray(array)));
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

describe('a smaller last batch', () => {
  it('has a recording of its own, and 16 recordings are kept', () => {
    let runs = 0;
    const fn = compile((x: Tensor) => {
      runs++;
      return x.mul(2);
    });
    const loader = new data.DataLoader(new data.TensorDataset(ones([10, 3])), { batchSize: 4 });
    for (let epoch = 0; epoch < 3; epoch++) for (const [x] of loader) expect(fn(x!).shape).toEqual(x!.shape);
    expect(runs).toBe(2);
    for (let n = 1; n <= 16; n++) fn(ones([n]));
    expect(recordingsOf(fn)).toBe(16);
    expect(runs).toBe(18);
    fn(ones([4, 3]));
    expect(runs).toBe(19); // it had been used longest ago
  });
});

describe('an error', () => {
  it('leaves the model and the optimizer untouched, and the next call goes on', () => {
    const [hurt, healthy] = [training(), training()];
    for (let i = 0; i < 6; i++) {
      const before = [valuesOf(hurt.model), JSON.stringify(hurt.optimizer.stateDict().param_groups)];
      const error = thrownBy(() => hurt.step(hurt.x, labels(0, 1, 2, 0)));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toContain(i === 0 ? 'target[2] = 2 is outside 0..1' : 'labels[2] is out of range');
      expect([valuesOf(hurt.model), JSON.stringify(hurt.optimizer.stateDict().param_groups)]).toEqual(before);
      expectSame(hurt.step(hurt.x, hurt.y), healthy.step(healthy.x, healthy.y));
    }
    expect(valuesOf(hurt.model)).toEqual(valuesOf(healthy.model));
  });
  it('while recording ends the recording', () => {
    const fn = compile((x: Tensor) => x.reshape([5]));
    expect(() => fn(ones([4]))).toThrow(RangeError);
    expect(String(fn)).toBe('');
    expect(ones([1]).item()).toBe(1);
    expectSame(fn(ones([5])), [1, 1, 1, 1, 1]);
  });
});

describe('what a compiled function returns', () => {
  it.each([3, 'loss', true])('cannot be %j: it is a tensor, a list or a record of them', (value) => {
    const fn = compile((() => value) as never) as unknown as () => void;
    expect(fn).toThrow('[compile] expected the function to return tensors, or a list or record of them');
  });
});

it('a compiled function inside another is a part of it', () => {
  let runs = 0;
  const inner = compile((x: Tensor) => {
    runs++;
    return x.mul(2);
  });
  const outer = compile((x: Tensor) => inner(x).add(1));
  expect([1, 2, 3].map((v) => outer(tensor([v])).item())).toEqual([3, 5, 7]);
  expect(runs).toBe(1);
  expect(recordingsOf(inner)).toBe(0);
});

it('noGrad() around a call is another recording, and a step that needs gradients fails there as in eager', () => {
  const { model, step, x, y } = training();
  const predict = compile((batch: Tensor) => model.forward(batch));
  predict(x);
  noGrad(() => predict(x));
  expect(recordingsOf(predict)).toBe(2);
  step(x, y);
  expect(() => noGrad(() => step(x, y))).toThrow('has no history');
});

it('an error behind the step of an optimizer leaves what eager mode leaves: parameters and step counts have moved', () => {
  const run = (compiled: boolean) => {
    manualSeed(3);
    const model = new nn.Linear(3, 4);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
    const criterion = new nn.CrossEntropyLoss();
    const eager = (x: Tensor, y: Tensor, later: Tensor) => {
      optimizer.zeroGrad();
      const out = model.forward(x);
      criterion.forward(out, y).backward();
      optimizer.step();
      return criterion.forward(out.detach(), later); // the very next kernel call
    };
    const step = compiled ? compile(eager) : eager;
    const x = randn([2, 3]);
    const good = tensor([0, 1], { dtype: 'int32' });
    const later = tensor([2, 3], { dtype: 'int32' }); // not `good` again: one tensor for two arguments has a recording of its own
    const bad = tensor([0, 4], { dtype: 'int32' });
    step(x, good, later);
    step(x, good, later);
    expect(() => step(x, good, bad)).toThrow(/(labels|target)\[1\]/);
    expect(() => step(x, bad, later)).toThrow(/(labels|target)\[1\]/);
    step(x, good, later);
    if (compiled) expect(recordingsOf(step)).toBe(1); // the errors came from replays
    const counts = Object.values(optimizer.stateDict().state).map((state) => (state.step as Tensor).item());
    return { counts, weights: model.parameters().flatMap((parameter) => Array.from(parameter.data)) };
  };
  const compiled = run(true);
  expect(compiled.counts).toEqual([4, 4]);
  expect(compiled).toEqual(run(false));
});

it('an error in the middle leaves random numbers and gradients where eager mode leaves them', () => {
  const run = (compiled: boolean) => {
    manualSeed(5);
    const [model, later] = [new nn.Linear(3, 8), new nn.Linear(3, 8)];
    const dropout = new nn.Dropout(0.5);
    const optimizer = new optim.SGD([...model.parameters(), ...later.parameters()], { lr: 0.1 });
    const eager = (x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      dropout.forward(model.forward(x)).sum().backward();
      nn.functional.crossEntropy(dropout.forward(later.forward(x)), y).backward();
      optimizer.step();
      return dropout.forward(x); // not reached after an error
    };
    const step = compiled ? compile(eager, { keepGrad: true }) : eager;
    const x = randn([2, 3]);
    const seen: unknown[] = [];
    for (const label of [1, 1, 9, 1, 9, 9, 1]) {
      if (label === 9) expect(() => step(x, labels(0, label))).toThrow(RangeError);
      else step(x, labels(0, label));
      for (const parameter of optimizer.paramGroups[0]!.params) {
        const { grad } = parameter;
        seen.push([...parameter.data], grad === null ? null : [...grad.data]);
      }
      seen.push([...rand([1]).data]);
    }
    return seen;
  };
  const eager = run(false);
  expect(eager.filter((values) => values === null)).toHaveLength(6); // the gradients of the second layer, after each error
  expect(run(true)).toEqual(eager);
});

it('an error right behind zeroGrad leaves no gradients', () => {
  const run = (compiled: boolean) => {
    manualSeed(6);
    const model = new nn.Linear(3, 8);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const eager = (x: Tensor, y: Tensor) => {
      const out = model.forward(x);
      optimizer.zeroGrad();
      nn.functional.crossEntropy(out, y).backward(); // the next kernel call
      optimizer.step();
      return out;
    };
    const step = compiled ? compile(eager, { keepGrad: true }) : eager;
    const x = randn([2, 3]);
    step(x, labels(0, 1));
    step(x, labels(0, 1));
    expect(model.weight.grad).not.toBeNull();
    expect(() => step(x, labels(0, 9))).toThrow(RangeError);
    if (compiled) expect(recordingsOf(step)).toBe(1);
    return model.weight.grad;
  };
  expect([run(false), run(true)]).toEqual([null, null]);
});
