// Optimizers whose steps are composed of other kernels: NAdam and ASGD, which keep a number beside their state, Rprop, and Muon and Adafactor, which work on
// matrices one by one.
import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, ones, optim, randn, type Tensor, tensor, train, zeros } from '../../src';
import { expectClose, expectError, expectSame, flat } from '../helpers';
import { bitsOf, quiet } from '../train/runs';

const { Muon, NAdam } = optim;

type Stepping = optim.NAdam | optim.Muon | optim.ASGD | optim.Rprop | optim.Adafactor;

const withoutBias = (...sizes: number[]): nn.Sequential =>
  new nn.Sequential(...sizes.slice(1).flatMap((out, i) => [new nn.Linear(sizes[i]!, out, { bias: false }), new nn.Tanh()]));

describe.each<[string, (model: nn.Module) => Stepping]>([
  ['NAdam', (model) => new NAdam(model.parameters(), { lr: 0.05, weightDecay: 0.01 })],
  [
    'NAdam with the weight decay of AdamW',
    (model) => new NAdam(model.parameters(), { lr: 0.05, weightDecay: 0.01, decoupledWeightDecay: true }),
  ],
  ['ASGD', (model) => new optim.ASGD(model.parameters(), { lr: 0.1, lambd: 0.01, t0: 3, weightDecay: 0.01 })],
  ['Rprop', (model) => new optim.Rprop(model.parameters(), { lr: 0.05, maximize: true })],
  ['Adafactor', (model) => new optim.Adafactor(model.parameters(), { weightDecay: 0.01 })],
  ['Muon', (model) => new Muon(model.parameters(), { lr: 0.05 })],
  ['Muon without the look ahead', (model) => new Muon(model.parameters(), { lr: 0.05, nesterov: false, nsSteps: 2 })],
  [
    'NAdam in groups',
    (model) => {
      const [first, ...others] = model.parameters();
      return new NAdam([{ params: [first!], betas: [0.5, 0.9], momentumDecay: 0.1 }, { params: others }], { lr: 0.05 });
    },
  ],
])('%s', (_, make) => {
  const criterion = new nn.MSELoss();
  const begin = () => {
    manualSeed(7);
    const model = withoutBias(3, 6, 4, 2);
    const loader = new data.DataLoader(new data.TensorDataset(randn([11, 3]), randn([11, 2])), { batchSize: 4, shuffle: true });
    const optimizer = make(model);
    const isAdam = 'betas' in optimizer.defaults;
    const { CyclicLR, OneCycleLR } = optim.lrScheduler;
    const scheduler = isAdam
      ? new CyclicLR(optimizer, { baseLr: 0.01, maxLr: 0.1, stepSizeUp: 3 })
      : new OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 20, cycleMomentum: 'momentum' in optimizer.defaults });
    return { model, optimizer, loader, scheduler };
  };
  const loop = (recorded: boolean) => {
    const { model, optimizer, loader, scheduler } = begin();
    const plain = (x: Tensor, y: Tensor): Tensor => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    };
    const step = recorded ? compile(plain) : plain;
    for (let epoch = 0; epoch < 4; epoch++) {
      for (const [x, y] of loader) {
        step(x, y);
        scheduler.step();
      }
    }
    return [bitsOf(model), JSON.stringify(optimizer.stateDict())];
  };
  const eager = loop(false);

  it('is the loop in a compiled step, with a scheduler of rates and momenta', () => {
    expect(loop(true)).toEqual(eager);
  });

  it('is the loop in a fit over rows, and over batches of JavaScript', async () => {
    for (const own of [false, true]) {
      const { model, loader, ...rest } = begin();
      const batches = own ? { [Symbol.iterator]: () => loader[Symbol.iterator]() } : loader;
      await train.fit(model, { ...rest, loader: batches, ...quiet, criterion, epochs: 4 });
      expect([bitsOf(model), JSON.stringify(rest.optimizer.stateDict())]).toEqual(eager);
    }
  });

  it('goes on from a state dict with the same bits', () => {
    const [a, b] = [begin(), begin()];
    const step = ({ model, optimizer }: typeof a, seed: number): void => {
      manualSeed(seed);
      optimizer.zeroGrad();
      model
        .forward(randn([5, 3]))
        .pow(2)
        .sum()
        .backward();
      optimizer.step();
    };
    for (let i = 0; i < 4; i++) step(a, i);
    b.model.loadStateDict(a.model.stateDict());
    b.optimizer.loadStateDict(a.optimizer.stateDict());
    for (let i = 4; i < 8; i++) for (const one of [a, b]) step(one, i);
    expect(bitsOf(b.model)).toEqual(bitsOf(a.model));
  });
});

