import { describe, expect, test } from 'vitest';
import { noGrad } from '../src/autograd';
import { SimdnnError } from '../src/errors';
import { arange, cat, linear, ones, tensor, zeros } from '../src/ops';
import { Tensor } from '../src/tensor';
import { expectError, gradientCheck } from './helpers';
import { map, numbers, product } from './model';

const leaf = (...values: number[]): Tensor => tensor(values, { requiresGrad: true });

describe('gradients add up', () => {
  test('when one tensor is both operands', () => {
    const x = leaf(3);
    x.add(x).backward();
    expect(x.grad!.toArray()).toEqual([2]);
    x.grad = null;
    x.mul(x).backward();
    expect(x.grad!.toArray()).toEqual([6]);
    x.grad = null;
    x.sub(x).backward();
    expect(x.grad!.toArray()).toEqual([0]);
    gradientCheck(
      (m) => m.matmul(m),
      (m) => product(m, m),
      [numbers([3, 3])],
    );
    gradientCheck(
      (m) => linear(m, m),
      (m) => product(m, { shape: [3, 3], data: m.data.map((_, i) => m.data[(i % 3) * 3 + Math.floor(i / 3)]!) }),
      [numbers([3, 3])],
    );
  });

  test('where paths meet again', () => {
    gradientCheck(
      (x) => {
        const [a, b] = [x.exp(), x.mul(2)];
        return a.mul(b).add(a).sub(b);
      },
      (m) => map(m, (v) => Math.exp(v) * 2 * v + Math.exp(v) - 2 * v),
      [numbers([7])],
    );
  });

  test('over several backward passes, and start anew after null', () => {
    const x = leaf(1, 2);
    for (let i = 0; i < 3; i++) x.mul(2).sum().backward();
    expect(x.grad!.toArray()).toEqual([6, 6]);
    x.grad = null;
    expect(x.grad).toBe(null);
    x.mul(5).sum().backward();
    expect(x.grad!.toArray()).toEqual([5, 5]);
  });

  test('one incoming gradient that two tensors share is not changed by either', () => {
    const x = leaf(1);
    const [a, b] = [x.mul(2), x.mul(3)];
    // a and b get the same gradient from add; a gets another one besides
    a.add(b).add(a.mul(10)).backward();
    expect(x.grad!.toArray()).toEqual([2 * 11 + 3]);
  });

  test('onto an assigned gradient', () => {
    const x = leaf(1, 2);
    x.grad = tensor([10, 20]);
    x.sum().backward();
    expect(x.grad!.toArray()).toEqual([11, 21]);
  });
});

describe('backward', () => {
  test('takes the gradient to start with', () => {
    const x = leaf(1, 2, 3);
    const start = tensor([1, 10, 100]);
    x.mul(2).backward(start);
    expect(x.grad!.toArray()).toEqual([2, 20, 200]);
    expect(start.toArray()).toEqual([1, 10, 100]);
  });

  test('of a leaf gives it the gradient itself, a copy', () => {
    const x = tensor(2, { requiresGrad: true });
    x.backward();
    x.backward();
    expect(x.grad!.item()).toBe(2);
    const y = leaf(1, 2);
    const start = tensor([3, 4]);
    y.backward(start);
    expect(y.grad!.data).not.toBe(start.data);
    expect(y.grad!.toArray()).toEqual([3, 4]);
  });

  test('refuses options that it does not know', () => {
    const loss = leaf(1, 2).sum();
    const wrong = (options: unknown) => () => loss.backward(undefined, options as never);
    expectError(wrong({ retain_graph: true }), TypeError, '[backward] unknown option "retain_graph", did you mean "retainGraph"?');
    expectError(wrong({ createGraph: true }), TypeError, '[backward] unknown option "createGraph" (known: retainGraph)');
    expectError(wrong({ retainGraph: 1 }), TypeError, '[backward] expected retainGraph to be true or false, got 1');
    expectError(wrong(true), TypeError, '[backward] expected an options object, got true\n  hint: backward(..., { retainGraph })');
    loss.backward(undefined, { retainGraph: undefined });
  });

  test('starts from any tensor with one element', () => {
    const x = leaf(3);
    x.mul(2).reshape([1, 1]).backward();
    expect(x.grad!.toArray()).toEqual([2]);
  });

  test('walks a hundred thousand operations', () => {
    const x = tensor(1, { requiresGrad: true });
    let y: Tensor = x;
    for (let i = 0; i < 100_000; i++) y = y.add(1e-3);
    y.backward();
    expect(x.grad!.item()).toBe(1);
  });

  test('visits each node once, however many paths lead to it', () => {
    const x = tensor(1, { requiresGrad: true });
    let y: Tensor = x;
    for (let i = 0; i < 60; i++) y = y.add(y); // 2^60 paths
    y.backward();
    expect(x.grad!.item()).toBe(2 ** 60);
  });

  test('keeps gradients of leaves alone', () => {
    const x = leaf(1, 2);
    const y = x.mul(2);
    y.sum().backward();
    expect(y.grad).toBe(null);
  });

  test('does not reach tensors that need no gradient', () => {
    const [x, y] = [leaf(1), tensor([2])];
    x.mul(y).backward();
    expect(y.grad).toBe(null);
    x.detach().mul(x).backward();
    expect(x.grad!.toArray()).toEqual([2 + 1]);
  });
});

