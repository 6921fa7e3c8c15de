// Modules and parameters by name, lists of parameters, and what finds and registers parts by name.
import { describe, expect, it } from 'vitest';
import { compile, nn, ones, optim, type Tensor, tensor, zeros } from '../../src';
import { expectError, expectSame, thrownBy } from '../helpers';

const names = <T>(entries: [string, T][]): string[] => entries.map(([name]) => name);

describe('ModuleDict', () => {
  it('is used like a Map, in the order in which names came', () => {
    const [a, b, c] = [new nn.ReLU(), new nn.Tanh(), new nn.Linear(1, 2)];
    const dict = new nn.ModuleDict<nn.Module>({ z: a, 10: b });
    expect(dict.set('2', c)).toBe(dict);
    expect(dict.size).toBe(3);
    expect([...dict.keys()]).toEqual(['10', 'z', '2']); // as JavaScript has the literal
    expect([...dict.values()]).toEqual([b, a, c]);
    expect([...dict]).toEqual([...dict.entries()]);
    expect([...dict][2]).toEqual(['2', c]);
    expect(names(dict.namedChildren())).toEqual(['10', 'z', '2']);
    expect(Object.keys(dict.stateDict())).toEqual(['2.weight', '2.bias']);
    expect(dict.get('z')).toBe(a);
    expect(dict.get('y')).toBeUndefined();
    expect(dict.has('y')).toBe(false);
    expect((dict as unknown as Record<string, unknown>)['z']).toBe(a);
    dict.set('z', c);
    expect([...dict.keys()]).toEqual(['10', 'z', '2']);
    expect(dict.pop('z')).toBe(c);
    expect(dict.delete('z')).toBe(false);
    expect(dict.delete('10')).toBe(true);
    expect(Object.keys(dict)).toEqual(['2']);
    dict.clear();
    expect(dict.size).toBe(0);
    expect(dict.update(new Map([['m', a]])).get('m')).toBe(a);
    expect(dict.update([['n', b]]).get('n')).toBe(b);
    expect(dict.update(new nn.ModuleDict({ o: c })).get('o')).toBe(c);
  });

  it('prints as PyTorch prints it', () => {
    expect(String(new nn.ModuleDict({ a: new nn.ReLU(), b: new nn.Linear(2, 3) }))).toBe(
      'ModuleDict(\n  (a): ReLU()\n  (b): Linear(in_features=2, out_features=3, bias=True)\n)',
    );
    expect(String(new nn.ModuleDict())).toBe('ModuleDict()');
  });

  it('refuses names and values, and then sets nothing', () => {
    const dict = new nn.ModuleDict<nn.Module>();
    const part = new nn.ReLU();
    for (const name of ['keys', 'forward', 'size', 'training', '__proto__', 'constructor']) {
      expectError(() => dict.set(name, part), RangeError, `[ModuleDict.set] the module already has a property "${name}"`);
    }
    expectError(() => dict.set('', part), RangeError, '[ModuleDict.set] a module cannot be called ""');
    expectError(() => dict.set('a.b', part), RangeError, '[ModuleDict.set] a module cannot be called "a.b"');
    expectError(() => dict.set(3 as never, part), TypeError, '[ModuleDict.set] expected the name to be a string, got 3');
    expectError(() => dict.set('a', 3 as never), TypeError, '[ModuleDict.set] expected a module, got 3');
    expectError(() => dict.update({ a: part, b: null as never }), TypeError, '[ModuleDict.update] expected a module, got null');
    expectError(() => dict.update(null as never), TypeError, '[ModuleDict.update] expected an object, a map or a list of pairs, got null');
    expectError(() => dict.update([['a']] as never), TypeError, '[ModuleDict.update] expected pairs of a name and a module, got an array');
    expectError(() => dict.pop('a'), RangeError, '[ModuleDict.pop] there is no module "a"');
    expect(dict.size).toBe(0);
    dict.set('half', part); // the name of a method that only PyTorch has
    expect(dict.get('half')).toBe(part);
    const hint = '\n  hint: call its parts: dict.get(name).call(x)';
    expectError(() => dict.forward(), TypeError, `[ModuleDict.forward] modules by name have no forward${hint}`);
  });
});