describe('states', () => {
  const stateOf = (of: new (params: nn.Parameter[]) => Stepping, shape = [2, 3]) => {
    const w = new nn.Parameter(ones(shape));
    const optimizer = new of([w]);
    w.grad = ones(shape);
    optimizer.step();
    return Object.entries(optimizer.stateDict().state[0]!).map(([key, value]) => [key, value.shape]);
  };

  it('have the keys of PyTorch, in its order', () => {
    expect(stateOf(optim.ASGD)).toEqual([['step', []], ['eta', []], ['mu', []], ['ax', [2, 3]]]); // biome-ignore format: a list of pairs
    expect(stateOf(optim.Rprop)).toEqual([['step', []], ['prev', [2, 3]], ['step_size', [2, 3]]]); // biome-ignore format: a list of pairs
    expect(stateOf(optim.Adafactor)).toEqual([['step', []], ['row_var', [2, 1]], ['col_var', [1, 3]]]); // biome-ignore format: a list of pairs
    expect(stateOf(optim.Adafactor, [4, 2, 3]).slice(1)).toEqual([['row_var', [4, 2, 1]], ['col_var', [4, 1, 3]]]); // biome-ignore format: a list of pairs
    expect(stateOf(optim.Adafactor, [3]).slice(1)).toEqual([['variance', [3]]]);
    expect(stateOf(optim.Adafactor, [3, 0]).slice(1)).toEqual([]);
  });

  it('of another shape are refused', () => {
    const w = new nn.Parameter(ones([2, 3]));
    const optimizer = new optim.Adafactor([w]);
    const load = (state: Record<string, Tensor>) => () => {
      optimizer.loadStateDict({ state: { 0: { step: tensor(1), ...state } }, param_groups: [{ params: [0] }] });
    };
    const where = '[Adafactor.loadStateDict]';
    const [row_var, col_var] = [ones([2, 1]), ones([1, 3])];
    load({ row_var, col_var })();
    expectError(load({ row_var: col_var, col_var }), RangeError, `${where} expected row_var of parameter 0 to be [2, 1], got [1, 3]`);
    expectError(load({ row_var }), RangeError, `${where} the state of parameter 0 has no col_var`);
    expectError(
      load({ row_var, col_var, variance: ones([2, 3]) }),
      RangeError,
      `${where} the state of parameter 0 has variance, which Adafactor does not keep\n  hint: the state is that of another kind of optimizer`,
    );
  });
});

describe('ASGD', () => {
  it('keeps the rate that the next step has, and the average once it begins', () => {
    const w = new nn.Parameter(tensor([1]));
    const optimizer = new optim.ASGD([w], { lr: 0.5, lambd: 0.1, alpha: 1, t0: 1 });
    let [value, average, eta] = [1, 0, 0.5];
    for (let t = 1; t <= 5; t++) {
      w.grad = tensor([1]);
      optimizer.step();
      value = value * (1 - 0.1 * eta) - eta;
      average += (value - average) / Math.max(1, t - 2);
      eta = 0.5 / (1 + 0.05 * t);
      const { ax, mu, eta: next } = optimizer.stateDict().state[0]!;
      expectClose(w, [value], t * 2 ** -22);
      expectClose(ax!, [average], t * 2 ** -22);
      expectClose(next!, [eta], 2 ** -25);
      expectClose(mu!, [1 / Math.max(1, t - 1)], 2 ** -25);
      if (t <= 3) expectSame(ax!, w);
    }
  });
});

