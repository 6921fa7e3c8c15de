// What may change between two replays of a recorded step: rates and momenta, the state, the options that decide what state there is.
import { describe, expect, it } from 'vitest';
import { compile, nn, optim, randn, type Tensor, tensor } from '../../src';
import { expectError, expectSame } from '../helpers';

function twins() {
  const eager = new nn.Linear(3, 2);
  const recorded = new nn.Linear(3, 2);
  recorded.loadStateDict(eager.stateDict());
  const both = [eager, recorded].map((model) => {
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
    const step = (x: Tensor): Tensor => {
      optimizer.zeroGrad();
      const loss = model.forward(x).pow(2).sum();
      loss.backward();
      optimizer.step();
      return loss;
    };
    return { model, optimizer, step };
  });
  const compiled = compile(both[1]!.step);
  const x = randn([4, 3]);
  return {
    optimizers: both.map((b) => b.optimizer),
    compiled: () => compiled(x),
    /** A step of each, ending with the same bits. */
    step(times = 2): void {
      for (let i = 0; i < times; i++) {
        both[0]!.step(x);
        compiled(x);
        for (const [k, p] of recorded.parameters().entries()) expectSame(p, eager.parameters()[k]!);
      }
    },
  };
}

describe('a recorded step follows', () => {
  it('a state that was loaded', () => {
    const { optimizers, step } = twins();
    step();
    for (const optimizer of optimizers) {
      const dict = optimizer.stateDict();
      dict.state[0]!['step'] = tensor(10); // the other parameter stays at 2: one kernel call no longer serves both
      optimizer.loadStateDict(dict);
    }
    step();
    expect([0, 1].map((i) => optimizers[1]!.stateDict().state[i]!['step']!.item())).toEqual([12, 4]);
  });

  it('an empty state that was loaded', () => {
    const { optimizers, step } = twins();
    const empty = optimizers.map((optimizer) => optimizer.stateDict());
    step();
    optimizers.forEach((optimizer, i) => void optimizer.loadStateDict(empty[i]!));
    step();
    const [eager, recorded] = optimizers.map((optimizer) => optimizer.stateDict().state[0]!);
    expect(Object.keys(recorded!)).toEqual(['step', 'exp_avg', 'exp_avg_sq']);
    for (const [key, value] of Object.entries(eager!)) expectSame(recorded![key]!, value);
  });

  it('a scheduler of rates and betas', () => {
    const { optimizers, step } = twins();
    const schedulers = optimizers.map((optimizer) => new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 0.3, totalSteps: 12 }));
    for (let i = 0; i < 10; i++) {
      step(1);
      for (const scheduler of schedulers) scheduler.step();
    }
  });

  it('an option that asks for more state', () => {
    const { optimizers, step } = twins();
    step();
    for (const optimizer of optimizers) optimizer.paramGroups[0]!.amsgrad = true;
    step(3);
    expect(Object.keys(optimizers[1]!.stateDict().state[0]!)).toContain('max_exp_avg_sq');
  });

  it('and refuses options that an eager step would', () => {
    const { optimizers, compiled, step } = twins();
    step();
    optimizers[1]!.paramGroups[0]!.lr = Number.NaN;
    expectError(compiled, RangeError, '[Adam] expected lr to be at least 0, got NaN');
    optimizers[1]!.paramGroups[0]!.lr = 0.1;
    step();
  });
});

it('an optimizer that steps twice in a recorded step counts in between', () => {
  const run = (recorded: boolean): unknown => {
    const w = new nn.Parameter(tensor([1, -2]));
    const optimizer = new optim.Adam([w], { lr: 0.1 });
    const twice = (x: Tensor): Tensor => {
      for (const factor of [1, 3]) {
        optimizer.zeroGrad();
        w.mul(x).pow(2).sum().mul(factor).backward();
        optimizer.step();
      }
      return w.sum();
    };
    const step = recorded ? compile(twice) : twice;
    const sums = Array.from({ length: 5 }, (_, i) => step(tensor([1, i])).item());
    return [sums, [...w.data], optimizer.stateDict().state[0]!['step']!.item()];
  };
  const eager = run(false) as [unknown, unknown, number];
  expect(eager[2]).toBe(10);
  expect(run(true)).toEqual(eager);
});

const { LBFGS, Optimizer, SparseAdam, ...others } = optim; // LBFGS asks a function, SparseAdam needs rows
const dense = Object.entries(others).filter(([, one]) => typeof one === 'function' && one.prototype instanceof Optimizer);

describe.each(dense)('%s', (name, Class) => {
  it('is not recorded again where a rate or the weight decay changes', () => {
    const make = Class as unknown as new (parameters: nn.Parameter[], options: object) => optim.Optimizer<object>;
    const model = new nn.Linear(3, 2, { bias: false });
    const { defaults } = new make(model.parameters(), {});
    const optimizer = new make(model.parameters(), 'weightDecay' in defaults ? { weightDecay: 0.01 } : {});
    let calls = 0;
    const step = compile((x: Tensor) => {
      calls++;
      optimizer.zeroGrad();
      model.forward(x).pow(2).sum().backward();
      optimizer.step();
    });
    const x = randn([4, 3]);
    for (let i = 0; i < 5; i++) step(x);
    const before = calls;
    const group = optimizer.paramGroups[0] as { lr?: number; weightDecay?: number };
    for (const factor of [0.5, 3, 0.1]) {
      if (typeof group.lr === 'number') group.lr *= factor;
      if (typeof group.weightDecay === 'number') group.weightDecay *= factor;
      step(x);
    }
    expect([name, calls]).toEqual([name, before]);
  });
});
