import { describe, expect, it } from 'vitest';
import {
  BatchSampler,
  DataLoader,
  RandomSampler,
  type RandomSamplerOptions,
  Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  TensorDataset,
  WeightedRandomSampler,
} from '../../src/data';
import { manualSeed } from '../../src/random';
import { Tensor } from '../../src/tensor';

const count = (n: number): Tensor => Tensor.fromTypedArray(Float32Array.from({ length: n }, (_, i) => i));
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const ascending = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);
const epoch = (loader: Iterable<Tensor[]>): number[] => [...loader].flatMap(([x]) => x!.toArray() as number[]);

// These are promised to stay: a run that is repeated with a later version has the same batches.
const ORDERS = {
  plain: [
    [1, 0, 4, 2, 5, 3, 6, 7],
    [4, 2, 1, 0, 3, 5, 7, 6],
  ],
  replacement: [
    [3, 7, 0, 7, 4, 5, 1, 0],
    [1, 7, 7, 2, 0, 0, 2, 1],
  ],
  weighted: [3, 3, 3, 3, 2, 3, 3, 2, 2, 3],
  weightedOnce: [3, 2, 4],
};

describe('SequentialSampler', () => {
  it('gives the items in their order, as many as there are', () => {
    const items = [7, 8, 9];
    const sampler = new SequentialSampler(items);
    expect([sampler.length, [...sampler]]).toEqual([3, [0, 1, 2]]);
    items.push(10);
    expect([sampler.length, [...sampler]]).toEqual([4, [0, 1, 2, 3]]);
    expect([...new SequentialSampler(0)]).toEqual([]);
  });

  it('refuses what has no length', () => {
    expect(() => new SequentialSampler('abc' as unknown as number)).toThrow(
      '[SequentialSampler] expected a dataset or a number of items, got "abc"',
    );
    expect(() => new SequentialSampler({} as { length: number })).toThrow('[SequentialSampler] expected a dataset');
    expect(() => new SequentialSampler(-1)).toThrow('[SequentialSampler] expected the number of items to be from 0 to');
  });
});

describe('RandomSampler', () => {
  it('draws these orders', () => {
    const drawn = (options: RandomSamplerOptions) => {
      const sampler = new RandomSampler(8, options);
      return [[...sampler], [...sampler]];
    };
    expect(drawn({ seed: 1 })).toEqual(ORDERS.plain);
    expect(drawn({ seed: 1, numSamples: 3 })).toEqual(ORDERS.plain.map((order) => order.slice(0, 3)));
    expect(drawn({ seed: 2, replacement: true })).toEqual(ORDERS.replacement);
  });

  it('draws what a shuffling loader draws, by a seed and without', () => {
    for (const seed of [undefined, 5]) {
      manualSeed(3);
      const sampler = new RandomSampler(20, { seed });
      const drawn = [[...sampler], [...sampler]];
      manualSeed(3);
      const loader = new DataLoader(new TensorDataset(count(20)), { batchSize: 7, shuffle: true, seed });
      expect([epoch(loader), epoch(loader)]).toEqual(drawn);
    }
  });

  it('begins another order where more numbers are asked for than there are items', () => {
    const sampler = new RandomSampler(5, { numSamples: 12, seed: 4 });
    for (const drawn of [[...sampler], [...sampler]]) {
      expect(drawn.length).toBe(12);
      expect([ascending(drawn.slice(0, 5)), ascending(drawn.slice(5, 10))]).toEqual([numbers(5), numbers(5)]);
      expect(new Set(drawn.slice(10)).size).toBe(2);
      expect(drawn.slice(0, 5)).not.toEqual(drawn.slice(5, 10));
    }
  });

  it('draws each item alike with replacement', () => {
    const drawn = [...new RandomSampler(10, { replacement: true, numSamples: 100_000, seed: 9 })];
    const counts = numbers(10).map((i) => drawn.filter((item) => item === i).length);
    // Chi-square with 9 degrees of freedom: above 33.7 in one of ten thousand seeds.
    expect(counts.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0)).toBeLessThan(33.7);
  });

  it('has an order for each epoch by number', () => {
    const sampler = new RandomSampler(9, { seed: 1 });
    const [first, second] = [[...sampler], [...sampler]];
    sampler.setEpoch(0);
    expect([[...sampler], [...sampler]]).toEqual([first, second]);
    expect(() => sampler.setEpoch(-1)).toThrow('[RandomSampler.setEpoch] expected n to be at least 0, got -1');
  });

  it('refuses options that make no sense', () => {
    expect(() => new RandomSampler(3, { numSamples: 0 })).toThrow('[RandomSampler] expected numSamples to be from 1');
    expect(() => new RandomSampler(3, { seed: 0.5 })).toThrow('[RandomSampler] expected seed to be an integer');
    expect(() => new RandomSampler(3, { replacement: 1 as unknown as boolean })).toThrow('[RandomSampler] expected replacement to be true');
    expect(() => new RandomSampler(3, { num_samples: 3 } as object)).toThrow('did you mean "numSamples"?');
    expect(() => [...new RandomSampler(0, { numSamples: 2 })]).toThrow('[RandomSampler] 2 numbers cannot be drawn from no items');
    expect([...new RandomSampler(0)]).toEqual([]);
  });
});

