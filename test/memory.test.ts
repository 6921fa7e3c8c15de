import { describe, expect, test } from 'vitest';
import { allocateConstant, allocateFloat, allocateInt, allocatePersistent } from '../src/memory';
import { misalignment } from '../src/native';
import { ones, tensor, zeros } from '../src/ops';
import { expectSame } from './helpers';

const sizes = [0, 1, 2, 15, 16, 17, 100, 1000, 2048, 2049, 5000];
const kinds = [allocateFloat, allocateInt, allocatePersistent, (n: number) => allocateConstant(n, 'int32')];

test.each(sizes)('%i fresh elements are zeros that begin on a cache line', (n) => {
  for (const allocate of kinds) {
    const array = allocate(n);
    expect(array.length).toBe(n);
    expect(array.every((v) => v === 0)).toBe(true);
    expect((misalignment(array.buffer as ArrayBuffer) + array.byteOffset) % 64).toBe(0);
  }
});

test('no two pieces overlap, across many slabs', () => {
  const pieces = Array.from({ length: 3000 }, (_, i) => allocateInt(sizes[i % sizes.length]!).fill(i));
  expect(pieces.every((piece, i) => piece.every((v) => v === i))).toBe(true);
});

describe('memory that a tensor shows is never recycled under it', () => {
  test('data of results', () => {
    const x = ones([100]);
    const shown = Array.from({ length: 50 }, (_, i) => x.mul(i).data);
    for (let i = 0; i < 2000; i++) x.mul(-1).add(x);
    expect(shown.every((data, i) => data.every((v) => v === i))).toBe(true);
  });

  test('gradients', () => {
    const x = zeros([100], { requiresGrad: true });
    const seen = Array.from({ length: 50 }, (_, i) => {
      x.grad = null;
      x.mul(i).sum().backward();
      return x.grad!.data;
    });
    for (let i = 0; i < 200; i++) {
      x.grad = null;
      x.mul(-1).sum().backward();
    }
    expect(seen.every((data, i) => data.every((v) => v === i))).toBe(true);
  });

  test('a gradient taken over as a tensor of its own', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    x.mul(3).sum().backward();
    const taken = x.grad!;
    x.grad = null;
    x.mul(5).sum().backward();
    expectSame(taken, [3, 3]);
    expectSame(x.grad!, [5, 5]);
  });

  test('an assigned gradient is added to in place, as in PyTorch', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const own = tensor([10, 20]);
    x.grad = own;
    x.sum().backward();
    expectSame(own, [11, 21]);
    x.grad = null;
    x.mul(2).sum().backward();
    expectSame(own, [11, 21]);
  });
});

test('what cannot be allocated is a RangeError that says how much it was', () => {
  expect(() => allocateFloat(2 ** 42)).toThrow(/^\[memory\] 4398046511104 elements cannot be allocated: /);
});
