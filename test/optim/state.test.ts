import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, noGrad, ones, optim, randn, type Tensor, tensor, train, zeros } from '../../src';
import { expectError, expectSame, flat } from '../helpers';

const { Adam, AdamW, SGD } = optim;
type Tested = InstanceType<typeof Adam> | InstanceType<typeof AdamW> | InstanceType<typeof SGD>;

type Dict = ReturnType<InstanceType<typeof Adam>['stateDict']>;

// What saving to a file and loading again makes of it.
const saved = (dict: Dict): Dict => ({
  state: Object.fromEntries(
    Object.entries(dict.state).map(([i, entry]) => [
      i,
      Object.fromEntries(Object.entries(entry).map(([k, t]) => [k, noGrad(() => t.clone())])),
    ]),
  ),
  param_groups: structuredClone(dict.param_groups),
});

function trainSteps(model: nn.Module & { forward(x: Tensor): Tensor }, optimizer: { step(): void; zeroGrad(): void }, steps: number): void {
  manualSeed(9);
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    model
      .forward(randn([3, 4]))
      .pow(2)
      .sum()
      .backward();
    optimizer.step();
  }
}

const network = (): nn.Sequential => new nn.Sequential(new nn.Linear(4, 3), new nn.Linear(3, 2));

describe('the layout', () => {
  // optimizer.state_dict() of PyTorch 2.13, without what only steers its execution
  it('is that of PyTorch for Adam', () => {
    const layer = new nn.Linear(2, 3);
    const optimizer = new Adam(layer.parameters(), { amsgrad: true });
    expect(optimizer.stateDict().state).toEqual({});
    layer
      .forward(ones([1, 2]))
      .sum()
      .backward();
    optimizer.step();
    const dict = optimizer.stateDict();
    expect(dict.param_groups).toEqual([
      {
        lr: 1e-3,
        betas: [0.9, 0.999],
        eps: 1e-8,
        weight_decay: 0,
        amsgrad: true,
        maximize: false,
        decoupled_weight_decay: false,
        params: [0, 1],
      },
    ]);
    expect(Object.keys(dict.state)).toEqual(['0', '1']);
    expect(Object.entries(dict.state[0]!).map(([key, t]) => [key, t.shape])).toEqual([
      ['step', []],
      ['exp_avg', [3, 2]],
      ['exp_avg_sq', [3, 2]],
      ['max_exp_avg_sq', [3, 2]],
    ]);
    expect(dict.state[1]!['step']!.item()).toBe(1);
    expectSame(dict.state[1]!['exp_avg']!, [0.1, 0.1, 0.1].map(Math.fround));
    expectSame(dict.state[1]!['max_exp_avg_sq']!, [0.001, 0.001, 0.001].map(Math.fround));
  });

  it('is that of PyTorch for SGD, with and without momentum', () => {
    const p = new nn.Parameter(ones([2]));
    const optimizer = new SGD([p], { lr: 0.1 });
    p.grad = ones([2]);
    optimizer.step();
    expect(optimizer.stateDict()).toEqual({
      state: {},
      param_groups: [{ lr: 0.1, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false, maximize: false, params: [0] }],
    });
    optimizer.paramGroups[0]!.momentum = 0.9;
    optimizer.step();
    const { state } = optimizer.stateDict();
    expect(Object.keys(state[0]!)).toEqual(['momentum_buffer']);
    expectSame(state[0]!['momentum_buffer']!, [1, 1]);
  });

  it('numbers parameters through all groups and leaves out those that were never stepped', () => {
    const [a, b, c] = [1, 2, 3].map((v) => new nn.Parameter(tensor([v]))) as [nn.Parameter, nn.Parameter, nn.Parameter];
    const optimizer = new Adam([{ params: [a, b] }, { params: [c], lr: 1 }]);
    b.grad = ones([1]);
    c.grad = ones([1]);
    optimizer.step();
    const dict = optimizer.stateDict();
    expect(dict.param_groups.map((g) => [g['lr'], g['params']])).toEqual([
      [1e-3, [0, 1]],
      [1, [2]],
    ]);
    expect(Object.keys(dict.state)).toEqual(['1', '2']);
  });

  it('is a whole snapshot', () => {
    const p = new nn.Parameter(ones([1]));
    const optimizer = new Adam([p], { amsgrad: true });
    p.grad = ones([1]);
    optimizer.step();
    const dict = optimizer.stateDict();
    const before = saved(dict);
    optimizer.step();
    optimizer.paramGroups[0]!.lr = 5;
    expect(dict.param_groups).toEqual(before.param_groups);
    for (const [key, t] of Object.entries(dict.state[0]!)) expectSame(t, before.state[0]![key]!);
    for (const key of ['exp_avg', 'max_exp_avg_sq']) nn.init.zeros_(dict.state[0]![key]!);
    (dict.param_groups[0]!['betas'] as number[])[0] = 0;
    expect(optimizer.paramGroups[0]!.betas).toEqual([0.9, 0.999]);
    expect(optimizer.stateDict().state[0]!['exp_avg']!.item()).toBeGreaterThan(before.state[0]!['exp_avg']!.item());
  });

  it.each<[string, optim.Optimizer<object>]>([
    ['stateDict', new Adam([new nn.Parameter(ones([1]))])],
    ['loadStateDict', new SGD([new nn.Parameter(ones([1]))])],
  ])('%s is for code outside of a compiled function', (method, optimizer) => {
    const dict = optimizer.stateDict();
    const step = compile((x: Tensor) => {
      optimizer[method as 'loadStateDict'](dict);
      return x;
    });
    expect(() => step(ones([1]))).toThrow(/inside a compiled function/);
  });
});

