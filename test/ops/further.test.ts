// Distances, searches, choices and modes of gradients: corners and messages. Their numbers and gradients are PyTorch's in float64: dense.test.ts.
import { describe, expect, it } from 'vitest';
import * as s from '../../src';
import { ones, tensor, zeros } from '../../src';
import { expectError, expectSame, flat } from '../helpers';

const int = (...values: number[]) => tensor(values, { dtype: 'int32' });

describe('cdist', () => {
  it('has a gradient of 0 where rows are equal, and no distances of nothing', () => {
    const x = tensor([[1, 2]], { requiresGrad: true });
    s.cdist(x, x.detach()).sum().backward();
    expectSame(x.grad!, [0, 0]);
    expect(s.cdist(zeros([0, 2]), zeros([3, 2])).shape).toEqual([0, 3]);
    for (const p of [0, 1, 2, Infinity]) expectSame(s.cdist(zeros([1, 0]), zeros([2, 0]), { p }), [0, 0]);
  });
  it('checks its arguments', () => {
    expectError(
      () => s.cdist(zeros([2]), zeros([2, 2])),
      RangeError,
      '[cdist] expected x1 [..., n, m] and x2 [..., k, m], got [2] and [2, 2]',
    );
    expectError(() => s.cdist(zeros([2, 2]), zeros([2, 2]), { p: -1 }), RangeError, '[cdist] expected p to be at least 0, got -1');
    expect(() => s.cdist(zeros([2, 1, 2]), zeros([3, 1, 2]))).toThrow('[cdist]');
  });
});

describe('searchsorted and bucketize', () => {
  it('find what walking finds, for every length', () => {
    for (let n = 0; n < 20; n++) {
      const sorted = Array.from({ length: n }, (_, i) => Math.floor(i / 2));
      const values = [-1, ...sorted, 0.5, n];
      const walk = (right: boolean) => values.map((v) => sorted.filter((one) => (right ? one <= v : one < v)).length);
      for (const right of [false, true]) {
        expectSame(s.searchsorted(tensor(sorted), tensor(values), { right }), walk(right));
        expectSame(s.bucketize(tensor(values), tensor(sorted), { right }), walk(right));
      }
    }
  });
  it('have no gradient, and int32 results', () => {
    const found = s.searchsorted(tensor([1, 2], { requiresGrad: true }), tensor([1.5], { requiresGrad: true }));
    expect([found.dtype, found.requiresGrad, found.shape]).toEqual(['int32', false, [1]]);
    expect(s.searchsorted(tensor([1, 2]), 1.5).shape).toEqual([]);
  });
  it('check their arguments', () => {
    const where = '[searchsorted]';
    expectError(
      () => s.searchsorted(tensor([1]), 1, { right: true, side: 'left' }),
      RangeError,
      `${where} side "left" stands against right: true`,
    );
    expect(() => s.searchsorted(tensor([1]), int(1))).toThrow(`${where} expected values to be float32, got int32`);
    expect(() => s.searchsorted(int(1), 1.5)).toThrow(`${where} expected values to be an int32, got 1.5`);
    expect(() => s.searchsorted(ones([2, 3]), ones([3, 3]))).toThrow('got [2, 3] and [3, 3]');
    expect(() => s.searchsorted(ones([2, 3]), 1)).toThrow(where);
    expect(() => s.searchsorted(tensor(1), 1)).toThrow(where);
    expect(() => s.searchsorted(tensor([1, 2]), 1, { sorter: int(0) })).toThrow(`${where} expected sorter [2], got [1]`);
    expect(() => s.searchsorted(tensor([1, 2]), 1, { sorter: int(0, 2) })).toThrow(RangeError);
    expect(() => s.searchsorted(tensor([1, 2]), '1' as never)).toThrow(TypeError);
    expectError(() => s.bucketize(1, ones([2, 2])), RangeError, '[bucketize] expected boundaries [n], got [2, 2]');
  });
});

describe('isin', () => {
  it('compares int32 beside float32 as float32, and finds nothing among nothing', () => {
    expectSame(s.isin(int(1, 2), tensor([1.5, 2])), [0, 1]);
    expectSame(s.isin(int(1, 2), 1.5), [0, 0]);
    expectSame(s.isin(int(1, 2), tensor([])), [0, 0]);
    expectSame(s.isin(int(1, 2), tensor([]), { invert: true }), [1, 1]);
    expect(s.isin(tensor([]), int(1)).shape).toEqual([0]);
    expectSame(s.isin(tensor([-0, Infinity, Number.NaN]), tensor([0, Number.NaN, Infinity])), [1, 1, 0]);
  });
  it('checks its arguments', () => {
    expectError(() => s.isin(1, 2), TypeError, '[isin] expected one of both to be a tensor, got two numbers');
    expectError(() => s.isin('1' as never, int(1)), TypeError, '[isin] expected elements to be a tensor or a number, got "1"');
  });
});

