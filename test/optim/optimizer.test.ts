import { describe, expect, it } from 'vitest';
import { nn, ones, optim, tensor, zeros } from '../../src';
import { expectError, expectSame } from '../helpers';

const { Adam, AdamW, SGD } = optim;
const parameter = (...values: number[]): nn.Parameter => new nn.Parameter(tensor(values));

describe('an optimizer', () => {
  it('changes parameters that have a gradient and no others', () => {
    const [a, b, c] = [parameter(1, 2), parameter(3), parameter(4)];
    const optimizer = new SGD([a, b, c], { lr: 0.5 });
    a.mul(a).sum().add(c.mul(2).sum()).backward();
    optimizer.step();
    expectSame(a, [0, 0]);
    expectSame(b, [3]);
    expectSame(c, [3]);
    optimizer.zeroGrad();
    expect([a, b, c].map((p) => p.grad)).toEqual([null, null, null]);
    optimizer.step();
    expectSame(c, [3]);
  });

  it('steps a frozen parameter that still has a gradient, as PyTorch does', () => {
    const p = parameter(1);
    const optimizer = new SGD([p], { lr: 1 });
    p.mul(3).sum().backward();
    p.requiresGrad = false;
    optimizer.step();
    expectSame(p, [-2]);
  });

  it('lists each group with its options, which hold from the next step on', () => {
    const [a, b] = [parameter(1), parameter(1)];
    const optimizer = new SGD([{ params: [a], lr: 0.5 }, { params: [b] }], { lr: 2, momentum: 0.5 });
    expect(optimizer.paramGroups).toEqual([
      { params: [a], lr: 0.5, momentum: 0.5, dampening: 0, weightDecay: 0, nesterov: false, maximize: false },
      { params: [b], lr: 2, momentum: 0.5, dampening: 0, weightDecay: 0, nesterov: false, maximize: false },
    ]);
    expect(optimizer.defaults).toEqual({ lr: 2, momentum: 0.5, dampening: 0, weightDecay: 0, nesterov: false, maximize: false });
    a.grad = ones([1]);
    b.grad = ones([1]);
    optimizer.paramGroups[1]!.lr = 0.25;
    optimizer.step();
    expectSame(a, [0.5]);
    expectSame(b, [0.75]);
  });

  it('gives each group lists of its own', () => {
    const optimizer = new Adam([{ params: [parameter(1)] }, { params: [parameter(2)] }]);
    (optimizer.paramGroups[0]!.betas as [number, number])[0] = 0.5;
    expect(optimizer.paramGroups[1]!.betas).toEqual([0.9, 0.999]);
    expect(new Adam([parameter(1)]).paramGroups[0]!.betas).toEqual([0.9, 0.999]);
  });

  it('has the defaults of PyTorch', () => {
    const { params: _, ...adam } = new Adam([parameter(1)]).paramGroups[0]!;
    expect(adam).toEqual({
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 0,
      amsgrad: false,
      maximize: false,
      decoupledWeightDecay: false,
    });
    expect(new AdamW([parameter(1)]).paramGroups[0]!.weightDecay).toBe(0.01);
    expect(new SGD([parameter(1)]).paramGroups[0]!.lr).toBe(1e-3);
  });

  it('marks what it changed', () => {
    const [a, b] = [parameter(1), parameter(2)];
    const optimizer = new Adam([a, b]);
    const loss = a.mul(a).sum();
    a.grad = ones([1]);
    const untouched = b.version.count;
    optimizer.step();
    expect(() => loss.backward()).toThrow(/was changed in place/);
    expect(b.version.count).toBe(untouched);
  });

  it('keeps the momentum that it has while momentum is 0', () => {
    const p = parameter(0);
    const optimizer = new SGD([p], { lr: 1, momentum: 0.5 });
    const group = optimizer.paramGroups[0]!;
    for (const momentum of [0.5, 0, 0.5]) {
      group.momentum = momentum;
      p.grad = ones([1]);
      optimizer.step();
    }
    expectSame(p, [-1 - 1 - 1.5]);
  });

  it('starts the maximum when amsgrad is turned on', () => {
    const p = parameter(0);
    const optimizer = new Adam([p]);
    for (const amsgrad of [false, true, true]) {
      optimizer.paramGroups[0]!.amsgrad = amsgrad;
      p.grad = ones([1]);
      optimizer.step();
    }
    expect(Object.keys(optimizer.stateDict().state[0]!)).toEqual(['step', 'exp_avg', 'exp_avg_sq', 'max_exp_avg_sq']);
    expect(Math.abs(p.item() + 3e-3) <= 1e-9).toBe(true);
  });

  it('takes any iterable, and parameters without elements', () => {
    const empty = new nn.Parameter(zeros([0]));
    const optimizer = new Adam(new Set([empty, parameter(1)]));
    empty.grad = zeros([0]);
    optimizer.step();
    expect(optimizer.paramGroups[0]!.params).toHaveLength(2);
  });

  it('is an Optimizer', () => {
    expect(new SGD([parameter(1)])).toBeInstanceOf(optim.Optimizer);
  });
});

