import { describe, expect, it } from 'vitest';
import { Dataset, Subset, TensorDataset } from '../../src/data';
import { Tensor } from '../../src/tensor';

const floats = (values: number[], shape: number[]): Tensor => Tensor.fromTypedArray(Float32Array.from(values), shape);
const ints = (...values: number[]): Tensor => Tensor.fromTypedArray(Int32Array.from(values));

describe('TensorDataset', () => {
  const x = floats([1, 2, 3, 4, 5, 6], [3, 2]);
  const y = ints(7, 8, 9);

  it('gives the rows of its tensors, of any rank', () => {
    const cube = floats([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [3, 2, 2]);
    const dataset = new TensorDataset(x, y, cube);
    expect(dataset.length).toBe(3);
    const [row, label, plane] = dataset.get(1);
    expect(row.toArray()).toEqual([3, 4]);
    expect(label.toArray()).toBe(8);
    expect(label.dtype).toBe('int32');
    expect(plane.toArray()).toEqual([
      [5, 6],
      [7, 8],
    ]);
  });

  it('gives copies', () => {
    const [row] = new TensorDataset(x).get(0);
    row.data[0] = 100;
    expect(x.data[0]).toBe(1);
  });

  it('gathers batches in any order', () => {
    const [a, b] = new TensorDataset(x, y).gather(Int32Array.of(2, 0, 2));
    expect(a.toArray()).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
    ]);
    expect(b.toArray()).toEqual([9, 7, 9]);
  });

  it('may be empty, and its rows too', () => {
    expect(new TensorDataset(floats([], [0, 3])).length).toBe(0);
    expect(new TensorDataset(floats([], [2, 0])).get(1)[0].shape).toEqual([0]);
    expect(new TensorDataset(floats([], [0, 3])).gather(new Int32Array(0))[0].shape).toEqual([0, 3]);
  });

  it('refuses what does not fit', () => {
    expect(() => new TensorDataset()).toThrow('[TensorDataset] expected at least one tensor');
    expect(() => new TensorDataset([1] as unknown as Tensor)).toThrow('[TensorDataset] expected tensor 0 to be a tensor, got an array');
    expect(() => new TensorDataset(floats([1], []))).toThrow('[TensorDataset] tensor 0 is a scalar: it has no rows');
    expect(() => new TensorDataset(x, ints(1))).toThrow('[TensorDataset] the first sizes differ: tensor 0 is [3, 2], tensor 1 is [1]');
    for (const i of [-1, 3, 0.5, Number.NaN]) expect(() => new TensorDataset(x).get(i)).toThrow(RangeError);
    expect(() => new TensorDataset(x).get('1' as unknown as number)).toThrow('[TensorDataset.get] expected i to be a number, got "1"');
  });
});

describe('Subset', () => {
  class Numbers extends Dataset<number> {
    get length(): number {
      return 5;
    }
    get(i: number): number {
      return 10 * i;
    }
  }

  it('gives the items that its indices name', () => {
    const subset = new Subset(new Numbers(), [4, 0]);
    expect([subset.length, subset.get(0), subset.get(1)]).toEqual([2, 40, 0]);
  });

  it('keeps indices of its own', () => {
    const indices = [1];
    const subset = new Subset(new Numbers(), indices);
    indices[0] = 3;
    expect(subset.get(0)).toBe(10);
  });

  it('refuses what does not fit', () => {
    expect(() => new Subset(new Numbers(), [5])).toThrow('[Subset] expected indices[0] to be from 0 to 4, got 5');
    expect(() => new Subset(new Numbers(), 5 as unknown as number[])).toThrow(
      '[Subset] expected indices to be an array or a tensor [n], got 5',
    );
    expect(() => new Subset([1, 2] as unknown as Dataset, [0])).toThrow(
      '[Subset] expected a dataset, with get(i) and length, got an array',
    );
    expect(() => new Subset(new Numbers(), [0]).get(1)).toThrow('[Subset.get] expected i to be from 0 to 0, got 1');
  });
});
