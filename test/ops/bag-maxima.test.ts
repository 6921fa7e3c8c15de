// Bags with offsets in a compiled step: their maxima and gradients have the bits of the loop's, for offsets that change from call to call.
import { describe, expect, it } from 'vitest';
import { compile, nn, type Tensor, tensor } from '../../src';
import { expectSame } from '../helpers';

const int = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });
const { NaN: nan } = Number;
const table = [[1, -5], [2, 2], [2, -9], [nan, 0], [-3, 7], [-Infinity, -Infinity]]; // biome-ignore format: matrix
const rounds: [number[], number[]][] = [
  [[0, 1, 2, 3, 4, 5, 1, 2], [0, 3, 3, 5, 8]],
  [[5, 5, 2, 1, 1, 0, 3, 0], [0, 1, 2, 4, 8]],
  [[1, 2, 1, 2, 1, 2, 1, 2], [0, 0, 0, 0, 0]],
  [[4, 1, 0, 2, 1, 1, 1, 3], [0, 4, 5, 6, 7]],
]; // biome-ignore format: lists

describe.each([
  ['', {}],
  [' with paddingIdx', { paddingIdx: 1 }],
  [' with the last offset', { includeLastOffset: true }],
])('embeddingBag of mode "max" with offsets%s', (_, options) => {
  it('is recorded', () => {
    const run = (form: (fn: (index: Tensor, offsets: Tensor) => Tensor) => (index: Tensor, offsets: Tensor) => Tensor) => {
      const weight = tensor(table, { requiresGrad: true });
      const step = form((index, offsets) => {
        weight.grad = null;
        const y = nn.functional.embeddingBag(index, weight, { mode: 'max', offsets, ...options });
        y.mul(tensor([1, 2]))
          .sum()
          .backward();
        return y;
      });
      return rounds.flatMap(([index, offsets]) => [...step(int(index), int(offsets)).data, ...weight.grad!.data]);
    };
    expectSame(run((fn) => compile(fn, { keepGrad: true })), run((fn) => fn)); // biome-ignore format: short
  });
});

it('a bag of no positions at all is 0', () => {
  const step = compile((index: Tensor, offsets: Tensor) => nn.functional.embeddingBag(index, tensor(table), { mode: 'max', offsets }));
  for (let i = 0; i < 3; i++) expect(step(int([]), int([0, 0])).toArray()).toEqual([[0, 0], [0, 0]]); // biome-ignore format: matrix
  expect(() => step(int([0]), int([0, 7]))).toThrow(RangeError);
});

describe.each([
  ['a loop', (fn: (index: Tensor, offsets: Tensor) => Tensor) => fn],
  ['a compiled step', (fn: (index: Tensor, offsets: Tensor) => Tensor) => compile(fn, { keepGrad: true })],
])('of rows of -Infinity in %s', (_, form) => {
  it('the first row that counts gets the gradient, as in PyTorch', () => {
    const weight = tensor([[-Infinity, 1], [-Infinity, 1], [5, -Infinity]], { requiresGrad: true }); // biome-ignore format: matrix
    const step = form((index, offsets) => {
      weight.grad = null;
      const y = nn.functional.embeddingBag(index, weight, { mode: 'max', offsets, paddingIdx: 2 });
      y.sum().backward();
      return y;
    });
    const gradient = (index: number[], offsets: number[]): unknown => [step(int(index), int(offsets)).toArray(), weight.grad!.toArray()];
    const values = [[-Infinity, 1], [-Infinity, 1]]; // biome-ignore format: matrix
    for (let i = 0; i < 3; i++) {
      expect(gradient([2, 0, 1, 0], [0, 2])).toEqual([values, [[1, 1], [1, 1], [0, 0]]]); // biome-ignore format: matrix
      expect(gradient([2, 0, 1, 0], [0, 3])).toEqual([values, [[2, 2], [0, 0], [0, 0]]]); // biome-ignore format: matrix
      expect(gradient([2, 2, 1, 2], [0, 2])).toEqual([[[0, 0], [-Infinity, 1]], [[0, 0], [1, 1], [0, 0]]]); // biome-ignore format: matrix
    }
  });
});

it('of an index [bags, n] no padding gets the gradient of -Infinity', () => {
  const weight = tensor([[-Infinity, 1], [5, -Infinity]], { requiresGrad: true }); // biome-ignore format: matrix
  const index = tensor([[1, 0], [0, 1]], { dtype: 'int32' }); // biome-ignore format: matrix
  nn.functional.embeddingBag(index, weight, { mode: 'max', paddingIdx: 1 }).sum().backward();
  expect(weight.grad!.toArray()).toEqual([[2, 2], [0, 0]]); // biome-ignore format: matrix
});
