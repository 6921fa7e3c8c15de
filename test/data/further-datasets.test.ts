import { describe, expect, expectTypeOf, it } from 'vitest';
import { ChainDataset, ConcatDataset, DataLoader, Dataset, IterableDataset, StackDataset, Subset, TensorDataset } from '../../src/data';
import { Tensor } from '../../src/tensor';

const floats = (values: number[], shape = [values.length]): Tensor => Tensor.fromTypedArray(Float32Array.from(values), shape);
const ints = (...values: number[]): Tensor => Tensor.fromTypedArray(Int32Array.from(values));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

class Numbers extends Dataset<number> {
  constructor(
    readonly length: number,
    readonly from = 0,
  ) {
    super();
  }
  get(i: number): number {
    return this.from + i;
  }
}

class Counted extends IterableDataset<number> {
  constructor(
    readonly from: number,
    readonly to: number,
    override readonly length?: number,
  ) {
    super();
  }
  override *[Symbol.iterator](): Generator<number> {
    for (let i = this.from; i < this.to; i++) yield i;
  }
}

describe('ConcatDataset', () => {
  it('has the items of all, one after the other', () => {
    const all = new ConcatDataset([new Numbers(2), new Numbers(0), new Numbers(3, 10)]);
    expect([all.length, all.cumulativeSizes]).toEqual([5, [2, 2, 5]]);
    expect(range(0, 5).map((i) => all.get(i))).toEqual([0, 1, 10, 11, 12]);
    expect([...new DataLoader(all, { batchSize: 3 })].map((x) => x.toArray())).toEqual([
      [0, 1, 10],
      [11, 12],
    ]);
  });

  const a = new TensorDataset(floats(range(0, 8), [4, 2]), ints(0, 1, 2, 3));
  const b = new TensorDataset(floats(range(100, 106), [3, 2]), ints(50, 51, 52));
  const all = new ConcatDataset([a, new Subset(b, [2, 0]), new Subset(new Subset(a, [3, 2, 1]), [0, 2])]);
  const expected = [0, 1, 2, 3, 52, 50, 3, 1];

  it('gathers rows of tensors, in any order, with the values that get gives', () => {
    for (const options of [{}, { batchSize: 3 }, { batchSize: 8, shuffle: true, seed: 4 }]) {
      const batches = [...new DataLoader(all, options)];
      const order = batches.flatMap(([, y]) => y.toArray() as number[]);
      if (!('shuffle' in options)) expect(order).toEqual(expected);
      expect([...order].sort()).toEqual([...expected].sort());
      const rows = batches.flatMap(([x]) => x.toArray() as number[][]);
      expect(rows).toEqual(order.map((y) => (y < 50 ? [2 * y, 2 * y + 1] : [2 * y, 2 * y + 1])));
      for (const [x, y] of batches) expect([x.dtype, y.dtype]).toEqual(['float32', 'int32']);
    }
  });

  it('is rows of tensors for a native thread, each tensor once', () => {
    const rows = new DataLoader(new Subset(all, [7, 4, 0]), { batchSize: 2 }).rows()!;
    expect(rows.tensors.map(({ shape }) => shape)).toEqual([[7, 2], [7]]);
    expect([...rows.subset!].map((row) => rows.tensors[1]!.data[row])).toEqual([1, 52, 0]);
    expect([rows.count, rows.batches]).toEqual([3, 2]);
  });

  it('is none where the tensors are not alike, or a subclass has a get of its own', () => {
    class Own extends TensorDataset<[Tensor, Tensor]> {
      override get(i: number): [Tensor, Tensor] {
        return super.get(i);
      }
    }
    const others: Dataset<unknown>[] = [
      new TensorDataset(floats([1, 2, 3], [1, 3]), ints(1)),
      new TensorDataset(floats([1, 2], [1, 2]), floats([1])),
      new TensorDataset(floats([1, 2], [1, 2])),
      new Numbers(3),
      new Own(floats([9, 9], [1, 2]), ints(9)),
    ];
    for (const other of others) expect(new DataLoader(new ConcatDataset<unknown>([a, other])).rows()).toBeNull();
    const [, y] = [...new DataLoader(new ConcatDataset([a, others[4] as typeof a]), { batchSize: 5 })][0]!;
    expect(y.toArray()).toEqual([0, 1, 2, 3, 9]);
  });

  it('refuses what does not fit', () => {
    expect(() => new ConcatDataset([])).toThrow('[ConcatDataset] expected at least one dataset');
    expect(() => new ConcatDataset(5 as unknown as Dataset[])).toThrow('[ConcatDataset] expected a list of datasets, got 5');
    expect(() => new ConcatDataset([a, 5 as unknown as typeof a])).toThrow('[ConcatDataset] expected a dataset');
    expect(() => new ConcatDataset([new Numbers(2 ** 31 - 1), new Numbers(1)])).toThrow('2147483648 items are too many');
    for (const i of [-1, 8, 0.5]) expect(() => all.get(i)).toThrow('[ConcatDataset.get] expected i to be');
  });
});