describe('tensordot', () => {
  it('is 0 over nothing, and checks its arguments', () => {
    expectSame(s.tensordot(zeros([2, 0]), zeros([0, 1]), 1), [0, 0]);
    expectSame(s.tensordot(tensor(2), tensor(3), 0), [6]);
    const where = '[tensordot]';
    expect(() => s.tensordot(ones([2, 3]), ones([2, 3]), 1)).toThrow(
      `${where} expected dimensions of the same sizes, got [1] of [2, 3] and [0] of [2, 3]`,
    );
    expect(() => s.tensordot(ones([2]), ones([2]))).toThrow(`${where} expected dims to be from 0 to 1, got 2`);
    expect(() => s.tensordot(ones([2, 2]), ones([2, 2]), [[0, 0], [0, 1]])).toThrow(`${where} a dimension stands twice in dims[0], [0, 0]`); // biome-ignore format: lists
    expect(() => s.tensordot(ones([2]), ones([2]), '1' as never)).toThrow(`${where} expected dims to be a number or two arrays`);
    expect(() => s.tensordot(int(1), int(1), 1)).toThrow(`${where} expected a to be float32, got int32`);
  });
});

describe('trapezoid and vander', () => {
  it('have their corners', () => {
    expectSame(s.trapezoid(zeros([2, 0])), [0, 0]);
    expectSame(s.trapezoid(ones([2, 1])), [0, 0]);
    expect(s.vander(tensor([1, 2]), 0).shape).toEqual([2, 0]);
    expect(s.vander(tensor([])).shape).toEqual([0, 0]);
    expectSame(s.vander(tensor([2, 3]), 1), [1, 1]);
    expectSame(s.vander(int(1, -2, 3), 3), [1, 1, 1, 4, -2, 1, 9, 3, 1]);
    expect(s.vander(int(1)).dtype).toBe('int32');
    expect(() => s.trapezoid(tensor(1))).toThrow('[trapezoid]');
    expect(() => s.trapezoid(ones([2, 3]), ones([2]))).toThrow("[trapezoid] expected x [3] or a shape like y's, [2, 3], got [2]");
    expect(() => s.trapezoid(ones([1, 3]), ones([2, 3]))).toThrow('[trapezoid] expected x to broadcast to y, [1, 3], got [2, 3]');
    expect(() => s.vander(ones([2, 2]))).toThrow('[vander] expected x [m], got [2, 2]');
  });
});

describe('pad', () => {
  const { pad } = s.nn.functional;
  it('has its corners', () => {
    const x = tensor([1, 2]);
    expect([pad(x, []) === x, pad(x, [0, 0]) === x, pad(x, [-1, -1]).shape, pad(zeros([0]), [1, 1]).shape]).toEqual([true, true, [0], [2]]);
    expectSame(pad(int(1, 2), [1, 1], { value: -1 }), [-1, 1, 2, -1]);
    expectSame(pad(x, [1, 0], { value: Infinity }), [Infinity, 1, 2]);
    expectSame(pad(x, [1, 0], { mode: 'replicate', value: 0 }), [1, 1, 2]);
  });
  it('checks its arguments', () => {
    const x = tensor([1, 2]);
    expectError(() => pad(x, [2, 0], { mode: 'reflect' }), RangeError, '[pad] "reflect" pads dimension 0 of [2] by at most 1, got 2 and 0');
    expect(() => pad(x, [3, 0], { mode: 'circular' })).toThrow('by at most 2');
    expect(() => pad(zeros([0]), [1, 0], { mode: 'replicate' })).toThrow('by at most 0');
    expect(() => pad(x, [-2, -1])).toThrow('[pad] dimension 0 of [2] is shorter than what -2 and -1 cut off');
    expect(() => pad(x, [1, 0], { mode: 'reflect', value: 1 })).toThrow('[pad] "reflect" takes no value, got 1');
    expect(() => pad(x, [1])).toThrow('[pad] expected sizes to be pairs for at most 1 dimensions, got [1]');
    expect(() => pad(x, [1, 1, 1, 1])).toThrow('[pad] expected sizes to be pairs');
    expect(() => pad(x, [0.5, 1])).toThrow('[pad] expected sizes[0]');
    expect(() => pad(x, 1 as never)).toThrow(TypeError);
    expect(() => pad(x, [1, 1], { mode: 'mirror' as never })).toThrow('[pad] expected mode');
  });
});

