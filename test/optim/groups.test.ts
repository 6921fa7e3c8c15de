// An optimizer steps the groups that paramGroups holds now.
import { describe, expect, it } from 'vitest';
import { manualSeed, nn, ones, optim, randn, Tensor, tensor, zeros } from '../../src';
import { expectError, expectSame } from '../helpers';

const { Adam, SGD } = optim;
const parameter = (...values: number[]): nn.Parameter => new nn.Parameter(tensor(values));

/** Steps by a gradient of ones. */
function stepped(optimizer: { step(): void }, ...parameters: nn.Parameter[]): number[] {
  for (const p of parameters) p.grad = ones(p.shape);
  optimizer.step();
  return parameters.map((p) => p.item());
}

describe('what acts, as in PyTorch', () => {
  it('is a group in the place of another', () => {
    const p = parameter(1);
    const optimizer = new SGD([p], { lr: 1 });
    optimizer.paramGroups[0] = { ...optimizer.paramGroups[0]!, lr: 0.5 };
    expect(stepped(optimizer, p)).toEqual([0.5]);
    optimizer.paramGroups[0].lr = 0.25;
    expect(stepped(optimizer, p)).toEqual([0.25]);
  });

  it('is a list in the place of another', () => {
    const p = parameter(1);
    const optimizer = new SGD([p], { lr: 1 });
    optimizer.paramGroups = optimizer.paramGroups.map((group) => ({ ...group, lr: 0.5 }));
    expect(stepped(optimizer, p)).toEqual([0.5]);
    optimizer.paramGroups = [];
    expect(stepped(optimizer, p)).toEqual([0.5]);
    expect(optimizer.stateDict()).toEqual({ state: {}, param_groups: [] });
  });

  it('is a group that was pushed, and no longer one that was taken out', () => {
    const [p, q] = [parameter(1), parameter(1)];
    const optimizer = new SGD([p], { lr: 1 });
    optimizer.paramGroups.push({ ...optimizer.paramGroups[0]!, params: [q], lr: 0.5 });
    expect(stepped(optimizer, p, q)).toEqual([0, 0.5]);
    expect(optimizer.stateDict().param_groups.map(({ params }) => params)).toEqual([[0], [1]]);
    optimizer.zeroGrad();
    expect(q.grad).toBe(null);
    optimizer.paramGroups.shift();
    expect(stepped(optimizer, p, q)).toEqual([0, 0]);
    optimizer.zeroGrad();
    expect(p.grad).not.toBe(null);
  });

  it('are the parameters of a list in the place of another, and those that are pushed to it', () => {
    const [p, q, r] = [parameter(1), parameter(1), parameter(1)];
    const optimizer = new SGD([p], { lr: 1 });
    const list = [q];
    optimizer.paramGroups[0]!.params = list;
    expect(stepped(optimizer, p, q, r)).toEqual([1, 0, 1]);
    list.push(r);
    expect(stepped(optimizer, p, q, r)).toEqual([1, -1, 0]);
    optimizer.addParamGroup({ params: [p], lr: 0.5 });
    expect(stepped(optimizer, p, q, r)).toEqual([0.5, -2, -1]);
  });

  it('is a rate that a scheduler sets in a group that came later', () => {
    const p = parameter(1);
    const optimizer = new SGD([p], { lr: 1 });
    const scheduler = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
    optimizer.paramGroups[0] = { ...optimizer.paramGroups[0]! };
    scheduler.step();
    expect(stepped(optimizer, p)).toEqual([0.5]);
  });
});

