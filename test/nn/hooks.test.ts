// Hooks of modules and of gradients: in the loop, compiled and in a fit.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, ones, optim, randn, type Tensor, tensor, train } from '../../src';
import { expectError, expectSame, flat, thrownBy } from '../helpers';

type Grads = nn.Gradients;

describe('a forward pre-hook', () => {
  it('sees the arguments, and replaces all or the only one', () => {
    class Sum extends nn.Module {
      forward(x: Tensor, y: Tensor): Tensor {
        return x.add(y);
      }
    }
    const sum = new Sum();
    const seen: unknown[] = [];
    const first = sum.registerForwardPreHook((module, args) => void seen.push(module, args.length));
    sum.registerForwardPreHook((_, [x, y]) => [(x as Tensor).mul(10), y]);
    expectSame(sum.call(tensor([1]), tensor([2])), [12]);
    expect(seen).toEqual([sum, 2]);
    first.remove();
    sum.call(tensor([1]), tensor([2]));
    expect(seen).toHaveLength(2);
    expectSame(sum.forward(tensor([1]), tensor([2])), [3]);
    const layer = new nn.Identity();
    layer.registerForwardPreHook((_, [x]) => (x as Tensor).mul(3));
    layer.registerForwardPreHook((_, [x]) => (x as Tensor).add(1), { prepend: true });
    expectSame(layer.call(tensor([1])), [6]);
  });
  it('is a function, and its options are known', () => {
    const layer = new nn.Identity();
    expectError(() => layer.registerForwardPreHook(1 as never), TypeError, '[Identity.registerForwardPreHook] expected a function, got 1');
    expectError(
      () => layer.registerForwardHook(() => 1, { prepend: 1 as never }),
      TypeError,
      '[Identity.registerForwardHook] expected prepend to be true or false, got 1',
    );
  });
});

