import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linear, tensor, zeros } from '../../src/ops';
import { expectError, expectSame, gradientCheck } from '../helpers';
import { type Model, numbers, permuted, product, shaped, toTensor, zip } from '../model';

// y = x W^T + b over the last dimension
function formula(x: Model, weight: Model, bias?: Model): Model {
  const columns = x.shape.at(-1)!;
  const rows = shaped(x, [columns === 0 ? 0 : x.data.length / columns, columns]);
  const y = product(rows, permuted(weight, [1, 0]));
  return shaped(bias ? zip(y, bias, (a, b) => a + b) : y, [...x.shape.slice(0, -1), weight.shape[0]!]);
}

const size = fc.integer({ min: 1, max: 9 });

test('values and all three gradients', () => {
  fc.assert(
    fc.property(size, size, size, (rows, inputs, outputs) => {
      const [x, weight, bias] = [numbers([rows, inputs]), numbers([outputs, inputs], -1, 1, 2), numbers([outputs], -1, 1, 3)];
      gradientCheck((a, w, b) => linear(a, w, b), formula, [x, weight, bias]);
      gradientCheck((a, w) => linear(a, w), formula, [x, weight]);
    }),
    { numRuns: 25 },
  );
});

test('leading dimensions are rows', () => {
  for (const lead of [[], [1], [2, 3], [2, 1, 3]]) {
    gradientCheck((a, w, b) => linear(a, w, b), formula, [numbers([...lead, 4]), numbers([5, 4], -1, 1, 2), numbers([5], -1, 1, 3)]);
  }
  expect(linear(zeros([0, 4]), zeros([5, 4])).shape).toEqual([0, 5]);
});

test('no rows: gradients are zeros', () => {
  const [weight, bias] = [zeros([2, 3], { requiresGrad: true }), zeros([2], { requiresGrad: true })];
  linear(zeros([0, 3]), weight, bias)
    .sum()
    .backward();
  expectSame(weight.grad!, new Array(6).fill(0));
  expectSame(bias.grad!, [0, 0]);
});

test('only the gradients that are wanted are made', () => {
  const [x, weight, bias] = [tensor([[1, 2]]), tensor([[3, 4]], { requiresGrad: true }), tensor([5])];
  linear(x, weight, bias).sum().backward();
  expect([x.grad, weight.grad!.toArray(), bias.grad]).toEqual([null, [[1, 2]], null]);
});

test('gradients of two uses add up', () => {
  const weight = tensor([[3, 4]], { requiresGrad: true });
  const bias = tensor([0], { requiresGrad: true });
  const x = tensor([[1, 2]], { requiresGrad: true });
  linear(x, weight, bias)
    .add(linear(x.mul(2), weight, bias))
    .sum()
    .backward();
  expect([weight.grad!.toArray(), bias.grad!.toArray(), x.grad!.toArray()]).toEqual([[[3, 6]], [2], [[9, 12]]]);
});

test('a row gives the same bits alone as in a batch', () => {
  const [x, weight, bias] = [numbers([37, 65]), toTensor(numbers([29, 65], -1, 1, 2)), toTensor(numbers([29], -1, 1, 3))];
  const all = linear(toTensor(x), weight, bias);
  for (let i = 0; i < 37; i++) expectSame(linear(toTensor(x).narrow(0, i, 1), weight, bias), all.narrow(0, i, 1));
});

describe('errors', () => {
  const weight = zeros([30, 13]);
  test('shapes', () => {
    expectError(() => linear(zeros([32, 12]), weight), RangeError, '[linear] expected x [*, 13], got [32, 12]');
    expectError(() => linear(tensor(1), weight), RangeError, '[linear] expected x [*, 13], got []');
    expectError(() => linear(zeros([32, 13]), zeros([13])), RangeError, '[linear] expected weight [out, in], got [13]');
    expectError(() => linear(zeros([32, 13]), weight, zeros([13])), RangeError, '[linear] expected bias [30], got [13]');
    expectError(() => linear(zeros([32, 13]), weight, zeros([30, 1])), RangeError, '[linear] expected bias [30], got [30, 1]');
    expectError(
      () => linear(zeros([32, 12]), weight, null, 'Linear.forward'),
      RangeError,
      '[Linear.forward] expected x [*, 13], got [32, 12]',
    );
  });

  test('kinds', () => {
    const ints = zeros([32, 13], { dtype: 'int32' });
    expectError(() => linear(ints, weight), TypeError, '[linear] expected x to be float32, got int32\n  hint: x.to("float32") converts it');
    expectError(
      () => linear(zeros([32, 13]), ints),
      TypeError,
      '[linear] expected weight to be float32, got int32\n  hint: weight.to("float32") converts it',
    );
    expectError(
      () => linear([1] as never, weight),
      TypeError,
      '[linear] expected x to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
    expectError(
      () => linear(zeros([32, 13]), weight, [1] as never),
      TypeError,
      '[linear] expected bias to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
  });
});