describe('the tape', () => {
  test('is freed by the first backward', () => {
    const x = leaf(1);
    const y = x.mul(2);
    y.backward();
    const error = [
      SimdnnError,
      '[backward] the graph through mul was freed by an earlier backward()\n  hint: backward(undefined, { retainGraph: true }) keeps it',
    ] as const;
    expectError(() => y.backward(), ...error);
    expectError(() => y.add(1).backward(), ...error);
    expect(x.grad!.toArray()).toEqual([2]);
  });

  test('stays with retainGraph', () => {
    const x = leaf(1, 2);
    const y = x.mul(x).sum();
    y.backward(undefined, { retainGraph: true });
    y.backward(undefined, { retainGraph: true });
    y.backward();
    expect(x.grad!.toArray()).toEqual([6, 12]);
    expect(() => y.backward()).toThrow('was freed');
  });

  test('refuses a value that was changed in place since', () => {
    const x = leaf(1, 2);
    const y = x.mul(x).sum();
    x.version.count++;
    expectError(
      () => y.backward(),
      SimdnnError,
      '[backward] a tensor [2] that the gradient of mul needs was changed in place after it was used\n' +
        '  hint: call backward() before optimizer.step() and before loading weights',
    );
    expect(x.grad).toBe(null);
  });

  test('accepts a change of what no gradient needs', () => {
    const x = leaf(1, 2);
    const y = x.add(x).sum();
    x.version.count++;
    y.backward();
    expect(x.grad!.toArray()).toEqual([2, 2]);
    // the gradient of a weight reads its input, not the weight
    for (const product of [
      (w: Tensor) => w.mul(tensor([[3, 4]])),
      (w: Tensor) => tensor([[3, 4]]).mul(w),
      (w: Tensor) => w.div(tensor([[1 / 3, 0.25]])),
      (w: Tensor) => tensor([[3, 4]]).matmul(w.t()),
      (w: Tensor) => linear(tensor([[3, 4]]), w),
    ]) {
      const w = tensor([[1, 2]], { requiresGrad: true });
      const z = product(w).sum();
      w.version.count++;
      z.backward();
      expect(w.grad!.toArray()).toEqual([[3, 4]]);
    }
  });

  test('refuses a change of what one of two gradients needs', () => {
    for (const product of [
      (a: Tensor, b: Tensor) => a.mul(b),
      (a: Tensor, b: Tensor) => b.div(a),
      (a: Tensor, b: Tensor) => b.matmul(a),
      (a: Tensor, b: Tensor) => linear(b, a),
    ]) {
      const [a, b] = [tensor([[2]], { requiresGrad: true }), tensor([[3]], { requiresGrad: true })];
      const y = product(a, b).sum();
      a.version.count++;
      expect(() => y.backward()).toThrow('changed in place');
    }
  });

  test('codes tell the errors apart', () => {
    const codeOf = (fn: () => void): string => {
      try {
        fn();
      } catch (error) {
        return (error as SimdnnError).code;
      }
      return 'none';
    };
    const x = leaf(1);
    const [freed, changed] = [x.mul(x), x.mul(x)];
    freed.backward();
    x.version.count++;
    expect([codeOf(() => freed.backward()), codeOf(() => changed.backward()), codeOf(() => tensor(1).backward())]).toEqual([
      'SIMDNN_GRAPH_FREED',
      'SIMDNN_CHANGED_IN_PLACE',
      'SIMDNN_NO_GRAPH',
    ]);
  });

  test('holds nothing of inputs after it was freed', () => {
    const x = leaf(1);
    const y = x.mul(2);
    y.backward();
    expect(y.node!.inputs).toEqual([]);
  });
});

