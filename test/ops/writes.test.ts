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

it('sums of int32 at the same place are exact, and wrap beyond 32 bits', () => {
  const ints = (values: number[], shape = [values.length]) => int(...values).reshape(shape);
  const x = ints([1, 2, 3, 4, 5, 6], [2, 3]);
  const large = 2 ** 24 + 1; // float32 does not have it
  const results = [
    x.scatterAdd(1, ints([2, 2, 0, 1], [2, 2]), ints([large, 1, 7, 8], [2, 2])),
    x.clone().scatterAdd_(0, ints([1, 1, 0], [1, 3]), ints([10, 20, 30], [1, 3])),
    x.indexAdd(1, ints([2, 0, 2]), ints([1, 2, 3, 4, 5, 6], [2, 3])),
    x.indexAdd(0, ints([1]), ints([1, 1, large], [1, 3]), { alpha: -2 }),
    x.clone().indexAdd_(0, ints([]), zeros([0, 3], { dtype: 'int32' })),
    x.indexPut([[0, -1, 0], [1, 1, 1]], ints([10, 20, 30]), { accumulate: true }), // biome-ignore format: lists
    x.clone().indexPut_([null, [1, 1]], ints([5]), { accumulate: true }),
    x.put([-1, 5, 0], ints([1, 1, 9]), { accumulate: true }),
    ints([2 ** 31 - 1]).scatterAdd(0, ints([0, 0]), ints([1, 1])),
  ].map((t) => t.toArray());
  expect(results).toEqual([
    [[1, 2, large + 4], [11, 13, 6]],
    [[1, 2, 33], [14, 25, 6]],
    [[3, 2, 7], [9, 5, 16]],
    [[1, 2, 3], [2, 3, 6 - 2 * large]],
    [[1, 2, 3], [4, 5, 6]],
    [[1, 42, 3], [4, 25, 6]],
    [[1, 12, 3], [4, 15, 6]],
    [[10, 2, 3], [4, 5, 8]],
    [-(2 ** 31) + 1],
  ]); // biome-ignore format: matrices
  expect(() => x.scatterAdd(1, ints([3], [1, 1]), ints([1], [1, 1]))).toThrow('[Tensor.scatterAdd] index[0][0] = 3 is out of range [0, 3)');
  expect(() => x.indexAdd(0, ints([2]), ints([1, 1, 1], [1, 3]))).toThrow('[Tensor.indexAdd] index[0] = 2 is out of range [0, 2)');
});

it('put writes to the places of the flattened tensor, and its gradients go where its values come from', () => {
  const x = tensor([[1, 2], [3, 4]], { requiresGrad: true }); // biome-ignore format: matrix
  const source = tensor([[5], [6]], { requiresGrad: true });
  const y = x.put(tensor([[-1], [0]], { dtype: 'int32' }), source);
  y.mul(tensor([[10, 20], [30, 40]])).sum().backward(); // biome-ignore format: matrix
  expect([y.toArray(), x.grad!.toArray(), source.grad!.toArray()]).toEqual([[[6, 2], [3, 5]], [[0, 20], [30, 0]], [[40], [10]]]); // biome-ignore format: matrices
  expect(() => x.put([0], ones([2]))).toThrow('[Tensor.put] expected 1 elements in source, got 2');
  expect(() => x.put([4], ones([1]))).toThrow('[Tensor.put] index[0] = 4 is out of range [-4, 4)');
  expect(x.detach().put_([2], tensor([9])).toArray()).toEqual([[1, 2], [9, 4]]); // biome-ignore format: matrix
});