describe('choices and triangles', () => {
  it('have their corners', () => {
    expect([s.combinations(tensor([])).shape, s.combinations(tensor([1]), 0).shape]).toEqual([[0, 2], [0]]);
    expect(s.combinations(tensor([]), 2, { withReplacement: true }).shape).toEqual([0, 2]);
    expect(() => s.combinations(zeros([5000]), 4)).toThrow(
      '[combinations] 4 of 5000 elements can be chosen in more ways than a tensor holds',
    );
    expect(() => s.combinations(zeros([2, 2]))).toThrow('[combinations] expected x [n], got [2, 2]');
  });
  it('are the elements that tril and triu keep', () => {
    for (const [rows, columns] of [
      [3, 4],
      [4, 2],
      [0, 3],
      [3, 0],
    ] as const) {
      // biome-ignore format: sizes
      for (let offset = -5; offset <= 5; offset++) {
        const kept = (mask: s.Tensor) => (mask.numel === 0 ? [] : flat(mask.nonzero().t()));
        expect(flat(s.trilIndices(rows, columns, offset))).toEqual(kept(ones([rows, columns]).tril(offset)));
        expect(flat(s.triuIndices(rows, columns, offset))).toEqual(kept(ones([rows, columns]).triu(offset)));
      }
    }
    expect(() => s.triuIndices(1e9, 1e9)).toThrow('[triuIndices] expected a matrix of at most 2^30 elements');
  });
  it('as tensors and grids', () => {
    expect([s.broadcastTensors(), s.dstack([tensor(1)]).shape]).toEqual([[], [1, 1, 1]]);
    expect(() => s.broadcastTensors(ones([2]), ones([3]))).toThrow('[broadcastTensors]');
    const x = tensor([1, 2]);
    const memory = Int32Array.of(1, 2);
    expect([s.asTensor(x) === x, s.asTensor(memory).data === memory, s.asTensor(memory, { dtype: 'float32' }).dtype]).toEqual([
      true,
      true,
      'float32',
    ]);
    expectSame(s.asTensor(tensor([1.5, -2]), { dtype: 'int32' }), [1, -2]);
    expect(() => s.asTensor('x' as never)).toThrow(TypeError);
    expect(() => s.asTensor(x, { dtype: 'float64' as never })).toThrow('[asTensor] expected dtype');
  });
});

describe('modes of gradients', () => {
  const w = () => tensor([1, 2], { requiresGrad: true });
  it('nest, and end also where an error is thrown', () => {
    const seen = s.noGrad(() => [
      s.isGradEnabled(),
      s.enableGrad(() => s.isGradEnabled()),
      s.setGradEnabled(true, () => w().mul(2).requiresGrad),
    ]);
    expect(seen).toEqual([false, true, true]);
    expect(s.setGradEnabled(false, () => w().mul(2).requiresGrad)).toBe(false);
    for (const run of [s.noGrad, s.enableGrad, (fn: () => never) => s.setGradEnabled(false, fn)]) {
      expect(() =>
        run(() => {
          throw new Error('within');
        }),
      ).toThrow('within');
      expect(s.isGradEnabled()).toBe(true);
    }
  });
  it('count in compiled functions', () => {
    const parameter = w();
    const step = s.compile((x: s.Tensor) => {
      parameter.grad = null;
      const kept = s.noGrad(() => s.enableGrad(() => parameter.mul(x)));
      s.setGradEnabled(false, () => parameter.mul(7));
      kept.sum().backward();
      return kept.detach().clone();
    }, { keepGrad: true }); // biome-ignore format: options
    for (const k of [1, 2, 3]) {
      expectSame(step(tensor([k, 2 * k])), [k, 4 * k]);
      expectSame(parameter.grad!, [k, 2 * k]);
    }
  });
  it('check their arguments', () => {
    expectError(() => s.setGradEnabled(false, undefined as never), TypeError, '[setGradEnabled] expected a function, got undefined');
    expect(() => s.setGradEnabled(1 as never, () => 1)).toThrow('[setGradEnabled] expected mode');
    expect(() => s.enableGrad(async () => 1)).toThrow('[enableGrad] the function returned a promise');
  });
});

describe('rot90, kron, fmax and fmin', () => {
  it('rot90 turns four times round to the start, and checks its plane', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(x.rot90(5).toArray()).toEqual(x.rot90().toArray());
    expect(x.rot90(-3).toArray()).toEqual(x.rot90().toArray());
    expect(x.rot90(2 ** 40 + 1).toArray()).toEqual(x.rot90().toArray());
    expectError(() => x.rot90(1, [0, -2]), RangeError, '[Tensor.rot90] expected two dimensions, got 0 twice');
    expectError(() => x.rot90(1, [0] as never), RangeError, '[Tensor.rot90] expected two dimensions, got an array');
    expect(() => ones([2]).rot90()).toThrow(RangeError);
    expect(() => x.rot90(0.5)).toThrow('[Tensor.rot90]');
  });
  it('keep int32', () => {
    expect(int(1, 2).kron(int(3, 4)).dtype).toBe('int32');
    expect(int(1, 2).fmax(int(2, 1)).dtype).toBe('int32');
    expectSame(int(1, 2).fmin(int(2, 1)), [1, 1]);
    expectSame(int(1, -2).isposinf(), [0, 0]);
    expectSame(int(2, 1).diagflat(), [2, 0, 0, 1]);
  });
  it('check their arguments', () => {
    expect(() => ones([2]).kron(2 as never)).toThrow('[Tensor.kron] expected other to be a tensor, got 2');
    expect(() => ones([2]).fmax(2 as never)).toThrow('[Tensor.fmax] expected other to be a tensor, got 2');
    expect(() => ones([2]).fmin(ones([3]))).toThrow('[Tensor.fmin]');
    expect(zeros([0, 2]).kron(ones([2, 2])).shape).toEqual([0, 4]);
  });
});