describe('the state', () => {
  // The steps of each parameter by an optimizer of its own.
  const alone = (parameters: readonly nn.Parameter[]) => {
    const others = parameters.map((p) => new nn.Parameter(p.detach().clone()));
    const optimizers = others.map((p) => new Adam([p], { lr: 0.1 }));
    return (which: readonly number[]): void => {
      for (const i of which) {
        others[i]!.grad = parameters[i]!.grad!.detach().clone();
        optimizers[i]!.step();
      }
      for (const [i, p] of parameters.entries()) expectSame(p, others[i]!);
    };
  };

  it('stays with its parameter in whatever group and order', () => {
    manualSeed(3);
    const parameters = new nn.Sequential(new nn.Linear(3, 2), new nn.Linear(2, 4)).parameters() as nn.Parameter[];
    const [a, b, c, d] = parameters as [nn.Parameter, nn.Parameter, nn.Parameter, nn.Parameter];
    const optimizer = new Adam(parameters, { lr: 0.1 });
    const [group] = optimizer.paramGroups;
    const follow = alone(parameters);
    const partitions = [
      [[a, b, c, d]],
      [
        [a, b],
        [c, d],
      ],
      [[d, b, c, a]],
      [[b], [a, c]],
      [[a, b, c, d]],
      [[c, d], [a], [b]],
    ];
    for (const partition of [...partitions, ...partitions]) {
      optimizer.paramGroups = partition.map((params) => ({ ...group!, params }));
      for (let i = 0; i < 2; i++) {
        for (const p of parameters) p.grad = randn(p.shape);
        optimizer.step();
        follow(partition.flat().map((p) => parameters.indexOf(p)));
      }
    }
    expect(optimizer.stateDict().state[2]!['step']!.item()).toBe(24); // a
    expect(optimizer.stateDict().state[1]!['step']!.item()).toBe(20); // d, which had two steps less twice
  });

  it('says what is kept for each parameter, whatever is kept for its neighbours', () => {
    const [a, b] = new nn.Linear(2, 2).parameters();
    const optimizer = new Adam([a!, b!]);
    optimizer.paramGroups = [a!, b!].map((p, i) => ({ ...optimizer.paramGroups[0]!, params: [p], amsgrad: i === 0 }));
    for (const p of [a!, b!]) p.grad = ones(p.shape);
    optimizer.step();
    expect(Object.values(optimizer.stateDict().state).map((entry) => 'max_exp_avg_sq' in entry)).toEqual([true, false]);
  });
});

describe('what is refused, with nothing changed', () => {
  const make = () => {
    const p = parameter(1);
    return { p, optimizer: new SGD([p], { lr: 1 }) };
  };
  type Groups = optim.ParamGroup<optim.SGDOptions>[];
  const known = 'fills in what is left out; or begin with { ...group }';

  it.each<[string, (groups: Groups, p: nn.Parameter) => unknown, new (message: string) => Error, string]>([
    [
      'a misspelt field',
      ([g]) => Object.assign(g!, { learningRate: 1 }),
      TypeError,
      '[SGD.paramGroups[0]] unknown option "learningRate", did you mean "lr"?',
    ],
    [
      'a misspelt field in the place of initialLr',
      (groups) => Object.assign(groups[0]!, { beta: 1 }),
      TypeError,
      '[SGD.paramGroups[0]] unknown option "beta" (known: lr, momentum, dampening, weightDecay, nesterov, maximize)',
    ],
    [
      'a misspelt field in a new group',
      (groups) => {
        groups[0] = { ...groups[0]!, weight_decay: 1 } as never;
      },
      TypeError,
      '[SGD.paramGroups[0]] unknown option "weight_decay", did you mean "weightDecay"?',
    ],
    [
      'a missing field',
      (groups, p) => {
        groups[0] = { params: [p], lr: 1 } as never;
      },
      TypeError,
      `[SGD] paramGroups[0] has no momentum\n  hint: optimizer.addParamGroup(...) ${known}`,
    ],
    [
      'a field taken away',
      ([g]) => delete (g as { lr?: number }).lr,
      TypeError,
      `[SGD] paramGroups[0] has no lr\n  hint: optimizer.addParamGroup(...) ${known}`,
    ],
    ['a parameter twice', (groups) => groups.push({ ...groups[0]! }), RangeError, '[SGD] a parameter appears more than once'],
    [
      'what is no group',
      (groups, p) => groups.push(p as never),
      TypeError,
      '[SGD] expected paramGroups[1] to be a group { params, ... }, got a Parameter\n  hint: optimizer.addParamGroup(...) makes one',
    ],
    [
      'a hole',
      (groups) => {
        groups[2] = { ...groups[0]!, params: [] };
      },
      TypeError,
      '[SGD] expected paramGroups[1] to be a group { params, ... }, got undefined\n  hint: optimizer.addParamGroup(...) makes one',
    ],
    [
      'what is no list of parameters',
      ([g], p) => {
        g!.params = new Set([p]) as never;
      },
      TypeError,
      '[SGD] expected the params of paramGroups[0] to be an array of parameters, got a Set',
    ],
    [
      'what is no parameter',
      ([g]) => {
        g!.params = [3 as never];
      },
      TypeError,
      '[SGD] expected every parameter to be a tensor, got 3',
    ],
    [
      'labels',
      ([g]) => {
        g!.params = [zeros([1], { dtype: 'int32' })];
      },
      TypeError,
      '[SGD] only float32 tensors can be optimized, got int32',
    ],
  ])('%s', (_, spoil, kind, message) => {
    for (const method of ['step', 'zeroGrad', 'stateDict'] as const) {
      const { p, optimizer } = make();
      p.grad = ones([1]);
      optimizer.step();
      spoil(optimizer.paramGroups, p);
      for (let i = 0; i < 2; i++) expectError(() => optimizer[method](), kind as typeof TypeError, message);
      expectSame(p, [0]);
      expect(p.grad).not.toBe(null);
    }
  });

  it('no list of groups', () => {
    const { optimizer } = make();
    for (const groups of [null, 3, new Set()])
      expect(() => {
        optimizer.paramGroups = groups as never;
        optimizer.step();
      }).toThrow('[SGD] expected paramGroups to be an array of groups, got ');
  });

  it('a misspelt field that comes when another goes', () => {
    const { optimizer } = make();
    new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
    optimizer.step();
    const [group] = optimizer.paramGroups;
    delete (group as { initialLr?: number }).initialLr;
    Object.assign(group!, { learningRate: 2 });
    expectError(() => optimizer.step(), TypeError, '[SGD.paramGroups[0]] unknown option "learningRate", did you mean "lr"?');
  });

  it('a group that loading, or a further group, would come upon', () => {
    const { p, optimizer } = make();
    const dict = optimizer.stateDict();
    Object.assign(optimizer.paramGroups[0]!, { learningRate: 1 });
    const message = '[SGD.paramGroups[0]] unknown option "learningRate", did you mean "lr"?';
    expectError(() => optimizer.loadStateDict(dict), TypeError, message);
    expectError(() => optimizer.addParamGroup({ params: [parameter(1)] }), TypeError, message);
    expect(optimizer.paramGroups).toHaveLength(1);
    expectSame(p, [1]);
  });
});

