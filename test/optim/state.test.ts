import { describe, expect, it } from 'vitest';
import { manualSeed, nn, noGrad, ones, optim, randn, type Tensor, tensor, zeros } from '../../src';
import { expectError, expectSame, flat } from '../helpers';

const { Adam, AdamW, SGD } = optim;

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

function train(model: nn.Module & { forward(x: Tensor): Tensor }, optimizer: { step(): void; zeroGrad(): void }, steps: number): void {
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
      { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0, amsgrad: true, maximize: false, params: [0, 1] },
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

  it('shares the moments, not the options', () => {
    const p = new nn.Parameter(ones([1]));
    const optimizer = new Adam([p]);
    p.grad = ones([1]);
    optimizer.step();
    const { state, param_groups } = optimizer.stateDict();
    const before = state[0]!['exp_avg']!.item();
    optimizer.step();
    expect(state[0]!['exp_avg']!.item()).toBeGreaterThan(before);
    (param_groups[0]!['betas'] as number[])[0] = 0;
    expect(optimizer.paramGroups[0]!.betas).toEqual([0.9, 0.999]);
  });
});

describe('loading', () => {
  it.each<[string, (p: Tensor[]) => InstanceType<typeof Adam> | InstanceType<typeof SGD>]>([
    ['Adam', (p) => new Adam(p, { lr: 0.05 })],
    ['AdamW amsgrad', (p) => new AdamW(p, { lr: 0.05, amsgrad: true })],
    ['SGD', (p) => new SGD(p, { lr: 0.05 })],
    ['SGD momentum', (p) => new SGD(p, { lr: 0.05, momentum: 0.9 })],
  ])('%s goes on as if nothing had happened', (_, make) => {
    const [one, two] = [network(), network()];
    const first = make(one.parameters());
    train(one, first, 3);
    two.loadStateDict(one.stateDict());
    const second = make(two.parameters());
    train(two, second, 2); // a state of its own, to be overwritten
    two.loadStateDict(one.stateDict());
    second.loadStateDict(saved(first.stateDict()));
    train(one, first, 3);
    train(two, second, 3);
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
    expect(options).toEqual({ lr: 0.5, betas: [0.8, 0.9], eps: 1e-6, weightDecay: 0.1, amsgrad: false, maximize: true });
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