describe('StackDataset', () => {
  it('has tuples of the items of its parts', () => {
    const pairs = new StackDataset(new Numbers(3), floats([5, 6, 7]));
    expectTypeOf(pairs.get(0)).toEqualTypeOf<[number, Tensor]>();
    const [i, x] = pairs.get(2);
    expect([i, x.item(), pairs.length]).toEqual([2, 7, 3]);
    const [[n, y]] = [...new DataLoader(pairs, { batchSize: 3 })] as [[Tensor, Tensor]];
    expect([n.toArray(), n.dtype, y.toArray(), y.dtype]).toEqual([[0, 1, 2], 'int32', [5, 6, 7], 'float32']);
  });

  it('has records where the parts have names', () => {
    const records = new StackDataset({ image: floats(range(0, 6), [3, 2]), rest: new TensorDataset(ints(1, 2, 3), floats([4, 5, 6])) });
    expectTypeOf(records.get(0).image).toEqualTypeOf<Tensor>();
    expect(records.get(1).rest.map((t) => t.item())).toEqual([2, 5]);
    const [first] = new DataLoader(records, { batchSize: 2 });
    expect(first!.image.toArray()).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(first!.rest.map((t) => t.toArray())).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });

  it('has the batches of its items, stacked, whether a kernel gathers them or not', () => {
    const parts = {
      a: floats(range(0, 10), [5, 2]),
      b: new TensorDataset(ints(...range(0, 5))),
      c: new Subset(new Numbers(9), range(4, 9)),
    };
    const stack = new StackDataset(parts);
    const [batch] = new DataLoader(stack, { batchSize: 5, shuffle: true, seed: 1 });
    const { c: numbers, ...rows } = parts;
    const [other] = new DataLoader(new StackDataset(rows), { batchSize: 5, shuffle: true, seed: 1 });
    expect([batch!.a.toArray(), batch!.b[0]!.toArray()]).toEqual([other!.a.toArray(), other!.b[0]!.toArray()]);
    expect((batch!.c.toArray() as number[]).map((i) => i - 4)).toEqual(batch!.b[0]!.toArray());
    expect(numbers.length).toBe(5);
  });

  it('is rows of tensors where its parts are tensors', () => {
    const [x, y] = [floats(range(0, 6), [3, 2]), ints(1, 2, 3)];
    expect(new DataLoader(new StackDataset(x, y)).rows()?.tensors).toEqual([x, y]);
    expect(new DataLoader(new Subset(new StackDataset(x, y), [1])).rows()?.subset).toEqual(Int32Array.of(1));
    expect(new DataLoader(new StackDataset({ x, y })).rows()).toBeNull();
    expect(new DataLoader(new StackDataset(x, new TensorDataset(y))).rows()).toBeNull();
  });

  it('refuses what does not fit', () => {
    expect(() => new StackDataset()).toThrow('[StackDataset] expected at least one dataset');
    expect(() => new StackDataset({})).toThrow('[StackDataset] expected at least one dataset');
    expect(() => new StackDataset(new Numbers(2), ints(1))).toThrow('[StackDataset] the lengths differ: "0" has 2 items, "1" 1');
    expect(() => new StackDataset({ a: ints(1), b: 5 as unknown as Tensor })).toThrow('[StackDataset] expected a dataset');
    expect(() => new StackDataset(floats([1], []))).toThrow('is a scalar: it has no rows');
    expect(() => new StackDataset(ints(1)).get(1)).toThrow('[StackDataset.get] expected i to be from 0 to 0, got 1');
  });
});

