// The methods that end in _: values against the float64 model, shared memory, what autograd forbids, and gradients where it allows them.
import { describe, expect, it, test } from 'vitest';
import { manualSeed, nn, noGrad, ones, rand, randn, tensor, zeros } from '../../src/index';
import { Tensor } from '../../src/tensor';
import { expectClose, expectError, expectSame, gradientCheck, thrownBy } from '../helpers';
import { build, get, type Model, map, numbers, toTensor, zip } from '../model';

const int = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });

// Each method with another tensor, and what it makes of two numbers.
const withOther: Record<string, { call: (x: Tensor, other: Tensor) => Tensor; of: (a: number, b: number) => number }> = {
  copy_: { call: (x, other) => x.copy_(other), of: (_, b) => b },
  add_: { call: (x, other) => x.add_(other), of: (a, b) => a + b },
  sub_: { call: (x, other) => x.sub_(other), of: (a, b) => a - b },
  mul_: { call: (x, other) => x.mul_(other), of: (a, b) => a * b },
  div_: { call: (x, other) => x.div_(other), of: (a, b) => a / b },
  lerp_: { call: (x, other) => x.lerp_(other, 0.3), of: (a, b) => a + 0.3 * (b - a) },
  'lerp_ of more than a half': { call: (x, other) => x.lerp_(other, 0.8), of: (a, b) => a + 0.8 * (b - a) },
};
const alone: Record<string, { call: (x: Tensor) => Tensor; of: (a: number) => number }> = {
  'add_ of a number': { call: (x) => x.add_(1.5), of: (a) => a + 1.5 },
  'sub_ of a number': { call: (x) => x.sub_(1.5), of: (a) => a - 1.5 },
  'mul_ of a number': { call: (x) => x.mul_(1.5), of: (a) => a * 1.5 },
  'div_ of a number': { call: (x) => x.div_(1.5), of: (a) => a / 1.5 },
  clamp_: { call: (x) => x.clamp_({ min: -0.5, max: 1 }), of: (a) => Math.min(1, Math.max(-0.5, a)) },
  'clamp_ from below': { call: (x) => x.clamp_({ min: 0.25 }), of: (a) => Math.max(0.25, a) },
  fill_: { call: (x) => x.fill_(2.5), of: () => 2.5 },
  zero_: { call: (x) => x.zero_(), of: () => 0 },
};

