import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { nn, ones, Tensor, tensor, zeros } from '../../src';
import { expectError, expectSame } from '../helpers';

class Model extends nn.Module {
  ly1 = new nn.Linear(3, 4);
  scale = new nn.Parameter(ones([2]));
  ly2 = new nn.Linear(4, 2, { bias: false });
  note = 'not a part';
  nothing = null;

  override forward(x: Tensor): Tensor {
    return this.ly2.forward(this.ly1.forward(x).relu());
  }
}

const names = <T>(entries: [string, T][]): string[] => entries.map(([name]) => name);

describe('what a module finds', () => {
  it('is its own parameters, then those of its children in the order of their fields', () => {
    const model = new Model();
    expect(names(model.namedParameters())).toEqual(['scale', 'ly1.weight', 'ly1.bias', 'ly2.weight']);
    expect(model.parameters()).toEqual([model.scale, model.ly1.weight, model.ly1.bias, model.ly2.weight]);
    expect(names(model.namedChildren())).toEqual(['ly1', 'ly2']);
    expect(model.children()).toEqual([model.ly1, model.ly2]);
  });

  it('reaches down, with paths', () => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Sequential(new nn.ReLU(), new nn.Linear(2, 1)));
    expect(names(model.namedModules())).toEqual(['', '0', '1', '1.0', '1.1']);
    expect(model.modules()).toHaveLength(5);
    expect(model.modules()[0]).toBe(model);
    expect(names(model.namedParameters())).toEqual(['0.weight', '0.bias', '1.1.weight', '1.1.bias']);
  });

  it('is listed once when shared, but stands in the state dict under each name', () => {
    const layer = new nn.Linear(2, 2);
    const tied = new nn.Linear(2, 2);
    tied.weight = layer.weight;
    const model = new nn.Sequential(layer, layer, tied);
    expect(names(model.namedParameters())).toEqual(['0.weight', '0.bias', '2.bias']);
    expect(names(model.namedModules())).toEqual(['', '0', '2']);
    expect(model.children()).toEqual([layer, tied]);
    expect(Object.keys(model.stateDict())).toEqual(['0.weight', '0.bias', '1.weight', '1.bias', '2.weight', '2.bias']);
  });

  it('survives a module that knows its parent', () => {
    const parent = new nn.Sequential(new nn.ReLU());
    (parent[0] as unknown as { parent: nn.Module }).parent = parent;
    expect(parent.modules()).toHaveLength(2);
    parent.train(false);
    expect(parent[0]!.training).toBe(false);
  });
});

describe('modes and gradients', () => {
  it('train and eval reach every module and return the module', () => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Sequential(new nn.Dropout()));
    expect(model.modules().every((m) => m.training)).toBe(true);
    expect(model.eval()).toBe(model);
    expect(model.modules().some((m) => m.training)).toBe(false);
    expect(model.train()).toBe(model);
    expect(model.modules().every((m) => m.training)).toBe(true);
    expectError(() => model.train(1 as never), TypeError, '[Sequential.train] expected true or false, got 1');
  });

  it('requiresGrad_ freezes and zeroGrad clears', () => {
    const model = new Model();
    model
      .forward(ones([1, 3]))
      .sum()
      .backward();
    expect(model.ly2.weight.grad).not.toBeNull();
    expect(model.scale.grad).toBeNull();
    model.zeroGrad();
    expect(model.parameters().every((p) => p.grad === null)).toBe(true);
    expect(model.requiresGrad_(false)).toBe(model);
    expect(model.forward(ones([1, 3])).requiresGrad).toBe(false);
    model.requiresGrad_();
    expect(model.parameters().every((p) => p.requiresGrad)).toBe(true);
  });

  it('apply visits children first', () => {
    const model = new nn.Sequential(new nn.ReLU(), new nn.Sequential(new nn.Tanh()));
    const seen: nn.Module[] = [];
    expect(model.apply((m) => seen.push(m))).toBe(model);
    expect(seen.map((m) => m.constructor.name)).toEqual(['ReLU', 'Tanh', 'Sequential', 'Sequential']);
    expectError(() => model.apply(null as never), TypeError, '[Sequential.apply] expected a function, got null');
  });
});

