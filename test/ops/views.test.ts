import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arange, tensor, zeros } from '../../src/ops';
import type { Tensor } from '../../src/tensor';
import { expectError, gradientCheck } from '../helpers';
import { models, numbers, shaped, shapes, sizeOf, toTensor } from '../model';

const sharesMemory = (a: Tensor, b: Tensor): boolean => a.data.buffer === b.data.buffer && a.data.byteOffset === b.data.byteOffset;

describe('reshape', () => {
  test('keeps the elements in order, on the same memory', () => {
    fc.assert(
      fc.property(
        shapes(4, 1, 1).chain((s) => fc.tuple(models(s), fc.nat({ max: s.length - 1 }))),
        ([m, d]) => {
          const x = toTensor(m);
          const turned = m.shape.toReversed();
          for (const y of [x.reshape(turned), x.reshape(turned.with(d, -1))]) {
            expect(y.shape).toEqual(turned);
            expect(sharesMemory(x, y)).toBe(true);
          }
        },
      ),
    );
    expect(arange(6).reshape([2, -1]).toArray()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(tensor([5]).reshape([]).item()).toBe(5);
    expect(zeros([0, 3]).reshape([3, -1]).shape).toEqual([3, 0]);
    expect(zeros([0]).reshape([0, 5]).shape).toEqual([0, 5]);
  });

  test('passes gradients', () => {
    gradientCheck(
      (t) => t.reshape([4, -1]),
      (m) => shaped(m, [4, 3]),
      [numbers([2, 6])],
    );
  });

  test('names what does not fit', () => {
    const x = zeros([2, 3]);
    expectError(() => x.reshape([4]), RangeError, '[Tensor.reshape] [2, 3] with 6 elements does not fit into [4]');
    expectError(() => x.reshape([4, -1]), RangeError, '[Tensor.reshape] [2, 3] with 6 elements does not fit into [4, -1]');
    expectError(() => x.reshape([0, -1]), RangeError, '[Tensor.reshape] [2, 3] with 6 elements does not fit into [0, -1]');
    expectError(() => zeros([0]).reshape([0, -1]), RangeError, '[Tensor.reshape] [0] with 0 elements does not fit into [0, -1]');
    expectError(() => x.reshape([-1, -1]), RangeError, '[Tensor.reshape] only one size can be -1, got [-1, -1]');
    expectError(() => x.reshape([-2, -3]), RangeError, '[Tensor.reshape] expected every size to be at least 0, got -2');
    expectError(() => x.reshape([1.5, 4]), RangeError, '[Tensor.reshape] expected every size to be an integer, got 1.5');
    expectError(() => x.reshape(6 as never), TypeError, '[Tensor.reshape] expected a shape, an array of sizes, got 6');
    expectError(() => x.reshape(['6'] as never), TypeError, '[Tensor.reshape] expected every size to be a number, got "6"');
  });
});

describe('flatten', () => {
  test('joins a range of dimensions, on the same memory', () => {
    fc.assert(
      fc.property(
        shapes(4, 1, 0).chain((s) => fc.tuple(fc.constant(s), fc.nat({ max: s.length - 1 }), fc.nat({ max: s.length - 1 }))),
        ([shape, a, b]) => {
          const [start, end] = [Math.min(a, b), Math.max(a, b)];
          const x = zeros(shape);
          const y = x.flatten(start, end - shape.length);
          expect(y.shape).toEqual([...shape.slice(0, start), sizeOf(shape.slice(start, end + 1)), ...shape.slice(end + 1)]);
          expect(sharesMemory(x, y)).toBe(true);
        },
      ),
    );
    expect(zeros([2, 3, 4]).flatten().shape).toEqual([24]);
    expect(zeros([2, 3, 4]).flatten(1).shape).toEqual([2, 12]);
    expect(tensor(1).flatten().shape).toEqual([1]);
  });

  test('passes gradients', () => {
    gradientCheck(
      (t) => t.flatten(1),
      (m) => shaped(m, [2, 12]),
      [numbers([2, 3, 4])],
    );
  });

  test('names what is wrong', () => {
    expectError(() => zeros([2, 3]).flatten(1, 0), RangeError, '[Tensor.flatten] startDim 1 comes after endDim 0');
    expectError(() => zeros([2, 3]).flatten(2), RangeError, '[Tensor.flatten] dim 2 is outside [-2, 1]');
  });
});

describe('squeeze and unsqueeze', () => {
  test('take out and put in dimensions of size 1', () => {
    expect(zeros([1, 3, 1]).squeeze().shape).toEqual([3]);
    expect(zeros([1, 3, 1]).squeeze(0).shape).toEqual([3, 1]);
    expect(zeros([1, 3, 1]).squeeze(1).shape).toEqual([1, 3, 1]);
    expect(zeros([1, 3, 1]).squeeze(-1).shape).toEqual([1, 3]);
    expect(zeros([2, 3]).unsqueeze(0).shape).toEqual([1, 2, 3]);
    expect(zeros([2, 3]).unsqueeze(2).shape).toEqual([2, 3, 1]);
    expect(zeros([2, 3]).unsqueeze(-1).shape).toEqual([2, 3, 1]);
    expect(zeros([2, 3]).unsqueeze(-3).shape).toEqual([1, 2, 3]);
    expect(tensor(1).unsqueeze(0).shape).toEqual([1]);
    expect(tensor(1).squeeze(0).shape).toEqual([]);
    const x = zeros([1, 3]);
    expect(sharesMemory(x, x.squeeze())).toBe(true);
    expect(sharesMemory(x, x.unsqueeze(1))).toBe(true);
  });

  test('pass gradients', () => {
    gradientCheck(
      (t) => t.squeeze(),
      (m) => shaped(m, [3]),
      [numbers([1, 3, 1])],
    );
    gradientCheck(
      (t) => t.unsqueeze(1),
      (m) => shaped(m, [2, 1, 3]),
      [numbers([2, 3])],
    );
  });

  test('name what is wrong', () => {
    expectError(() => zeros([2]).squeeze(1), RangeError, '[Tensor.squeeze] dim 1 is outside [-1, 0]');
    expectError(() => zeros([2]).unsqueeze(2), RangeError, '[Tensor.unsqueeze] dim 2 is outside [-2, 1]');
  });
});

test('the version of memory is shared by its views', () => {
  const x = tensor([[1, 2]], { requiresGrad: true });
  const y = x.reshape([2]).mul(x.detach().flatten());
  x.version.count++;
  expect(() => y.sum().backward()).toThrow('changed in place');
});
