// Lists of places and diagonals: NumPy's rules, corners and every message. Values are in dense.test.ts.
import { describe, expect, it } from 'vitest';
import { arange, compile, tensor, zeros } from '../../src/index';
import type { Tensor } from '../../src/tensor';
import { expectError, expectSame, thrownBy } from '../helpers';

const int = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });

describe('lists of places', () => {
  const x = arange(24).reshape([2, 3, 4]);
  it('index follows NumPy where the lists stand', () => {
    expect(x.index([]).shape).toEqual([2, 3, 4]);
    expect(x.index([null, null]).shape).toEqual([2, 3, 4]);
    expect(x.index([[0], null, [1, 2]]).shape).toEqual([2, 3]); // apart: in front
    expect(x.index([null, [0, 1], [1, 2]]).toArray()).toEqual([
      [1, 6],
      [13, 18],
    ]);
    expect(x.index([Int32Array.of(1), [0, 1]]).toArray()).toEqual([
      [12, 13, 14, 15],
      [16, 17, 18, 19],
    ]);
    expect(x.index([[]]).shape).toEqual([0, 3, 4]);
    expect(x.to('int32').index([[1]]).dtype).toBe('int32');
  });
  it('a mask of 0 and 1 is a list of places', () => {
    const rows = tensor([[1], [2], [3]]);
    const mask = rows.squeeze(1).gt(1);
    expect(rows.index([mask]).toArray()).toEqual([[1], [2], [2]]);
    expect(rows.index([mask.nonzero().squeeze(1)]).toArray()).toEqual([[2], [3]]);
  });
  it('say which place is outside', () => {
    expectError(() => x.index([[0, 2]]), RangeError, '[Tensor.index] indices[0][1] = 2 is out of range [-2, 2)');
    expectError(
      () => x.index([null, tensor([[0], [-4]], { dtype: 'int32' })]),
      RangeError,
      '[Tensor.index] indices[1][1][0] = -4 is out of range [-3, 3)',
    );
    expectError(() => x.index([[0, 0.5]]), RangeError, '[Tensor.index] expected indices[0][1] to be an integer, got 0.5');
    expectError(
      () => x.index([[2 ** 31]]),
      RangeError,
      '[Tensor.index] expected indices[0][0] to be from -2147483648 to 2147483647, got 2147483648',
    );
    expectError(
      () => x.index([tensor([0])]),
      TypeError,
      '[Tensor.index] expected indices[0] to be int32, got float32\n  hint: indices[0].to("int32") converts it',
    );
    expectError(
      () => x.index([0 as never]),
      TypeError,
      '[Tensor.index] expected indices[0] to be an int32 tensor or an array of integers, got 0',
    );
    expectError(() => x.index([[0], [0], [0], [0]]), RangeError, '[Tensor.index] expected at most 3 entries for [2, 3, 4], got 4');
    expect(thrownBy(() => x.index(int([1]) as never)).message).toMatch(
      /^\[Tensor.index\] expected an array with an entry for each dimension, got a Tensor/,
    );
    expectError(
      () =>
        x.index([
          [0, 1],
          [0, 1, 2],
        ]),
      RangeError,
      '[Tensor.index] shapes [2] and [3] do not broadcast\n  hint: dimension -1 is 2 and 3',
    );
    expectError(() => x.take([24]), RangeError, '[Tensor.take] index[0] = 24 is out of range [-24, 24)');
    expectError(() => zeros([0]).take([0]), RangeError, '[Tensor.take] index[0] = 0 is out of range [0, 0)');
    expectError(
      () => x.takeAlongDim(int([0]), 0),
      RangeError,
      '[Tensor.takeAlongDim] expected indices with the dimensions of [2, 3, 4], got [1]',
    );
  });
  it('a compiled step meets a place that is outside', () => {
    const step = compile((t: Tensor, index: Tensor) => t.index([null, index]));
    for (let i = 0; i < 3; i++) expect(step(x, int([-1])).shape).toEqual([2, 1, 4]);
    expect(() => step(x, int([3]))).toThrow(RangeError);
    expect(step(x, int([0])).shape).toEqual([2, 1, 4]);
  });
  it('indexAdd and indexFill say what does not fit', () => {
    const y = zeros([3, 2]);
    expectError(() => y.indexAdd(0, int([3]), zeros([1, 2])), RangeError, '[Tensor.indexAdd] index[0] = 3 is out of range [0, 3)');
    expectError(() => y.indexAdd(0, int([0]), zeros([2, 2])), RangeError, '[Tensor.indexAdd] expected source [1, 2], got [2, 2]');
    expectError(
      () => int([1]).indexAdd(0, int([0]), zeros([1])),
      TypeError,
      '[Tensor.indexAdd] expected source to be int32, got float32\n  hint: source.to("int32") converts it',
    );
    expectError(
      () => int([1]).indexAdd(0, int([0]), int([1]), { alpha: 0.5 }),
      RangeError,
      '[Tensor.indexAdd] expected alpha to be an int32, got 0.5',
    );
    expectError(() => y.indexFill(1, int([-1]), 1), RangeError, '[Tensor.indexFill] index[0] = -1 is out of range [0, 2)');
    expectError(() => int([1]).indexFill(0, int([0]), 0.5), RangeError, '[Tensor.indexFill] an int32 tensor cannot hold 0.5');
    expectError(
      () => y.indexFill(0, int([0]), zeros([2])),
      RangeError,
      '[Tensor.indexFill] expected value to be a number or a scalar tensor, got [2]',
    );
    expectError(
      () => y.indexFill(0, zeros([1]), 1),
      TypeError,
      '[Tensor.indexFill] expected index to be int32, got float32\n  hint: index.to("int32") converts it',
    );
    expect([
      int([1, 2])
        .indexFill(0, int([1]), 7)
        .toArray(),
      y.indexFill(0, int([]), 1).sum().item(),
      y
        .indexAdd(0, int([]), zeros([0, 2]))
        .sum()
        .item(),
    ]).toEqual([[1, 7], 0, 0]);
  });
});

