import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { compile } from '../../src/index';
import { tensor, zeros } from '../../src/ops';
import { Tensor } from '../../src/tensor';
import { expectClose, expectError, expectSame, gradientCheck } from '../helpers';
import { along, numbers, shaped } from '../model';

const ascending = (a: number, b: number): number => (Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) ? -1 : a - b);

describe('sort', () => {
  it('orders any numbers, stably, NaN above all', () => {
    const normal = fc.float().map((v) => (Math.abs(v) < 2 ** -126 ? 0 : v)); // denormal numbers count as zeros
    const float = fc.oneof(normal, fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1));
    fc.assert(
      fc.property(fc.array(float, { maxLength: 130 }), fc.boolean(), (values, descending) => {
        const given = Float32Array.from(values);
        const { values: sorted, indices } = Tensor.fromTypedArray(given).sort(0, { descending });
        const order = Array.from(given, (_, i) => i).sort((a, b) =>
          descending ? ascending(given[b]!, given[a]!) : ascending(given[a]!, given[b]!),
        );
        expect([...indices.ints]).toEqual(order);
        expectSame(
          sorted,
          order.map((i) => given[i]!),
        );
      }),
    );
  });

  it('orders int32', () => {
    const { values, indices } = Tensor.fromTypedArray(Int32Array.of(3, -(2 ** 31), 2 ** 31 - 1, 0)).sort();
    expect([...values.ints]).toEqual([-(2 ** 31), 0, 3, 2 ** 31 - 1]);
    expect([...indices.ints]).toEqual([1, 3, 0, 2]);
  });

  test.each([0, 1, 2])('along dim %i, with the gradient where the elements stood', (dim) => {
    const x = numbers([3, 4, 5], -3, 3);
    gradientCheck(
      (t) => t.sort(dim).values,
      (m) => along(m, dim, (values) => values.toSorted((a, b) => a - b)),
      [x],
    );
    gradientCheck(
      (t) => t.topk(2, dim).values,
      (m) => along(m, dim, (values) => values.toSorted((a, b) => b - a).slice(0, 2)),
      [x],
    );
    gradientCheck(
      (t) => t.kthvalue(2, dim, { keepdim: true }).values,
      (m) => along(m, dim, (values) => [values.toSorted((a, b) => a - b)[1]!]),
      [x],
    );
  });

  it('has scalars and nothing', () => {
    expect(tensor(3).sort().values.item()).toBe(3);
    expect(tensor(3).topk(1).values.item()).toBe(3);
    expect(tensor([]).sort().indices.shape).toEqual([0]);
    expect(tensor([1, 2]).topk(0).values.shape).toEqual([0]);
    expect(tensor([5, 5, 5]).topk(2).indices.toArray()).toEqual([0, 1]);
    expect(tensor([3, 1, 2]).argsort().toArray()).toEqual([1, 2, 0]);
  });

  it('refuses more than there are', () => {
    expectError(() => tensor([1, 2]).topk(3), RangeError, '[Tensor.topk] k 3 is above the size of dim 0 of [2]');
    expect(() => tensor([1, 2]).kthvalue(0)).toThrow(RangeError);
    expect(() => tensor([1, 2]).sort(1)).toThrow('[Tensor.sort] dim 1 is outside');
    expect(() => tensor([1, 2]).sort(0, { descending: 1 as never })).toThrow(TypeError);
  });
});

