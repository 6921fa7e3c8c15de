import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { setFlushDenormal } from '../../src/native';
import { tensor, zeros } from '../../src/ops';
import type { Tensor } from '../../src/tensor';
import { epsilon, expectClose, expectError, expectSame, flat, gradientCheck } from '../helpers';
import { broadcastable, type Model, map, models, numbers, toTensor, zip } from '../model';

const exact = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
};
afterEach(() => setFlushDenormal(true));

const pairs = broadcastable.chain(([a, b]) => fc.tuple(models(a), models(b)));

describe.each(Object.keys(exact) as (keyof typeof exact)[])('%s', (name) => {
  const f = exact[name];

  test('rounds once, over any broadcast', () => {
    setFlushDenormal(false);
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const y = toTensor(a)[name](toTensor(b));
        const expected = map(zip(a, b, f), Math.fround);
        expect(y.shape).toEqual(expected.shape);
        expectSame(y, expected);
      }),
    );
  });

  test('rounds once, with denormal numbers as zeros', () => {
    const least = 2 ** -126;
    const flushed = (value: number) => (Math.abs(value) < least ? value * 0 : value);
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const y = toTensor(a)[name](toTensor(b));
        const exact = zip(map(a, flushed), map(b, flushed), f);
        const expected = map(exact, (value) => flushed(Math.fround(value)));
        // what is below 2^-126 and rounds to it is either
        const either = flat(exact).map((value) => Math.abs(value) < least && Math.abs(Math.fround(value)) === least);
        expectSame(
          flat(y).map((value, i) => (either[i] ? 0 : value)),
          flat(expected).map((value, i) => (either[i] ? 0 : value)),
        );
      }),
    );
  });

  test('sends gradients back over any broadcast', () => {
    fc.assert(
      fc.property(broadcastable, ([left, right]) => {
        gradientCheck(
          (a, b) => a[name](b),
          (a, b) => zip(a, b, f),
          [numbers(left), numbers(right, 1, 3, 2)],
        );
      }),
      { numRuns: 50 },
    );
  });

  test('takes a number on the right', () => {
    const x = numbers([3, 5]);
    gradientCheck(
      (t) => t[name](2.5),
      (m) => map(m, (v) => f(v, 2.5)),
      [x],
    );
    expectSame(
      toTensor(x)[name](0.1),
      map(x, (v) => Math.fround(f(v, Math.fround(0.1)))),
    );
  });

  test('takes one tensor twice', () => {
    gradientCheck(
      (t) => t[name](t),
      (m) => zip(m, m, f),
      [numbers([4], 1, 2)],
    );
  });

  test('names both shapes that do not broadcast', () => {
    expectError(
      () => zeros([2, 3])[name](zeros([2])),
      RangeError,
      `[Tensor.${name}] shapes [2, 3] and [2] do not broadcast\n  hint: dimension -1 is 3 and 2`,
    );
  });

  test('refuses what is no operand', () => {
    expectError(() => zeros([2])[name]('2' as never), TypeError, `[Tensor.${name}] expected other to be a tensor, got "2"`);
    expectError(
      () => zeros([2])[name]([1, 2] as never),
      TypeError,
      `[Tensor.${name}] expected other to be a tensor, got an array\n  hint: tensor(...) makes one`,
    );
  });
});

test('more than eight dimensions that cannot be merged are refused', () => {
  const wide = [2, 1, 2, 1, 2, 1, 2, 1, 2];
  expectError(
    () => zeros(wide).add(zeros([1, 2, 1, 2, 1, 2, 1, 2, 1])),
    RangeError,
    '[Tensor.add] more than 8 dimensions that cannot be merged: [2, 2, 2, 2, 2, 2, 2, 2, 2]',
  );
});

describe('int32', () => {
  const int = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' });

  test('stays int32 in add, sub and mul, and wraps', () => {
    expect(int(1, 2147483647).add(1).toArray()).toEqual([2, -2147483648]);
    expect(int(1, -2147483648).sub(int(1, 1)).toArray()).toEqual([0, 2147483647]);
    expect(int(3, 65536).mul(65536).toArray()).toEqual([196608, 0]);
    expect(int(1).add(1).dtype).toBe('int32');
  });

  test('beside float32, a fraction or a number beyond 32 bits becomes float32', () => {
    for (const y of [int(1).add(tensor([0.5])), tensor([0.5]).add(int(1)), int(1).add(0.5)]) {
      expect(y.dtype).toBe('float32');
      expect(y.toArray()).toEqual([1.5]);
    }
    expect(
      int(1)
        .mul(2 ** 40)
        .toArray(),
    ).toEqual([2 ** 40]);
  });

  test('div and pow give float32', () => {
    expect(int(3).div(2).toArray()).toEqual([1.5]);
    expect(int(3).div(int(2)).dtype).toBe('float32');
    expect(int(3).pow(2).toArray()).toEqual([9]);
    expect(int(2).pow(int(3)).dtype).toBe('float32');
  });

  test('gets no gradient, its float32 partner does', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    x.mul(int(3, 4)).sum().backward();
    expect(x.grad!.toArray()).toEqual([3, 4]);
  });
});

describe('pow', () => {
  const raise = (a: Model, b: Model): Model => zip(a, b, Math.pow);

  test('of positive bases, values and gradients over any broadcast', () => {
    fc.assert(
      fc.property(broadcastable, ([left, right]) => {
        gradientCheck((a, b) => a.pow(b), raise, [numbers(left, 0.5, 3), numbers(right, -2, 2, 2)]);
      }),
      { numRuns: 50 },
    );
  });

  test.each([-2, -1, -0.5, 0, 0.5, 1, 2, 3, 2.7])('with the number %f', (exponent) => {
    gradientCheck(
      (x) => x.pow(exponent),
      (m) => map(m, (v) => v ** exponent),
      [numbers([7], 0.5, 3)],
    );
  });

  test('of negative bases with whole exponents', () => {
    gradientCheck(
      (x) => x.pow(3),
      (m) => map(m, (v) => v ** 3),
      [numbers([7])],
    );
    expectClose(tensor([-2, -2]).pow(tensor([2, 0.5])), [4, Number.NaN], 4 * epsilon);
  });

  test("has PyTorch's gradients at 0", () => {
    const a = tensor([0, 0, 0, 2], { requiresGrad: true });
    const b = tensor([0, 1, 2, 0], { requiresGrad: true });
    a.pow(b).sum().backward();
    expectClose(a.grad!, [0, 1, 0, 0], 0);
    expectClose(b.grad!, [0, 0, 0, Math.log(2)], epsilon);
    const c = tensor([0], { requiresGrad: true });
    c.pow(-1).sum().backward();
    expect(flat(c.grad!)).toEqual([-Infinity]);
  });
});