describe('diagonals', () => {
  it('beyond the corner are empty', () => {
    expect([
      zeros([2, 3]).diagonal({ offset: 3 }).shape,
      zeros([2, 3]).diagonal({ offset: -2 }).shape,
      zeros([0, 2]).diagonal().shape,
    ]).toEqual([[0], [0], [0]]);
    expect([zeros([0]).diag().shape, zeros([0]).diag(2).shape, zeros([0, 0]).trace().item(), int([1, 2]).diag(-1).toArray()]).toEqual([
      [0, 0],
      [2, 2],
      0,
      [
        [0, 0, 0],
        [1, 0, 0],
        [0, 2, 0],
      ],
    ]);
  });
  it('triangles are 0 also where NaN and Infinity stood', () => {
    const x = tensor([
      [1, Number.NaN],
      [Infinity, 2],
    ]);
    expectSame(x.tril(), [1, 0, Infinity, 2]);
    expectSame(x.triu(), [1, Number.NaN, 0, 2]);
    expect([zeros([0, 3]).triu().shape, int([1, 2, 3, 4]).reshape([2, 2]).tril().toArray()]).toEqual([
      [0, 3],
      [
        [1, 0],
        [3, 4],
      ],
    ]);
  });
  it('say what does not fit', () => {
    expectError(() => zeros([2]).diagonal(), RangeError, '[Tensor.diagonal] expected at least two dimensions, got [2]');
    expectError(() => zeros([2, 2]).diagonal({ dim1: 1 }), RangeError, '[Tensor.diagonal] expected two dimensions, got 1 twice');
    expectError(
      () => zeros([2, 2]).diagonal(1 as never),
      TypeError,
      '[Tensor.diagonal] expected an options object, got 1\n  hint: Tensor.diagonal(..., { offset, dim1, dim2 })',
    );
    expectError(() => zeros([2, 2, 2]).diag(), RangeError, '[Tensor.diag] expected a vector or a matrix, got [2, 2, 2]');
    expectError(() => zeros([2]).diag(0.5), RangeError, '[Tensor.diag] expected diagonal to be an integer, got 0.5');
    expectError(() => zeros([2]).triu(), RangeError, '[Tensor.triu] expected at least two dimensions, got [2]');
    expectError(() => zeros([2]).trace(), RangeError, '[Tensor.trace] expected a matrix, got [2]');
  });
});
