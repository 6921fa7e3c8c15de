// Views, pieces and parts: what is shared, what iteration gives, Python's rules for slices, and every message.
import { inspect } from 'node:util';
import { describe, expect, it, test } from 'vitest';
import { arange, compile, nn, randn, tensor, zeros } from '../../src/index';
import type { Tensor } from '../../src/tensor';
import { expectError, expectSame } from '../helpers';

const shares = (a: Tensor, b: Tensor): boolean =>
  a.data.buffer === b.data.buffer && b.data.byteOffset >= a.data.byteOffset && b.data.byteOffset < a.data.byteOffset + a.data.byteLength;
const int = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });

describe('questions about a shape', () => {
  test('size, dim and ndim', () => {
    const x = zeros([2, 3]);
    expect([x.size(), x.size(0), x.size(-1), x.dim(), x.ndim, zeros([]).dim()]).toEqual([[2, 3], 2, 3, 2, 2, 0]);
    x.size()[0] = 9;
    expect(x.shape).toEqual([2, 3]);
    expectError(() => x.size(2), RangeError, '[Tensor.size] dim 2 is outside [-2, 1]');
    expectError(() => zeros([]).size(0), RangeError, '[Tensor.size] a scalar has no dimensions');
  });

  test('views share memory and say what does not fit', () => {
    const x = arange(6);
    for (const y of [x.view([2, 3]), x.ravel(), x.viewAs(zeros([3, 2])), x.unflatten(0, [2, -1]), x.contiguous()])
      expect(shares(x, y)).toBe(true);
    expect(x.contiguous()).toBe(x);
    expectError(() => x.view([4, -1]), RangeError, '[Tensor.view] [6] with 6 elements does not fit into [4, -1]');
    expectError(() => x.view(-1 as never), TypeError, '[Tensor.view] expected a shape, an array of sizes, got -1');
    expectError(() => x.viewAs(zeros([4])), RangeError, '[Tensor.viewAs] [6] with 6 elements does not fit into [4]');
    expectError(
      () => x.reshapeAs([6] as never),
      TypeError,
      '[Tensor.reshapeAs] expected other to be a tensor, got an array\n  hint: tensor(...) makes one',
    );
    expectError(() => x.unflatten(0, [4, -1]), RangeError, '[Tensor.unflatten] dim 0 of [6] does not divide into [4, -1]');
    expectError(() => x.unflatten(0, [-1, -1]), RangeError, '[Tensor.unflatten] expected every size to be at least 0, got -1');
    expectError(() => x.unflatten(0, []), RangeError, '[Tensor.unflatten] expected at least one size, got none');
    expectError(() => zeros([]).unflatten(0, [1]), RangeError, '[Tensor.unflatten] a scalar has no dimension to unflatten');
  });

  test('dimensions in other places', () => {
    expect([zeros([2, 3]).T.shape, zeros([3]).T.shape, zeros([2, 3, 4]).mT.shape]).toEqual([[3, 2], [3], [2, 4, 3]]);
    expect(tensor([[1, 2]]).T.toArray()).toEqual([[1], [2]]);
    const hint = '\n  hint: mT exchanges the last two, permute(dims) any';
    expectError(() => zeros([2, 3, 4]).T, RangeError, `[Tensor.T] expected at most two dimensions, got [2, 3, 4]${hint}`);
    expectError(() => zeros([2]).mT, RangeError, '[Tensor.mT] expected at least two dimensions, got [2]');
    expect(zeros([2, 3, 4, 5]).movedim([3, 0], [0, 1]).shape).toEqual([5, 2, 3, 4]);
    expectError(() => zeros([2, 3]).movedim([0, -2], [0, 1]), RangeError, '[Tensor.movedim] a dimension is named twice in source [0, 0]');
    expectError(
      () => zeros([2, 3]).movedim([0], [0, 1]),
      RangeError,
      '[Tensor.movedim] expected as many destinations as sources, got 2 and 1',
    );
  });

  test('the gradient of T', () => {
    const x = tensor([[1, 2, 3]], { requiresGrad: true });
    x.T.mul(tensor([[1], [2], [3]]))
      .sum()
      .backward();
    expect(x.grad!.toArray()).toEqual([[1, 2, 3]]);
  });
});