describe('SubsetRandomSampler', () => {
  it('gives its items in random order', () => {
    const sampler = new SubsetRandomSampler([9, 2, 4, 4], { seed: 1 });
    const drawn = [[...sampler], [...sampler], [...sampler]];
    for (const order of drawn) expect(ascending(order)).toEqual([2, 4, 4, 9]);
    expect(new Set(drawn.map(String)).size).toBeGreaterThan(1);
    expect(sampler.length).toBe(4);
  });

  it('takes tensors, and refuses what are no numbers of items', () => {
    expect([...new SubsetRandomSampler(Tensor.fromTypedArray(Int32Array.of(3)))]).toEqual([3]);
    expect(() => new SubsetRandomSampler([1, -1])).toThrow('[SubsetRandomSampler] expected indices[1] to be from 0 to 2147483647, got -1');
    expect(() => new SubsetRandomSampler([0.5])).toThrow(RangeError);
    expect(() => new SubsetRandomSampler(5 as unknown as number[])).toThrow('expected indices to be an array or a tensor [n], got 5');
  });
});

describe('WeightedRandomSampler', () => {
  const weights = [1, 0, 2, 4, 0.5, 0];
  const total = 7.5;

  it('draws these numbers', () => {
    expect([...new WeightedRandomSampler(weights, { seed: 1, numSamples: 10 })]).toEqual(ORDERS.weighted);
    expect([...new WeightedRandomSampler(weights, { seed: 1, numSamples: 3, replacement: false })]).toEqual(ORDERS.weightedOnce);
  });

  it('draws by the weights', () => {
    const n = 100_000;
    const counts = new Array<number>(weights.length).fill(0);
    for (const i of new WeightedRandomSampler(weights, { seed: 2, numSamples: n })) counts[i]!++;
    expect([counts[1], counts[5]]).toEqual([0, 0]);
    const expected = weights.map((weight) => (n * weight) / total);
    const chiSquare = counts.reduce((sum, seen, i) => (expected[i] === 0 ? sum : sum + (seen - expected[i]!) ** 2 / expected[i]!), 0);
    expect(chiSquare).toBeLessThan(21.1); // 3 degrees of freedom: above it in one of ten thousand
  });

  // The chances of the first two of three without replacement, by hand: P(a, b) = w_a / W * w_b / (W - w_a).
  it('draws without replacement as if one after another', () => {
    const sampler = new WeightedRandomSampler([1, 2, 5], { numSamples: 2, replacement: false, seed: 3 });
    const rounds = 20_000;
    const seen = new Map<string, number>();
    for (let i = 0; i < rounds; i++) {
      const pair = String([...sampler]);
      seen.set(pair, (seen.get(pair) ?? 0) + 1);
    }
    const w = [1, 2, 5];
    let chiSquare = 0;
    for (const a of [0, 1, 2]) {
      for (const b of [0, 1, 2]) {
        if (a === b) continue;
        const expected = ((rounds * w[a]!) / 8) * (w[b]! / (8 - w[a]!));
        chiSquare += ((seen.get(`${a},${b}`) ?? 0) - expected) ** 2 / expected;
      }
    }
    expect(seen.size).toBe(6);
    expect(chiSquare).toBeLessThan(25.7); // 5 degrees of freedom
  });

  it('takes as many as there are weights, arrays of any kind', () => {
    expect(new WeightedRandomSampler(Float32Array.of(1, 2)).length).toBe(2);
    expect([...new WeightedRandomSampler(Tensor.fromTypedArray(Int32Array.of(0, 3, 0)))]).toEqual([1, 1, 1]);
    expect(ascending(new WeightedRandomSampler([3, 1, 0, 2], { numSamples: 3, replacement: false }))).toEqual([0, 1, 3]);
  });

  it('refuses weights that draw nothing', () => {
    const make = (given: unknown, options?: object) => () => new WeightedRandomSampler(given as number[], options);
    expect(make([1, -1])).toThrow('[WeightedRandomSampler] expected weights[1] to be finite and at least 0, got -1');
    expect(make([Number.NaN])).toThrow('expected weights[0] to be finite and at least 0, got NaN');
    expect(make([Infinity])).toThrow('expected weights[0] to be finite and at least 0, got Infinity');
    expect(make(['1'])).toThrow('expected weights[0] to be a number, got "1"');
    expect(make([0, 0])).toThrow('[WeightedRandomSampler] the weights add up to 0: nothing can be drawn by them');
    expect(make([])).toThrow('the weights add up to 0');
    expect(make([1, 0, 1], { numSamples: 3, replacement: false })).toThrow(
      '[WeightedRandomSampler] 3 items cannot be drawn without replacement where 2 weights are above 0',
    );
    expect(make([1], { numSamples: 0 })).toThrow('expected numSamples to be from 1');
    expect(make([1], 5 as unknown as object)).toThrow('expected an options object, got 5');
  });
});