describe('options', () => {
  const w = new nn.Parameter(ones([2]));
  it.each<[string, () => unknown]>([
    ['[Rprop] expected etas to be a number between 0 and 1 and one above 1, got 1 and 1.2', () => new optim.Rprop([w], { etas: [1, 1.2] })],
    ['[Rprop] expected stepSizes to be in their order, got 2 and 1', () => new optim.Rprop([w], { stepSizes: [2, 1] })],
    ['[Rprop] expected stepSizes to be two numbers, got 3', () => new optim.Rprop([w], { stepSizes: 3 as never })],
    ['[Adafactor] expected d to be at least 1, got 0.5', () => new optim.Adafactor([w], { d: 0.5 })],
    ['[Adafactor] expected beta2Decay to be at most 0, got 1', () => new optim.Adafactor([w], { beta2Decay: 1 })],
    ['[Adafactor] expected eps to be two numbers, got 1', () => new optim.Adafactor([w], { eps: 1 as never })],
    ['[Adafactor] expected eps[0] to be at least 0, got -1', () => new optim.Adafactor([w], { eps: [-1, 0] })],
    ['[ASGD] expected lambd to be a number, got "a"', () => new optim.ASGD([w], { lambd: 'a' as never })],
  ])('%s', (message, make) => {
    expect(make).toThrow(message);
  });
});

describe('NAdam', () => {
  it('keeps the product of the momenta that were used, whatever the betas are now', () => {
    const w = new nn.Parameter(tensor([1]));
    const optimizer = new NAdam([w], { lr: 0.1, eps: 1e-3 });
    let [value, m, v, product] = [1, 0, 0, 1];
    for (let t = 1; t <= 9; t++) {
      const beta1 = 0.9 - 0.05 * t;
      optimizer.paramGroups[0]!.betas = [beta1, 0.9];
      const g = Math.fround(Math.sin(t));
      w.grad = tensor([g]);
      optimizer.step();
      const [mu, next] = [t, t + 1].map((s) => beta1 * (1 - 0.5 * 0.96 ** (s * 0.004))) as [number, number];
      product *= mu;
      m = beta1 * m + (1 - beta1) * g;
      v = 0.9 * v + 0.1 * g * g;
      const root = Math.sqrt(v / (1 - 0.9 ** t)) + 1e-3;
      value -= (0.1 * (1 - mu) * g) / (1 - product) / root + (0.1 * next * m) / (1 - product * next) / root;
      // A rounding of the value and one of each of its two terms in each step, and those of the means before.
      expectClose(w, [value], t * 6 * 2 ** -24);
    }
    expectClose(optimizer.stateDict().state[0]!['mu_product']!, [product], 9 * 2 ** -24 * product);
  });

  it('has the state of PyTorch in its order', () => {
    const w = new nn.Parameter(tensor([1, 2]));
    const optimizer = new NAdam([w]);
    w.grad = ones([2]);
    optimizer.step();
    const { state, param_groups } = optimizer.stateDict();
    expect(Object.keys(state[0]!)).toEqual(['step', 'mu_product', 'exp_avg', 'exp_avg_sq']);
    expect(state[0]!['mu_product']!.shape).toEqual([]);
    expect(param_groups).toEqual([
      {
        lr: 0.002,
        betas: [0.9, 0.999],
        eps: 1e-8,
        weight_decay: 0,
        momentum_decay: 0.004,
        decoupled_weight_decay: false,
        maximize: false,
        params: [0],
      },
    ]);
  });

  it('steps neighbours apart whose products differ, in a recorded step as well', () => {
    const run = (recorded: boolean): string[] => {
      manualSeed(1);
      const model = new nn.Linear(3, 2);
      const optimizer = new NAdam(model.parameters(), { lr: 0.1 });
      const plain = (x: Tensor): Tensor => {
        optimizer.zeroGrad();
        const loss = model.forward(x).pow(2).sum();
        loss.backward();
        optimizer.step();
        return loss;
      };
      const step = recorded ? compile(plain) : plain;
      const x = randn([4, 3]);
      for (let i = 0; i < 3; i++) step(x);
      const dict = optimizer.stateDict();
      dict.state[0]!['mu_product'] = tensor(0.25);
      optimizer.loadStateDict(dict);
      for (let i = 0; i < 3; i++) step(x);
      const products = [0, 1].map((i) => optimizer.stateDict().state[i]!['mu_product']!.item());
      expect(products[0]).toBeGreaterThan(products[1]!);
      return bitsOf(model);
    };
    expect(run(true)).toEqual(run(false));
  });

  it('refuses a state without the product, or with one that is no number', () => {
    const make = () => new NAdam([new nn.Parameter(tensor([1]))]);
    const optimizer = make();
    optimizer.paramGroups[0]!.params[0]!.grad = ones([1]);
    optimizer.step();
    const where = '[NAdam.loadStateDict]';
    const spoilt = (value: unknown) => {
      const dict = optimizer.stateDict();
      dict.state[0]!['mu_product'] = value as Tensor;
      return dict;
    };
    const other = make();
    expectError(
      () => other.loadStateDict(spoilt(undefined)),
      TypeError,
      `${where} expected mu_product of parameter 0 to be a number, got undefined`,
    );
    expectError(
      () => other.loadStateDict(spoilt(ones([2]))),
      TypeError,
      `${where} expected mu_product of parameter 0 to be a number, got a Tensor`,
    );
    expect(other.stateDict().state).toEqual({});
    other.loadStateDict(spoilt(0.5));
    expect(other.stateDict().state[0]!['mu_product']!.item()).toBe(0.5);
    const radam = new optim.RAdam([new nn.Parameter(tensor([1]))]);
    expect(() => radam.loadStateDict(optimizer.stateDict())).toThrow(
      '[RAdam.loadStateDict] a group has momentum_decay, which RAdam does not know',
    );
  });

  it('treats gradients that are not finite as its formula does', () => {
    const step = (g: number, options = {}) => {
      const w = new nn.Parameter(tensor([1, 1]));
      const optimizer = new NAdam([w], options);
      w.grad = tensor([g, 0]);
      optimizer.step();
      return flat(w);
    };
    expect(step(Number.NaN)).toEqual([Number.NaN, 1]);
    expect(step(Infinity)).toEqual([Number.NaN, 1]);
    expect(step(3e38)).toEqual([1, 1]); // its square is infinite
    expect(step(1, { eps: 0 })[1]).toBeNaN(); // 0 / 0
  });

  it.each<[object, new (message: string) => Error, string]>([
    [{ lr: -1 }, RangeError, 'expected lr to be at least 0, got -1'],
    [{ betas: [0.9, 1] }, RangeError, 'expected betas[1] to be at least 0 and below 1, got 1'],
    [{ eps: -1 }, RangeError, 'expected eps to be at least 0, got -1'],
    [{ momentumDecay: Number.NaN }, RangeError, 'expected momentumDecay to be at least 0, got NaN'],
    [{ decoupledWeightDecay: 1 }, TypeError, 'expected decoupledWeightDecay to be true or false, got 1'],
  ])('refuses %j', (options, kind, message) => {
    expectError(() => new NAdam([new nn.Parameter(ones([1]))], options), kind, `[NAdam] ${message}`);
  });
});

