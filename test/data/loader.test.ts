import { describe, expect, expectTypeOf, it } from 'vitest';
import { DataLoader, Dataset, Subset, TensorDataset } from '../../src/data';
import { manualSeed } from '../../src/random';
import { Tensor } from '../../src/tensor';

const count = (n: number): Tensor => Tensor.fromTypedArray(Float32Array.from({ length: n }, (_, i) => i));
const labels = (n: number): Tensor => Tensor.fromTypedArray(Int32Array.from({ length: n }, (_, i) => i));
const epoch = <B extends Tensor[]>(loader: Iterable<B>): number[] => [...loader].flatMap(([x]) => x!.toArray() as number[]);
const ascending = (values: number[]): number[] => [...values].sort((a, b) => a - b);

// Items made on demand: (i, i^2) as a number and a tensor.
class Squares extends Dataset<[number, Tensor]> {
  constructor(readonly length: number) {
    super();
  }
  get(i: number): [number, Tensor] {
    return [i, Tensor.fromTypedArray(Int32Array.of(i * i, i))];
  }
}

describe('DataLoader', () => {
  it('goes through the items in order', () => {
    const loader = new DataLoader(new TensorDataset(count(10), labels(10)), { batchSize: 4 });
    expect(loader.length).toBe(3);
    const seen: unknown[] = [];
    for (const [x, y] of loader) {
      expectTypeOf(x).toEqualTypeOf<Tensor>();
      expect(y.dtype).toBe('int32');
      seen.push([x.toArray(), y.toArray()]);
    }
    expect(seen).toEqual([
      [
        [0, 1, 2, 3],
        [0, 1, 2, 3],
      ],
      [
        [4, 5, 6, 7],
        [4, 5, 6, 7],
      ],
      [
        [8, 9],
        [8, 9],
      ],
    ]);
  });

  it('leaves out a last batch that is not full when asked to', () => {
    const loader = new DataLoader(new TensorDataset(count(10)), { batchSize: 4, dropLast: true });
    expect(loader.length).toBe(2);
    expect(epoch(loader)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...new DataLoader(new TensorDataset(count(3)), { batchSize: 4, dropLast: true })]).toEqual([]);
  });

  it('has one item a batch by default', () => {
    expect([...new DataLoader(new TensorDataset(count(2)))].map(([x]) => x.shape)).toEqual([[1], [1]]);
  });

  it('has no batches of an empty dataset', () => {
    for (const shuffle of [false, true]) expect([...new DataLoader(new TensorDataset(count(0)), { shuffle })]).toEqual([]);
  });

  it('gives batches that share no memory with the data', () => {
    const data = count(4);
    for (const shuffle of [false, true]) {
      for (const [x] of new DataLoader(new TensorDataset(data), { batchSize: 4, shuffle })) x.data.fill(-1);
    }
    expect(data.toArray()).toEqual([0, 1, 2, 3]);
  });

  it('takes an order a function of (seed, epoch)', () => {
    const make = (seed: number) => new DataLoader(new TensorDataset(count(100)), { batchSize: 7, shuffle: true, seed });
    const [a, b] = [make(1), make(1)];
    const first = epoch(a);
    const second = epoch(a);
    expect(ascending(first)).toEqual(count(100).toArray());
    expect(first).not.toEqual(count(100).toArray());
    expect(second).not.toEqual(first);
    manualSeed(99);
    expect(epoch(b)).toEqual(first);
    expect(epoch(b)).toEqual(second);
    expect(epoch(make(2))).not.toEqual(first);
  });

  it('follows manualSeed without a seed of its own', () => {
    const loader = new DataLoader(new TensorDataset(count(50)), { batchSize: 50, shuffle: true });
    manualSeed(5);
    const [first, second] = [epoch(loader), epoch(loader)];
    manualSeed(5);
    expect([epoch(loader), epoch(loader)]).toEqual([first, second]);
    expect(first).not.toEqual(second);
  });

  it('draws the order when iteration starts', () => {
    const loader = new DataLoader(new TensorDataset(count(20)), { shuffle: true, seed: 3 });
    const begun = loader[Symbol.iterator]();
    const other = epoch(loader);
    const own: number[] = [];
    for (let step = begun.next(); !step.done; step = begun.next()) own.push(step.value[0].item());
    const again = new DataLoader(new TensorDataset(count(20)), { shuffle: true, seed: 3 });
    expect([epoch(again), epoch(again)]).toEqual([own, other]);
  });

  it('shuffles evenly', () => {
    const loader = new DataLoader(new TensorDataset(count(4)), { batchSize: 4, shuffle: true, seed: 11 });
    const seen = new Array<number>(16).fill(0);
    for (let i = 0; i < 4000; i++) for (const [at, value] of epoch(loader).entries()) seen[4 * at + value]!++;
    // Each count is binomial with mean 1000 and deviation 27.4: six of them.
    for (const n of seen) expect(Math.abs(n - 1000)).toBeLessThan(165);
  });

  it('stacks the tensors and numbers of own datasets', () => {
    const loader = new DataLoader(new Squares(5), { batchSize: 3 });
    const batches: unknown[] = [];
    for (const [i, square] of loader) {
      expectTypeOf(square).toEqualTypeOf<Tensor>();
      expect([i.dtype, square.dtype]).toEqual(['int32', 'int32']);
      batches.push([i.toArray(), square.toArray()]);
    }
    expect(batches).toEqual([
      [
        [0, 1, 2],
        [
          [0, 0],
          [1, 1],
          [4, 2],
        ],
      ],
      [
        [3, 4],
        [
          [9, 3],
          [16, 4],
        ],
      ],
    ]);
  });

  it('stacks items that are no tuples', () => {
    const dataset = { length: 3, get: (i: number) => 2 * i };
    expect([...new DataLoader(dataset, { batchSize: 2 })].map((x) => x.toArray())).toEqual([[0, 2], [4]]);
  });

  it('goes through subsets', () => {
    const dataset = new TensorDataset(count(10), labels(10));
    const nested = new Subset(new Subset(dataset, [9, 8, 7, 6]), [3, 0]);
    expect([...new DataLoader(nested, { batchSize: 2 })].map(([x, y]) => [x.toArray(), y.toArray()])).toEqual([
      [
        [6, 9],
        [6, 9],
      ],
    ]);
    expect([...new DataLoader(new Subset(new Squares(5), [4, 2]), { batchSize: 2 })].map(([i]) => i.toArray())).toEqual([[4, 2]]);
  });

  it('heeds the get of a subclass', () => {
    class Doubled extends TensorDataset<[Tensor]> {
      override get(i: number): [Tensor] {
        return [Tensor.fromTypedArray(Float32Array.of(2 * i), [])];
      }
    }
    expect(epoch(new DataLoader(new Doubled(count(3)), { batchSize: 3 }))).toEqual([0, 2, 4]);
  });

  it('hands items to an own collate', () => {
    const loader = new DataLoader(new Squares(3), { batchSize: 2, collate: (items) => items.map(([i]) => i) });
    expectTypeOf([...loader]).toEqualTypeOf<number[][]>();
    expect([...loader]).toEqual([[0, 1], [2]]);
  });

  it('refuses options that make no sense', () => {
    const dataset = new TensorDataset(count(3));
    expect(() => new DataLoader(dataset, { batchSize: 0 })).toThrow('[DataLoader] expected batchSize to be at least 1, got 0');
    expect(() => new DataLoader(dataset, { batchSize: 1.5 })).toThrow('[DataLoader] expected batchSize to be an integer, got 1.5');
    expect(() => new DataLoader(dataset, { batchSize: Number.NaN })).toThrow(RangeError);
    expect(() => new DataLoader(dataset, { seed: -1 })).toThrow(RangeError);
    expect(() => new DataLoader(dataset, { shuffle: 'yes' as unknown as boolean })).toThrow('[DataLoader] expected shuffle to be');
    expect(() => new DataLoader(dataset, { collate: 3 as unknown as () => void })).toThrow(
      '[DataLoader] expected collate to be a function, got 3',
    );
    expect(() => new DataLoader(dataset, { batch_size: 3 } as object)).toThrow(
      '[DataLoader] unknown option "batch_size", did you mean "batchSize"?',
    );
    expect(() => new DataLoader([] as unknown as Dataset)).toThrow('[DataLoader] expected a dataset, with get(i) and length, got an array');
    expect(() => new DataLoader({ length: 1.5, get: () => 0 })).toThrow(
      "[DataLoader] expected the dataset's length to be an integer, got 1.5",
    );
    expect(() => new DataLoader({ length: 2 ** 31, get: () => 0 })).toThrow(RangeError);
  });

  it('names items that make no batch', () => {
    const batch = (items: unknown[]) => [...new DataLoader({ length: items.length, get: (i: number) => items[i] }, { batchSize: 9 })];
    expect(() => batch(['a'])).toThrow('[DataLoader] an item is "a": expected a tensor or a number');
    expect(() => batch([1, null])).toThrow('[DataLoader] an item is a number in one item, null in another');
    expect(() => batch([count(2), 1])).toThrow('[DataLoader] an item is a tensor in one item, 1 in another');
    expect(() => batch([[count(2)], [count(3)]])).toThrow(
      '[DataLoader] part 0 of an item is float32 [2] in one item, float32 [3] in another',
    );
    expect(() => batch([[1, 2], [1]])).toThrow('[DataLoader] one item is a tuple of 2, another one of 1');
  });
});
