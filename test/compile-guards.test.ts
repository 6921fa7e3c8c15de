// When a compiled function is recorded anew, and when it is not.
import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, noGrad, ones, optim, type Tensor, tensor } from '../src';
import { recordingsOf, training } from './compile-training';
import { expectSame } from './helpers';

describe('a parameter that is replaced', () => {
  class Scale extends nn.Module {
    factor = new nn.Parameter(tensor([2]));
    offset = tensor([0]);
    forward(x: Tensor): Tensor {
      return x.mul(this.factor).add(this.offset);
    }
  }
  it('is noticed in a module that was never looked through', () => {
    const scale = new Scale();
    const fn = compile((x: Tensor) => scale.forward(x));
    fn(ones([1]));
    for (const value of [5, 7]) {
      scale.factor = new nn.Parameter(tensor([value]));
      for (let i = 0; i < 2; i++) expectSame(fn(ones([1])), [value]);
    }
  });
  it('as a plain tensor in a variable, is found at the second call, later it keeps its old value', () => {
    let factor = tensor([2]);
    const fn = compile((x: Tensor) => x.mul(factor));
    fn(ones([1]));
    factor = tensor([5]);
    for (let i = 0; i < 2; i++) expect(() => fn(ones([1]))).toThrow('uses other memory');
    fn.dispose();
    for (let i = 0; i < 2; i++) expectSame(fn(ones([1])), [5]);
    factor = tensor([7]);
    expectSame(fn(ones([1])), [5]);
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
});

describe('a field of a module that runs is noticed', () => {
  class Inner extends nn.Module {
    power = 1;
    offset = tensor([1]);
    calls = 0;
    last: Tensor | null = null;
    forward(x: Tensor): Tensor {
      this.calls++;
      this.last = x.mul(2);
      return x.pow(this.power).add(this.offset);
    }
  }
  class Outer extends nn.Module {
    inner = new Inner();
    factor = 10;
    forward = (x: Tensor): Tensor => this.inner.forward(x).mul(this.factor); // no method of the class
  }
  const ways: [string, (outer: Outer) => (x: Tensor) => Tensor][] = [
    ['forward', (outer) => (x) => outer.inner.forward(x).mul(10)],
    ['call', (outer) => (x) => outer.inner.call(x).mul(10)],
    ['a module around it', (outer) => (x) => outer.call(x)],
  ];
  it.each(ways)('by %s', (_, way) => {
    const outer = new Outer();
    const fn = compile(way(outer));
    const expectBoth = (x: number, y: number): void => {
      for (let i = 0; i < 3; i++) expectSame(fn(tensor([x])), [y]);
    };
    expectBoth(3, 40);
    const { calls } = outer.inner;
    expectBoth(3, 40);
    expect(outer.inner.calls).toBe(calls);
    outer.inner.power = 2;
    expectBoth(3, 100);
    outer.inner.offset = tensor([2]);
    expectBoth(3, 110);
    outer.inner.offset.data[0] = 3;
    expectBoth(3, 120);
  });
  it('another number, another module in its place', () => {
    const outer = new Outer();
    const fn = compile((x: Tensor) => outer.call(x));
    fn(tensor([3]));
    outer.factor = 1;
    expectSame(fn(tensor([3])), [4]);
    outer.inner = new Inner();
    outer.inner.power = 3;
    expectSame(fn(tensor([3])), [28]);
  });
  it.each([
    [Number.NaN, 2],
    [2, Number.NaN],
    [0, -0],
  ])('from %d to %d', (from, to) => {
    class Over extends nn.Module {
      divisor = from;
      forward(x: Tensor): Tensor {
        return x.div(this.divisor);
      }
    }
    const over = new Over();
    const fn = compile((x: Tensor) => over.forward(x));
    for (const divisor of [from, to, from]) {
      over.divisor = divisor;
      for (let i = 0; i < 3; i++) expectSame(fn(ones([1])), [1 / divisor]);
    }
    expect(recordingsOf(fn)).toBe(2);
  });
  it('also by a subclass of a layer of the library, and by a class that is known only later', () => {
    class Twice extends nn.Linear {
      factor = 2;
      override forward(x: Tensor): Tensor {
        return super.forward(x).mul(this.factor);
      }
    }
    const layer = new Twice(1, 1);
    nn.init.ones_(layer.weight);
    nn.init.zeros_(layer.bias!);
    const fn = compile((x: Tensor) => noGrad(() => layer.forward(x)));
    expectSame(fn(ones([1, 1])), [[2]]);
    layer.factor = 3;
    expectSame(fn(ones([1, 1])), [[3]]);
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

it('more kinds of call in turn than recordings are kept do not record each call anew, and say so once', () => {
  const warnings: string[] = [];
  const emit = process.emitWarning;
  process.emitWarning = ((warning: string) => void warnings.push(warning)) as typeof process.emitWarning;
  try {
    let runs = 0;
    const fn = compile((x: Tensor) => {
      runs++;
      return x.mul(2);
    });
    for (let turn = 0; turn < 10; turn++) for (let n = 1; n <= 20; n++) expectSame(fn(ones([n])), Array(n).fill(2));
    expect(runs).toBe(20 + 9 * 4); // four of twenty run eagerly
    expect(recordingsOf(fn)).toBe(16);
    expect(warnings).toEqual([expect.stringContaining('more than 16 kinds of call are used in turn')]);
    // Others, used from now on alone, take the place of those that are no longer used.
    for (let turn = 0; turn < 40; turn++) for (let n = 1; n <= 6; n++) expectSame(fn(ones([n])), Array(n).fill(2));
    const before = runs;
    for (let n = 1; n <= 6; n++) fn(ones([n]));
    expect(runs).toBe(before);
  } finally {
    process.emitWarning = emit;
  }
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

describe('what appears between the calls is noticed', () => {
  it('a group that an optimizer is given', () => {
    const run = (compiled: boolean) => {
      const [a, b] = [ones([3], { requiresGrad: true }), ones([3], { requiresGrad: true })];
      const optimizer = new optim.SGD([a], { lr: 0.1 });
      const plain = (x: Tensor) => {
        for (const t of [a, b]) t.grad = null;
        const loss = a.mul(b).mul(x).sum();
        loss.backward();
        optimizer.step();
        return loss;
      };
      const step = compiled ? compile(plain) : plain;
      step(ones([3]));
      step(ones([3]));
      optimizer.addParamGroup({ params: [b], lr: 0.2 });
      step(ones([3]));
      return [...a.data, ...b.data];
    };
    expect(run(true)).toEqual(run(false));
  });
  it('a gradient that clipping then counts', () => {
    const run = (compiled: boolean) => {
      const [a, b] = [ones([3], { requiresGrad: true }), ones([3], { requiresGrad: true })];
      const plain = (x: Tensor) => {
        a.grad = null;
        a.mul(x).sum().backward();
        return nn.utils.clipGradNorm_([a, b], 1);
      };
      const step = compiled ? compile(plain) : plain;
      step(ones([3]));
      step(ones([3]));
      b.grad = ones([3]).mul(10);
      return step(ones([3])).item();
    };
    expect(run(true)).toBe(run(false));
  });
  it('a module in place of another in a Sequential', () => {
    const model = new nn.Sequential(new nn.Linear(3, 3), new nn.ReLU(), new nn.Linear(3, 2));
    const predict = compile((x: Tensor) => model.forward(x));
    const x = ones([4, 3]);
    noGrad(() => predict(x));
    model[2] = new nn.Linear(3, 2);
    expectSame(
      noGrad(() => predict(x)),
      noGrad(() => model.forward(x)),
    );
  });
  it.each(['mseLoss', 'nllLoss', 'crossEntropy'] as const)('that a captured input of %s requires a gradient', (name) => {
    const w = ones([2, 3], { requiresGrad: true });
    const captured = ones([2, 3]).mul(0.5);
    const step = compile(
      (x: Tensor) => {
        w.grad = null;
        captured.grad = null;
        const target = name === 'mseLoss' ? x : tensor([0, 1], { dtype: 'int32' });
        const loss = nn.functional[name](captured, target).add(w.mul(x).sum());
        loss.backward();
        return loss;
      },
      { keepGrad: true },
    );
    step(ones([2, 3]));
    step(ones([2, 3]));
    captured.requiresGrad_();
    step(ones([2, 3]));
    expect(captured.grad).not.toBeNull();
  });
});

it('parameters that are frozen inside for a while need one recording', () => {
  const run = (compiled: boolean) => {
    manualSeed(5);
    const [generator, critic] = [new nn.Linear(3, 3), new nn.Linear(3, 1)];
    const optimizer = new optim.Adam(generator.parameters(), { lr: 0.1 });
    const plain = (x: Tensor) => {
      critic.requiresGrad_(false);
      optimizer.zeroGrad();
      const loss = critic.forward(generator.forward(x)).mean();
      loss.backward();
      optimizer.step();
      critic.requiresGrad_(true);
      return loss;
    };
    const step = compiled ? compile(plain) : plain;
    const losses = [1, 2, 3, 4].map((i) => step(ones([4, 3]).mul(i)).item());
    return { losses, step };
  };
  const { losses, step } = run(true);
  expect(losses).toEqual(run(false).losses);
  expect(recordingsOf(step)).toBe(1);
});

it('tensors without elements are the same each time, whatever memory they are on', () => {
  const factor = tensor([1, 2]); // a plain tensor: the function is recorded a second time
  const run = compile((x: Tensor) => {
    ones([0, 1]).clamp({ min: 1 });
    x.narrow(0, 0, 0).mul(2);
    return x.mul(factor);
  });
  for (let i = 1; i < 4; i++) expect([...run(tensor([i, i])).data]).toEqual([i, 2 * i]);
});