describe('median and quantile', () => {
  it('takes the lower of two in the middle', () => {
    expect(tensor([4, 1, 3, 2]).median().item()).toBe(2);
    const { values, indices } = tensor([
      [3, 1, 2],
      [6, 5, 4],
    ]).median(1);
    expectSame(values, [2, 5]);
    expectSame(indices, [2, 1]);
    expectSame(tensor([1, NaN, 0]).median(), [NaN]);
    expect(tensor([1, NaN, 0]).median(0).indices.item()).toBe(1);
    expect(
      Tensor.fromTypedArray(Int32Array.of(5, 1, 3))
        .median()
        .item(),
    ).toBe(3);
  });

  const quantile = (q: number) => (values: number[]) => {
    const sorted = values.toSorted((a, b) => a - b);
    const at = q * (sorted.length - 1);
    return [sorted[Math.floor(at)]! + (sorted[Math.ceil(at)]! - sorted[Math.floor(at)]!) * (at - Math.floor(at))];
  };
  test.each([0, 0.1, 0.5, 0.77, 1])('quantile %f', (q) => {
    const x = numbers([4, 7], -3, 3);
    gradientCheck(
      (t) => t.quantile(q, 1, { keepdim: true }),
      (m) => along(m, 1, quantile(q)),
      [x],
    );
    gradientCheck(
      (t) => t.quantile(q),
      (m) => shaped(along(shaped(m, [28]), 0, quantile(q)), []),
      [x],
    );
  });

  it('finds several at once, and interpolates as asked', () => {
    const x = tensor([1, 2, 3, 4]);
    expectClose(x.quantile(tensor([0.25, 0.5])), [1.75, 2.5], 1e-6);
    const at = (interpolation: 'lower' | 'higher' | 'nearest' | 'midpoint'): number => x.quantile(0.4, 0, { interpolation }).item();
    expect([at('lower'), at('higher'), at('nearest'), at('midpoint')]).toEqual([2, 3, 2, 2.5]);
    expectSame(tensor([1, NaN]).quantile(0.2), [NaN]);
    expect(x.quantile(tensor([0, 1]), 0, { keepdim: true }).shape).toEqual([2, 1]);
    expect(() => x.quantile(1.5)).toThrow(RangeError);
    expect(() => tensor([]).quantile(0.5)).toThrow('no elements');
  });
});

describe('unique and bincount', () => {
  it('finds the different elements', () => {
    expect(tensor([3, 1, 3, -0, 0]).unique().toArray()).toEqual([-0, 1, 3]);
    expect(
      tensor([
        [NaN, 1],
        [0, 2],
        [NaN, 1],
        [0, 1],
      ])
        .unique({ dim: 0 })
        .toArray(),
    ).toEqual([
      [0, 1],
      [0, 2],
      [NaN, 1],
      [NaN, 1],
    ]);
    expect(zeros([0, 3]).unique({ dim: 0 }).shape).toEqual([0, 3]);
    expect(() => tensor([1]).unique({ dim: 1 })).toThrow('[Tensor.unique]');
    const { values, inverse, counts } = Tensor.fromTypedArray(Int32Array.of(5, 2, 5, 7), [2, 2]).unique({ returnInverse: true });
    expect(values.dtype).toBe('int32');
    expect(values.toArray()).toEqual([2, 5, 7]);
    expect(inverse.toArray()).toEqual([
      [1, 0],
      [1, 2],
    ]);
    expect(counts.toArray()).toEqual([1, 2, 1]);
  });

  it('counts', () => {
    const x = Tensor.fromTypedArray(Int32Array.of(1, 3, 1));
    expect(x.bincount({ minlength: 6 }).toArray()).toEqual([0, 2, 0, 1, 0, 0]);
    expect(x.bincount({ weights: tensor([0.5, 2, 1]) }).toArray()).toEqual([0, 1.5, 0, 2]);
    expect(Tensor.fromTypedArray(new Int32Array(0)).bincount().shape).toEqual([0]);
    expect(() => Tensor.fromTypedArray(Int32Array.of(-1)).bincount()).toThrow('expected elements from 0 to 2^28 - 1, got -1');
    expect(() => Tensor.fromTypedArray(Int32Array.of(2 ** 31 - 1)).bincount()).toThrow(RangeError);
    expect(() => x.bincount({ weights: tensor([1]) })).toThrow(RangeError);
    expect(() => tensor([1]).bincount()).toThrow(TypeError);
  });

  it('cannot be recorded, as its size depends on values', () => {
    expect(() => compile((x: Tensor) => x.unique())(tensor([1]))).toThrow('unique');
  });
});