describe('loading', () => {
  it.each<[string, (p: Tensor[]) => Tested]>([
    ['Adam', (p) => new Adam(p, { lr: 0.05 })],
    ['AdamW amsgrad', (p) => new AdamW(p, { lr: 0.05, amsgrad: true })],
    ['SGD', (p) => new SGD(p, { lr: 0.05 })],
    ['SGD momentum', (p) => new SGD(p, { lr: 0.05, momentum: 0.9 })],
  ])('%s goes on as if nothing had happened', (_, make) => {
    const [one, two] = [network(), network()];
    const first = make(one.parameters());
    trainSteps(one, first, 3);
    two.loadStateDict(one.stateDict());
    const second = make(two.parameters());
    trainSteps(two, second, 2); // a state of its own, to be overwritten
    two.loadStateDict(one.stateDict());
    second.loadStateDict(saved(first.stateDict()));
    trainSteps(one, first, 3);
    trainSteps(two, second, 3);
    for (const [i, p] of one.parameters().entries()) expectSame(two.parameters()[i]!, p);
    expect(second.stateDict().param_groups).toEqual(first.stateDict().param_groups);
  });

  it('takes a dict of PyTorch with other numbers and more options', () => {
    const p = new nn.Parameter(zeros([2]));
    const optimizer = new Adam([p]);
    optimizer.loadStateDict({
      state: { 7: { step: tensor(4), exp_avg: tensor([1, 2]), exp_avg_sq: tensor([3, 4]) } },
      param_groups: [
        {
          lr: 0.5,
          betas: [0.8, 0.9],
          eps: 1e-6,
          weight_decay: 0.1,
          amsgrad: false,
          maximize: true,
          foreach: null,
          capturable: false,
          differentiable: false,
          fused: null,
          decoupled_weight_decay: false,
          params: [7],
        },
      ],
    });
    const { params: _, ...options } = optimizer.paramGroups[0]!;
    expect(options).toEqual({
      lr: 0.5,
      betas: [0.8, 0.9],
      eps: 1e-6,
      weightDecay: 0.1,
      amsgrad: false,
      maximize: true,
      decoupledWeightDecay: false,
    });
    expect(flat(optimizer.stateDict().state[0]!['step']!)).toEqual([4]);
    expectSame(optimizer.stateDict().state[0]!['exp_avg_sq']!, [3, 4]);
  });

  it('forgets the state of a parameter that has none in the dict', () => {
    const [fresh, used] = [new nn.Parameter(ones([2])), new nn.Parameter(ones([2]))];
    const [a, b] = [new Adam([fresh]), new Adam([used])];
    used.grad = ones([2]);
    b.step();
    b.loadStateDict({ state: {}, param_groups: a.stateDict().param_groups });
    expect(b.stateDict().state).toEqual({});
    nn.init.ones_(used);
    used.grad = fresh.grad = tensor([0.5, -2]);
    a.step();
    b.step();
    expectSame(used, fresh);
  });

  it('takes a momentum buffer of null for none', () => {
    const p = new nn.Parameter(ones([1]));
    const optimizer = new SGD([p], { momentum: 0.9, lr: 1 });
    optimizer.loadStateDict({ state: { 0: { momentum_buffer: null as never } }, param_groups: [{ params: [0] }] });
    expect(optimizer.stateDict().state).toEqual({});
    expect(optimizer.paramGroups[0]!.momentum).toBe(0.9);
  });
});