describe.each(Object.entries(withOther))('%s', (_, { call, of }) => {
  it.each([
    [
      [3, 4],
      [3, 4],
    ],
    [[3, 4], [4]],
    [
      [3, 4],
      [3, 1],
    ],
    [
      [2, 3, 2],
      [1, 3, 1],
    ],
    [[2, 3], []],
    [[], []],
    [[0, 3], [3]],
    [
      [40, 50],
      [40, 1],
    ],
  ])('%j by %j', (own, other) => {
    const [a, b] = [numbers(own), map(numbers(other, 1, 3, 2), (v) => v)];
    const x = toTensor(a);
    expect(call(x, toTensor(b))).toBe(x);
    expectClose(x, zip(a, b, of), 1e-5);
  });

  it.each([
    [
      [3, 4],
      [4, 3],
    ],
    [[4], [3, 4]],
    [
      [1, 4],
      [3, 4],
    ],
    [[3], [1, 3]],
  ])('%j by %j does not fit', (own, other) => {
    expect(thrownBy(() => call(zeros(own), ones(other))).message).toMatch(/expected (other|src|end) to broadcast to \[.*\], got \[/);
  });

  it('has the bits of the function without _, with itself, and with parts of itself in any overlap', () => {
    const start = numbers([4, 3], -2, 2, 3);
    const fresh = (): Tensor => toTensor(start);
    const part = (x: Tensor, from: number, rows: number): Tensor => x.narrow(0, from, rows);
    const cases: ((x: Tensor) => [Tensor, Tensor])[] = [
      (x) => [x, x],
      (x) => [x, x.detach()],
      (x) => [x, x.reshape([4, 3])],
      (x) => [part(x, 0, 3), part(x, 1, 3)],
      (x) => [part(x, 1, 3), part(x, 0, 3)],
      (x) => [x, part(x, 2, 1)],
      (x) => [x, part(x, 0, 1).reshape([3])],
      (x) => [x, x.reshape([12]).narrow(0, 5, 1)],
      (x) => [x.reshape([12]).narrow(0, 1, 11), x.reshape([12]).narrow(0, 0, 11)],
    ];
    for (const parts of cases) {
      const x = fresh();
      const [target, other] = parts(x);
      const expected = fresh();
      const [place] = parts(expected);
      call(place, other.clone());
      call(target, other);
      expectSame(x, expected);
    }
  });

  it('gradients of both', () => {
    const bound = 2e-5;
    const model = (a: Model, b: Model): Model =>
      zip(
        map(a, (v) => 2 * v),
        b,
        of,
      );
    for (const other of [[3, 4], [4], [3, 1], []]) {
      gradientCheck((x, y) => call(x.mul(2), y), model, [numbers([3, 4]), numbers(other, 1, 3, 2)], bound);
    }
    // by another that needs none, of another alone, and of one tensor as both
    const b = toTensor(numbers([4], 1, 3, 2));
    gradientCheck(
      (x) => call(x.mul(2), b),
      (a) => model(a, numbers([4], 1, 3, 2)),
      [numbers([3, 4])],
      bound,
    );
    gradientCheck(
      (y) => call(ones([3, 4]), y),
      (m) =>
        zip(
          build([3, 4], () => 1),
          m,
          of,
        ),
      [numbers([4], 1, 3, 2)],
      bound,
    );
    gradientCheck(
      (x) => {
        const y = x.mul(2);
        return call(y, y);
      },
      (a) => map(a, (v) => of(2 * v, 2 * v)),
      [numbers([3], 1, 2)],
      bound,
    );
  });
});

describe.each(Object.entries(alone))('%s', (_, { call, of }) => {
  it('values', () => {
    for (const shape of [[3, 4], [], [0], [2000]]) {
      const a = numbers(shape);
      const x = toTensor(a);
      expect(call(x)).toBe(x);
      expectClose(x, map(a, of), 1e-6);
    }
  });
  it('gradients', () => {
    gradientCheck(
      (x) => call(x.mul(2)),
      (a) => map(a, (v) => of(2 * v)),
      [numbers([3, 4])],
    );
  });
});

describe('random numbers', () => {
  it('are those of rand and randn', () => {
    manualSeed(3);
    const [a, b, c, d] = [zeros([7]).uniform_(), zeros([7]).normal_(), zeros([7]).uniform_(-2, 4), zeros([7]).normal_(10, 0.5)];
    manualSeed(3);
    expectSame(a, rand([7]));
    expectSame(b, randn([7]));
    expectClose(
      c,
      map({ shape: [7], data: [...rand([7]).data] }, (v) => -2 + 6 * v),
      1e-6,
    );
    expectClose(
      d,
      map({ shape: [7], data: [...randn([7]).data] }, (v) => 10 + 0.5 * v),
      2e-6,
    );
  });
  it('cut off the gradient', () => {
    const x = ones([2], { requiresGrad: true });
    for (const call of [(t: Tensor) => t.uniform_(), (t: Tensor) => t.normal_()]) {
      x.grad = null;
      call(x.mul(2)).mul(3).sum().backward();
      expectSame(x.grad!, [0, 0]);
    }
  });
  it('refuse bad bounds and int32', () => {
    expectError(() => zeros([1]).uniform_(2, 1), RangeError, '[Tensor.uniform_] expected to to be at least 2, got 1');
    expectError(() => zeros([1]).normal_(0, -1), RangeError, '[Tensor.normal_] expected std to be at least 0, got -1');
    for (const name of ['uniform_', 'normal_'] as const) {
      expect(thrownBy(() => int([1])[name]()).message).toContain(`[Tensor.${name}] expected x to be float32, got int32`);
    }
  });
});

describe('element types', () => {
  it('copy_ converts', () => {
    expectSame(int([0, 0]).copy_(tensor([1.7, -1.7])), [1, -1]);
    expectSame(zeros([2]).copy_(int([3, 4])), [3, 4]);
    expect(int([0]).copy_(tensor([1])).dtype).toBe('int32');
  });
  it('copy_ converts between views of one memory', () => {
    const floats = new Float32Array(3);
    const x = Tensor.fromTypedArray(new Int32Array(floats.buffer), [3]).copy_(tensor([1, 2, 3]));
    expectSame(Tensor.fromTypedArray(floats).copy_(x), [1, 2, 3]);
  });
  it('float32 takes int32', () => {
    expectSame(tensor([0.5, 1.5]).add_(int([1, 2])), [1.5, 3.5]);
    expectSame(tensor([0.5, 1.5]).div_(int([2, 4])), [0.25, 0.375]);
  });
  it('int32 takes int32, and wraps', () => {
    expectSame(int([2147483647, 5]).add_(1), [-2147483648, 6]);
    expectSame(int([7, 8]).sub_(int([3])), [4, 5]);
    expectSame(int([7, 8]).mul_(int([3, 2])), [21, 16]);
    expectSame(int([7, 8]).fill_(3), [3, 3]);
    expectSame(int([7, 8]).zero_(), [0, 0]);
  });
  it('int32 takes no float32', () => {
    const hint = (name: string) =>
      `[Tensor.${name}_] the result is float32, and this tensor is int32\n  hint: ${name}() makes a new tensor, to("float32") converts this one`;
    expectError(() => int([1]).add_(tensor([1])), TypeError, hint('add'));
    expectError(() => int([1]).mul_(0.5), TypeError, hint('mul'));
    expectError(() => int([1]).sub_(tensor([1])), TypeError, hint('sub'));
    expectError(() => int([1]).div_(2), TypeError, hint('div'));
    expectError(() => int([1]).fill_(0.5), RangeError, '[Tensor.fill_] 0.5 is not an int32');
    expect(thrownBy(() => int([1]).lerp_(int([1]), 0.5)).message).toContain('[Tensor.lerp_] expected x to be float32, got int32');
  });
});

it('refuses other arguments', () => {
  expectError(
    () => zeros([1]).copy_(3 as never),
    TypeError,
    '[Tensor.copy_] expected src to be a tensor, got 3\n  hint: tensor(...) makes one',
  );
  expect(thrownBy(() => zeros([1]).add_('1' as never)).message).toBe('[Tensor.add_] expected other to be a tensor, got "1"');
  expect(thrownBy(() => zeros([1]).fill_(ones([1]))).message).toBe(
    '[Tensor.fill_] expected value to be a number or a scalar tensor, got [1]',
  );
  expect(thrownBy(() => zeros([1]).clamp_({})).message).toContain('[Tensor.clamp_] expected min, max or both');
  expect(thrownBy(() => zeros([1]).lerp_(ones([1]), ones([2]))).message).toBe(
    '[Tensor.lerp_] expected weight to broadcast to [1], got [2]',
  );
  expect(thrownBy(() => zeros([1]).lerp_(ones([1]), int([1]) as never)).message).toContain(
    '[Tensor.lerp_] expected weight to be float32, got int32',
  );
  expect(thrownBy(() => zeros([1]).lerp_(ones([1]), Number.NaN)).message).toBe('[Tensor.lerp_] expected weight to be a number, got NaN');
});

test('lerp_ is exact at both ends', () => {
  expectSame(tensor([0.1, -3]).lerp_(tensor([1e9, 0.7]), 0), [Math.fround(0.1), -3]);
  expectSame(tensor([0.1, 1e9]).lerp_(tensor([1e9, 0.7]), 1), [1e9, Math.fround(0.7)]);
});

describe('shared memory', () => {
  it('changes are seen through every view, both ways', () => {
    const x = zeros([2, 3]);
    const [flat, detached, row] = [x.reshape([6]), x.detach(), x.narrow(0, 1, 1)];
    row.fill_(5);
    flat.add_(1);
    detached.mul_(2);
    for (const t of [x, flat, detached]) expectSame(t, [2, 2, 2, 12, 12, 12]);
    expectSame(row, [12, 12, 12]);
  });
  it('a parameter and its data', () => {
    const data = ones([2]);
    const p = new nn.Parameter(data);
    noGrad(() => p.mul_(3));
    expectSame(data, [3, 3]);
  });
  it('all of them count the change', () => {
    const [w, x] = [ones([2], { requiresGrad: true }), ones([2])];
    for (const change of [() => x.reshape([1, 2]).zero_(), () => x.detach().add_(1), () => x.narrow(0, 0, 1).copy_(tensor([4]))]) {
      const loss = w.mul(x).sum();
      change();
      expect(thrownBy(() => loss.backward()).code).toBe('SIMDNN_CHANGED_IN_PLACE');
    }
  });
});

describe('what autograd forbids', () => {
  const calls: Record<string, (x: Tensor) => Tensor> = {
    ...Object.fromEntries(Object.entries(withOther).map(([name, { call }]) => [name, (x: Tensor) => call(x, tensor([3]))])),
    ...Object.fromEntries(Object.entries(alone).map(([name, { call }]) => [name, call])),
    uniform_: (x) => x.uniform_(),
    normal_: (x) => x.normal_(),
  };
  describe.each(Object.entries(calls))('%s', (name, call) => {
    const method = `Tensor.${name.split(' ')[0]}`;
    it('of a leaf that requires a gradient', () => {
      const w = ones([2], { requiresGrad: true });
      expectError(
        () => call(w),
        thrownBy(() => call(w)).constructor as never,
        `[${method}] a leaf tensor that requires grad is being used in an in-place operation\n  hint: noGrad(() => ...) around it changes the values alone`,
      );
      expect(thrownBy(() => call(w)).code).toBe('SIMDNN_LEAF_IN_PLACE');
      expectSame(w, [1, 1]);
      const changed = noGrad(() => call(w));
      expect(changed).toBe(w);
      expect(w.requiresGrad).toBe(true);
      w.mul(5).sum().backward();
      expectSame(w.grad!, [5, 5]);
    });
    it('of views and what has views, where it would be recorded', () => {
      const w = ones([2], { requiresGrad: true });
      const [whole, base] = [w.mul(2), w.mul(2)];
      const view = base.reshape([2, 1]);
      whole.narrow(0, 0, 1);
      for (const t of [w.reshape([2, 1]), view, base, whole]) {
        const before = [...t.data];
        expect(thrownBy(() => call(t)).code).toBe('SIMDNN_VIEW_IN_PLACE');
        expectSame(t, before);
      }
      base.sum().backward();
      expectSame(w.grad!, [2, 2]);
    });
  });

  it('a gradient that would reach one of several tensors on a memory', () => {
    const [buffer, w] = [zeros([4]), ones([1], { requiresGrad: true })];
    const error = thrownBy(() => buffer.narrow(0, 0, 2).mul_(w));
    expect(error.message).toBe(
      '[Tensor.mul_] the change would be recorded for the backward pass, and the tensor shares its memory with others (views of it, or what it is a view of)\n' +
        '  hint: change a clone() of it, or use mul() if there is one; noGrad(() => ...) around it changes the values alone',
    );
  });
});

describe('the history', () => {
  it('of a tensor that had none comes from the other', () => {
    const [w, sum] = [tensor([2, 3], { requiresGrad: true }), zeros([2])];
    for (let i = 1; i <= 3; i++) sum.add_(w.mul(i));
    expect(sum.requiresGrad).toBe(true);
    sum.sum().backward();
    expectSame(w.grad!, [6, 6]);
  });
  it('is a chain of changes, each with the values from before it', () => {
    const w = tensor([2, 3], { requiresGrad: true });
    const x = w.mul(1);
    x.mul_(w).mul_(w).add_(1).div_(w); // w^2 + 1/w
    x.sum().backward();
    expectClose(w.grad!, [2 * 2 - 1 / 4, 2 * 3 - 1 / 9], 1e-6);
  });
  it('stays where nothing is recorded', () => {
    const w = tensor([2, 3], { requiresGrad: true });
    const x = w.mul(4);
    noGrad(() => x.mul_(10));
    expectSame(x, [80, 120]);
    x.sum().backward();
    expectSame(w.grad!, [4, 4]);
  });
  it('refuses a backward pass through what used the tensor before', () => {
    const w = tensor([2, 3], { requiresGrad: true });
    const x = w.mul(4);
    const y = x.add(1);
    x.add_(1);
    expectError(
      () => y.sum().add(x.sum()).backward(),
      thrownBy(() => y.sum().backward()).constructor as never,
      '[backward] a tensor [2] was changed in place after add had used it\n  hint: the function without _ (add for add_) makes a new tensor instead',
    );
    expect(w.grad).toBe(null);
    const later = w.mul(4);
    later.add_(later.mul(2));
    expect(thrownBy(() => later.sum().backward()).code).toBe('SIMDNN_CHANGED_IN_PLACE');
  });
  it('refuses one through what needs the values from before', () => {
    const w = tensor([2, 3], { requiresGrad: true });
    const x = w.exp();
    x.add_(1);
    expect(thrownBy(() => x.sum().backward()).code).toBe('SIMDNN_CHANGED_IN_PLACE');
  });
  it('is left alone by an error', () => {
    const w = ones([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2], { requiresGrad: true });
    const x = w.mul(3);
    expect(() => x.add_(ones([1, 2, 1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 2]))).toThrow('more than 8 dimensions');
    x.sum().backward();
    expect(
      get(
        { shape: w.shape, data: [...w.grad!.data] },
        w.shape.map(() => 0),
      ),
    ).toBe(3);
  });
});