describe('ParameterList and ParameterDict', () => {
  it('hold parameters, and make some of tensors on their memory', () => {
    const [p, t] = [new nn.Parameter(ones([2])), zeros([3])];
    const list = new nn.ParameterList([p, t]);
    expect(list[0]).toBe(p);
    expect(list[1]).toBeInstanceOf(nn.Parameter);
    t.fill_(4);
    expectSame(list[1]!, [4, 4, 4]);
    (list as unknown as Record<number, Tensor>)[0] = t;
    expect(list[0]).toBeInstanceOf(nn.Parameter);
    expect(list.append(p).slice(-1).parameters()).toEqual([p]);
    expect(list.pop()).toBe(p);
    const ints = new nn.ParameterList([tensor([1], { dtype: 'int32' })]);
    expect(ints[0]!.requiresGrad).toBe(false);
    const dict = new nn.ParameterDict({ b: p, a: t });
    expect(names(dict.namedParameters())).toEqual(['b', 'a']);
    expect(dict.get('a')).toBeInstanceOf(nn.Parameter);
    class Model extends nn.Module {
      list = list;
      dict = dict;
      forward(): void {}
    }
    expect(Object.keys(new Model().stateDict())).toEqual(['list.0', 'list.1', 'dict.b', 'dict.a']);
  });

  it('print as PyTorch prints them', () => {
    const list = new nn.ParameterList([zeros([2, 3]), tensor(1)]);
    const [a, b] = ['Parameter containing: [torch.float32 of size 2x3]', 'Parameter containing: [torch.float32 of size ]'];
    expect(String(list)).toBe(`ParameterList(\n    (0): ${a}\n    (1): ${b}\n)`);
    class M extends nn.Module {
      p = new nn.ParameterList([zeros([2])]);
      l = new nn.Linear(1, 1);
      forward(): void {}
    }
    expect(String(new M())).toBe(
      'M(\n  (p): ParameterList(  (0): Parameter containing: [torch.float32 of size 2])\n  (l): Linear(in_features=1, out_features=1, bias=True)\n)',
    );
    expect(String(new nn.ParameterDict({ s: zeros([]), w: zeros([2, 3]) }))).toBe(
      'ParameterDict(\n    (s): Parameter containing: [torch.FloatTensor of size ]\n    (w): Parameter containing: [torch.FloatTensor of size 2x3]\n)',
    );
    expect([new nn.ParameterList(), new nn.ParameterDict()].map(String)).toEqual(['ParameterList()', 'ParameterDict()']);
  });

  it('refuse what is no tensor, and to be run', () => {
    expectError(() => new nn.ParameterList([3 as never]), TypeError, '[ParameterList.append] expected a parameter or a tensor, got 3');
    expectError(
      () => new nn.ParameterDict({ a: [1] as never }),
      TypeError,
      '[ParameterDict.update] expected a parameter or a tensor, got an array',
    );
    expectError(() => new nn.ParameterList().pop(), RangeError, '[ParameterList.pop] there is no parameter -1 among 0');
    expectError(() => new nn.ParameterList().forward(), TypeError, '[ParameterList.forward] a list of parameters has no forward');
    expectError(() => new nn.ParameterDict().forward(), TypeError, '[ParameterDict.forward] parameters by name have no forward');
  });
});

describe('slices', () => {
  it('share the parts, of the same kind', () => {
    const [a, b, c] = [new nn.ReLU(), new nn.Tanh(), new nn.Sigmoid()];
    const part = new nn.Sequential(a, b, c).slice(1);
    expect(part).toBeInstanceOf(nn.Sequential);
    expect([...part]).toEqual([b, c]);
    expect([...new nn.ModuleList([a, b, c]).slice(-3, -1)]).toEqual([a, b]);
    expect(new nn.ModuleList([a]).slice(2).length).toBe(0);
    expectError(() => part.slice(0.5), RangeError, '[Sequential.slice] expected start to be an integer, got 0.5');
    expectError(() => part.slice(0, 'x' as never), TypeError, '[Sequential.slice] expected end to be a number, got "x"');
  });
});

