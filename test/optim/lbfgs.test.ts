// L-BFGS: what it finds, what it keeps, and what it refuses. Its path is compared with PyTorch's in test/parity.
import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, ones, optim, randn, type Tensor, tensor, train } from '../../src';
import { expectClose, expectError, flat, thrownBy } from '../helpers';
import { bitsOf, quiet } from '../train/runs';

const { LBFGS } = optim;

/** A loss of a model with its closure. */
function problem(options: Partial<optim.LBFGSOptions> = {}) {
  manualSeed(9);
  const model = new nn.Sequential(new nn.Linear(3, 5), new nn.Tanh(), new nn.Linear(5, 1));
  const [x, y] = [randn([20, 3]), randn([20, 1])];
  const optimizer = new LBFGS(model.parameters(), options);
  const losses: number[] = [];
  const closure = (): Tensor => {
    optimizer.zeroGrad();
    const loss = nn.functional.mseLoss(model.forward(x), y);
    loss.backward();
    losses.push(loss.item());
    return loss;
  };
  return { model, optimizer, closure, losses };
}

describe('LBFGS', () => {
  it('finds the least squares', () => {
    manualSeed(1);
    const x = randn([30, 2]);
    const model = new nn.Linear(2, 1);
    const y = x.matmul(tensor([[2], [-3]])).add(0.5);
    const optimizer = new LBFGS(model.parameters(), { lineSearchFn: 'strong_wolfe', toleranceChange: 0 });
    for (let i = 0; i < 3; i++) {
      optimizer.step(() => {
        optimizer.zeroGrad();
        const loss = nn.functional.mseLoss(model.forward(x), y);
        loss.backward();
        return loss;
      });
    }
    expectClose(model.weight, [2, -3], 1e-5);
    expectClose(model.bias!, [0.5], 1e-5);
  });

  it('returns the loss where it began, the tensor that the closure returned first', () => {
    const { optimizer, closure, losses } = problem({ maxIter: 4 });
    const returned: Tensor[] = [];
    const loss = optimizer.step(() => {
      returned.push(closure());
      return returned.at(-1)!;
    });
    expect(loss).toBe(returned[0]);
    expect(returned.length).toBe(4);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
  });

  it.each<Partial<optim.LBFGSOptions>>([
    { maxIter: 5, lineSearchFn: 'strong_wolfe' },
    { maxIter: 5, lr: 0.1, historySize: 3 },
  ])('goes on from a state dict with the same bits, %j', (options) => {
    const [whole, first, second] = [problem(options), problem(options), problem(options)];
    for (let i = 0; i < 4; i++) whole.optimizer.step(whole.closure);
    for (let i = 0; i < 2; i++) first.optimizer.step(first.closure);
    const dict = first.optimizer.stateDict();
    second.model.loadStateDict(first.model.stateDict());
    second.optimizer.loadStateDict(dict);
    for (let i = 0; i < 2; i++) second.optimizer.step(second.closure);
    expect(bitsOf(second.model)).toEqual(bitsOf(whole.model));
    expect(JSON.stringify(second.optimizer.stateDict())).toBe(JSON.stringify(whole.optimizer.stateDict()));

    // The lists and the numbers of PyTorch.
    const third = problem(options);
    const saved = dict.state[0] as Record<string, Tensor>;
    const rows = (key: string) => Array.from({ length: saved[key]!.shape[0]! }, (_, i) => saved[key]!.narrow(0, i, 1).reshape([-1]));
    const state = {
      ...saved,
      func_evals: saved['func_evals']!.item(),
      n_iter: saved['n_iter']!.item(),
      prev_loss: saved['prev_loss']!.item(),
      old_dirs: rows('old_dirs'),
      old_stps: rows('old_stps'),
      ro: rows('ro').map((t) => t.reshape([])),
      al: [null],
    };
    third.model.loadStateDict(first.model.stateDict());
    third.optimizer.loadStateDict({ ...dict, state: { 0: state } } as never);
    for (let i = 0; i < 2; i++) third.optimizer.step(third.closure);
    expect(bitsOf(third.model)).toEqual(bitsOf(whole.model));
  });

  it('keeps no more than the last changes, under the keys of PyTorch', () => {
    const { optimizer, closure, losses } = problem({ maxIter: 9, historySize: 3, lineSearchFn: 'strong_wolfe' });
    expect(optimizer.stateDict().state).toEqual({});
    optimizer.step(closure);
    const { state, param_groups } = optimizer.stateDict();
    expect(Object.keys(state[0]!)).toEqual([
      'func_evals',
      'n_iter',
      'd',
      't',
      'old_dirs',
      'old_stps',
      'ro',
      'H_diag',
      'prev_flat_grad',
      'prev_loss',
    ]);
    expect(state[0]!['old_dirs']!.shape).toEqual([3, 26]);
    expect(state[0]!['func_evals']!.item()).toBe(losses.length);
    expect(param_groups).toEqual([
      {
        lr: 1,
        max_iter: 9,
        max_eval: 11,
        tolerance_grad: 1e-7,
        tolerance_change: 1e-9,
        history_size: 3,
        line_search_fn: 'strong_wolfe',
        params: [0, 1, 2, 3],
      },
    ]);
    optimizer.paramGroups[0]!.historySize = 1;
    optimizer.step(closure);
    expect(optimizer.stateDict().state[0]!['old_dirs']!.shape).toEqual([1, 26]);
  });

  it('stays where the gradient is no larger than its tolerance', () => {
    const w = new nn.Parameter(tensor([1, 2]));
    const optimizer = new LBFGS([w], { toleranceGrad: 0.5 });
    let calls = 0;
    optimizer.step(() => {
      calls++;
      optimizer.zeroGrad();
      const loss = w.mul(0.5).sum();
      loss.backward();
      return loss;
    });
    expect([calls, ...flat(w)]).toEqual([1, 1, 2]);
    expect(Object.keys(optimizer.stateDict().state[0]!)).toEqual(['func_evals', 'n_iter']);
    const other = new LBFGS([new nn.Parameter(tensor([1, 2]))]);
    other.loadStateDict(optimizer.stateDict());
    expect(other.stateDict().state[0]!['func_evals']!.item()).toBe(1);
  });

  it('takes a gradient that is not there for 0, and parameters without elements', () => {
    const [w, unused, none] = [tensor([3]), tensor([4]), ones([0])].map((t) => new nn.Parameter(t)) as nn.Parameter[];
    const optimizer = new LBFGS([unused!, w!, none!], { lineSearchFn: 'strong_wolfe' });
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = w!.pow(2).sum();
      loss.backward();
      return loss;
    });
    expectClose(w!, [0], 1e-6);
    expect(unused!.item()).toBe(4);
  });

  it('ends with NaN where the loss is NaN', () => {
    for (const lineSearchFn of [null, 'strong_wolfe'] as const) {
      const w = new nn.Parameter(tensor([1]));
      const optimizer = new LBFGS([w], { maxIter: 3, lineSearchFn });
      optimizer.step(() => {
        optimizer.zeroGrad();
        const loss = w.mul(Number.NaN).sum();
        loss.backward();
        return loss;
      });
      expect(w.item()).toBeNaN();
    }
  });

  it('is where it was called when the closure throws in a line search', () => {
    const { model, optimizer, closure } = problem({ lineSearchFn: 'strong_wolfe', lr: 100 });
    const before = bitsOf(model);
    let calls = 0;
    const failing = () => {
      if (calls++ === 1) throw new Error('no loss');
      return closure();
    };
    expect(() => optimizer.step(failing)).toThrow('no loss');
    expect(bitsOf(model)).toEqual(before);
    optimizer.step(closure);
    expect(bitsOf(model)).not.toEqual(before);
  });

  it('cannot be recorded, and says why', async () => {
    const { model, optimizer, closure } = problem();
    const before = bitsOf(model);
    const message =
      '[LBFGS.step] a step of LBFGS cannot be recorded: how often it evaluates the loss, and where, depends on values\n' +
      '  hint: call step(closure) in a loop of its own; for compile and train.fit take Adam or another';
    const step = compile((x: Tensor) => {
      optimizer.step(() => closure());
      return x.mul(2);
    });
    expect(() => step(ones([1]))).toThrow(message);
    const loader = new data.DataLoader(new data.TensorDataset(ones([4, 3]), ones([4, 1])));
    const fitting = train.fit(model, { optimizer: optimizer as never, criterion: new nn.MSELoss(), loader, epochs: 1, ...quiet });
    await expect(fitting).rejects.toThrow(message);
    expect(bitsOf(model)).toEqual(before);
    optimizer.step(closure);
  });

  it('leaves parameters alone that a fit has', async () => {
    const { model, optimizer, closure } = problem();
    const loader = new data.DataLoader(new data.TensorDataset(ones([4, 3]), ones([4, 1])));
    const options = { optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), criterion: new nn.MSELoss(), loader, epochs: 1 };
    const fitting = train.fit(model, { ...options, ...quiet });
    expect((thrownBy(() => optimizer.step(closure)) as Error).message).toContain('[LBFGS.step] a tensor is in use by train.fit');
    await fitting;
    optimizer.step(closure);
  });

  it('refuses a closure that is none, or gives no loss', () => {
    const { model, optimizer } = problem();
    const before = bitsOf(model);
    expectError(
      () => optimizer.step(),
      TypeError,
      '[LBFGS.step] expected a function that gives the loss, got undefined\n  hint: step(() => { optimizer.zeroGrad(); const loss = ...; loss.backward(); return loss; })',
    );
    const got = (value: unknown) => () => optimizer.step(() => value as Tensor);
    const message = '[LBFGS.step] expected the closure to return the loss, a tensor of one element, got';
    expectError(got(undefined), TypeError, `${message} undefined`);
    expectError(got(3), TypeError, `${message} 3`);
    expectError(got(ones([2])), TypeError, `${message} one of shape [2]`);
    expect(bitsOf(model)).toEqual(before);
    expect(optimizer.stateDict().state).toEqual({});
  });

  it('refuses several groups, and parameters that are others than before', () => {
    const [a, b] = [new nn.Linear(2, 1), new nn.Linear(2, 1)];
    const message = '[LBFGS] all parameters must be one group: the step is that of all together\n  hint: give it model.parameters()';
    expectError(() => new LBFGS([{ params: a.parameters() }, { params: b.parameters() }]), RangeError, message);
    const { optimizer, closure } = problem({ maxIter: 2 });
    expectError(() => optimizer.addParamGroup({ params: a.parameters() }), RangeError, message);
    optimizer.step(closure);
    const kept = optimizer.paramGroups[0]!;
    optimizer.paramGroups[0] = { ...kept, params: a.parameters() };
    expectError(
      () => optimizer.step(closure),
      RangeError,
      '[LBFGS.step] the parameters have 3 elements, those of the steps so far 26\n  hint: make a new optimizer',
    );
    optimizer.paramGroups = [];
    expectError(() => optimizer.step(closure), RangeError, '[LBFGS.step] expected one group of parameters, got 0');
    optimizer.paramGroups = [{ ...kept, lr: -1 }];
    expectError(() => optimizer.step(closure), RangeError, '[LBFGS] expected lr to be at least 0, got -1');
  });

  it('refuses a state that is none of its own, and keeps what it has', () => {
    const { optimizer, closure } = problem({ maxIter: 3, lr: 0.1 });
    optimizer.step(closure);
    const before = JSON.stringify(optimizer.stateDict());
    const spoilt = (change: object) => {
      const dict = optimizer.stateDict();
      return { ...dict, state: { 0: { ...dict.state[0], ...change } } } as never;
    };
    const where = '[LBFGS.loadStateDict]';
    const cases: [unknown, new (message: string) => Error, string][] = [
      [null, TypeError, 'expected { state, param_groups }, got null\n  hint: stateDict() makes one'],
      [spoilt({ n_iter: 'x' }), TypeError, 'expected n_iter to be a number, got "x"'],
      [spoilt({ func_evals: 1.5 }), RangeError, 'expected func_evals to be an integer, got 1.5'],
      [spoilt({ d: ones([3]) }), RangeError, 'expected d to have 26 elements, as the parameters have, got [3]'],
      [spoilt({ prev_flat_grad: 3 }), TypeError, 'expected prev_flat_grad to be a float32 tensor, got 3'],
      [spoilt({ old_dirs: 3 }), TypeError, 'expected old_dirs to be a float32 tensor or a list, got 3'],
      [spoilt({ old_stps: ones([1, 2]) }), RangeError, 'expected old_stps to have 26 elements, as the parameters have, got [2]'],
      [spoilt({ ro: [] }), RangeError, 'expected as many old_dirs, old_stps and ro, got 1, 1 and 0'],
      [spoilt({ t: null }), TypeError, 'expected t to be a number, got null'],
      [
        spoilt({ exp_avg: ones([26]) }),
        RangeError,
        'the state of parameter 0 has exp_avg, which LBFGS does not keep\n  hint: the state is that of another kind of optimizer',
      ],
      [
        new optim.Adam(problem().model.parameters()).stateDict(),
        RangeError,
        'a group has betas, amsgrad, which LBFGS does not know\n  hint: the state is that of another kind of optimizer',
      ],
    ];
    for (const [dict, kind, message] of cases) {
      expectError(() => optimizer.loadStateDict(dict as never), kind, `${where} ${message}`);
    }
    expect(JSON.stringify(optimizer.stateDict())).toBe(before);
    optimizer.step(closure);
  });

  it.each<[object, new (message: string) => Error, string]>([
    [{ lr: -1 }, RangeError, 'expected lr to be at least 0, got -1'],
    [{ maxIter: 0 }, RangeError, 'expected maxIter to be at least 1, got 0'],
    [{ maxEval: 1.5 }, RangeError, 'expected maxEval to be an integer, got 1.5'],
    [{ toleranceGrad: -1 }, RangeError, 'expected toleranceGrad to be at least 0, got -1'],
    [{ toleranceChange: 'x' }, TypeError, 'expected toleranceChange to be a number, got "x"'],
    [{ historySize: 0 }, RangeError, 'expected historySize to be at least 1, got 0'],
    [{ lineSearchFn: 'wolfe' }, RangeError, 'expected lineSearchFn to be one of "strong_wolfe", got "wolfe"'],
  ])('refuses %j', (options, kind, message) => {
    expectError(() => new LBFGS([new nn.Parameter(ones([1]))], options), kind, `[LBFGS] ${message}`);
  });
});
