import { describe, expect, it, test } from 'vitest';
import { tensor, where } from '../../src/ops';
import { Tensor } from '../../src/tensor';
import { expectError, expectSame, gradientCheck } from '../helpers';
import { numbers, zip } from '../model';

const int = (...values: number[]): Tensor => Tensor.fromTypedArray(Int32Array.from(values));
const modulo = (a: number, b: number): number => a - b * Math.floor(a / b);

describe('the larger, the smaller, remainders, angles', () => {
  const cases: [string, (x: Tensor, y: Tensor) => Tensor, (a: number, b: number) => number][] = [
    ['maximum', (x, y) => x.maximum(y), Math.max],
    ['minimum', (x, y) => x.minimum(y), Math.min],
    ['remainder', (x, y) => x.remainder(y), modulo],
    ['fmod', (x, y) => x.fmod(y), (a, b) => a % b],
    ['atan2', (x, y) => x.atan2(y), Math.atan2],
  ];
  test.each(cases)('%s: values and gradients, shapes broadcast', (_, operation, formula) => {
    const [x, y] = [numbers([3, 5], -4, 4), numbers([5], 0.6, 1.9)];
    gradientCheck(operation, (a, b) => zip(a, b, formula), [x, y]);
    gradientCheck(operation, (a, b) => zip(a, b, formula), [y, x]);
  });

  it('gives half of the gradient to each of equal ones', () => {
    const [x, y] = [tensor([1, 2, 3], { requiresGrad: true }), tensor([2, 2, 2], { requiresGrad: true })];
    x.maximum(y).sum().backward();
    expectSame(x.grad!, [0, 0.5, 1]);
    expectSame(y.grad!, [1, 0.5, 0]);
  });

  it.each(['maximum', 'minimum'] as const)('%s gives all of the gradient to both where one is NaN', (name) => {
    const [x, y] = [tensor([NaN, 1, NaN], { requiresGrad: true }), tensor([1, NaN, NaN], { requiresGrad: true })];
    x[name](y).backward(tensor([1, 2, 3]));
    expectSame(x.grad!, [1, 2, 3]);
    expectSame(y.grad!, [1, 2, 3]);
  });

  it('gives no NaN of an infinite gradient to the one that was not taken', () => {
    const [x, y] = [tensor([1], { requiresGrad: true }), tensor([2], { requiresGrad: true })];
    x.maximum(y).backward(tensor([Infinity]));
    expectSame(x.grad!, [0]);
    expectSame(y.grad!, [Infinity]);
  });

  it('keeps NaN and signs as PyTorch', () => {
    expectSame(tensor([NaN, 1, 2]).maximum(tensor([0, NaN, 1])), [NaN, NaN, 2]);
    expectSame(tensor([NaN, 1, 2]).minimum(0), [NaN, 0, 0]);
    expectSame(tensor([-3, 3, -3, 3]).remainder(tensor([2, 2, -2, -2])), [1, 1, -1, -1]);
    expectSame(tensor([-3, 3, -3, 3]).fmod(tensor([2, 2, -2, -2])), [-1, 1, -1, 1]);
    expectSame(tensor([-3, 3, -3, 3, 1, -1]).floorDivide(tensor([2, 2, -2, -2, 0, 0])), [-2, 1, 1, -2, Infinity, -Infinity]);
    expectSame(tensor([1]).remainder(0), [NaN]);
    // 0.7 / 0.1 is 7 in float32 arithmetic, and 0.1 is more than a seventh of 0.7
    expectSame(tensor([0.7]).floorDivide(0.1), [6]);
  });

  it('stays with int32', () => {
    expect(int(-7, 7).remainder(int(3, -3)).toArray()).toEqual([2, -2]);
    expect(int(-7, 7).floorDivide(2).toArray()).toEqual([-4, 3]);
    expect(int(-7, 7).floorDivide(0).toArray()).toEqual([0, 0]);
    expect(
      int(-(2 ** 31))
        .floorDivide(-1)
        .toArray(),
    ).toEqual([-(2 ** 31)]);
    expect(int(1, 5).maximum(3).dtype).toBe('int32');
    expect(int(1, 5).maximum(3.5).toArray()).toEqual([3.5, 5]);
    expect(int(1, -5).fmod(2).toArray()).toEqual([1, -1]);
    expect(int(1, -5).fmod(2).dtype).toBe('int32');
    expect(int(-7, 7).fmod(0).toArray()).toEqual([0, 0]);
  });

  it('refuses what is no operand', () => {
    expectError(() => tensor([1]).maximum(null as never), TypeError, '[Tensor.maximum] expected other to be a tensor, got null');
  });
});

describe('where', () => {
  it('takes one or the other, with its gradient', () => {
    const mask = int(1, 0, 0, 1, 0);
    const formula = (first: boolean) => (a: number, b: number) => (first ? a : b);
    gradientCheck(
      (x, y) => where(mask, x, y),
      (x, y) => {
        const rows = zip(x, y, formula(true));
        const other = zip(x, y, formula(false));
        return { shape: rows.shape, data: rows.data.map((v, i) => (mask.ints[i % 5] === 1 ? v : other.data[i]!)) };
      },
      [numbers([3, 5], -1, 1), numbers([3, 1], -1, 1)],
    );
  });

  it('takes numbers, and any number but 0 for true', () => {
    expect(where(int(2, 0, -1), 1, 0).dtype).toBe('int32');
    expectSame(where(int(2, 0, -1), 1, 0), [1, 0, 1]);
    expectSame(where(int(1, 0), 1.5, tensor([2, 2])), [1.5, 2]);
    expectSame(where(int(1, 0), int(1, 2), 0.5), [1, 0.5]);
    expectSame(where(int(1, 0), int(3, 4), 7), [3, 7]);
    expect(where(int(1, 0), int(3, 4), 7).dtype).toBe('int32');
    expectSame(tensor([NaN, 1]).where(int(0, 1), 0), [0, 1]);
  });

  it('sends no NaN from the side that was not taken', () => {
    const x = tensor([0, 4], { requiresGrad: true });
    where(x.gt(0), x.sqrt(), 0).sum().backward();
    expect(x.grad!.toArray()).toEqual([NaN, 0.25]); // 0 times the infinite slope of the root, as in PyTorch
  });

  it('refuses other conditions', () => {
    expectError(
      () => where(tensor([1]), 1, 2),
      TypeError,
      '[where] expected condition to be int32, got float32\n  hint: condition.to("int32") converts it',
    );
    expect(() => where(int(1, 0), tensor([1, 2, 3]), 0)).toThrow('do not broadcast');
    expect(() => where(int(1, 0), 'x' as never, 0)).toThrow(TypeError);
  });
});