describe('Unflatten', () => {
  it('is the reverse of Flatten', () => {
    const x = tensor([[1, 2, 3, 4, 5, 6]]);
    expect(new nn.Unflatten(1, [2, 3]).forward(x).toArray()).toEqual([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    expect(new nn.Unflatten(-2, [1, -1]).forward(x).shape).toEqual([1, 1, 6]);
    expect(new nn.Unflatten(0, [0, 3]).forward(zeros([0, 2])).shape).toEqual([0, 3, 2]);
    expect(String(new nn.Unflatten(1, [2, 5]))).toBe('Unflatten(dim=1, unflattened_size=(2, 5))');
  });
  it('refuses sizes that do not fit', () => {
    const message = (dim: number, sizes: number[], shape: number[]): string =>
      thrownBy(() => new nn.Unflatten(dim, sizes).forward(zeros(shape))).message;
    expect(message(1, [2, 4], [1, 6])).toBe('[Unflatten.forward] dim 1 of [1, 6] does not become [2, 4]');
    expect(message(1, [4, -1], [1, 6])).toBe('[Unflatten.forward] dim 1 of [1, 6] does not become [4, -1]');
    expect(message(0, [0, -1], [0])).toBe('[Unflatten.forward] dim 0 of [0] does not become [0, -1]');
    expect(message(0, [1], [])).toBe('[Unflatten.forward] dim 0 of [] does not become [1]');
    expect(message(2, [1], [1])).toBe('[Unflatten.forward] dim 2 is outside [-1, 0]');
    expectError(() => new nn.Unflatten(0, []), RangeError, '[Unflatten] expected unflattenedSize to have a size, got []');
    expectError(() => new nn.Unflatten(0, [-1, -1]), RangeError, '[Unflatten] only one size can be -1, got [-1, -1]');
    expectError(
      () => new nn.Unflatten(0, [-2]),
      RangeError,
      '[Unflatten] expected every size of unflattenedSize to be at least -1, got -2',
    );
    expectError(() => new nn.Unflatten(0, 3 as never), TypeError, '[Unflatten] expected unflattenedSize to be an array of sizes, got 3');
  });
});

describe('parts by their names', () => {
  const model = () => new nn.Sequential(new nn.Linear(2, 3), new nn.Sequential(new nn.ReLU(), new nn.Linear(3, 1)));
  it('are found by paths', () => {
    const m = model();
    expect(m.getSubmodule('')).toBe(m);
    expect(m.getSubmodule('1.0')).toBe((m[1] as nn.Sequential)[0]);
    expect(m.getParameter('1.1.bias').shape).toEqual([1]);
    m.getSubmodule('1').registerBuffer('mean', zeros([4]));
    expect(m.getBuffer('1.mean').shape).toEqual([4]);
    m.registerParameter('own', new nn.Parameter(ones([2])));
    expect(m.getParameter('own').shape).toEqual([2]);
    const where = '[Sequential.getSubmodule]';
    expectError(() => m.getSubmodule('1.5'), RangeError, `${where} Sequential has no module "5" (path "1.5")`);
    expectError(() => m.getSubmodule('0.weight'), RangeError, `${where} Linear has no module "weight" (path "0.weight")`);
    expectError(() => m.getSubmodule(1 as never), TypeError, `${where} expected the path to be a string, got 1`);
    expectError(() => m.getParameter('0.x'), RangeError, '[Sequential.getParameter] Linear has no parameter "x" (path "0.x")');
    expectError(() => m.getParameter('1.mean'), RangeError, '[Sequential.getParameter] Sequential has no parameter "mean" (path "1.mean")');
    expectError(() => m.getParameter(null as never), TypeError, '[Sequential.getParameter] expected the path to be a string, got null');
    expectError(() => m.getBuffer('0.weight'), RangeError, '[Sequential.getBuffer] Linear has no buffer "weight" (path "0.weight")');
  });
  it('are registered', () => {
    const m = model();
    m.addModule('head', new nn.Linear(1, 1, { bias: false }));
    m.registerModule('tail', null);
    m.addModule('tail', new nn.ReLU());
    m.addModule('tail', new nn.Tanh());
    m.registerParameter('scale', null);
    m.registerParameter('scale', new nn.Parameter(ones([1])));
    expect(names(m.namedChildren())).toEqual(['0', '1', 'head', 'tail']);
    expect(Object.keys(m.stateDict()).slice(0, 2)).toEqual(['scale', '0.weight']);
    const taken = (name: string) => `the module already has a property "${name}"`;
    expectError(() => m.addModule('scale', null), RangeError, `[Sequential.addModule] ${taken('scale')}`);
    expectError(() => m.registerModule('forward', null), RangeError, `[Sequential.registerModule] ${taken('forward')}`);
    expectError(() => m.registerParameter('head', null), RangeError, `[Sequential.registerParameter] ${taken('head')}`);
    expectError(() => m.registerParameter('a.b', null), RangeError, '[Sequential.registerParameter] a parameter cannot be called "a.b"');
    expectError(
      () => m.registerParameter('a', ones([1]) as never),
      TypeError,
      '[Sequential.registerParameter] expected a Parameter or null, got a Tensor\n  hint: new nn.Parameter(tensor) makes one',
    );
    expectError(() => m.addModule('a', 3 as never), TypeError, '[Sequential.addModule] expected a module or null, got 3');
    expectError(() => m.addModule(3 as never, null), TypeError, '[Sequential.addModule] expected the name to be a string, got 3');
  });
  it('are listed with a prefix, without those below, and as often as they are reached', () => {
    const layer = new nn.Linear(1, 1, { bias: false });
    const m = new nn.Sequential(layer, layer);
    m.registerParameter('own', new nn.Parameter(ones([1])));
    m.registerBuffer('mean', zeros([1]));
    expect(names(m.namedParameters({ prefix: 'm' }))).toEqual(['m.own', 'm.0.weight']);
    expect(names(m.namedParameters({ recurse: false }))).toEqual(['own']);
    expect(m.parameters({ recurse: false })).toEqual([m.getParameter('own')]);
    expect(names(m.namedParameters({ removeDuplicate: false }))).toEqual(['own', '0.weight', '1.weight']);
    expect(names(m.namedModules({ prefix: 'm', removeDuplicate: false }))).toEqual(['m', 'm.0', 'm.1']);
    expect(names(m.namedBuffers({ prefix: 'm', recurse: false }))).toEqual(['m.mean']);
    expect(m.buffers({ recurse: false })).toHaveLength(1);
    expect(Object.keys(m.stateDict({ prefix: 'm.' }))).toEqual(['m.own', 'm.mean', 'm.0.weight', 'm.1.weight']);
    const where = 'Sequential.namedParameters';
    expectError(() => m.namedParameters({ prefix: 1 as never }), TypeError, `[${where}] expected prefix to be a string, got 1`);
    expectError(() => m.namedParameters({ recurse: 1 as never }), TypeError, `[${where}] expected recurse to be true or false, got 1`);
    expectError(
      () => m.namedModules({ removeDuplicate: 1 as never }),
      TypeError,
      '[Sequential.namedModules] expected removeDuplicate to be true or false, got 1',
    );
    expectError(() => m.stateDict({ prefix: 1 as never }), TypeError, '[Sequential.stateDict] expected prefix to be a string, got 1');
  });
  it('zeroGrad makes gradients zeros where it is asked to, compiled too', () => {
    for (const wrap of [(fn: () => Tensor) => fn, (fn: () => Tensor) => compile(fn, { keepGrad: true })]) {
      const m = new nn.Linear(1, 1, { bias: false });
      const step = wrap(() => {
        m.zeroGrad({ setToNone: false });
        const loss = m.forward(tensor([[2]])).sum();
        loss.backward();
        return loss;
      });
      for (let i = 0; i < 3; i++) {
        step();
        expectSame(m.weight.grad!, [2]);
      }
      m.zeroGrad({ setToNone: false });
      expectSame(m.weight.grad!, [0]);
      m.zeroGrad();
      expect(m.weight.grad).toBeNull();
      m.zeroGrad({ setToNone: false });
      expect(m.weight.grad).toBeNull();
    }
    const wrong = () => new nn.ReLU().zeroGrad({ setToNone: 1 as never });
    expectError(wrong, TypeError, '[ReLU.zeroGrad] expected setToNone to be true or false, got 1');
  });
  it('that only PyTorch has say what to do instead', () => {
    const model = new nn.ReLU() as unknown as Record<string, () => unknown>;
    expectError(
      () => model['cuda']!(),
      TypeError,
      '[ReLU.cuda] there is no such method\n  hint: models stay on the processor: leave the call out',
    );
    expectError(
      () => model['load_state_dict']!(),
      TypeError,
      '[ReLU.load_state_dict] there is no such method\n  hint: it is called loadStateDict here',
    );
    expect(thrownBy(() => model['register_backward_hook']!()).message).toContain('registerFullBackwardHook(hook)');
    expect(thrownBy(() => model['half']!()).message).toContain('parameters are float32');
    class Own extends nn.Module {
      half = new nn.Linear(1, 1);
      forward(): void {}
    }
    expect(names(new Own().namedParameters())).toEqual(['half.weight', 'half.bias']);
    const own = new nn.ReLU();
    own.registerBuffer('type', ones([1]));
    own.registerParameter('float', new nn.Parameter(ones([1])));
    expect(Object.keys(own.stateDict())).toEqual(['float', 'type']);
    expect(Object.keys(new nn.ReLU())).toEqual([]);
  });
});

describe("Python's spelling", () => {
  const refusals = (value: object): Map<string, string> => {
    const found = new Map<string, string>();
    for (let at: object | null = value; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at).filter((one) => /^[a-z]+_[a-z_]+$/.test(one))) {
        const error = thrownBy(() => (value as Record<string, () => void>)[name]!());
        expect(error.message, name).toContain(`[${value.constructor.name}.${name}] there is no such`);
        found.set(name, /it is called (\w+) here/.exec(error.message)?.[1] ?? '');
      }
    }
    return found;
  };
  it('of names that are there leads to them', () => {
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const lbfgs = new optim.LBFGS(model.parameters());
    const scheduler = new optim.lrScheduler.StepLR(optimizer, { stepSize: 1 });
    const wanted: [object, string[]][] = [
      [model, ['state_dict', 'load_state_dict', 'zero_grad', 'named_parameters', 'requires_grad_', 'register_buffer']],
      [optimizer, ['state_dict', 'load_state_dict', 'zero_grad', 'add_param_group', 'param_groups']],
      [lbfgs, ['state_dict', 'zero_grad']],
      [scheduler, ['state_dict', 'load_state_dict', 'get_last_lr', 'last_epoch']],
    ];
    for (const [value, names] of wanted) {
      const found = refusals(value);
      for (const name of names) expect(found.get(name), name).toBeTruthy();
      for (const here of found.values()) if (here !== '') expect(here in value, here).toBe(true);
    }
    expectError(
      () => Object.assign(optimizer, { param_groups: [] }),
      TypeError,
      '[SGD.param_groups] there is no such property\n  hint: it is called paramGroups here',
    );
  });
  it('is free for the parts of a module', () => {
    const model = new nn.Sequential();
    model.addModule('state_dict', new nn.Linear(1, 1));
    expect(Object.keys(model.stateDict())).toEqual(['state_dict.weight', 'state_dict.bias']);
    class Own extends nn.Module {
      zero_grad = new nn.Linear(1, 1);
      forward(): void {}
    }
    expect(Object.keys(new Own().clone().stateDict())).toEqual(['zero_grad.weight', 'zero_grad.bias']);
  });
});
