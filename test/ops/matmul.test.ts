import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tensor, zeros } from '../../src/ops';
import { epsilon, expectClose, expectError, gradientCheck } from '../helpers';
import { broadcastable, type Model, numbers, permuted, product, shaped, sizeOf, toTensor } from '../model';

const size = fc.integer({ min: 1, max: 9 });

describe('matrices', () => {
  test('of any size, batches broadcast', () => {
    fc.assert(
      fc.property(broadcastable, size, size, size, ([left, right], m, k, n) => {
        const [a, b] = [numbers([...left, m, k]), numbers([...right, k, n], -2, 2, 2)];
        const expected = product(a, b);
        const y = toTensor(a).matmul(toTensor(b));
        expect(y.shape).toEqual(expected.shape);
        expectClose(y, expected, 4 * k * 4 * epsilon); // k products up to 4
      }),
    );
  });

  test('gradients, batches broadcast', () => {
    fc.assert(
      fc.property(broadcastable, ([left, right]) => {
        fc.pre(sizeOf(left) <= 60 && sizeOf(right) <= 60); // central differences of 625 matrices take a minute
        gradientCheck((a, b) => a.matmul(b), product, [numbers([...left, 2, 3]), numbers([...right, 3, 4], -2, 2, 2)]);
      }),
      { numRuns: 40 },
    );
  });

  test('of one tensor with itself', () => {
    gradientCheck(
      (x) => x.matmul(x),
      (m) => product(m, m),
      [numbers([5, 5])],
    );
    gradientCheck(
      (x) => x.matmul(x.t()),
      (m) => product(m, permuted(m, [1, 0])),
      [numbers([3, 5])],
    );
  });

  test('gradients of two uses add up', () => {
    const a = tensor([[1, 2]], { requiresGrad: true });
    const b = tensor([[3], [4]], { requiresGrad: true });
    a.matmul(b).add(a.matmul(b)).sum().backward();
    expect(a.grad!.toArray()).toEqual([[6, 8]]);
    a.matmul(b).sum().backward();
    expect(a.grad!.toArray()).toEqual([[9, 12]]);
    expect(b.grad!.toArray()).toEqual([[3], [6]]);
  });
});

describe('vectors', () => {
  const dot = (a: Model, b: Model): Model => shaped(product(shaped(a, [1, 4]), shaped(b, [4, 1])), []);
  test('with a vector, a matrix, a batch', () => {
    gradientCheck((a, b) => a.matmul(b), dot, [numbers([4]), numbers([4], -2, 2, 2)]);
    gradientCheck(
      (a, b) => a.matmul(b),
      (a, b) => shaped(product(shaped(a, [1, 4]), b), [3]),
      [numbers([4]), numbers([4, 3], -2, 2, 2)],
    );
    gradientCheck(
      (a, b) => a.matmul(b),
      (a, b) => shaped(product(a, shaped(b, [4, 1])), [3]),
      [numbers([3, 4]), numbers([4], -2, 2, 2)],
    );
    gradientCheck(
      (a, b) => a.matmul(b),
      (a, b) => shaped(product(a, shaped(b, [4, 1])), [2, 3]),
      [numbers([2, 3, 4]), numbers([4], -2, 2, 2)],
    );
    gradientCheck(
      (a, b) => a.matmul(b),
      (a, b) => shaped(product(shaped(a, [1, 4]), b), [2, 3]),
      [numbers([4]), numbers([2, 4, 3], -2, 2, 2)],
    );
  });
});

test('nothing to add up gives zeros, nothing to give gives nothing', () => {
  expect(
    zeros([2, 0])
      .matmul(zeros([0, 3]))
      .toArray(),
  ).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect(zeros([0, 2]).matmul(zeros([2, 3])).shape).toEqual([0, 3]);
  expect(zeros([0, 2, 2]).matmul(zeros([0, 2, 3])).shape).toEqual([0, 2, 3]);
  const a = zeros([0, 2, 2], { requiresGrad: true });
  const b = zeros([1, 2, 3], { requiresGrad: true });
  a.matmul(b).sum().backward();
  expect(a.grad!.shape).toEqual([0, 2, 2]);
  expect(b.grad!.toArray()).toEqual([
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  ]);
});

test('errors', () => {
  expectError(() => zeros([2, 3]).matmul(zeros([2, 3])), RangeError, '[Tensor.matmul] expected other [*, 3, n] for x [2, 3], got [2, 3]');
  expectError(() => zeros([2, 3]).matmul(zeros([2])), RangeError, '[Tensor.matmul] expected other [3] for x [2, 3], got [2]');
  expectError(
    () => zeros([2, 2, 3]).matmul(zeros([3, 3, 2])),
    RangeError,
    '[Tensor.matmul] shapes [2] and [3] do not broadcast\n  hint: dimension -1 is 2 and 3',
  );
  expectError(
    () => zeros([2]).matmul(tensor(2)),
    RangeError,
    '[Tensor.matmul] a scalar has no rows or columns\n  hint: mul() multiplies by a scalar',
  );
  expectError(
    () => zeros([2]).matmul(2 as never),
    TypeError,
    '[Tensor.matmul] expected other to be a tensor, got 2\n  hint: tensor(...) makes one',
  );
  const ints = zeros([2, 2], { dtype: 'int32' });
  expectError(
    () => ints.matmul(zeros([2, 2])),
    TypeError,
    '[Tensor.matmul] expected x to be float32, got int32\n  hint: x.to("float32") converts it',
  );
  expectError(
    () => zeros([2, 2]).matmul(ints),
    TypeError,
    '[Tensor.matmul] expected other to be float32, got int32\n  hint: other.to("float32") converts it',
  );
});
