// Copies of modules: what they share with the original, which is nothing, and what they keep.
import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, ones, optim, randn, type Tensor, tensor, train } from '../../src';
import { expectError, expectSame, flat } from '../helpers';
import { quiet } from '../train/runs';

class Model extends nn.Module {
  first = new nn.Linear(3, 4);
  readonly blocks: nn.ModuleList<nn.Linear>;
  tied: nn.Linear;
  scale = new nn.Parameter(ones([2]), { requiresGrad: false });
  steps = [1, [2, 3]];
  private readonly table = new Map<string, unknown>([['here', this.first]]);
  settings = { deep: { p: 0.5 }, names: new Set(['a']) };
  samples = new Float32Array([1, 2]);
  now = new Date(0);
  kept = tensor([1, 2]);
  nothing: null = null;
  declare mean: Tensor;

  constructor(readonly width: number) {
    super();
    if (typeof width !== 'number') throw new Error('the constructor was called without its argument');
    this.blocks = new nn.ModuleList([new nn.Linear(4, width), new nn.Linear(width, 2)]);
    this.tied = this.first;
    this.registerBuffer('mean', tensor([1, 2, 3]));
    this.registerBuffer('passing', tensor([4]), { persistent: false });
  }

  get here(): unknown {
    return this.table.get('here');
  }

  forward(x: Tensor): Tensor {
    return this.blocks[1]!.forward(this.blocks[0]!.forward(this.first.forward(x.sub(this.mean))).relu()).mul(this.scale);
  }
}