describe('what is no list of parameters', () => {
  it('is refused', () => {
    const p = parameter(1);
    const model = new nn.Linear(1, 1);
    const list = 'expected params to be a list of parameters or of groups, got';
    expectError(() => new Adam(p as never), TypeError, `[Adam] ${list} a Parameter`);
    expectError(() => new Adam(model as never), TypeError, `[Adam] ${list} a Linear\n  hint: give it model.parameters()`);
    expectError(() => new AdamW(undefined as never), TypeError, `[AdamW] ${list} undefined`);
    expectError(() => new SGD([]), RangeError, '[SGD] got an empty list of parameters');
    expectError(() => new SGD([p, p]), RangeError, '[SGD] a parameter appears more than once');
    expectError(() => new SGD([{ params: [p] }, { params: [p] }]), RangeError, '[SGD] a parameter appears more than once');
    const hint = '\n  hint: new optim.Adam(model.parameters()) or new optim.Adam([{ params: model.parameters(), lr: 0.01 }])';
    expectError(() => new Adam([3] as never), TypeError, `[Adam] expected a parameter or a group { params, ... }, got 3${hint}`);
    expectError(
      () => new Adam([{ lr: 1 }] as never),
      TypeError,
      `[Adam] expected a parameter or a group { params, ... }, got an Object${hint}`,
    );
    expectError(
      () => new Adam([{ params: [p] }, p] as never),
      TypeError,
      `[Adam] expected a parameter or a group { params, ... }, got a Parameter${hint}`,
    );
    expectError(() => new Adam([p, 3] as never), TypeError, '[Adam] expected every parameter to be a tensor, got 3');
    expectError(
      () => new Adam([{ params: 3 }] as never),
      TypeError,
      '[Adam] expected the params of a group to be a list of parameters or of groups, got 3',
    );
    expectError(() => new Adam([tensor(Int32Array.of(1))]), TypeError, '[Adam] only float32 tensors can be optimized, got int32');
    expectError(
      () => new Adam([p.mul(2)]),
      RangeError,
      '[Adam] cannot optimize a tensor that an operation made (mul)\n  hint: only leaves keep a gradient',
    );
  });

  it('leaves the optimizer as it was', () => {
    const [a, b] = [parameter(1), parameter(2)];
    const optimizer = new Adam([a]);
    expectError(() => optimizer.addParamGroup({ params: [b, a] }), RangeError, '[Adam] a parameter appears more than once');
    expectError(() => optimizer.addParamGroup({ params: [b], lr: -1 }), RangeError, '[Adam] expected lr to be at least 0, got -1');
    expect(optimizer.paramGroups).toHaveLength(1);
    optimizer.addParamGroup({ params: [b] });
    expect(optimizer.paramGroups[1]!.params).toEqual([b]);
    expect(() => (optimizer.paramGroups[0]!.params as nn.Parameter[]).push(b)).toThrow(TypeError);
  });
});