describe('the number of steps', () => {
  // What Adam's factors are after so many steps, with a second beta that keeps what float32 would forget.
  const beta = 1 - 2 ** -33;
  const make = (steps: unknown) => {
    const p = new nn.Parameter(zeros([1]));
    const optimizer = new Adam([p], { lr: 1, betas: [0, beta], eps: 0 });
    optimizer.loadStateDict({
      state: { 0: { step: steps as Tensor, exp_avg: zeros([1]), exp_avg_sq: zeros([1]) } },
      param_groups: [{ params: [0] }],
    });
    return { p, optimizer };
  };

  it.each([0, 1, 2, 3].flatMap((i) => [2 ** 24 - 2 + i, 2 ** 31 - 2 + i, 2 ** 40 + i]))('%d goes on by ones', (count) => {
    const { p, optimizer } = make(count);
    for (let step = count + 1; step <= count + 4; step++) {
      p.grad = ones([1]);
      optimizer.step();
      const dict = optimizer.stateDict();
      const again = make(dict.state[0]!['step']!).optimizer;
      const kept = dict.state[0]!['step']!;
      expect(flat(kept).reduce((high, low) => high * 2 ** 31 + low)).toBe(step);
      expect([kept.dtype, kept.shape]).toEqual(step <= 2 ** 24 ? ['float32', []] : ['int32', step < 2 ** 31 ? [] : [2]]);
      expect(again.stateDict().state[0]!['step']).toEqual(kept);
    }
  });

  it('is that of the bias correction', () => {
    for (const count of [2 ** 24 + 1, 2 ** 31, 2 ** 31 + 3]) {
      const { p, optimizer } = make(count - 1);
      p.grad = ones([1]);
      optimizer.step();
      const correction = Math.sqrt(-Math.expm1(count * Math.log1p(beta - 1)));
      const moved = correction / Math.sqrt(1 - beta);
      expect(Math.abs(p.item() + moved) / moved).toBeLessThan(1e-6);
    }
  });

  it('goes on by ones in a fit and in a compiled step', async () => {
    for (const count of [2 ** 24 - 1, 2 ** 31 - 2]) {
      const model = new nn.Linear(1, 1);
      const optimizer = new Adam(model.parameters());
      const moments = (p: Tensor) => ({ step: count, exp_avg: zeros(p.shape), exp_avg_sq: zeros(p.shape) }) as never;
      optimizer.loadStateDict({
        state: Object.fromEntries(model.parameters().map((p, i) => [i, moments(p)])),
        param_groups: [{ params: [0, 1] }],
      });
      const loader = new data.DataLoader(new data.TensorDataset(ones([6, 1]), ones([6, 1])), { batchSize: 2 });
      const criterion = new nn.MSELoss();
      await train.fit(model, { criterion, optimizer, loader, epochs: 1, progress: false });
      const step = compile((x: Tensor) => {
        optimizer.zeroGrad();
        const loss = criterion.forward(model.forward(x), x);
        loss.backward();
        optimizer.step();
        return loss;
      });
      for (let i = 0; i < 3; i++) step(ones([1, 1]));
      const { state } = optimizer.stateDict();
      for (const i of [0, 1]) expect(flat(state[i]!['step']!).reduce((high, low) => high * 2 ** 31 + low)).toBe(count + 6);
    }
  });
});

