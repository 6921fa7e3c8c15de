import { describe, expect, it } from 'vitest';
import { CsrArray } from '../../src/data';
import { SparseLinear } from '../../src/nn';
import { tensor } from '../../src/ops';

const dense = [
  [1, 0, 0, 0, 2],
  [0, 0, 0, 0, 0],
  [0, 3, 0, -4, 0],
];
const rows = () =>
  new CsrArray(
    [
      [1, 2, 3, -4],
      [0, 4, 1, 3],
      [0, 2, 2, 4],
    ],
    { shape: [3, 5] },
  );

describe('CsrArray', () => {
  it('is rows by their elements', () => {
    expect(rows().toArray()).toEqual(dense);
    expect(rows().nnz).toBe(4);
    expect(CsrArray.from(tensor(dense))).toEqual(rows());
    const typed = new CsrArray([Float64Array.of(1), Int32Array.of(1), Int32Array.of(0, 1)], { shape: [1, 2] });
    expect(typed.toDense().toArray()).toEqual([[0, 1]]);
    expect(CsrArray.from(tensor([[0, Number.NaN]])).toArray()).toEqual([[0, Number.NaN]]);
  });
  it('may have no rows and no columns', () => {
    const none = new CsrArray([[], [], [0]], { shape: [0, 3] });
    expect([none.toDense().shape, none.padded().columns.shape, none.slice().shape]).toEqual([
      [0, 3],
      [0, 1],
      [0, 3],
    ]);
    expect(() => new CsrArray([[], [], [0, 0]], { shape: [1, 0] }).padded()).toThrow('there are no columns');
  });
  it('copies', () => {
    const data = Float32Array.of(1);
    const copied = new CsrArray([data, [0], [0, 1]], { shape: [1, 1] });
    const { values } = copied.tensors();
    data[0] = 2;
    values.data[0] = 3;
    expect(copied.toArray()).toEqual([[1]]);
  });
  it('gives some of its rows', () => {
    expect(rows().slice(1).toArray()).toEqual(dense.slice(1));
    expect(rows().slice(-1).toArray()).toEqual(dense.slice(-1));
    expect(rows().slice(0, -1).toArray()).toEqual(dense.slice(0, -1));
    expect(rows().slice(2, 1).shape).toEqual([0, 5]);
    expect(rows().slice(-9, 9).toArray()).toEqual(dense);
    expect(rows().take([2, 0, 2]).toArray()).toEqual([dense[2], dense[0], dense[2]]);
    expect(rows().take(Int32Array.of(1)).toArray()).toEqual([dense[1]]);
    expect(rows().take([]).shape).toEqual([0, 5]);
    expect(() => rows().take([3])).toThrow('[CsrArray.take] expected a row to be from 0 to 2, got 3');
    expect(() => rows().take(1 as never)).toThrow('expected the numbers of rows, got 1');
    expect(() => rows().slice(0.5)).toThrow('expected a place to be an integer, got 0.5');
  });
  it('gives what sparse layers take', () => {
    const { columns, offsets, values } = rows().tensors();
    expect([columns.toArray(), offsets.toArray(), values.toArray()]).toEqual([
      [0, 4, 1, 3],
      [0, 2, 2],
      [1, 2, 3, -4],
    ]);
    const padded = rows().padded();
    expect(padded.columns.toArray()).toEqual([
      [0, 4],
      [0, 0],
      [1, 3],
    ]);
    const layer = new SparseLinear(5, 2);
    const y = layer.forward(columns, { offsets, values });
    expect(layer.forward(padded.columns, { values: padded.values }).toArray()).toEqual(y.toArray());
    expect(y.select(0, 1).toArray()).toEqual(layer.bias!.toArray());
  });
  const shape: [number, number] = [1, 2];
  it.each<[unknown, unknown, string]>([
    [null, { shape }, 'expected [data, indices, indptr], got null'],
    [[[], []], { shape }, 'expected [data, indices, indptr], got 2 elements'],
    [[[], [], [0, 0]], undefined, 'expected shape to be [rows, columns], got null'],
    [[[], [], [0, 0]], { shape: [1] }, 'expected shape to be [rows, columns]'],
    [[[], [], [0, 0]], { shape: [1, -1] }, 'expected shape to be from 0 to 2147483647, got -1'],
    [[[], [], [0, 0]], { shape, dtype: 'int32' }, 'unknown option "dtype"'],
    [['ab', [], [0, 0]], { shape }, 'expected data to be an array of numbers, got "ab"'],
    [[['1'], [0], [0, 1]], { shape }, 'expected data to hold numbers, got "1" at position 0'],
    [[[1], [0.5], [0, 1]], { shape }, 'expected indices to hold int32 numbers, got 0.5'],
    [[[1], [2], [0, 1]], { shape }, 'row 0 has column 2, of 2'],
    [[[1], [-1], [0, 1]], { shape }, 'row 0 has column -1, of 2'],
    [
      [
        [1, 1],
        [1, 0],
        [0, 2],
      ],
      { shape },
      'expected the columns of row 0 in ascending order, got 1 and 0',
    ],
    [
      [
        [1, 1],
        [1, 1],
        [0, 2],
      ],
      { shape },
      'expected the columns of row 0 in ascending order, got 1 and 1',
    ],
    [[[1], [0], [0, 2]], { shape }, '1 elements, 1 columns of elements and 2 places of rows make no [1, 2]'],
    [[[1], [0], [1, 1]], { shape }, 'make no [1, 2]'],
    [[[1], [0], [0, 0, 1]], { shape }, 'make no [1, 2]'],
    [[[1], [0], [0, 2 ** 31 - 1, 1]], { shape: [2, 2] }, 'expected indptr in ascending order, got 2147483647 and 1'],
  ])('refuses %j with %j', (parts, options, message) => {
    expect(() => new CsrArray(parts as never, options as never)).toThrow(message);
  });
  it('refuses arrays that went elsewhere, and tensors of other shapes', () => {
    const data = Float32Array.of(1);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(() => new CsrArray([data, [0], [0, 1]], { shape: [1, 1] })).toThrow('the array is detached');
    expect(() => CsrArray.from(tensor([1]))).toThrow('expected x [n, features], got [1]');
    expect(() => CsrArray.from(3 as never)).toThrow('[CsrArray.from]');
  });
});
