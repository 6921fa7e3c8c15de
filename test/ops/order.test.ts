// Medians and quantiles without NaN, histograms, runs, products and places: corners and messages. Their numbers and gradients are PyTorch's in float64: dense.test.ts.
import { describe, expect, it } from 'vitest';
import { chainMatmul, compile, cumulativeTrapezoid, ones, type Tensor, tensor, trapezoid, unravelIndex, zeros } from '../../src';
import { expectError, expectSame } from '../helpers';

const int = (...values: number[]) => tensor(values, { dtype: 'int32' });
const { NaN: nan } = Number;

describe('median', () => {
  it('has the index and the gradient of the first NaN', () => {
    const x = tensor([1, nan, 3, nan], { requiresGrad: true });
    const { values, indices } = x.median(0);
    values.backward();
    expect([values.item(), indices.item()]).toEqual([nan, 1]);
    expectSame(x.grad!, [0, 1, 0, 0]);
  });

  it('is NaN without elements', () => {
    const x = zeros([0, 2]).requiresGrad_();
    const y = x.median();
    y.backward();
    expect([y.item(), y.shape, x.grad!.shape]).toEqual([nan, [], [0, 2]]);
    expectError(() => x.median(0), RangeError, '[Tensor.median] the tensor [0, 2] has no elements to choose from');
    expectError(() => zeros([0]).to('int32').median(), RangeError, '[Tensor.median] the tensor [0] has no elements to choose from');
  });
});

describe('nanmedian and nanquantile', () => {
  it('are median and quantile of the other elements, bit for bit', () => {
    for (let n = 1; n < 12; n++) {
      const all = Float32Array.from({ length: n }, (_, i) => ((i * 7) % n) / 3 - 1);
      const x = tensor([...all].flatMap((value, i) => (i % 3 === 0 ? [nan, value] : [value])));
      expectSame(x.nanmedian(), tensor(all).median());
      for (const interpolation of ['linear', 'lower', 'higher', 'nearest', 'midpoint'] as const) {
        for (const q of [0, 0.1, 0.5, 0.77, 1]) {
          expectSame(x.nanquantile(q, 0, { interpolation }), tensor(all).quantile(q, 0, { interpolation }));
        }
      }
    }
  });
  it('have their corners', () => {
    expect(tensor([nan, nan]).nanmedian().item()).toBeNaN();
    expect(tensor([nan, nan]).nanquantile(0.5).item()).toBeNaN();
    expect(tensor([nan, 2]).nanmedian(-1)).toMatchObject({ values: { shape: [] }, indices: { dtype: 'int32' } });
    expect(tensor(3).nanmedian(0).values.shape).toEqual([]);
    expectSame(int(3, 1, 2).nanmedian(), [2]);
    expect(int(3, 1).nanmedian().dtype).toBe('int32');
    expect(tensor([Infinity, nan, Infinity]).nanquantile(1).item()).toBe(Infinity);
    expect(tensor([-Infinity, nan, Infinity, 3]).nanquantile(0.5).item()).toBe(3);
    expect(zeros([0, 2]).nanmedian(1).values.shape).toEqual([0]);
    expect(ones([2, 3]).nanquantile(tensor([0.1, 0.2]), -1, { keepdim: true }).shape).toEqual([2, 2, 1]);
    expect(ones([2, 3]).nanquantile(0.5, undefined, { keepdim: true }).shape).toEqual([1, 1]);
    const x = tensor([5, nan, 1], { requiresGrad: true });
    x.nanquantile(0.25).backward();
    expectSame(x.grad!, [0.25, 0, 0.75]);
  });
  it('check their arguments', () => {
    expectError(() => zeros([0]).nanmedian(), RangeError, '[Tensor.nanmedian] the tensor [0] has no elements to choose from');
    expectError(
      () => zeros([2, 0]).nanquantile(0.5, 1),
      RangeError,
      '[Tensor.nanquantile] the tensor [2, 0] has no elements to choose from',
    );
    expect(() => ones([2]).nanmedian(1)).toThrow('[Tensor.nanmedian]');
    expect(() => ones([2]).nanquantile(2)).toThrow('[Tensor.nanquantile] expected q');
    expect(() => int(1).nanquantile(0.5)).toThrow(TypeError);
  });
});