describe('a backward hook of a module', () => {
  const double = (g: Grads): Grads => g.map((one) => one?.mul(2) ?? null);

  it('gets the gradients of arguments and outputs', () => {
    class Product extends nn.Module {
      forward(x: Tensor, factor: number, y: Tensor): Tensor {
        return x.mul(y).mul(factor);
      }
    }
    const product = new Product();
    const seen: unknown[] = [];
    product.registerFullBackwardHook((module, gradInput, gradOutput) => {
      seen.push(
        module,
        [gradInput, gradOutput].map((list) => list.map((g) => g?.toArray() ?? null)),
      );
    });
    const [x, y] = [tensor([2, 3]).requiresGrad_(), tensor([5, 7]).requiresGrad_()];
    product.call(x, 10, y).backward(tensor([1, 2]));
    expect(seen).toEqual([product, [[[50, 140], null, [20, 60]], [[1, 2]]]]);
    expectSame(x.grad!, [50, 140]);
    expectSame(y.grad!, [20, 60]);
  });

  it('replaces the gradients of arguments, its own after one another', () => {
    const layer = new nn.Tanh();
    layer.registerFullBackwardHook((_, gradInput) => double(gradInput));
    layer.registerFullBackwardHook((_, [g]) => g!.add(1));
    const x = tensor([0, 0]).requiresGrad_();
    layer.call(x).sum().backward();
    expectSame(x.grad!, [3, 3]);
  });

  it('has a pre-hook that replaces the gradients of outputs', () => {
    const layer = new nn.Linear(2, 1, { bias: false });
    layer.weight = new nn.Parameter(tensor([[3, 4]]));
    const seen: unknown[] = [];
    layer.registerFullBackwardPreHook((_, gradOutput) => double(gradOutput));
    layer.registerFullBackwardHook((_, __, [gradOutput]) => void seen.push(gradOutput!.toArray()));
    const x = tensor([[1, 1]]).requiresGrad_();
    layer.call(x).sum().backward();
    expect(seen).toEqual([[[2]]]);
    expectSame(x.grad!, [[6, 8]]);
    expectSame(layer.weight.grad!, [[2, 2]]);
  });

  it('is called where no argument has a gradient, and may not give one', () => {
    const layer = new nn.Linear(2, 1);
    const seen: unknown[] = [];
    const handle = layer.registerFullBackwardHook((_, gradInput, [g]) => void seen.push([...gradInput], g!.toArray()));
    layer
      .call(ones([1, 2]))
      .sum()
      .backward();
    expect(seen).toEqual([[null], [[1]]]);
    handle.remove();
    layer.registerFullBackwardHook(() => ones([1, 2]));
    const loss = layer.call(ones([1, 2])).sum();
    expectError(
      () => loss.backward(),
      RangeError,
      '[Linear.registerFullBackwardHook] the hook returned gradient 0, where there is none\n  hint: null stands for none',
    );
  });

  it('gets null for an output that the loss does not use, in every pass', () => {
    class Two extends nn.Module {
      forward(x: Tensor): Tensor[] {
        return [x.mul(2), x.mul(3)];
      }
    }
    const two = new Two();
    const seen: unknown[] = [];
    two.registerFullBackwardHook((_, gradInput, gradOutput) => {
      seen.push([...gradInput, ...gradOutput].map((g) => g?.toArray() ?? null));
    });
    const x = tensor([1]).requiresGrad_();
    const [, b] = two.call(x);
    const loss = b!.sum();
    loss.backward(undefined, { retainGraph: true });
    loss.backward();
    expect(seen).toEqual([
      [[3], null, [1]],
      [[3], null, [1]],
    ]);
    expectSame(x.grad!, [6]);
  });

  it('leaves nothing changed that others see: what it is given is a copy', () => {
    const layer = new nn.Identity();
    const kept: Tensor[] = [];
    layer.registerFullBackwardHook((_, [g], [o]) => void kept.push(g!.mul_(5), o!.mul_(7)));
    for (let i = 0; i < 2; i++) {
      const x = tensor(1).requiresGrad_();
      layer.call(x).backward();
      expectSame(x.grad!, 5); // changed in place, as a hook may
    }
    expect(kept.map((t) => t.item())).toEqual([5, 7, 5, 7]);
    const y = tensor(1).requiresGrad_();
    y.mul(1).backward();
    expectSame(y.grad!, 1);
  });

  it('refuses gradients of other shapes, other numbers, and other outputs', () => {
    const message = (hook: nn.BackwardHook): string => {
      const layer = new nn.Identity();
      layer.registerFullBackwardHook(hook);
      const y = layer.call(ones([2]).requiresGrad_()).sum();
      return thrownBy(() => y.backward()).message;
    };
    const where = '[Identity.registerFullBackwardHook] expected';
    expect(message(() => [])).toBe(`${where} the hook to return 1 gradients, got 0`);
    expect(message(() => ones([3]))).toBe(`${where} gradient 0 that the hook returns to be float32 [2], got float32 [3]`);
    expect(message(() => [3] as never)).toBe(`${where} gradient 0 that the hook returns to be float32 [2], got 3`);
    expect(message(() => 3 as never)).toBe(`${where} the hook to return gradients, an array or a tensor, got 3`);
    class Odd extends nn.Module {
      forward(x: Tensor): { y: Tensor } {
        return { y: x };
      }
    }
    const odd = new Odd();
    odd.registerFullBackwardHook(() => undefined);
    expect(thrownBy(() => odd.call(ones([1]))).code).toBe('SIMDNN_HOOK_OUTPUT');
  });
});