describe('noGrad', () => {
  test('records nothing and returns what the function returns', () => {
    const x = leaf(1);
    const y = noGrad(() => x.mul(2));
    expect([y.requiresGrad, y.toArray()]).toEqual([false, [2]]);
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  test('nests, and ends when the function throws', () => {
    const x = leaf(1);
    noGrad(() => {
      noGrad(() => {});
      expect(x.mul(2).requiresGrad).toBe(false);
    });
    expect(() =>
      noGrad(() => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  test('refuses a promise, and what is no function', () => {
    expectError(
      () => noGrad(async () => {}),
      TypeError,
      '[noGrad] the function returned a promise\n  hint: await outside, and call noGrad around the synchronous parts',
    );
    expectError(() => noGrad(3 as never), TypeError, '[noGrad] expected a function, got 3');
    expect(leaf(1).mul(2).requiresGrad).toBe(true);
  });
});

describe('errors of backward', () => {
  test('no history', () => {
    const message =
      '[backward] this tensor does not require a gradient and has no history\n  hint: was it made inside noGrad(), or from tensors without requiresGrad?';
    expectError(() => tensor(1).backward(), SimdnnError, message);
    expectError(() => noGrad(() => leaf(1).mul(2)).backward(), SimdnnError, message);
    expectError(() => leaf(1).detach().backward(), SimdnnError, message);
  });

  test('more than one element', () => {
    expectError(
      () => leaf(1, 2).mul(2).backward(),
      RangeError,
      '[backward] expected a scalar, got shape [2]\n  hint: give backward() a gradient of that shape, or call mean() or sum() first',
    );
  });

  test('a gradient that does not fit', () => {
    const y = leaf(1, 2).mul(2);
    expectError(() => y.backward(zeros([3])), RangeError, '[backward] expected a gradient [2], got [3]');
    expectError(
      () => y.backward(zeros([2], { dtype: 'int32' })),
      TypeError,
      '[backward] expected gradient to be float32, got int32\n  hint: gradient.to("float32") converts it',
    );
    expectError(
      () => y.backward([1, 1] as never),
      TypeError,
      '[backward] expected gradient to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
  });

  test('a failed backward leaves nothing half done behind', () => {
    const x = leaf(1);
    const y = x.mul(x);
    const z = y.mul(2);
    x.version.count++;
    expect(() => z.backward()).toThrow('changed in place');
    expect([x.grad, y.gradient, z.gradient]).toEqual([null, null, null]);
    x.mul(3).backward();
    expect(x.grad!.toArray()).toEqual([3]);
  });
});

describe('memory of gradients', () => {
  test('that was seen is never written again', () => {
    const x = leaf(1, 2);
    const weight = tensor([[1, 1]], { requiresGrad: true });
    const step = (factor: number): void =>
      linear(x.reshape([1, 2]), weight.mul(factor))
        .sum()
        .backward();
    step(1);
    const first = [x.grad!, weight.grad!];
    const kept = first.map((g) => [...g.data]);
    for (let i = 0; i < 5; i++) {
      x.grad = null;
      weight.grad = null;
      step(i + 2);
    }
    expect(first.map((g) => [...g.data])).toEqual(kept);
    expect(x.grad).not.toBe(first[0]);
  });

  test('that no one saw serves the next one', () => {
    const weight = tensor([[1, 1]], { requiresGrad: true });
    const step = (): void =>
      linear(tensor([[3, 4]]), weight)
        .sum()
        .backward();
    step();
    const memory = weight.gradient!.values;
    weight.grad = null;
    step();
    expect(weight.gradient!.values).toBe(memory);
    expect(weight.grad!.toArray()).toEqual([[3, 4]]);
  });

  test('of a loss that is shared goes to each leaf as its own', () => {
    const [x, y] = [leaf(1, 2), leaf(3, 4)];
    x.add(y).sum().backward();
    x.grad!.data[0] = 99;
    expect(y.grad!.toArray()).toEqual([1, 1]);
    const parts = [leaf(1, 2), leaf(3)];
    cat(parts).backward(ones([3]));
    parts[0]!.grad!.data[1] = 99;
    expect(parts[1]!.grad!.toArray()).toEqual([1]);
  });
});

test('integers get no gradients', () => {
  const labels = arange(3, { dtype: 'int32' });
  expect(labels.add(1).requiresGrad).toBe(false);
  expectError(() => labels.requiresGrad_(), TypeError, '[Tensor.requiresGrad_] only float32 tensors have gradients, this one is int32');
  expect(Tensor.fromTypedArray(Float32Array.of(1)).requiresGrad_().requiresGrad).toBe(true);
});