describe('repeating', () => {
  it('takes empty and int32 tensors', () => {
    expect(int([1, 2]).repeat([2]).toArray()).toEqual([1, 2, 1, 2]);
    expect([zeros([0]).repeat([3]).shape, zeros([2]).repeat([0]).shape, zeros([]).repeat([2, 2]).shape]).toEqual([[0], [0], [2, 2]]);
    expect(zeros([1, 0]).expand([3, 0]).shape).toEqual([3, 0]);
  });
  it('says what does not fit', () => {
    expectError(() => zeros([2, 3]).expand([3]), RangeError, '[Tensor.expand] [2, 3] cannot be repeated to [3]');
    expectError(() => zeros([2]).expand([-1, 2, 2]), RangeError, '[Tensor.expand] expected every size to be at least 0, got -1');
    expectError(() => zeros([2]).expand(2 as never), TypeError, '[Tensor.expand] expected a shape, an array of sizes, got 2');
    expectError(() => zeros([2]).expandAs(zeros([3])), RangeError, '[Tensor.expandAs] [2] cannot be repeated to [3]');
    expectError(() => zeros([2, 3]).repeat([2]), RangeError, '[Tensor.repeat] expected a number for each dimension of [2, 3], got [2]');
    expectError(() => zeros([2]).tile([-1]), RangeError, '[Tensor.tile] expected how often to repeat to be at least 0, got -1');
    expectError(
      () => zeros([2]).repeat(2 as never),
      TypeError,
      '[Tensor.repeat] expected an array of how often to repeat each dimension, got 2',
    );
    expectError(() => zeros([2]).repeat([2 ** 53 - 1]), RangeError, `[Tensor.repeat] the shape [${2 ** 54 - 2}] has too many elements`);
  });
});

describe('pieces', () => {
  it('of the first dimension share memory', () => {
    const x = arange(6).reshape([3, 2]);
    for (const part of [...x.chunk(2), ...x.split(1), ...x.unbind(), ...x]) expect(shares(x, part)).toBe(true);
    expect(x.split(2, 1).map((part) => shares(x, part))).toEqual([false]);
    expect([
      x.split([0, 3])[0]!.shape,
      zeros([0, 2])
        .chunk(2)
        .map((t) => t.shape),
      zeros([0, 2]).split(3).length,
    ]).toEqual([
      [0, 2],
      [
        [0, 2],
        [0, 2],
      ],
      1,
    ]);
  });
  it('say what does not fit', () => {
    const x = zeros([5]);
    expectError(() => x.chunk(0), RangeError, '[Tensor.chunk] expected chunks to be at least 1, got 0');
    expectError(() => x.split(0), RangeError, '[Tensor.split] expected the size to be at least 1, got 0');
    expectError(() => x.split([2, 2]), RangeError, '[Tensor.split] expected sizes that add up to 5, dim 0 of [5], got 4');
    expectError(() => x.split('2' as never), TypeError, '[Tensor.split] expected a size or an array of them, got "2"');
    expectError(() => zeros([]).unbind(), RangeError, '[Tensor.unbind] a scalar has no dimension to divide');
  });
  it('of a tensor with a gradient add up to one gradient, whatever their number', () => {
    const x = randn([50, 3], { requiresGrad: true });
    const rows = [...x].map((row, i) => row.mul(i));
    rows
      .reduce((a, b) => a.add(b))
      .sum()
      .backward();
    expectSame(
      x.grad!,
      Array.from({ length: 150 }, (_, i) => Math.floor(i / 3)),
    );
  });
});

describe('iteration', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  it('gives the rows', () => {
    expect([...x].map((row) => row.toArray())).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(Array.from(x, (row) => row.sum().item())).toEqual([3, 7]);
    const [first, ...others] = x;
    expect([first!.toArray(), others.length, [...zeros([0, 3])].length]).toEqual([[1, 2], 1, 0]);
    expect([...tensor([5, 6])].map((t) => t.shape)).toEqual([[], []]);
    expect([...new Float32Array(tensor([5, 6]) as unknown as Iterable<number>)]).toEqual([5, 6]);
    expect(() => [...tensor(5)]).toThrow(TypeError);
  });
  it('leaves printing, JSON and comparison as they were', () => {
    expect(inspect(x)).toBe(x.toString());
    expect(inspect(tensor(5))).toBe('tensor(5.)');
    expect(JSON.stringify({ x })).toBe('{"x":[[1,2],[3,4]]}');
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    ).toEqual(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    ).not.toEqual(
      tensor([
        [1, 2],
        [3, 5],
      ]),
    );
    expect(tensor([[1, 2]])).not.toEqual(tensor([1, 2]));
    expect(tensor(5)).toEqual(tensor(5));
    expect(tensor(5)).not.toEqual(tensor(6));
    const leaves = [0, 0, 1].map((i) => tensor([i, 2], { requiresGrad: true }));
    expect(leaves[0]).toEqual(leaves[0]);
    expect(leaves[0]).toEqual(leaves[1]);
    expect(leaves[0]).not.toEqual(leaves[2]);
    expect([new nn.Parameter(tensor([[1, 2]]))]).toEqual([new nn.Parameter(tensor([[1, 2]]))]);
    expect(() => structuredClone(x)).toThrow(/could not be cloned/);
    expect(Object.keys(x)).not.toContain('T');
    expect({ ...x }).not.toHaveProperty('T');
  });
  it('serves in a compiled function', () => {
    const step = compile((t: Tensor) => [...t].reduce((a, b) => a.mul(b)));
    const given = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    for (let i = 0; i < 3; i++) expect(step(given).toArray()).toEqual([15, 48]);
  });
});

