// What writes to places, reduces there, counts and divides: corners and messages. Their numbers and gradients are PyTorch's in float64: dense.test.ts.
import { describe, expect, it } from 'vitest';
import { arange, atleast2d, blockDiag, ones, tensor, zeros } from '../../src';
import { expectError, expectSame } from '../helpers';

const int = (...values: number[]) => tensor(values, { dtype: 'int32' });
const { NaN: nan } = Number;

describe('scatterReduce and indexReduce', () => {
  it('are what a loop gives, for many elements of one place', () => {
    for (let n = 1; n < 20; n++) {
      const index = Array.from({ length: n }, (_, i) => (i * 5) % 3);
      const source = Array.from({ length: n }, (_, i) => ((i * 7) % 4) - 1);
      const own = [1, -2, 3];
      const loop = (combine: (a: number, b: number) => number): number[] =>
        own.map((x, place) => source.filter((_, i) => index[i] === place).reduce(combine, x));
      for (const make of [tensor, (values: number[]) => int(...values)]) {
        const reduce = (how: 'sum' | 'prod' | 'amax' | 'amin') => make(own).scatterReduce(0, int(...index), make(source), how);
        const plain = (numbers: number[]) => numbers.map((number) => number + 0); // -0 is 0 among integers
        const plus = (a: number, b: number) => a + b;
        expectSame(reduce('sum'), loop(plus));
        expectSame(reduce('prod').add(0), plain(loop((a, b) => a * b)));
        expectSame(
          reduce('amax'),
          loop((a, b) => Math.max(a, b)),
        );
        expectSame(
          reduce('amin'),
          loop((a, b) => Math.min(a, b)),
        );
      }
    }
  });
  it('have their corners', () => {
    const index = int(0, 2, 0);
    expectSame(ones([3]).scatterReduce(0, index, tensor([nan, 2, 3]), 'amax'), [nan, 1, 2]);
    expectSame(int(7, 8, 9).scatterReduce(0, index, int(-4, 2, 1), 'mean'), [1, 8, 5]);
    expectSame(int(7, 8, 9).scatterReduce(0, index, int(-4, 2, 1), 'mean', { includeSelf: false }), [-2, 8, 2]);
    expect(
      ones([2])
        .scatterReduce(0, int(), zeros([0]), 'prod')
        .toArray(),
    ).toEqual([1, 1]);
    const x = tensor([5, 1], { requiresGrad: true });
    x.scatterReduce(0, int(0, 0), tensor([5, 5]), 'amax')
      .sum()
      .backward();
    expectSame(x.grad!, [Math.fround(1 / 3), 1]);
    const own = tensor([5, 1], { requiresGrad: true });
    const source = tensor([5, 5], { requiresGrad: true });
    own.scatterReduce(0, int(0, 0), source, 'amin', { includeSelf: false }).sum().backward();
    expectSame(own.grad!, [0, 1]);
    expectSame(source.grad!, [0.5, 0.5]);
  });
  it('check their arguments', () => {
    const where = '[Tensor.scatterReduce]';
    const x = ones([2, 2]);
    expectError(() => x.scatterReduce(0, int(0), x, 'sum'), RangeError, `${where} expected index [*, <=2], got [1]`);
    expect(() => ones([2]).scatterReduce(0, int(2), ones([1]), 'sum')).toThrow(`${where} index[0] = 2 is out of range [0, 2)`);
    expect(() => ones([2]).scatterReduce(0, int(-1), ones([1]), 'sum')).toThrow(RangeError);
    expect(() => ones([2]).scatterReduce(0, int(0, 1), ones([1]), 'sum')).toThrow(`${where} expected source [>=2], got [1]`);
    expect(() => ones([2]).scatterReduce(0, int(0), ones([1]), 'max' as never)).toThrow(`${where} expected reduce`);
    expect(() => tensor(1).scatterReduce(0, int(0), ones([1]), 'sum')).toThrow(where);
    expect(() => x.indexReduce(0, int(0), ones([1, 3]), 'prod')).toThrow('[Tensor.indexReduce] expected source [1, 2], got [1, 3]');
    expect(() => x.indexReduce(0, int(2), ones([1, 2]), 'prod')).toThrow('[Tensor.indexReduce] index[0] = 2 is out of range [0, 2)');
    expect(() => x.indexReduce(0, int(0), ones([1, 2]), 'sum' as never)).toThrow('[Tensor.indexReduce] expected reduce');
  });
});