describe('the hook of a tensor', () => {
  it('gets the sum of what arrives, and replaces it', () => {
    const x = tensor([1, 2]).requiresGrad_();
    const y = x.mul(3);
    const seen: unknown[] = [];
    y.registerHook((g) => void seen.push(g.toArray()));
    y.registerHook((g) => g.mul(2));
    y.add(y.mul(y)).sum().backward();
    expect(seen).toEqual([[7, 13]]); // 1 + 2y
    expectSame(x.grad!, [42, 78]);
  });
  it('of a leaf gets what the pass adds, once', () => {
    const x = tensor([1, 2]).requiresGrad_();
    const seen: unknown[] = [];
    const handle = x.registerHook((g) => {
      seen.push(g.toArray());
      return g.mul(10);
    });
    x.mul(2).add(x).sum().backward();
    expectSame(x.grad!, [30, 30]);
    x.mul(5).sum().backward();
    expect(seen).toEqual([
      [3, 3],
      [5, 5],
    ]);
    expectSame(x.grad!, [80, 80]);
    const other = tensor([1]).requiresGrad_();
    other.sum().backward(); // passes that do not reach it leave it alone
    expect(seen).toHaveLength(2);
    handle.remove();
    x.sum().backward();
    expectSame(x.grad!, [81, 81]);
  });
  it('of a leaf that nothing reaches is not called, and its gradient stays', () => {
    const [x, y] = [tensor([1]).requiresGrad_(), tensor([2]).requiresGrad_()];
    x.grad = tensor([7]);
    x.registerHook(() => expect.unreachable());
    const z = x.mul(2);
    z.registerHook(() => undefined);
    y.add(z.detach()).sum().backward();
    expectSame(x.grad!, [7]);
  });
  it('of the root and of a leaf that is the root', () => {
    const x = tensor(2).requiresGrad_();
    x.registerHook((g) => g.mul(4));
    x.backward();
    expectSame(x.grad!, 4);
    const y = tensor(2).requiresGrad_();
    const root = y.mul(1);
    root.registerHook((g) => g.add(1));
    root.backward();
    expectSame(y.grad!, 2);
  });
  it('that throws leaves the gradient of before', () => {
    const x = tensor([1]).requiresGrad_();
    x.grad = tensor([7]);
    x.registerHook(() => {
      throw new Error('no');
    });
    expect(() => x.mul(2).sum().backward()).toThrow('no');
    expectSame(x.grad!, [7]);
  });
  it('keeps to the values that it was registered for', () => {
    const x = tensor([3]).requiresGrad_();
    const y = x.mul(1);
    const seen: unknown[] = [];
    y.registerHook((g) => void seen.push(g.toArray()));
    y.mul_(5);
    y.sum().backward();
    expect(seen).toEqual([[5]]);
  });
  it('refuses what has no gradient and what is none', () => {
    const hint = '\n  hint: requiresGrad_() has it require one';
    expectError(() => ones([1]).registerHook(() => {}), TypeError, `[Tensor.registerHook] this tensor requires no gradient${hint}`);
    const x = ones([2]).requiresGrad_();
    expectError(() => x.registerHook(null as never), TypeError, '[Tensor.registerHook] expected a function, got null');
    expectError(
      () => x.mul(2).registerPostAccumulateGradHook(() => {}),
      TypeError,
      '[Tensor.registerPostAccumulateGradHook] this tensor was made by mul: it has no grad to add to\n  hint: registerHook() is called with its gradient',
    );
    x.registerHook(() => ones([3]));
    expectError(() => x.sum().backward(), RangeError, '[Tensor.registerHook] expected the hook to return a gradient [2], got [3]');
    const y = ones([2]).requiresGrad_();
    y.registerHook(() => 3 as never);
    expect(thrownBy(() => y.sum().backward()).message).toContain('expected what the hook returns to be a tensor, got 3');
  });
});

it('a hook behind the accumulation sees the sum', () => {
  const x = tensor([1]).requiresGrad_();
  const seen: unknown[] = [];
  x.registerPostAccumulateGradHook((leaf) => void seen.push(leaf === x, leaf.grad!.toArray()));
  x.mul(2).sum().backward();
  x.mul(2).add(x).sum().backward();
  expect(seen).toEqual([true, [2], true, [5]]);
});

// Two steps before the first change and two after each.
type Change = (model: nn.Sequential) => void;

function setting() {
  manualSeed(3);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
  return {
    model,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    x: randn([5, 3]),
    y: randn([5, 2]),
    criterion: new nn.MSELoss(),
  };
}