describe('a copy', () => {
  it('calculates the same with memory of its own', () => {
    manualSeed(3);
    const model = new Model(5);
    const copy = model.clone();
    const x = randn([6, 3]);
    expectSame(copy.forward(x), model.forward(x));
    expect(copy.toString()).toBe(model.toString());
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(model.stateDict()));
    const before = Object.values(model.stateDict()).map((t) => flat(t));
    for (const t of [...copy.parameters(), ...copy.buffers()]) t.data.fill(7);
    expect(Object.values(model.stateDict()).map((t) => flat(t))).toEqual(before);
    expect(copy.namedParameters().map(([name]) => name)).toEqual(model.namedParameters().map(([name]) => name));
    expect(Object.keys(copy).sort()).toEqual(Object.keys(model).sort());
  });

  it('is of the same class, of which no constructor ran', () => {
    const copy = new Model(5).clone();
    expect(copy).toBeInstanceOf(Model);
    expect(copy.width).toBe(5);
    expect(copy.constructor).toBe(Model);
  });

  it('has the prototype of an object that has got another than its class gave it', () => {
    const model = new nn.Linear(2, 1);
    const prototype = Object.create(nn.Linear.prototype, { twice: { value: 2 } }) as nn.Linear;
    Object.setPrototypeOf(model, prototype);
    const copy = model.clone() as nn.Linear & { twice: number };
    expect([Object.getPrototypeOf(copy) === prototype, copy.twice, copy.forward(ones([1, 2])).shape]).toEqual([true, 2, [1, 1]]);
  });

  it('holds once what the original holds once', () => {
    const model = new Model(5);
    const copy = model.clone();
    expect(copy.tied).toBe(copy.first);
    expect(copy.here).toBe(copy.first);
    expect(copy.first).not.toBe(model.first);
    expect(copy.parameters().length).toBe(model.parameters().length);
  });

  it('has one memory where tensors of the original have one', () => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2));
    const [a, b] = [...model] as nn.Linear[];
    b!.weight = new nn.Parameter(a!.weight);
    const [c, d] = [...model.clone()] as nn.Linear[];
    c!.weight.data[0] = 9;
    expect(d!.weight.data[0]).toBe(9);
    expect(d!.weight).not.toBe(c!.weight);
    expect(a!.weight.data[0]).not.toBe(9);
  });

  it('has its own arrays, objects, Maps, Sets and typed arrays; other objects are the same', () => {
    const model = new Model(5);
    const copy = model.clone();
    (copy.steps[1] as number[]).push(4);
    copy.settings.deep.p = 0.1;
    copy.settings.names.add('b');
    copy.samples[0] = 5;
    copy.kept.data[0] = 5;
    expect([model.steps, model.settings.deep.p, [...model.settings.names], [...model.samples], flat(model.kept)]).toEqual([
      [1, [2, 3]],
      0.5,
      ['a'],
      [1, 2],
      [1, 2],
    ]);
    expect(copy.now).toBe(model.now);
    expect(copy.nothing).toBeNull();
  });

  it('keeps modes, the need of gradients and the kinds of buffers, not the gradients', () => {
    const model = new Model(5);
    model.blocks.eval();
    model.first.weight.requiresGrad_(false);
    model
      .forward(ones([1, 3]))
      .sum()
      .backward();
    const copy = model.clone();
    expect([copy.training, copy.blocks.training, copy.blocks[0]!.training]).toEqual([true, false, false]);
    expect(copy.parameters().map((p) => p.requiresGrad)).toEqual(model.parameters().map((p) => p.requiresGrad));
    expect(copy.parameters().map((p) => p.grad)).toEqual(copy.parameters().map(() => null));
    expect(model.blocks[0]!.weight.grad).not.toBeNull();
    expect(copy.namedBuffers().map(([name, t]) => [name, flat(t)])).toEqual([
      ['mean', [1, 2, 3]],
      ['passing', [4]],
    ]);
    expect('passing' in copy.stateDict()).toBe(false);
    copy.mean = tensor([9, 9, 9]);
    expect(flat(model.mean)).toEqual([1, 2, 3]);
  });

  it('runs the hooks of the original, each with what it is called on, until they are taken away from it', () => {
    const model = new nn.Linear(1, 1);
    const seen: unknown[] = [];
    const handle = model.registerForwardHook((module) => void seen.push(module));
    const copy = model.clone();
    handle.remove();
    copy.call(ones([1, 1]));
    model.call(ones([1, 1]));
    expect(seen).toEqual([copy]);
    expect(seen[0]).toBe(copy);
  });

  it('of a container has its own list', () => {
    class Net extends nn.Sequential {
      constructor(width: number) {
        super(new nn.Linear(2, width), new nn.Dropout(0.25));
        if (!(width > 0)) throw new Error('no width');
      }
    }
    const model = new Net(3);
    const copy = model.clone();
    copy.append(new nn.ReLU());
    copy[0] = new nn.Linear(2, 9);
    expect([model.length, copy.length, copy.at(-1).toString()]).toEqual([2, 3, 'ReLU()']);
    expect(model[0]!.toString()).toBe('Linear(in_features=2, out_features=3, bias=True)');
    expect((copy[1] as nn.Dropout).p).toBe(0.25);
    expect(copy.forward(ones([1, 2])).shape).toEqual([1, 9]);
  });

  it('of parts by name has its own map, and of parameters their copies', () => {
    const dict = new nn.ModuleDict<nn.Module>([
      ['b', new nn.Linear(2, 3)],
      ['1', new nn.ParameterDict({ w: ones([2]) })],
    ]);
    const copy = dict.clone();
    copy.set('c', new nn.ReLU());
    Object.assign(copy, { b: new nn.Linear(2, 9) });
    (copy.get('1') as nn.ParameterDict).get('w')!.data[0] = 5;
    expect([[...dict.keys()], [...copy.keys()]]).toEqual([
      ['b', '1'],
      ['b', '1', 'c'],
    ]);
    expect(dict.get('b')!.toString()).toBe('Linear(in_features=2, out_features=3, bias=True)');
    expect(flat((dict.get('1') as nn.ParameterDict).get('w')!)).toEqual([1, 1]);
    const list = new nn.ParameterList([ones([2])]);
    const other = list.clone();
    other.append(ones([3]));
    other[0]!.data[0] = 5;
    expect([list.length, other.length, flat(list[0]!)]).toEqual([1, 2, [1, 1]]);
    expect(() => other.append(3 as never)).toThrow('[ParameterList.append] expected a parameter or a tensor, got 3');
  });

  it('runs hooks of every kind, each with the copy', () => {
    const model = new nn.Linear(1, 1);
    const seen: unknown[] = [];
    const note =
      (kind: string) =>
      (module: nn.Module): void =>
        void seen.push([kind, module === copy]);
    model.registerForwardPreHook(note('before'));
    model.registerForwardHook(note('after'));
    model.registerFullBackwardPreHook(note('gradients before'));
    model.registerFullBackwardHook(note('gradients after'));
    const copy = model.clone();
    copy.registerForwardHook(note('own'));
    copy
      .call(ones([1, 1]).requiresGrad_())
      .sum()
      .backward();
    const kinds = ['before', 'after', 'own', 'gradients before', 'gradients after'];
    expect(seen).toEqual(kinds.map((kind) => [kind, true]));
    seen.length = 0;
    model.call(ones([1, 1]));
    expect(seen).toEqual([
      ['before', false],
      ['after', false],
    ]);
  });

  it('goes around in circles', () => {
    class Child extends nn.Module {
      up: unknown[] = [];
      forward(): void {}
    }
    const child = new Child();
    child.up.push(child, { again: child });
    const copy = child.clone();
    expect(copy.up[0]).toBe(copy);
    expect((copy.up[1] as { again: unknown }).again).toBe(copy);
  });

  it('lies where parameters lie, so that one kernel call steps it, and is int32 where the original is', () => {
    const model = new nn.Sequential(new nn.Linear(3, 5), new nn.Linear(5, 2));
    const [a, b] = model.clone().parameters();
    expect(b!.data.buffer).toBe(a!.data.buffer);
    class Counting extends nn.Module {
      count = new nn.Parameter(tensor(Int32Array.of(3)), { requiresGrad: false });
      empty = new nn.Parameter(ones([0]));
      forward(): void {}
    }
    const copy = new Counting().clone();
    expect([copy.count.dtype, flat(copy.count), copy.empty.shape]).toEqual(['int32', [3], [0]]);
  });

  it('learns in a compiled step and in a fit by itself', async () => {
    manualSeed(3);
    const model = new Model(5);
    const before = Object.values(model.stateDict()).map((t) => flat(t));
    const [a, b] = [model.clone(), model.clone()];
    const criterion = new nn.MSELoss();
    const rows = new data.TensorDataset(randn([8, 3]), randn([8, 2]));
    const loader = new data.DataLoader(rows, { batchSize: 8 });
    const optimizer = new optim.SGD(a.parameters(), { lr: 0.1 });
    const step = compile((x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const loss = criterion.forward(a.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    for (let epoch = 0; epoch < 3; epoch++) for (const [x, y] of loader) step(x, y);
    await train.fit(b, { criterion, optimizer: new optim.SGD(b.parameters(), { lr: 0.1 }), loader, epochs: 3, ...quiet });
    for (const [name, value] of Object.entries(a.stateDict())) expectSame(value, b.stateDict()[name]!);
    expect(Object.values(model.stateDict()).map((t) => flat(t))).toEqual(before);
    expect(flat(a.first.weight)).not.toEqual(before[1]);
  });

  it('may be made while a fit has the model', async () => {
    const model = new nn.Linear(2, 1);
    const loader = new data.DataLoader(new data.TensorDataset(ones([4, 2]), ones([4, 1])));
    const copies: nn.Linear[] = [];
    const onEpoch = () => void copies.push(model.clone());
    const options = { criterion: new nn.MSELoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), loader, epochs: 2, onEpoch };
    await train.fit(model, { ...options, ...quiet });
    expect(flat(copies[1]!.weight)).toEqual(flat(model.weight));
    expect(flat(copies[0]!.weight)).not.toEqual(flat(model.weight));
  });
});

