// narrow, indexSelect, gather, cat and stack: what picks elements and puts them together.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arange, cat, stack, tensor, zeros } from '../../src/ops';
import type { Tensor } from '../../src/tensor';
import { expectError, expectSame, gradientCheck } from '../helpers';
import { build, get, type Model, models, numbers, shaped, shapes, toTensor } from '../model';

const int = (shape: number[], values: number[]): Tensor => tensor(Int32Array.from(values)).reshape(shape);
const both = (m: Model): Tensor[] => [toTensor(m), toTensor(m).to('int32')];
const like = (m: Model, t: Tensor): Model | Tensor => (t.dtype === 'int32' ? toTensor(m).to('int32') : m);

const narrowed = (m: Model, dim: number, start: number, length: number): Model =>
  build(m.shape.with(dim, length), (index) => get(m, index.with(dim, index[dim]! + start)));

// A shape, a dimension of it, and a range of that dimension.
const ranges = shapes(4, 1, 1).chain((shape) =>
  fc
    .tuple(models(shape), fc.nat({ max: shape.length - 1 }))
    .chain(([m, dim]) => fc.tuple(fc.constant(m), fc.constant(dim), fc.nat({ max: shape[dim]! }), fc.nat({ max: shape[dim]! })))
    .map(([m, dim, a, b]) => ({ m, dim, start: Math.min(a, b), length: Math.abs(a - b) })),
);

describe('narrow', () => {
  test('against the model', () => {
    fc.assert(
      fc.property(ranges, ({ m, dim, start, length }) => {
        for (const x of both(m)) {
          const size = m.shape[dim]!;
          const y = x.narrow(dim - m.shape.length, start === size ? start : start - size, length);
          expect(y.shape).toEqual(m.shape.with(dim, length));
          expectSame(y, like(narrowed(m, dim, start, length), x));
        }
      }),
    );
  });

  test('shares memory along dimension 0 alone', () => {
    const x = arange(6).reshape([3, 2]);
    x.narrow(0, 1, 2).data[0] = 9;
    x.narrow(1, 0, 1).data[0] = 7;
    expect(x.toArray()).toEqual([
      [0, 1],
      [9, 3],
      [4, 5],
    ]);
  });

  test('gradients', () => {
    gradientCheck(
      (x) => x.narrow(0, 1, 2),
      (m) => narrowed(m, 0, 1, 2),
      [numbers([4, 3])],
    );
    gradientCheck(
      (x) => x.narrow(1, -2, 2),
      (m) => narrowed(m, 1, 1, 2),
      [numbers([4, 3])],
    );
  });

  test('errors', () => {
    const x = zeros([3, 2]);
    expectError(() => x.narrow(0, 2, 2), RangeError, '[Tensor.narrow] elements 2 to 4 of dim 0 leave [3, 2]');
    expectError(() => x.narrow(0, 4, 0), RangeError, '[Tensor.narrow] expected start to be from -3 to 3, got 4');
    expectError(() => x.narrow(0, 0.5, 1), RangeError, '[Tensor.narrow] expected start to be an integer, got 0.5');
    expectError(() => x.narrow(0, 0, -1), RangeError, '[Tensor.narrow] expected length to be at least 0, got -1');
    expectError(() => x.narrow(2, 0, 1), RangeError, '[Tensor.narrow] dim 2 is outside [-2, 1]');
    expectError(() => tensor(1).narrow(0, 0, 1), RangeError, '[Tensor.narrow] a scalar has no dimension to narrow');
  });
});

