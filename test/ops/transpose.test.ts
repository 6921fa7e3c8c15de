import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tensor, zeros } from '../../src/ops';
import { expectError, expectSame, gradientCheck } from '../helpers';
import { models, numbers, permuted, shapes, toTensor } from '../model';

const shuffled = (n: number): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray(
    Array.from({ length: n }, (_, d) => d),
    { minLength: n, maxLength: n },
  );

test('permute, t and transpose against the model', () => {
  fc.assert(
    fc.property(
      shapes(5).chain((s) => fc.tuple(models(s), shuffled(s.length))),
      ([m, order]) => {
        const expected = permuted(m, order);
        const y = toTensor(m).permute(order.map((d, i) => (i % 2 === 0 ? d : d - order.length)));
        expect(y.shape).toEqual(expected.shape);
        expectSame(y, expected);
        if (order.length >= 2) {
          const [a, b] = order as [number, number];
          const swap = m.shape.map((_, d) => (d === a ? b : d === b ? a : d));
          expectSame(toTensor(m).transpose(a, b), permuted(m, swap));
          expectSame(
            toTensor(m)
              .to('int32')
              .transpose(b - order.length, a),
            toTensor(permuted(m, swap)).to('int32'),
          );
        }
        if (order.length === 2) expectSame(toTensor(m).t(), permuted(m, [1, 0]));
      },
    ),
  );
});

test('large matrices', () => {
  const m = numbers([67, 131]);
  expectSame(toTensor(m).t(), permuted(m, [1, 0]));
});

test('gradients', () => {
  gradientCheck(
    (x) => x.t(),
    (m) => permuted(m, [1, 0]),
    [numbers([3, 4])],
  );
  gradientCheck(
    (x) => x.t(),
    (m) => m,
    [numbers([4])],
  );
  gradientCheck(
    (x) => x.permute([2, 0, 1]),
    (m) => permuted(m, [2, 0, 1]),
    [numbers([2, 3, 4])],
  );
  gradientCheck(
    (x) => x.transpose(0, -1),
    (m) => permuted(m, [2, 1, 0]),
    [numbers([2, 3, 4])],
  );
});

describe('memory', () => {
  test('t of a matrix is a copy, of a vector or a scalar the same memory', () => {
    const x = tensor([[1, 2]]);
    expect(x.t().data).not.toBe(x.data);
    const v = tensor([1, 2]);
    expect(v.t().data).toBe(v.data);
    expect(tensor(3).t().item()).toBe(3);
    expect(tensor(3).transpose(0, -1).shape).toEqual([]);
  });
});

test('errors', () => {
  expectError(
    () => zeros([2, 3, 4]).t(),
    RangeError,
    '[Tensor.t] expected at most two dimensions, got [2, 3, 4]\n  hint: transpose(dim0, dim1) takes any',
  );
  const x = zeros([2, 3]);
  expectError(() => x.transpose(0, 2), RangeError, '[Tensor.transpose] dim 2 is outside [-2, 1]');
  expectError(() => x.permute([0]), RangeError, '[Tensor.permute] expected each of 2 dimensions once, got [0]');
  expectError(() => x.permute([0, 0]), RangeError, '[Tensor.permute] expected each of 2 dimensions once, got [0, 0]');
  expectError(() => x.permute([0, 5]), RangeError, '[Tensor.permute] dim 5 is outside [-2, 1]');
  expectError(() => x.permute(1 as never), TypeError, '[Tensor.permute] expected an array of dimensions, got 1');
});