describe('a getter among the options', () => {
  // In memory of its own: that of parameters is shared.
  const own = (value: number): Tensor => Tensor.fromTypedArray(new Float32Array(8).fill(value));
  const detach = (t: Tensor): void => void structuredClone(t.data.buffer, { transfer: [t.data.buffer as ArrayBuffer] });

  it('that detaches memory leads to an error, and nothing is written', () => {
    for (const whose of ['value', 'gradient']) {
      const [a, b] = [1, 2].map((v) => own(v)) as [Tensor, Tensor];
      const optimizer = new Adam([{ params: [a] }, { params: [b] }]);
      for (const p of [a, b]) p.grad = own(1);
      optimizer.step();
      const before = a.data.slice();
      const gradient = b.grad!;
      Object.defineProperty(optimizer.paramGroups[1]!, 'lr', {
        get() {
          if (b.data.length > 0 && gradient.data.length > 0) detach(whose === 'value' ? b : gradient);
          return 0.1;
        },
      });
      expectError(
        () => optimizer.step(),
        TypeError,
        '[Adam] the memory of a parameter or of its gradient is detached: its buffer was transferred elsewhere',
      );
      expectSame(a, before);
      optimizer.paramGroups[0]!.amsgrad = true; // plans anew
      optimizer.paramGroups[1]!.amsgrad = true;
      expectError(() => optimizer.step(), TypeError, '[Adam] the array is detached: its buffer was transferred elsewhere');
      expectSame(a, before);
    }
  });

  it('that throws leaves all as it was', () => {
    const [a, b] = [parameter(1), parameter(1)];
    const optimizer = new SGD([{ params: [a] }, { params: [b] }]);
    for (const p of [a, b]) p.grad = ones([1]);
    Object.defineProperty(optimizer.paramGroups[1]!, 'lr', {
      get() {
        throw new Error('no rate today');
      },
    });
    expect(() => optimizer.step()).toThrow('no rate today');
    expectSame(a, [1]);
  });
});