describe('options', () => {
  const p = parameter(1);
  const adam = (options: object) => () => new Adam([p], options);
  const sgd = (options: object) => () => new SGD([p], options);

  it('with another name are refused', () => {
    expectError(adam({ learningRate: 1 }), TypeError, '[Adam] unknown option "learningRate", did you mean "lr"?');
    expectError(adam({ weight_decay: 1 }), TypeError, '[Adam] unknown option "weight_decay", did you mean "weightDecay"?');
    expectError(() => new AdamW([p], { beta: 1 } as never), TypeError, '[AdamW] unknown option "beta", did you mean "betas"?');
    expectError(() => new SGD([{ params: [p], LR: 1 } as never]), TypeError, '[SGD] unknown option "LR", did you mean "lr"?');
  });

  it('out of range are refused', () => {
    expectError(adam({ lr: -1 }), RangeError, '[Adam] expected lr to be at least 0, got -1');
    expectError(adam({ lr: Number.NaN }), RangeError, '[Adam] expected lr to be at least 0, got NaN');
    expectError(adam({ lr: '1' }), TypeError, '[Adam] expected lr to be a number, got "1"');
    expectError(adam({ eps: -1 }), RangeError, '[Adam] expected eps to be at least 0, got -1');
    expectError(adam({ weightDecay: -1 }), RangeError, '[Adam] expected weightDecay to be at least 0, got -1');
    expectError(adam({ betas: [1, 0.9] }), RangeError, '[Adam] expected betas[0] to be at least 0 and below 1, got 1');
    expectError(adam({ betas: [0.9, -0.1] }), RangeError, '[Adam] expected betas[1] to be at least 0 and below 1, got -0.1');
    expectError(adam({ betas: [0.9, Number.NaN] }), RangeError, '[Adam] expected betas[1] to be at least 0 and below 1, got NaN');
    expectError(adam({ betas: [0.9, '1'] }), TypeError, '[Adam] expected betas[1] to be a number, got "1"');
    expectError(adam({ betas: 0.9 }), TypeError, '[Adam] expected betas to be two numbers, got 0.9');
    expectError(adam({ betas: [0.9] }), TypeError, '[Adam] expected betas to be two numbers, got an array');
    expectError(adam({ amsgrad: 1 }), TypeError, '[Adam] expected amsgrad to be true or false, got 1');
    expectError(adam({ maximize: 'no' }), TypeError, '[Adam] expected maximize to be true or false, got "no"');
    expectError(() => new AdamW([p], { eps: -1 }), RangeError, '[AdamW] expected eps to be at least 0, got -1');
    expectError(sgd({ lr: -1 }), RangeError, '[SGD] expected lr to be at least 0, got -1');
    expectError(sgd({ momentum: -1 }), RangeError, '[SGD] expected momentum to be at least 0, got -1');
    expectError(sgd({ dampening: Number.NaN }), RangeError, '[SGD] expected dampening to be a number, got NaN');
    expectError(sgd({ weightDecay: -1 }), RangeError, '[SGD] expected weightDecay to be at least 0, got -1');
    expectError(sgd({ maximize: 1 }), TypeError, '[SGD] expected maximize to be true or false, got 1');
    expectError(sgd({ nesterov: 1 }), TypeError, '[SGD] expected nesterov to be true or false, got 1');
    const nesterov = '[SGD] nesterov needs a momentum and no dampening, got';
    expectError(sgd({ nesterov: true }), RangeError, `${nesterov} momentum 0, dampening 0`);
    expectError(sgd({ nesterov: true, momentum: 0.9, dampening: 0.5 }), RangeError, `${nesterov} momentum 0.9, dampening 0.5`);
    expect(() => new Adam([p], null as never)).toThrow(/^\[Adam\] expected an options object, got null/);
  });

  it('are checked again at each step, before anything is changed', () => {
    const [a, b] = [parameter(1), parameter(1)];
    const optimizer = new SGD([{ params: [a] }, { params: [b] }]);
    a.grad = ones([1]);
    optimizer.paramGroups[1]!.lr = Number.NaN;
    expectError(() => optimizer.step(), RangeError, '[SGD] expected lr to be at least 0, got NaN');
    expectSame(a, [1]);
  });
});