describe('BatchSampler', () => {
  it('gives lists of so many, as PyTorch does', () => {
    const lists = (dropLast?: boolean) => {
      const sampler = new BatchSampler(new SequentialSampler(10), { batchSize: 3, dropLast });
      return [sampler.length, [...sampler]];
    };
    expect(lists()).toEqual([4, [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]]);
    expect(lists(true)).toEqual([
      3,
      [
        [0, 1, 2],
        [3, 4, 5],
        [6, 7, 8],
      ],
    ]);
    expect(new BatchSampler(new Set([3, 1]), { batchSize: 2 }).length).toBe(Infinity);
  });

  it('refuses what does not fit', () => {
    expect(() => new BatchSampler(5 as unknown as number[], { batchSize: 1 })).toThrow('[BatchSampler] expected sampler to be a sampler');
    expect(() => new BatchSampler([1], { batchSize: 0 })).toThrow('[BatchSampler] expected batchSize to be at least 1, got 0');
    expect(() => new BatchSampler([1], undefined as never)).toThrow('[BatchSampler] expected batchSize to be a number, got undefined');
  });
});

describe('a loader with a sampler', () => {
  const dataset = new TensorDataset(count(10));

  it('has the batches that the sampler says', () => {
    const loader = new DataLoader(dataset, { sampler: [3, 3, 9], batchSize: 2 });
    expect([loader.length, epoch(loader), epoch(loader)]).toEqual([2, [3, 3, 9], [3, 3, 9]]);
    expect(new DataLoader(dataset, { sampler: new Set([1, 2, 3]), batchSize: 2 }).length).toBe(Infinity);
    const drawn = new DataLoader(dataset, { sampler: new RandomSampler(dataset, { numSamples: 4 }), batchSize: 3, dropLast: true });
    expect([drawn.length, epoch(drawn).length]).toEqual([1, 3]);
  });

  it('has its seed draw for samplers that have none', () => {
    const make = (seed: number | undefined, own?: number) =>
      new DataLoader(dataset, { sampler: new WeightedRandomSampler(new Array(10).fill(1), { seed: own }), batchSize: 10, seed });
    const loader = make(1);
    const drawn = [epoch(loader), epoch(loader)];
    expect(drawn[0]).not.toEqual(drawn[1]);
    const again = make(1);
    expect([epoch(again), epoch(again)]).toEqual(drawn);
    expect(epoch(make(undefined, 1))).toEqual(drawn[0]);
    expect(epoch(make(5, 1))).toEqual(drawn[0]);
    manualSeed(1);
    expect(epoch(make(undefined))).toEqual(drawn[0]);
  });

  it('takes lists of a batchSampler, of any sizes', () => {
    const loader = new DataLoader(dataset, { batchSampler: [[1, 2, 3], Int32Array.of(9)] });
    expect([loader.length, loader.batchSize]).toEqual([2, null]);
    expect([...loader].map(([x]) => x.toArray())).toEqual([[1, 2, 3], [9]]);
    const plain = new DataLoader(dataset, { batchSampler: new BatchSampler(new RandomSampler(dataset, { seed: 1 }), { batchSize: 4 }) });
    expect([plain.length, epoch(plain)]).toEqual([3, epoch(new DataLoader(dataset, { shuffle: true, seed: 1 }))]);
  });

  it('heeds the iterator of a subclass', () => {
    class Halves extends RandomSampler {
      override *[Symbol.iterator](): Generator<number, undefined> {
        yield* [0, 5];
      }
    }
    expect(epoch(new DataLoader(dataset, { sampler: new Halves(dataset, { numSamples: 2 }) }))).toEqual([0, 5]);
  });

  it('draws when iteration starts', () => {
    let asked = 0;
    class Once extends Sampler {
      get length(): number {
        return 2;
      }
      *[Symbol.iterator](): Generator<number> {
        asked++;
        yield* [1, 0];
      }
    }
    const loader = new DataLoader(dataset, { sampler: new Once() });
    expect(asked).toBe(0);
    loader[Symbol.iterator]();
    expect(asked).toBe(1);
  });

  it('refuses numbers that are none of items', () => {
    for (const sampler of [[10], [-1], [0.5], new SubsetRandomSampler([10]), new SequentialSampler(11)]) {
      expect(() => [...new DataLoader(dataset, { sampler })]).toThrow(
        /\[DataLoader\] the sampler gives .*, and the items are numbered from 0 to 9/,
      );
    }
    expect(() => [...new DataLoader(dataset, { sampler: ['a'] as never })]).toThrow(
      'expected the sampler to give numbers of items, got "a"',
    );
    expect(() => [...new DataLoader(dataset, { batchSampler: [3] as never })]).toThrow(
      '[DataLoader] expected batchSampler to give lists of numbers of items, got 3',
    );
    expect(() => [...new DataLoader(dataset, { batchSampler: [[]] })]).toThrow('expected batchSampler to give lists');
    const endless = { length: 3, *[Symbol.iterator]() { for (;;) yield 1; } }; // biome-ignore format: one line
    expect(() => [...new DataLoader(dataset, { sampler: endless })]).toThrow(
      '[DataLoader] the sampler gives more than 3 numbers: it is to end',
    );
  });

  it('refuses options that say the same twice', () => {
    const make = (options: object) => () => new DataLoader(dataset, options);
    expect(make({ sampler: [1], shuffle: true })).toThrow('[DataLoader] sampler says what shuffle would: give one of them');
    expect(make({ sampler: [1], shuffle: false })).not.toThrow();
    for (const other of [{ batchSize: 1 }, { shuffle: false }, { sampler: [1] }, { dropLast: false }]) {
      expect(make({ batchSampler: [[1]], ...other })).toThrow(`batchSampler says what ${Object.keys(other)[0]} would`);
    }
    expect(make({ collate: () => 1, collateFn: () => 1 })).toThrow('collateFn says what collate would');
    expect(make({ sampler: 3 })).toThrow('[DataLoader] expected sampler to be a sampler, or another iterable, got 3');
    expect(make({ batchSampler: 3 })).toThrow('[DataLoader] expected batchSampler to be a sampler');
    expect(make({ prefetch: -1 })).toThrow('[DataLoader] expected prefetch to be at least 0, got -1');
    expect(make({ batchSize: null, dropLast: true })).toThrow('[DataLoader] dropLast leaves out a batch that is not full');
  });
});