describe('Muon', () => {
  it('steps a matrix that is padded in memory as one that is alone', () => {
    manualSeed(3);
    const block = [new nn.Linear(3, 5, { bias: false }), new nn.Linear(7, 2, { bias: false }), new nn.Linear(1, 1, { bias: false })];
    const params = block.map(({ weight }) => weight);
    const alone = params.map((p) => new nn.Parameter(p.detach().clone()));
    const gradients = params.map((p) => randn(p.shape));
    const optimizers = [new Muon(params, { lr: 0.1 }), ...alone.map((p) => new Muon([p], { lr: 0.1 }))];
    for (let i = 0; i < 3; i++) {
      for (const set of [params, alone]) {
        set.forEach((p, k) => {
          p.grad = gradients[k]!;
        });
      }
      for (const optimizer of optimizers) optimizer.step();
    }
    params.forEach((p, k) => void expectSame(p, alone[k]!));
  });

  it('makes singular values that are near 1, and is the identity of a direction without Newton-Schulz steps', () => {
    const w = new nn.Parameter(zeros([2, 2]));
    const optimizer = new Muon([w], { lr: 1, weightDecay: 0, nesterov: false, momentum: 0, nsSteps: 0 });
    w.grad = tensor([
      [3, 0],
      [0, 4],
    ]);
    optimizer.step();
    expectClose(w, [-0.6, 0, 0, -0.8], 2 ** -23);
    optimizer.paramGroups[0]!.nsSteps = 5;
    w.data.fill(0);
    optimizer.step();
    for (const i of [0, 3]) expect(Math.abs(flat(w)[i]!)).toBeGreaterThan(0.65);
    for (const i of [0, 3]) expect(Math.abs(flat(w)[i]!)).toBeLessThan(1.35);
  });

  it('stays where the gradient is 0, and is NaN where it is', () => {
    const w = new nn.Parameter(ones([2, 3]));
    const optimizer = new Muon([w], { weightDecay: 0 });
    w.grad = zeros([2, 3]);
    optimizer.step();
    expect(w.toArray()).toEqual(ones([2, 3]).toArray());
    w.grad = tensor([
      [1, Number.NaN, 1],
      [1, 1, 1],
    ]);
    optimizer.step();
    expect([...flat(w)].every((value) => Number.isNaN(value))).toBe(true);
  });

  it('has the state of PyTorch, and skips what has no gradient or no elements', () => {
    const [w, v, none] = [ones([2, 3]), ones([2, 3]), ones([0, 3])].map((t) => new nn.Parameter(t)) as [
      nn.Parameter,
      nn.Parameter,
      nn.Parameter,
    ];
    const optimizer = new Muon([w, v, none]);
    w.grad = ones([2, 3]);
    none.grad = ones([0, 3]);
    optimizer.step();
    expect(Object.keys(optimizer.stateDict().state[0]!)).toEqual(['momentum_buffer']);
    expect(1 in optimizer.stateDict().state).toBe(false);
    expect(v.toArray()).toEqual(ones([2, 3]).toArray());
    expect(Object.keys(optimizer.stateDict().param_groups[0]!)).toEqual([
      'lr',
      'weight_decay',
      'momentum',
      'nesterov',
      'ns_coefficients',
      'eps',
      'ns_steps',
      'adjust_lr_fn',
      'params',
    ]);
  });

  it('refuses a parameter that is no matrix, now and later', () => {
    const hint = '\n  hint: step biases and the like with AdamW';
    const message = (shape: string) => `[Muon] expected every parameter to have 2 dimensions, got ${shape}${hint}`;
    expectError(() => new Muon(new nn.Linear(2, 3).parameters()), RangeError, message('[3]'));
    const optimizer = new Muon([new nn.Parameter(ones([1, 1]))]);
    expectError(() => optimizer.addParamGroup({ params: [new nn.Parameter(ones([1, 1, 1]))] }), RangeError, message('[1, 1, 1]'));
    expect(optimizer.paramGroups.length).toBe(1);
  });

  it.each<[object, new (message: string) => Error, string]>([
    [{ lr: -1 }, RangeError, 'expected lr to be at least 0, got -1'],
    [{ weightDecay: -1 }, RangeError, 'expected weightDecay to be at least 0, got -1'],
    [{ momentum: -1 }, RangeError, 'expected momentum to be at least 0, got -1'],
    [{ nesterov: 1 }, TypeError, 'expected nesterov to be true or false, got 1'],
    [{ nsCoefficients: [1, 2] }, TypeError, 'expected nsCoefficients to be three numbers, got an array'],
    [{ nsCoefficients: [1, 2, 'x'] }, TypeError, 'expected nsCoefficients[2] to be a number, got "x"'],
    [{ eps: -1 }, RangeError, 'expected eps to be at least 0, got -1'],
    [{ nsSteps: 100 }, RangeError, 'expected nsSteps to be from 0 to 99, got 100'],
    [{ nsSteps: 1.5 }, RangeError, 'expected nsSteps to be an integer, got 1.5'],
    [{ adjustLrFn: 'none' }, RangeError, 'expected adjustLrFn to be one of "original", "match_rms_adamw", got "none"'],
  ])('refuses %j', (options, kind, message) => {
    expectError(() => new Muon([new nn.Parameter(ones([1, 1]))], options), kind, `[Muon] ${message}`);
  });
});