function loop(changes: Change[], compiled: boolean, zeroes = true): number[] {
  const { model, optimizer, x, y, criterion } = setting();
  const eager = (a: Tensor, b: Tensor): Tensor => {
    if (zeroes) optimizer.zeroGrad();
    const loss = criterion.forward(model.call(a), b);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const step = compiled ? compile(eager) : eager;
  const losses: number[] = [];
  for (const change of [() => {}, ...changes]) {
    change(model);
    for (let i = 0; i < 2; i++) losses.push(step(x, y).item());
  }
  return [...losses, ...model.parameters().flatMap(flat)];
}

async function fit(changes: Change[]): Promise<number[]> {
  const { model, optimizer, x, y, criterion } = setting();
  const { loss } = await train.fit(model, {
    criterion,
    optimizer,
    loader: [[x, y]],
    epochs: 2 + 2 * changes.length,
    progress: false,
    onEpoch: ({ epoch }) => {
      if (epoch % 2 === 0) changes[epoch / 2 - 1]?.(model);
    },
  });
  return [...loss, ...model.parameters().flatMap(flat)];
}

describe('a hook that is added and removed between steps counts in the loop, compiled and in a fit:', () => {
  const kinds: Record<string, (model: nn.Sequential) => nn.HookHandle> = {
    'before forward': (model) => model[1]!.registerForwardPreHook((_, [x]) => (x as Tensor).mul(2)),
    'before forward of all': (model) => model.registerForwardPreHook((_, [x]) => [(x as Tensor).mul(2)]),
    'of gradients of arguments': (model) => model[1]!.registerFullBackwardHook((_, [g]) => g!.mul(3)),
    'of gradients of outputs': (model) => model[2]!.registerFullBackwardPreHook((_, [g]) => g!.mul(0.5)),
    'of a parameter': (model) => model.parameters()[0]!.registerHook((g) => g.clamp({ min: -0.01, max: 0.01 })),
    'behind accumulation': (model) => {
      const own = model.parameters()[1]!;
      const second = new optim.SGD([own], { lr: 0.2 });
      return own.registerPostAccumulateGradHook(() => second.step());
    },
  };
  it.each(Object.entries(kinds))('%s', async (_, register) => {
    const changes = (): Change[] => {
      let handle: nn.HookHandle;
      const add: Change = (model) => {
        handle = register(model);
      };
      return [add, () => handle.remove(), add];
    };
    const eager = loop(changes(), false);
    expect(eager.every(Number.isFinite)).toBe(true);
    expect(eager).not.toEqual(loop([() => {}, () => {}, () => {}], false));
    expect(loop(changes(), true)).toEqual(eager);
    expect(await fit(changes())).toEqual(eager);
    const summed = loop(changes(), false, false);
    expect(loop(changes(), true, false)).toEqual(summed);
    expect(summed).not.toEqual(eager);
  });
  it('a tensor inside the function', () => {
    const run = (wrap: (fn: (x: Tensor) => Tensor) => (x: Tensor) => Tensor): number[] => {
      const w = tensor([1, 2]).requiresGrad_();
      const step = wrap((x) => {
        w.grad = null;
        const y = w.mul(x);
        y.registerHook((g) => g.mul(3));
        y.sum().backward();
        return noGradStep(w);
      });
      return [1, 2, 3].flatMap((v) => flat(step(tensor([v, 1]))));
    };
    const noGradStep = (w: Tensor): Tensor => {
      new optim.SGD([w], { lr: 1 }).step();
      return w.detach().clone();
    };
    const eager = run((fn) => fn);
    expect(eager).toEqual([-2, -1, -8, -4, -17, -7]);
    expect(run((fn) => compile(fn))).toEqual(eager);
  });
  it('cannot read values there', () => {
    const { model, x } = setting();
    model[1]!.registerFullBackwardHook((_, [g]) => void g!.toArray());
    const step = compile((a: Tensor) => {
      const loss = model.call(a).sum();
      loss.backward();
      return loss;
    });
    expect(thrownBy(() => step(x)).code).toBe('SIMDNN_READ_WHILE_RECORDING');
  });
  it('of another tensor does not make a recording anew', () => {
    const { model, x } = setting();
    let runs = 0;
    const step = compile((a: Tensor) => {
      runs++;
      model.zeroGrad();
      const loss = model.call(a).sum();
      loss.backward();
      return loss;
    });
    step(x);
    const other = ones([1]).requiresGrad_();
    other.registerHook(() => undefined);
    model
      .parameters()[0]!
      .registerHook(() => undefined)
      .remove();
    for (let i = 0; i < 3; i++) step(x);
    expect(runs).toBe(1);
  });
});