describe('histc and histogram', () => {
  it('count each element in one bin, and leave out what is outside', () => {
    const x = tensor([0, 0.1, 0.2, 0.3, 0.7, 1, nan, -1, 2, Infinity]);
    expectSame(x.histc({ bins: 10, min: 0, max: 1 }), [1, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
    expectSame(x.histogram(2, { range: [0, 1] }).hist, [4, 2]);
    expectSame(x.histogram(tensor([0, 0.2, 0.2, 1])).hist, [2, 0, 4]);
    expectSame(x.histogram(tensor([1])).hist, []);
    expectSame(x.histogram(1, { range: [3, 3] }).binEdges, [2.5, 3.5]);
    expectSame(zeros([0]).histc({ bins: 2 }), [0, 0]);
    expectSame(zeros([0]).histc({ bins: 2, min: 3, max: 3 }), [0, 0]);
    expectSame(zeros([0]).histogram(2).binEdges, [-0.5, 0, 0.5]);
    expectSame(tensor([5, 5]).histogram(2, { density: true, weight: tensor([1, 3]) }).hist, [0, 2]);
    expect(ones([2, 2]).requiresGrad_().histc().requiresGrad).toBe(false);
  });
  it('check their arguments', () => {
    const x = ones([2]);
    expect(() => x.histc({ bins: 0 })).toThrow('[Tensor.histc] expected bins');
    expect(() => x.histc({ bins: 2 ** 28 + 1 })).toThrow('[Tensor.histc] expected bins');
    expectError(() => x.histc({ min: 2, max: 1 }), RangeError, '[Tensor.histc] expected max to be min, 2, or more, got 1');
    expectError(() => tensor([1, nan]).histc(), RangeError, '[Tensor.histc] expected finite elements where there is no range, got NaN');
    expect(() => tensor([Infinity]).histogram(3)).toThrow('[Tensor.histogram] expected finite elements');
    expect(() => x.histogram(2, { range: [nan, 1] })).toThrow(RangeError);
    expect(() => x.histogram(2, { range: 3 as never })).toThrow('[Tensor.histogram] expected range to be [min, max] or null, got 3');
    expect(() => x.histogram(2, { weight: ones([3]) })).toThrow('[Tensor.histogram] expected weight [2], got [3]');
    expect(() => x.histogram(tensor([1, 0]))).toThrow('[Tensor.histogram] expected bins in ascending order, got 0 at 1');
    expect(() => x.histogram(tensor([nan, 1]))).toThrow('[Tensor.histogram] expected bins in ascending order, got NaN at 0');
    expect(() => x.histogram(zeros([0]))).toThrow('[Tensor.histogram] expected bins [1 or more], got [0]');
    expect(() => x.histogram(tensor([0, 1]), { range: [0, 1] })).toThrow('[Tensor.histogram] range is for a number of bins');
    expect(() => int(1).histc()).toThrow(TypeError);
    for (const read of [(t: Tensor) => t.histc(), (t: Tensor) => t.histogram(2).hist, (t: Tensor) => t.uniqueConsecutive()]) {
      expect(() => compile(read)(x)).toThrow(/cannot be read/);
    }
  });
});

describe('runs, slices, diagonals, products and places', () => {
  it('have their corners', () => {
    expectSame(tensor([nan, nan, 1, 1]).uniqueConsecutive({ returnCounts: true }).counts, [1, 1, 2]);
    expect(zeros([0]).uniqueConsecutive({ returnInverse: true })).toMatchObject({ values: { shape: [0] }, inverse: { shape: [0] } });
    expect(int(1, 1).uniqueConsecutive().dtype).toBe('int32');
    const x = zeros([2, 2], { requiresGrad: true });
    x.renorm(2, -1, 1).sum().backward();
    expectSame(x.grad!, [1, 1, 1, 1]);
    expectSame(ones([1, 4]).renorm(2, 0, 0), [0, 0, 0, 0]);
    expect(zeros([2, 0]).renorm(2, 0, 1).shape).toEqual([2, 0]);
    expect(zeros([0, 3]).diagEmbed().shape).toEqual([0, 3, 3]);
    expect(zeros([0]).diagEmbed({ offset: -2 }).toArray()).toEqual([[0, 0], [0, 0]]); // biome-ignore format: one line
    expect(chainMatmul(ones([2, 0]), ones([0, 3])).toArray()).toEqual([[0, 0, 0], [0, 0, 0]]); // biome-ignore format: one line
    expect(cumulativeTrapezoid(zeros([2, 1])).shape).toEqual([2, 0]);
    expect(cumulativeTrapezoid(zeros([2, 0])).shape).toEqual([2, 0]);
    expectSame(cumulativeTrapezoid(tensor([1, nan, 2])), [nan, nan]);
    const y = tensor([1, 2, 4, 8]);
    expectSame(cumulativeTrapezoid(y).select(0, 2), trapezoid(y));
    expect(unravelIndex(int(), [0, 2]).map((t) => t.shape)).toEqual([[0], [0]]);
    expect(unravelIndex(int(0), [])).toEqual([]);
  });
  it('check their arguments', () => {
    expect(() => ones([2]).renorm(2, 0, 1)).toThrow('[Tensor.renorm] expected two dimensions or more, got [2]');
    expect(() => ones([2, 2]).renorm(0, 0, 1)).toThrow('[Tensor.renorm] expected p above 0, got 0');
    expect(() => ones([2, 2]).renorm(2, 2, 1)).toThrow('[Tensor.renorm]');
    expect(() => ones([2, 2]).renorm(2, 0, -1)).toThrow('[Tensor.renorm] expected maxnorm');
    expect(() => ones([2]).diagEmbed({ dim1: 1 })).toThrow('[Tensor.diagEmbed] expected two dimensions, got 1 twice');
    expect(() => tensor(1).diagEmbed()).toThrow('[Tensor.diagEmbed] expected x to have dimensions, got []');
    expect(() => ones([2]).diagEmbed({ offset: 2 ** 40 })).toThrow('[Tensor.diagEmbed]');
    expect(() => chainMatmul()).toThrow('[chainMatmul] expected at least one matrix, got none');
    expect(() => chainMatmul(ones([2, 3]), ones([2, 3]))).toThrow('[chainMatmul] expected matrices[1] [3, *], got [2, 3]');
    expect(() => chainMatmul(ones([2]))).toThrow('[chainMatmul] expected matrices[0] to be a matrix, got [2]');
    expect(() => cumulativeTrapezoid(tensor(1))).toThrow('[cumulativeTrapezoid] expected y to have dimensions, got []');
    expect(() => cumulativeTrapezoid(ones([3]), ones([2]))).toThrow('[cumulativeTrapezoid] expected x [3]');
    expect(() => unravelIndex(int(0), [0])).toThrow('[unravelIndex] [0] has no elements');
    expect(() => unravelIndex(ones([1]), [2])).toThrow('[unravelIndex] expected indices to be int32, got float32');
  });
});

it('a quantile has a gradient to q where it is linear between two elements, as in PyTorch', () => {
  const rows = [[4, 1, 3, 10], [2, nan, 8, 5]]; // biome-ignore format: matrix
  const gradient = (of: (x: Tensor, q: Tensor) => Tensor, at: number[]) => {
    const [x, q] = [tensor(rows, { requiresGrad: true }), tensor(at, { requiresGrad: true })];
    const y = of(x, q);
    y.mul(tensor([[1, 10], [100, 1000]])).nansum().backward(); // biome-ignore format: matrix
    return [...q.grad!.data];
  };
  expect(gradient((x, q) => x.quantile(q, 1), [0.5, 0.75])).toEqual([3, 1800]);
  expect(gradient((x, q) => x.nanquantile(q, 1), [0.25, 0.5])).toEqual([6 + 60, 300]);
  expect(gradient((x, q) => x.quantile(q, 1, { interpolation: 'linear', keepdim: true }).squeeze(2), [1 / 3, 1])[1]).toBe(0);
  const q = tensor(0.9, { requiresGrad: true });
  tensor([1, 2, 5]).quantile(q).backward();
  expect([q.grad!.shape, q.grad!.item()]).toEqual([[], 6]);
  const far = tensor([0.3], { requiresGrad: true });
  expect(tensor([1, 2, 5]).quantile(far, 0, { interpolation: 'lower' }).requiresGrad).toBe(false);
});