describe('what cannot be copied', () => {
  it('is a private field of JavaScript: its methods say so when they are used', () => {
    class Secret extends nn.Module {
      readonly linear = new nn.Linear(1, 1);
      #factor = 2;
      forward(x: Tensor): Tensor {
        return this.linear.forward(x).mul(this.#factor);
      }
    }
    const copy = new Secret().clone();
    expect(copy.parameters().length).toBe(2);
    expect(() => copy.forward(ones([1, 1]))).toThrow(TypeError);
    expect(() => copy.forward(ones([1, 1]))).toThrow('Cannot read private member #factor from an object whose class did not declare it');
  });

  it('is a tensor with a history', () => {
    class Left extends nn.Module {
      readonly linear = new nn.Linear(1, 1);
      last: Tensor | null = null;
      forward(x: Tensor): Tensor {
        this.last = this.linear.forward(x);
        return this.last;
      }
    }
    const model = new Left();
    model.forward(ones([1, 1]));
    expectError(
      () => model.clone(),
      RangeError,
      '[Left.clone] a tensor that an operation made (linear) cannot be copied with its history\n  hint: keep it as tensor.detach()',
    );
    model.last = model.last!.detach();
    expectSame(model.clone().last!, model.last);
  });

  it('is anything inside a compiled function', () => {
    const model = new nn.Linear(1, 1);
    const step = compile((x: Tensor) => model.clone().forward(x));
    expect(() => step(ones([1, 1]))).toThrow(
      '[Linear.clone] a module cannot be copied inside a compiled function: each call would use the copy of the first\n  hint: copy it before the call',
    );
  });
});

// What a class of the library keeps where a copy does not find it (private methods, fields with #) fails here by its name.
describe('every class of the library can be copied:', () => {
  const makers: Record<string, (() => nn.Module) | undefined> = {
    Linear: () => new nn.Linear(3, 3),
    LinearCrossEntropyLoss: () => new nn.LinearCrossEntropyLoss(3, 4),
    AdaptiveLogSoftmaxWithLoss: () => new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 3]),
    LazyBatchNorm1d: () => new nn.LazyBatchNorm1d(),
    LazyLinear: () => new nn.LazyLinear(3),
    LayerNorm: () => new nn.LayerNorm(3),
    RMSNorm: () => new nn.RMSNorm(3),
    Threshold: () => new nn.Threshold(0.1, 20),
    Softmax: () => new nn.Softmax({ dim: 1 }),
    LogSoftmax: () => new nn.LogSoftmax({ dim: 1 }),
    Softmin: () => new nn.Softmin({ dim: 1 }),
    BatchNorm1d: () => new nn.BatchNorm1d(3),
    Bilinear: () => new nn.Bilinear(3, 3, 2),
    Embedding: () => new nn.Embedding(3, 2, { paddingIdx: 1 }),
    SparseLinear: () => new nn.SparseLinear(3, 2, { sparse: true }),
    EmbeddingBag: () => new nn.EmbeddingBag(3, 2, { mode: 'sum' }),
    GroupNorm: () => new nn.GroupNorm(1, 3),
    Unflatten: () => new nn.Unflatten(1, [3, 1]),
    Sequential: () => new nn.Sequential(new nn.Linear(3, 2), new nn.Tanh()),
    ModuleList: () => new nn.ModuleList([new nn.Linear(3, 2), new nn.Tanh()]),
    ModuleDict: () => new nn.ModuleDict({ b: new nn.Linear(3, 2), 1: new nn.Tanh() }),
    ParameterList: () => new nn.ParameterList([ones([2]), tensor(Int32Array.of(1))]),
    ParameterDict: () => new nn.ParameterDict({ b: ones([2]), 1: tensor(Int32Array.of(1)) }),
  };
  const classes = Object.entries(nn).filter(
    ([name, make]) => typeof make === 'function' && make.prototype instanceof nn.Module && name !== 'Module',
  ) as unknown as [string, new () => nn.Module][];

  it.each(classes)('%s', (name, Kind) => {
    const module = makers[name]?.() ?? new Kind();
    const copy = module.clone();
    expect(copy).toBeInstanceOf(Kind);
    expect(copy.toString()).toBe(module.toString());
    expect(Object.keys(copy)).toEqual(Object.keys(module));
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(module.stateDict()));
    const run = (one: nn.Module): unknown => {
      const input = name.startsWith('Embedding') || name === 'SparseLinear' ? tensor([[0, 2, 1]], { dtype: 'int32' }) : ones([2, 3]);
      const inputs = [input, ones([2, 3])].slice(0, one.forward.length);
      try {
        return compile((...args: Tensor[]) => one.eval().forward(...(args as never[])) as Tensor)(...inputs).toArray();
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(run(copy)).toEqual(run(module));
  });
});