describe('indexCopy, indexPut and maskedScatter', () => {
  it('keep int32, and have their corners', () => {
    expectSame(int(1, 2, 3).indexCopy(0, int(2, 2), int(8, 9)), [1, 2, 9]);
    expectSame(int(1, 2, 3).indexPut([[-1]], int(7)), [1, 2, 7]);
    expectSame(int(1, 2, 3).maskedScatter(int(1, 0, 2), int(7, 8, 9)), [7, 2, 8]);
    expectSame(ones([2]).indexPut([null], tensor([3])), [3, 3]);
    expectSame(ones([2]).indexPut([], tensor([3, 4])), [3, 4]);
    expectSame(ones([2, 2]).indexPut([int(1)], tensor([3, 4])), [1, 1, 3, 4]);
    expectSame(ones([2]).maskedScatter(int(0, 0), zeros([0])), [1, 1]);
    expect(
      ones([2])
        .indexPut([[]], zeros([0]))
        .toArray(),
    ).toEqual([1, 1]);
  });
  it('check their arguments', () => {
    const x = ones([2, 3]);
    expect(() => x.indexCopy(0, int(2), ones([1, 3]))).toThrow('[Tensor.indexCopy] index[0] = 2 is out of range [0, 2)');
    expect(() => x.indexCopy(0, int(0), ones([3]))).toThrow('[Tensor.indexCopy] expected source [1, 3], got [3]');
    expect(() => x.indexPut([[0], [1], [2]], ones([1]))).toThrow('[Tensor.indexPut] expected at most 2 entries for [2, 3], got 3');
    expect(() => x.indexPut([[0]], ones([2]))).toThrow('[Tensor.indexPut]');
    expect(() => x.indexPut([[2]], ones([1]))).toThrow('[Tensor.indexPut] indices[0][0] = 2 is out of range [-2, 2)');
    expect(() => x.indexPut(0 as never, ones([1]))).toThrow('[Tensor.indexPut] expected an array with an entry for each dimension, got 0');
    expect(() => int(1).indexPut([[0]], int(1), { accumulate: true })).toThrow('[Tensor.indexPut] accumulate is for float32, got int32');
    expect(() => x.maskedScatter(x.gt(0), ones([5]))).toThrow(
      '[Tensor.maskedScatter] expected source to have 6 elements or more, one for each that mask chooses, got 5',
    );
    expect(() => x.maskedScatter(x as never, ones([6]))).toThrow('[Tensor.maskedScatter] expected mask to be int32, got float32');
  });
});

describe('mode and tensorSplit', () => {
  it('have their corners', () => {
    const { values, indices } = tensor(3).mode();
    expect([values.shape, values.item(), indices.item()]).toEqual([[], 3, 0]);
    expect(tensor([nan, nan, 2, 2]).mode().values.item()).toBe(2);
    expect(int(4, 4, 1).mode().values.dtype).toBe('int32');
    expect(zeros([0, 2]).mode(1).values.shape).toEqual([0]);
    expectError(() => zeros([2, 0]).mode(), RangeError, '[Tensor.mode] dim 1 of [2, 0] is empty');
    expect(
      arange(5)
        .tensorSplit([3, 1, 99])
        .map((t) => [...t.data]),
    ).toEqual([[0, 1, 2], [], [1, 2, 3, 4], []]);
    expect(
      zeros([0])
        .tensorSplit(2)
        .map((t) => t.shape),
    ).toEqual([[0], [0]]);
    expect(() => arange(5).tensorSplit(0)).toThrow('[Tensor.tensorSplit] expected sections');
    expect(() => arange(5).tensorSplit([0.5])).toThrow('[Tensor.tensorSplit] expected every place');
    expect(() => arange(5).tensorSplit('2' as never)).toThrow(TypeError);
  });
});

describe('a part in place of another, rows and blocks', () => {
  it('keep int32, and check their arguments in their own names', () => {
    expectSame(int(1, 2, 3).selectScatter(int().sum(), 0, -1), [1, 2, 0]);
    expectSame(int(1, 2, 3).sliceScatter(int(8, 9), 0, 1), [1, 8, 9]);
    expectSame(blockDiag(int(1), int(2, 3)), [1, 0, 0, 0, 2, 3]);
    expectSame(ones([2]).sliceScatter(zeros([0]), 0, 5), [1, 1]);
    expect(blockDiag(zeros([0]), ones([2, 1])).shape).toEqual([3, 1]);
    const x = ones([2, 3]);
    expect(() => x.selectScatter(ones([3]), 0, 2)).toThrow('[Tensor.selectScatter]');
    expect(() => x.selectScatter(ones([2]), 0, 0)).toThrow('[Tensor.selectScatter] expected source [3], got [2]');
    expect(() => x.sliceScatter(ones([2, 3]), 0, 0, 2, 0)).toThrow('[Tensor.sliceScatter]');
    expect(() => x.diagonalScatter(ones([2]), { dim1: 1 })).toThrow('[Tensor.diagonalScatter]');
    expect(() => x.diagonalScatter(ones([2]), { of: 1 } as never)).toThrow('[Tensor.diagonalScatter] unknown option "of"');
    expect(() => ones([2]).addr(ones([2]), ones([2, 2]))).toThrow('[Tensor.addr] expected vec2 to be a vector, got [2, 2]');
    expect(() => ones([2]).addbmm(ones([1, 2, 3]), ones([2, 3, 2]))).toThrow('[Tensor.addbmm]');
    expectError(() => blockDiag(), RangeError, '[blockDiag] expected at least one tensor, got none');
    expect(() => blockDiag(ones([1, 1, 1]))).toThrow('[blockDiag] expected tensors[0] to have at most two dimensions, got [1, 1, 1]');
    expect(() => atleast2d(3 as never)).toThrow('[atleast2d]');
  });
});