describe('hooks', () => {
  it('run in call, in their order, and may replace the output', () => {
    const layer = new nn.Identity();
    const x = tensor([1, 2]);
    const seen: unknown[] = [];
    layer.registerForwardHook((module, args, output) => void seen.push(module, args, output));
    const doubling = layer.registerForwardHook((_, __, output) => (output as Tensor).mul(2));
    layer.registerForwardHook((_, __, output) => void seen.push((output as Tensor).toArray()));
    expectSame(layer.call(x), [2, 4]);
    expect(seen).toEqual([layer, [x], x, [2, 4]]);
    expectSame(layer.forward(x), [1, 2]);
    expect(seen).toHaveLength(4);
    doubling.remove();
    doubling.remove();
    expectSame(layer.call(x), [1, 2]);
  });

  it('count one by one when a function is registered twice', () => {
    const layer = new nn.Identity();
    let calls = 0;
    const hook = () => void calls++;
    const first = layer.registerForwardHook(hook);
    const second = layer.registerForwardHook(hook);
    layer.call(ones([1]));
    first.remove();
    layer.call(ones([1]));
    second.remove();
    layer.call(ones([1]));
    expect(calls).toBe(3);
  });

  it('run inside containers', () => {
    const model = new nn.Sequential(new nn.Identity(), new nn.Identity());
    let calls = 0;
    for (const layer of model) layer.registerForwardHook(() => void calls++);
    model.forward(ones([1]));
    expect(calls).toBe(2);
    const message = '[Sequential.registerForwardHook] expected a function, got 3';
    expectError(() => model.registerForwardHook(3 as never), TypeError, message);
  });
});

class Normalizer extends nn.Module {
  declare mean: Tensor;
  declare cache: Tensor;
  width = new nn.Parameter(ones([2]));

  constructor() {
    super();
    this.registerBuffer('mean', zeros([2]));
    this.registerBuffer('cache', zeros([5]), { persistent: false });
  }

  override forward(x: Tensor): Tensor {
    return x.sub(this.mean).mul(this.width);
  }
}

describe('buffers', () => {
  it('are saved behind the parameters unless they are not persistent', () => {
    const model = new nn.Sequential(new Normalizer());
    expect(names(model.namedBuffers())).toEqual(['0.mean', '0.cache']);
    expect(model.buffers().map((b) => b.shape)).toEqual([[2], [5]]);
    expect(Object.keys(model.stateDict())).toEqual(['0.width', '0.mean']);
    expect(names(model.namedParameters())).toEqual(['0.width']);
  });

  it('stay buffers under a new tensor, may be null, and may be registered again', () => {
    const module = new Normalizer();
    module.mean = ones([2]);
    expectSame(module.stateDict()['mean']!, [1, 1]);
    module.registerBuffer('mean', null);
    expect(Object.keys(module.stateDict())).toEqual(['width']);
  });

  it('refuse bad names and values', () => {
    const module = new Normalizer();
    const where = '[Normalizer.registerBuffer]';
    expectError(() => module.registerBuffer(3 as never, null), TypeError, `${where} expected the name to be a string, got 3`);
    expectError(() => module.registerBuffer('', null), RangeError, `${where} a buffer cannot be called ""`);
    expectError(() => module.registerBuffer('a.b', null), RangeError, `${where} a buffer cannot be called "a.b"`);
    expectError(() => module.registerBuffer('width', null), RangeError, `${where} the module already has a property "width"`);
    expectError(() => module.registerBuffer('forward', null), RangeError, `${where} the module already has a property "forward"`);
    expectError(() => module.registerBuffer('x', [1] as never), TypeError, `${where} expected a tensor or null, got an array`);
    expectError(
      () => module.registerBuffer('x', null, { persist: true } as never),
      TypeError,
      '[Normalizer.registerBuffer] unknown option "persist", did you mean "persistent"?',
    );
  });
});