describe('the state of another kind of optimizer is refused, and nothing is changed', () => {
  const trained = (make: (p: Tensor[]) => Tested, steps = 1) => {
    const p = new nn.Parameter(ones([2]));
    const optimizer = make([p]);
    for (let i = 0; i < steps; i++) {
      p.grad = ones([2]);
      optimizer.step();
    }
    return { p, optimizer };
  };
  const adam = (p: Tensor[]) => new Adam(p, { lr: 0.5 });
  const sgd = (p: Tensor[]) => new SGD(p, { lr: 0.25 });
  const momentum = (p: Tensor[]) => new SGD(p, { lr: 0.25, momentum: 0.5 });
  const groups = { 'Adam to SGD': 'betas, amsgrad, which SGD', 'SGD to Adam': 'momentum, dampening, nesterov, which Adam' };

  it.each([
    ['Adam to SGD', adam, sgd],
    ['Adam to SGD', adam, momentum],
    ['SGD to Adam', sgd, adam],
    ['SGD to Adam', momentum, adam],
  ] as const)('%s', (name, from, to) => {
    for (const steps of [0, 1]) {
      const { optimizer } = trained(to);
      const before = saved(optimizer.stateDict());
      const dict = trained(from, steps).optimizer.stateDict();
      const where = `[${name.split(' ')[2]}.loadStateDict]`;
      const hint = '\n  hint: the state is that of another kind of optimizer';
      expectError(() => optimizer.loadStateDict(dict), RangeError, `${where} a group has ${groups[name]} does not know${hint}`);
      expect(optimizer.stateDict().param_groups).toEqual(before.param_groups);
      expect(Object.keys(optimizer.stateDict().state)).toEqual(Object.keys(before.state));
    }
  });

  it('also where only the state tells', () => {
    const foreign = 'which SGD does not keep\n  hint: the state is that of another kind of optimizer';
    const { optimizer } = trained(momentum);
    const param_groups = [{ params: [0], lr: 7 }];
    const { state } = trained(adam).optimizer.stateDict();
    expectError(
      () => optimizer.loadStateDict({ state, param_groups }),
      RangeError,
      `[SGD.loadStateDict] the state of parameter 0 has step, exp_avg, exp_avg_sq, ${foreign}`,
    );
    expect(optimizer.paramGroups[0]!.lr).toBe(0.25);
    const other = trained(adam).optimizer;
    expectError(
      () => other.loadStateDict({ state: { 0: { step: tensor(3) } }, param_groups }),
      RangeError,
      '[Adam.loadStateDict] the state of parameter 0 has no exp_avg',
    );
  });

  it("AdamW from Adam where PyTorch's dict tells them apart", () => {
    const params = [0];
    const { optimizer } = trained((p) => new AdamW(p));
    optimizer.loadStateDict({ state: {}, param_groups: [{ params, lr: 0.1, decoupled_weight_decay: true }] });
    expect(optimizer.paramGroups[0]!.lr).toBe(0.1);
    expectError(
      () => optimizer.loadStateDict({ state: {}, param_groups: [{ params, lr: 0.2, decoupled_weight_decay: false }] }),
      RangeError,
      '[AdamW.loadStateDict] expected decoupled_weight_decay of a group to be true, got false\n  hint: the state is that of another kind of optimizer',
    );
    expect(optimizer.paramGroups[0]!.lr).toBe(0.1);
  });
});

describe('a dict that does not fit', () => {
  const p = new nn.Parameter(ones([2]));
  const optimizer = new Adam([p]);
  p.grad = ones([2]);
  optimizer.step();
  const good = saved(optimizer.stateDict());
  const where = '[Adam.loadStateDict]';
  const withState = (entry: object): Dict => ({ ...good, state: { 0: { ...good.state[0], ...entry } } });
  const withOptions = (options: object): Dict => ({ ...good, param_groups: [{ ...good.param_groups[0], lr: 5, ...options }] });

  it.each<[unknown, new (message: string) => Error, string]>([
    [null, TypeError, 'expected { state, param_groups }, got null\n  hint: stateDict() makes one'],
    [[], TypeError, 'expected { state, param_groups }, got an array\n  hint: stateDict() makes one'],
    [{ state: {} }, TypeError, 'expected { state, param_groups }, got an Object\n  hint: stateDict() makes one'],
    [{ ...good, param_groups: [] }, RangeError, 'expected 1 parameter groups, got 0'],
    [{ ...good, param_groups: [{}] }, TypeError, 'expected params of group 0 to be an array, got undefined'],
    [withOptions({ params: [0, 1] }), RangeError, 'expected 1 parameters in group 0, got 2'],
    [withOptions({ weight_decay: -1 }), RangeError, 'expected weightDecay to be at least 0, got -1'],
    [withOptions({ betas: 'x' }), TypeError, 'expected betas to be two numbers, got "x"'],
    [withOptions({ amsgrad: true }), RangeError, 'the state of parameter 0 has no max_exp_avg_sq'],
    [withState({ exp_avg: ones([3]) }), RangeError, 'expected exp_avg of parameter 0 to be [2], got [3]'],
    [
      withState({ exp_avg: tensor(Int32Array.of(1, 2)) }),
      TypeError,
      'expected exp_avg of parameter 0 to be a float32 tensor, got a Tensor',
    ],
    [withState({ exp_avg: [1, 2] }), TypeError, 'expected exp_avg of parameter 0 to be a float32 tensor, got an array'],
    [withState({ exp_avg_sq: undefined }), RangeError, 'the state of parameter 0 has no exp_avg_sq'],
    [withState({ step: tensor(0.5) }), RangeError, 'expected step of parameter 0 to be a whole number, got 0.5'],
    [withState({ step: undefined }), RangeError, 'expected step of parameter 0 to be a whole number, got undefined'],
    [withState({ step: -1 }), RangeError, 'expected step of parameter 0 to be a whole number, got -1'],
  ])('%# is refused, and nothing is changed', (dict, kind, message) => {
    expectError(() => optimizer.loadStateDict(dict as Dict), kind as typeof RangeError, `${where} ${message}`);
    const now = optimizer.stateDict();
    expect(now.param_groups).toEqual(good.param_groups);
    for (const [key, t] of Object.entries(now.state[0]!)) expectSame(t, good.state[0]![key]!);
  });
});