describe('flip and roll', () => {
  it('take scalars, empty and int32 tensors', () => {
    expect([tensor(5).flip([]).item(), tensor(5).roll(3).item(), zeros([0]).roll(1).shape, zeros([0, 2]).flip([0]).shape]).toEqual([
      5,
      5,
      [0],
      [0, 2],
    ]);
    expect([
      int([1, 2, 3]).flip(0).toArray(),
      int([1, 2, 3])
        .roll(2 ** 53 - 1)
        .toArray(),
    ]).toEqual([
      [3, 2, 1],
      arange(3)
        .roll((2 ** 53 - 1) % 3)
        .add(1)
        .toArray(),
    ]);
  });
  it('say what does not fit', () => {
    expectError(() => zeros([2, 2]).flip([0, -2]), RangeError, '[Tensor.flip] a dimension is named twice in [0, 0]');
    expectError(() => zeros([2, 2]).flip([2]), RangeError, '[Tensor.flip] dim 2 is outside [-2, 1]');
    expectError(() => zeros([2]).roll([1, 2]), RangeError, '[Tensor.roll] expected one shift without dims, got 2');
    expectError(() => zeros([2]).roll([1, 2], 0), RangeError, '[Tensor.roll] expected as many shifts as dims, got 2 and 1');
    expectError(() => zeros([2]).roll(0.5), RangeError, '[Tensor.roll] expected shifts to be an integer, got 0.5');
    expectError(
      () => zeros([2]).roll(1, '0' as never),
      TypeError,
      '[Tensor.roll] expected dims to be a dimension or an array of them, got "0"',
    );
  });
});

describe('positions', () => {
  it('at and select share memory where they can', () => {
    const x = arange(12).reshape([3, 4]);
    expect([x.at().shape, x.at(1).toArray(), x.at(-1, -1).item()]).toEqual([[3, 4], [4, 5, 6, 7], 11]);
    x.at(1, 2).fill_(99);
    x.select(0, 0).fill_(-1);
    expect([x.at(1, 2).item(), x.at(0).toArray()]).toEqual([99, [-1, -1, -1, -1]]);
    x.select(1, 0).fill_(50);
    expect(x.at(0, 0).item()).toBe(-1);
  });
  it('say what lies outside', () => {
    const x = zeros([3, 4]);
    expectError(() => x.at(3), RangeError, '[Tensor.at] index 3 is outside dim 0 of [3, 4]');
    expectError(() => x.at(0, -5), RangeError, '[Tensor.at] index -5 is outside dim 1 of [3, 4]');
    expectError(() => x.at(0, 0, 0), RangeError, '[Tensor.at] expected at most 2 positions for [3, 4], got 3');
    expectError(() => x.at('0' as never), TypeError, '[Tensor.at] expected the index to be a number, got "0"');
    expectError(() => x.at(0.5), RangeError, '[Tensor.at] expected the index to be an integer, got 0.5');
    expectError(() => x.select(1, 4), RangeError, '[Tensor.select] index 4 is outside dim 1 of [3, 4]');
    expectError(() => zeros([]).select(0, 0), RangeError, '[Tensor.select] a scalar has no dimension to select from');
  });
});

describe('slice', () => {
  // Python's own rules, by its reference: negative positions count from the end, and what lies beyond is taken for the end.
  const python = (n: number, start: number, end: number, step: number): number[] => {
    const at = (i: number): number => Math.min(n, Math.max(0, i < 0 ? i + n : i));
    const out: number[] = [];
    for (let i = at(start); i < at(end); i += step) out.push(i);
    return out;
  };
  test.each([0, 1, 5])('of %i elements is that of Python', (n) => {
    for (let start = -7; start <= 7; start++) {
      for (let end = -7; end <= 7; end++) {
        for (const step of [1, 2, 3, 9]) {
          const expected = python(n, start, end, step);
          expect(arange(n).slice(0, start, end, step).toArray()).toEqual(expected);
          const columns = arange(2 * n)
            .reshape([2, n])
            .slice(1, start, end, step);
          expect(columns.shape).toEqual([2, expected.length]);
          expectSame(columns, [...expected, ...expected.map((i) => i + n)]);
        }
      }
    }
  });
  it('shares memory for dimension 0 and step 1', () => {
    const x = arange(6).reshape([3, 2]);
    expect([
      shares(x, x.slice(0, 1)),
      shares(x, x.slice(1, 0, 1)),
      shares(x, x.slice(0, 0, 3, 2)),
      x.slice().shape,
      x.slice(0, 1, Infinity).shape,
    ]).toEqual([true, false, false, [3, 2], [2, 2]]);
  });
  it('says what does not fit', () => {
    expectError(() => arange(3).slice(0, 0, 3, 0), RangeError, '[Tensor.slice] expected step to be at least 1, got 0');
    expectError(() => arange(3).slice(0, 0, 3, -1), RangeError, '[Tensor.slice] expected step to be at least 1, got -1');
    expectError(
      () => arange(3).slice(0, Number.NaN),
      RangeError,
      '[Tensor.slice] expected start to be at least -9007199254740991, got NaN',
    );
    expectError(() => arange(3).slice(1), RangeError, '[Tensor.slice] dim 1 is outside [-1, 0]');
    expectError(() => zeros([]).slice(), RangeError, '[Tensor.slice] a scalar has no dimension to slice');
  });
});