describe('IterableDataset', () => {
  it('is gone through anew in each epoch', () => {
    const loader = new DataLoader(new Counted(0, 5), { batchSize: 2 });
    for (let i = 0; i < 2; i++) expect([...loader].map((x) => x.toArray())).toEqual([[0, 1], [2, 3], [4]]);
    expect(loader.length).toBe(Infinity);
    expect([...new DataLoader(new Counted(0, 5), { batchSize: 2, dropLast: true })].length).toBe(2);
    expect(new DataLoader(new Counted(0, 5, 5), { batchSize: 2 }).length).toBe(3);
    expect([...new DataLoader(new Counted(0, 0))]).toEqual([]);
  });

  it('gives batches of its own where batchSize is null', () => {
    class Batches extends IterableDataset<[Tensor]> {
      override *[Symbol.iterator](): Generator<[Tensor]> {
        yield [ints(1, 2)];
        yield [ints(3)];
      }
    }
    expect([...new DataLoader(new Batches(), { batchSize: null })].map(([x]) => x.toArray())).toEqual([[1, 2], [3]]);
    expect([...new DataLoader(new Numbers(3), { batchSize: null, collateFn: (i) => -i })]).toEqual([-0, -1, -2]);
  });

  it('is closed when a loop is left', () => {
    let closed = 0;
    class Closing extends IterableDataset<number> {
      override *[Symbol.iterator](): Generator<number> {
        try {
          for (;;) yield 1;
        } finally {
          closed++;
        }
      }
    }
    for (const _ of new DataLoader(new Closing(), { batchSize: 2 })) break;
    expect(closed).toBe(1);
  });

  it('chains', () => {
    const chain = new ChainDataset([new Counted(0, 2), new Counted(5, 6)]);
    expect([...new DataLoader(chain, { batchSize: 2 })].map((x) => x.toArray())).toEqual([[0, 1], [5]]);
    expect(chain.length).toBeUndefined();
    expect(new ChainDataset([new Counted(0, 2, 2), new Counted(5, 6, 1)]).length).toBe(3);
    expect([...new DataLoader(new ChainDataset([]))]).toEqual([]);
  });

  it('has no order to be drawn', () => {
    const make = (options: object) => () => new DataLoader(new Counted(0, 2), options);
    expect(make({ shuffle: true })).toThrow('[DataLoader] the items of an IterableDataset come in its own order');
    expect(make({ sampler: [1] })).toThrow('[DataLoader] sampler numbers items, and an IterableDataset has no numbers');
    expect(make({ batchSampler: [[1]] })).toThrow('[DataLoader] batchSampler numbers items');
    class Neither extends IterableDataset {}
    expect(() => new DataLoader(new Neither())).toThrow('[DataLoader] Neither has neither [Symbol.iterator] nor [Symbol.asyncIterator]');
    expect(() => new ChainDataset([5 as unknown as Counted])).toThrow('[ChainDataset] expected an IterableDataset, got 5');
    expect(() => new ChainDataset(5 as unknown as Counted[])).toThrow('[ChainDataset] expected a list of datasets, got 5');
  });
});
