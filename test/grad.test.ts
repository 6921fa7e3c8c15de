// autograd.grad: the gradients that backward would gather, and nothing else changed.
import { describe, expect, it } from 'vitest';
import { autograd, compile, nn, randn, tensor, zeros } from '../src/index';
import type { Tensor } from '../src/tensor';
import { expectError, expectSame, thrownBy } from './helpers';

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });

describe('autograd.grad', () => {
  it('gives the bits of backward, and leaves grad alone', () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
    const x = randn([5, 3], { requiresGrad: true });
    const loss = (): Tensor => model.call(x).square().mean();
    const inputs = [x, ...model.parameters()];
    const gradients = autograd.grad(loss(), inputs);
    expect(inputs.map((t) => t.grad)).toEqual(inputs.map(() => null));
    loss().backward();
    const gathered = inputs.map((t) => t.grad!.clone());
    gradients.forEach((gradient, i) => {
      expectSame(gradient, gathered[i]!);
      expect([gradient.shape, gradient.requiresGrad]).toEqual([inputs[i]!.shape, false]);
    });
    const part = autograd.grad(loss(), [model.parameters()[1]!, x]);
    expectSame(part[0]!, gathered[2]!);
    expectSame(part[1]!, gathered[0]!);
    for (const [i, t] of inputs.entries()) expectSame(t.grad!, gathered[i]!);
    expect(inputs.every((t) => t.requiresGrad)).toBe(true);
    loss().backward(); // gathers on
    expectSame(x.grad!, gathered[0]!.add(gathered[0]!));
  });

  it('goes to tensors between, to an output itself, and skips what leads nowhere', () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const c = a.mul(b);
    const d = c.exp().mul(0).add(c.mul(2));
    const [dc, da] = autograd.grad(d.sum(), [c, a]);
    expectSame(dc!, [2, 2]);
    expectSame(da!, [6, 8]);
    expect(b.grad).toBeNull();
    const [itself] = autograd.grad(a, a, { gradOutputs: tensor([5, 6]) });
    expectSame(itself!, [5, 6]);
    expect(a.grad).toBeNull();
    const softened = b.softmax(0).add(a); // the node of softmax leads to b alone
    expectSame(autograd.grad(softened.sum(), a)[0]!, [1, 1]);
  });

  it('takes several outputs with their gradients, and null for an unused input', () => {
    const [a, b] = [leaf([1, 2]), leaf([3])];
    const outputs = [a.mul(2), a.sum()];
    const [da, db] = autograd.grad(outputs, [a, b], { gradOutputs: [tensor([1, 10]), null], allowUnused: true });
    expectSame(da!, [3, 21]);
    expect(db).toBeNull();
  });

  // Values of torch.autograd.grad. But for y when x is asked for as well: PyTorch gives it without its hook then, against its documentation.
  it('runs the hooks of tensors on the way to what is asked for, and not those that wait for grad', () => {
    const setting = () => {
      const called: string[] = [];
      const hook = (name: string, factor: number) => (gradient: Tensor) => {
        called.push(name);
        return gradient.mul(factor);
      };
      const [x, w] = [leaf([1, 2]), leaf([1, 1])];
      x.registerHook(hook('x', 100));
      x.registerPostAccumulateGradHook(() => void called.push('grad'));
      w.registerHook(hook('w', 7));
      const [y, v] = [x.mul(2), w.mul(5)];
      y.registerHook(hook('y', 10));
      v.registerHook(hook('v', 10));
      return { x, y, w, v, z: y.mul(v).sum(), called };
    };
    type Name = 'x' | 'y' | 'w' | 'v';
    const expected: [names: Name[], gradients: number[][], called: string[]][] = [
      [['x'], [[10000, 10000]], ['y', 'x']],
      [['y'], [[50, 50]], ['y']],
      [
        ['x', 'y'],
        [
          [10000, 10000],
          [50, 50],
        ],
        ['y', 'x'],
      ],
      [['w'], [[700, 1400]], ['v', 'w']],
      [['v'], [[20, 40]], ['v']],
    ];
    for (const [names, gradients, called] of expected) {
      const made = setting();
      const found = autograd.grad(
        made.z,
        names.map((name) => made[name]),
      );
      expect(found.map((gradient) => gradient.toArray())).toEqual(gradients);
      expect(made.called).toEqual(called);
      expect([made.x.grad, made.w.grad]).toEqual([null, null]);
    }
  });

  it('leaves grad alone when a hook throws', () => {
    const x = leaf([1, 2]);
    x.sum().backward();
    x.registerHook(() => {
      throw new Error('mine');
    });
    expect(() => autograd.grad(x.square().sum(), x)).toThrow('mine');
    expectSame(x.grad!, [1, 1]);
    expect(x.requiresGrad).toBe(true);
  });

  it('frees the tape unless it is to be kept', () => {
    const a = leaf([2]);
    const y = a.square().sum();
    expectSame(autograd.grad(y, a, { retainGraph: true })[0]!, [4]);
    expectSame(autograd.grad(y, [a, a])[1]!, [4]);
    expect(thrownBy(() => autograd.grad(y, a)).code).toBe('SIMDNN_GRAPH_FREED');
  });

  it('leaves everything as it was when a gradient fails', () => {
    const a = leaf([2]);
    a.mul(3).sum().backward();
    const y = a.square().sum();
    y.node!.backward = () => {
      throw new Error('no');
    };
    expect(() => autograd.grad(y, a)).toThrow('no');
    expect([a.requiresGrad, a.grad!.toArray()]).toEqual([true, [3]]);
  });

  it('says what does not fit', () => {
    const [a, b] = [leaf([1, 2]), leaf([3])];
    const y = a.mul(2);
    expectError(
      () => autograd.grad(y, a),
      RangeError,
      '[autograd.grad] expected a scalar, got shape [2]\n  hint: give autograd.grad() a gradient of that shape, or call mean() or sum() first',
    );
    expectError(() => autograd.grad(y, a, { gradOutputs: zeros([3]) }), RangeError, '[autograd.grad] expected a gradient [2], got [3]');
    expectError(
      () => autograd.grad(y, a, { gradOutputs: [] }),
      RangeError,
      '[autograd.grad] expected as many gradOutputs as outputs, got 0 and 1',
    );
    expectError(
      () => autograd.grad(y, a, { gradOutputs: 1 as never }),
      TypeError,
      '[autograd.grad] expected gradOutputs to be a tensor or an array of them, got 1',
    );
    expectError(
      () => autograd.grad(1 as never, a),
      TypeError,
      '[autograd.grad] expected outputs to be a tensor or an array of them, got 1',
    );
    expectError(() => autograd.grad(y, []), RangeError, '[autograd.grad] expected inputs to have a tensor, got none');
    expectError(
      () => autograd.grad(y, a, { createGraph: true } as never),
      TypeError,
      '[autograd.grad] unknown option "createGraph" (known: gradOutputs, retainGraph, allowUnused)',
    );
    expect(thrownBy(() => autograd.grad(y.sum(), b)).message).toBe(
      '[autograd.grad] the outputs were not made from inputs[0] [1]\n  hint: grad(outputs, inputs, { allowUnused: true }) gives null for it',
    );
    expect(thrownBy(() => autograd.grad(y.sum(), zeros([1]))).code).toBe('SIMDNN_NO_GRAPH');
    expect(thrownBy(() => autograd.grad(zeros([]), a)).message).toMatch(/^\[autograd.grad\] this tensor does not require a gradient/);
    expect(thrownBy(() => compile((x: Tensor) => autograd.grad(x.mul(a).sum(), a))(zeros([2]))).message).toMatch(
      /^\[autograd.grad\] cannot be recorded/,
    );
  });
});