describe('indexSelect', () => {
  const selected = (m: Model, dim: number, index: number[]): Model =>
    build(m.shape.with(dim, index.length), (at) => get(m, at.with(dim, index[at[dim]!]!)));

  test('against the model', () => {
    fc.assert(
      fc.property(
        ranges.chain(({ m, dim }) =>
          fc.tuple(fc.constant(m), fc.constant(dim), fc.array(fc.nat({ max: m.shape[dim]! - 1 }), { maxLength: 7 })),
        ),
        ([m, dim, index]) => {
          for (const x of both(m)) {
            const y = x.indexSelect(dim, int([index.length], index));
            expect(y.shape).toEqual(m.shape.with(dim, index.length));
            expectSame(y, like(selected(m, dim, index), x));
          }
        },
      ),
    );
    expect(
      tensor([5, 6])
        .indexSelect(0, tensor(1, { dtype: 'int32' }))
        .toArray(),
    ).toEqual([6]);
    expect(
      tensor(5)
        .indexSelect(0, int([1], [0]))
        .item(),
    ).toBe(5);
  });

  test('gradients of elements chosen twice add up', () => {
    const index = [2, 0, 2];
    for (const dim of [0, 1]) {
      gradientCheck(
        (x) => x.indexSelect(dim, int([3], index)),
        (m) => selected(m, dim, index),
        [numbers([3, 4].toSorted())],
      );
    }
  });

  test('errors', () => {
    const x = zeros([3, 2]);
    expectError(() => x.indexSelect(0, int([3], [0, 1, 3])), RangeError, '[Tensor.indexSelect] index[2] = 3 is out of range [0, 3)');
    expectError(() => x.indexSelect(1, int([1], [-1])), RangeError, '[Tensor.indexSelect] index[0] = -1 is out of range [0, 2)');
    expectError(() => x.indexSelect(0, int([1, 1], [0])), RangeError, '[Tensor.indexSelect] expected index [count], got [1, 1]');
    expectError(
      () => x.indexSelect(0, tensor([0])),
      TypeError,
      '[Tensor.indexSelect] expected index to be int32, got float32\n  hint: index.to("int32") converts it',
    );
    expectError(
      () => x.indexSelect(0, [0] as never),
      TypeError,
      '[Tensor.indexSelect] expected index to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
    expectError(() => x.indexSelect(2, int([1], [0])), RangeError, '[Tensor.indexSelect] dim 2 is outside [-2, 1]');
    expectError(() => tensor(1).indexSelect(0, int([2], [0, 0])), RangeError, '[Tensor.indexSelect] a scalar takes one index, got 2');
  });
});

describe('gather', () => {
  const gathered = (m: Model, dim: number, index: Model): Model => build(index.shape, (at, i) => get(m, at.with(dim, index.data[i]!)));
  const cases = ranges.chain(({ m, dim }) =>
    fc.tuple(...m.shape.map((size, d) => fc.integer({ min: 0, max: d === dim ? 6 : size }))).chain((shape) => {
      const count = shape.reduce((n, size) => n * size, 1);
      return fc
        .array(fc.nat({ max: m.shape[dim]! - 1 }), { minLength: count, maxLength: count })
        .map((data) => ({ m, dim, index: { shape, data } }));
    }),
  );

  test('against the model, also with a smaller index', () => {
    fc.assert(
      fc.property(cases, ({ m, dim, index }) => {
        for (const x of both(m)) {
          const y = x.gather(dim, int(index.shape, index.data));
          expect(y.shape).toEqual(index.shape);
          expectSame(y, like(gathered(m, dim, index), x));
        }
      }),
    );
    expect(
      tensor(5)
        .gather(0, tensor(0, { dtype: 'int32' }))
        .item(),
    ).toBe(5);
  });

  test('gradients of elements chosen twice add up', () => {
    const index = { shape: [2, 3], data: [1, 1, 0, 0, 1, 1] };
    for (const dim of [0, 1]) {
      gradientCheck(
        (x) => x.gather(dim, int(index.shape, index.data)),
        (m) => gathered(m, dim, index),
        [numbers([3, 4])],
      );
    }
  });

  test('errors', () => {
    const x = zeros([3, 2]);
    expectError(() => x.gather(1, int([2, 2], [0, 1, 0, 2])), RangeError, '[Tensor.gather] index[1][1] = 2 is out of range [0, 2)');
    expectError(() => x.gather(1, int([4, 1], [0, 0, 0, 0])), RangeError, '[Tensor.gather] expected index [<=3, *], got [4, 1]');
    expectError(() => x.gather(0, int([1], [0])), RangeError, '[Tensor.gather] expected index [*, <=2], got [1]');
    expectError(
      () => x.gather(0, zeros([1, 1])),
      TypeError,
      '[Tensor.gather] expected index to be int32, got float32\n  hint: index.to("int32") converts it',
    );
  });
});

describe('cat', () => {
  const joined = (parts: Model[], dim: number): Model => {
    const sizes = parts.map((m) => m.shape[dim]!);
    return build(
      parts[0]!.shape.with(
        dim,
        sizes.reduce((a, b) => a + b, 0),
      ),
      (index) => {
        let [part, at] = [0, index[dim]!];
        while (at >= sizes[part]!) at -= sizes[part++]!;
        return get(parts[part]!, index.with(dim, at));
      },
    );
  };
  const cases = shapes(4, 1).chain((shape) =>
    fc.nat({ max: shape.length - 1 }).chain((dim) =>
      fc.tuple(
        fc.array(
          fc.nat({ max: 4 }).chain((size) => models(shape.with(dim, size))),
          { minLength: 1, maxLength: 4 },
        ),
        fc.constant(dim),
      ),
    ),
  );

  test('against the model', () => {
    fc.assert(
      fc.property(cases, ([parts, dim]) => {
        const expected = joined(parts, dim);
        const y = cat(
          parts.map((m) => toTensor(m)),
          dim - expected.shape.length,
        );
        expect(y.shape).toEqual(expected.shape);
        expectSame(y, expected);
      }),
    );
    expect(cat([tensor([1]), tensor([2, 3])]).toArray()).toEqual([1, 2, 3]);
  });

  test('gradients', () => {
    for (const dim of [0, 1]) {
      const parts = [numbers([2, 3]), numbers([2, 3].with(dim, 4), -2, 2, 2), numbers([2, 3], -2, 2, 3)];
      gradientCheck(
        (...xs) => cat(xs, dim),
        (...ms) => joined(ms, dim),
        parts,
      );
      gradientCheck(
        (x) => cat([x, x], dim),
        (m) => joined([m, m], dim),
        [parts[0]!],
      );
      gradientCheck(
        (x) => cat([x.mul(2), x.mul(3)], dim).mul(1),
        (m) =>
          joined(
            [
              { ...m, data: m.data.map((v) => 2 * v) },
              { ...m, data: m.data.map((v) => 3 * v) },
            ],
            dim,
          ),
        [parts[0]!],
      );
    }
  });

  test('int32 stays int32, beside float32 it becomes float32', () => {
    expect(cat([int([1], [1]), int([1], [2])]).dtype).toBe('int32');
    const mixed = cat([int([1], [1]), tensor([0.5])]);
    expect([mixed.dtype, mixed.toArray()]).toEqual(['float32', [1, 0.5]]);
  });

  test('errors', () => {
    expectError(() => cat([]), RangeError, '[cat] expected at least one tensor, got none');
    expectError(() => cat(zeros([1]) as never), TypeError, '[cat] expected an array of tensors, got a Tensor');
    expectError(
      () => cat([zeros([1]), 1 as never]),
      TypeError,
      '[cat] expected tensors[1] to be a tensor, got 1\n  hint: tensor(...) makes one',
    );
    expectError(() => cat([tensor(1)]), RangeError, '[cat] scalars have no dimension to join\n  hint: stack(tensors) makes a new one');
    expectError(() => cat([zeros([2, 3]), zeros([2, 4])]), RangeError, '[cat] expected tensors[1] [*, 3], got [2, 4]');
    expectError(() => cat([zeros([2, 3]), zeros([2])], 1), RangeError, '[cat] expected tensors[1] [2, *], got [2]');
    expectError(() => cat([zeros([2])], 1), RangeError, '[cat] dim 1 is outside [-1, 0]');
  });
});

describe('stack', () => {
  test('along every new dimension, with gradients', () => {
    const [a, b] = [numbers([2, 3]), numbers([2, 3], -2, 2, 2)];
    for (const dim of [0, 1, 2]) {
      const shape = [2, 3].toSpliced(dim, 0, 2);
      gradientCheck(
        (...xs) => stack(xs, dim),
        (...ms) => build(shape, (index) => get(ms[index[dim]!]!, index.toSpliced(dim, 1))),
        [a, b],
      );
    }
    expect(stack([zeros([2, 3])], -1).shape).toEqual([2, 3, 1]);
    gradientCheck(
      (x) => stack([x, x]),
      (m) => shaped({ shape: [], data: [m.data[0]!, m.data[0]!] }, [2]),
      [numbers([])],
    );
  });

  test('errors', () => {
    expectError(() => stack([zeros([2]), zeros([3])]), RangeError, '[stack] expected tensors[1] [2], got [3]');
    expectError(() => stack([zeros([2])], 2), RangeError, '[stack] dim 2 is outside [-2, 1]');
    expectError(() => stack([]), RangeError, '[stack] expected at least one tensor, got none');
  });
});