describe('state dicts', () => {
  it('share the memory of the module, without history', () => {
    const model = new Model();
    const dict = model.stateDict();
    expect(Object.keys(dict)).toEqual(['scale', 'ly1.weight', 'ly1.bias', 'ly2.weight']);
    expect(dict['scale']).not.toBe(model.scale);
    expect(dict['scale']!.requiresGrad).toBe(false);
    nn.init.constant_(model.scale, 7);
    expectSame(dict['scale']!, [7, 7]);
  });

  it('carry the values to another model', () => {
    const [from, to] = [new Model(), new Model()];
    const own = to.ly1.weight;
    expect(to.loadStateDict(from.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(to.ly1.weight).toBe(own);
    for (const [i, parameter] of to.parameters().entries()) expectSame(parameter, from.parameters()[i]!);
    nn.init.zeros_(from.ly1.weight);
    expect(to.ly1.weight.toArray()).not.toEqual(zeros([4, 3]).toArray());
    expect(to.loadStateDict(to.stateDict()).missingKeys).toEqual([]);
  });

  it('count as a change in place', () => {
    const model = new Model();
    const loss = model.forward(ones([1, 3])).sum();
    model.loadStateDict(new Model().stateDict());
    expect(() => loss.backward()).toThrow(/was changed in place/);
  });

  it('that do not fit are refused with every reason, and nothing is changed', () => {
    const model = new Model();
    const before = model.parameters().map((p) => p.toArray());
    const { scale: _, ...rest } = new Model().stateDict();
    const dict = {
      ...rest,
      'ly1.weight': zeros([3, 4]),
      'ly1.bias': tensor(Int32Array.of(1, 2, 3, 4)),
      'ly2.weight': 5,
      b: ones([1]),
      c: ones([1]),
    };
    expectError(
      () => model.loadStateDict(dict as never),
      RangeError,
      '[Model.loadStateDict] the state dict does not fit:\n' +
        '  missing keys: "scale"\n' +
        '  unexpected keys: "b", "c"\n' +
        '  ly1.weight: expected shape [4, 3], got [3, 4]\n' +
        '  ly1.bias: expected float32, got int32\n' +
        '  ly2.weight: expected a tensor, got 5',
    );
    expect(model.parameters().map((p) => p.toArray())).toEqual(before);
  });

  it('may miss keys or bring more when not strict, but not other shapes', () => {
    const model = new Model();
    const dict = { scale: tensor([3, 4]), extra: ones([1]) };
    const result = model.loadStateDict(dict, { strict: false });
    expect(result).toEqual({ missingKeys: ['ly1.weight', 'ly1.bias', 'ly2.weight'], unexpectedKeys: ['extra'] });
    expectSame(model.scale, [3, 4]);
    expectError(
      () => model.loadStateDict({ scale: ones([3]) }, { strict: false }),
      RangeError,
      '[Model.loadStateDict] the state dict does not fit:\n  scale: expected shape [2], got [3]',
    );
  });

  it('are objects', () => {
    const message = '[Model.loadStateDict] expected a state dict, an object of tensors by name, got';
    expectError(() => new Model().loadStateDict([] as never), TypeError, `${message} an array`);
    expectError(() => new Model().loadStateDict(null as never), TypeError, `${message} null`);
    expectError(
      () => new Model().loadStateDict({}, { Strict: false } as never),
      TypeError,
      '[Model.loadStateDict] unknown option "Strict", did you mean "strict"?',
    );
  });

  it('do not take inherited names for keys', () => {
    const module = new Normalizer();
    const result = module.loadStateDict(Object.create({ mean: ones([2]) }), { strict: false });
    expect(result.missingKeys).toEqual(['width', 'mean']);
    expectSame(module.mean, [0, 0]);
  });
});

describe('printing', () => {
  it('is as PyTorch prints', () => {
    class Student extends nn.Module {
      ly1 = new nn.Linear(13, 30);
      drop = new nn.Dropout(0.2);
      body = new nn.Sequential(new nn.Linear(30, 25), new nn.ReLU(), new nn.Sequential(new nn.Flatten(), new nn.Identity()));
      blocks = new nn.ModuleList<nn.Module>([
        new nn.Linear(2, 3),
        new nn.Linear(2, 3),
        new nn.Sequential(new nn.ReLU()),
        new nn.Sequential(new nn.ReLU()),
        new nn.Tanh(),
      ]);
      same = this.drop;
      none = new nn.ModuleList();
      empty = new nn.Sequential();
      out = new nn.Linear(25, 5, { bias: false });
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const model = new Student();
    // print(Student()) of PyTorch 2.13
    expect(String(model)).toBe(`Student(
  (ly1): Linear(in_features=13, out_features=30, bias=True)
  (drop): Dropout(p=0.2, inplace=False)
  (body): Sequential(
    (0): Linear(in_features=30, out_features=25, bias=True)
    (1): ReLU()
    (2): Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Identity()
    )
  )
  (blocks): ModuleList(
    (0-1): 2 x Linear(in_features=2, out_features=3, bias=True)
    (2-3): 2 x Sequential(
      (0): ReLU()
    )
    (4): Tanh()
  )
  (same): Dropout(p=0.2, inplace=False)
  (none): ModuleList()
  (empty): Sequential()
  (out): Linear(in_features=25, out_features=5, bias=False)
)`);
    expect(inspect(model)).toBe(String(model));
  });

  it('puts several lines of extraRepr before the children', () => {
    class Wordy extends nn.Module {
      part = new nn.ReLU();
      override forward(x: Tensor): Tensor {
        return x;
      }
      override extraRepr(): string {
        return 'a=1\nb=2';
      }
    }
    expect(String(new Wordy())).toBe('Wordy(\n  a=1\n  b=2\n  (part): ReLU()\n)');
  });
});

describe('types', () => {
  it('follow the subclass', () => {
    class Pair extends nn.Module {
      override forward(x: Tensor, factor: number): [Tensor, Tensor] {
        return [x, x.mul(factor)];
      }
    }
    const pair = new Pair();
    const [a, b]: [Tensor, Tensor] = pair.call(tensor([1]), 3);
    expectSame(a, [1]);
    expectSame(b, [3]);
    // @ts-expect-error a number is not a tensor
    const wrong = () => pair.forward(1, 2);
    // @ts-expect-error an argument is missing
    const missing = () => pair.call(tensor([1]));
    // @ts-expect-error Sequential chains modules from one tensor to one tensor
    const chained = () => new nn.Sequential(pair);
    expect([wrong, missing, chained]).toHaveLength(3);
    expect(new nn.Linear(1, 1).forward(tensor([[1]]))).toBeInstanceOf(Tensor);
  });
});
