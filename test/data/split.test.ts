import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Dataset, randomSplit, TensorDataset, trainTestSplit } from '../../src/data';
import { manualSeed } from '../../src/random';
import { Tensor } from '../../src/tensor';

const rows = (n: number): Tensor =>
  Tensor.fromTypedArray(
    Float32Array.from({ length: 2 * n }, (_, i) => i >> 1),
    [n, 2],
  );
const ints = (values: number[]): Tensor => Tensor.fromTypedArray(Int32Array.from(values));
const count = (n: number): Tensor => ints(Array.from({ length: n }, (_, i) => i));
const ascending = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);

describe('trainTestSplit', () => {
  it('divides all rows, x and y alike', () => {
    const [xTrain, xTest, yTrain, yTest] = trainTestSplit(rows(10), count(10), { seed: 1 });
    expect([xTrain.shape, xTest.shape, yTrain.shape, yTest.shape]).toEqual([[7, 2], [3, 2], [7], [3]]);
    expect(ascending([...yTrain.data, ...yTest.data])).toEqual(count(10).toArray());
    expect([...xTrain.data].filter((_, i) => i % 2 === 0)).toEqual(yTrain.toArray());
    expect([...xTest.data].filter((_, i) => i % 2 === 0)).toEqual(yTest.toArray());
    expect(yTrain.dtype).toBe('int32');
  });

  it('takes the last rows without shuffling', () => {
    const [, , yTrain, yTest] = trainTestSplit(rows(10), count(10), { testSize: 0.21, shuffle: false });
    expect(yTrain.toArray()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(yTest.toArray()).toEqual([7, 8, 9]);
  });

  it('takes a number of rows', () => {
    expect(trainTestSplit(rows(10), count(10), { testSize: 4 })[3].shape).toEqual([4]);
    expect(trainTestSplit(rows(10), count(10), { testSize: 1 })[3].shape).toEqual([1]);
  });

  it('repeats with its seed, and with manualSeed', () => {
    const test = (seed?: number) => trainTestSplit(rows(40), count(40), { seed })[3].toArray();
    expect(test(3)).toEqual(test(3));
    expect(test(3)).not.toEqual(test(4));
    manualSeed(1);
    const drawn = test();
    expect(test()).not.toEqual(drawn);
    manualSeed(1);
    expect(test()).toEqual(drawn);
  });

  it('gives copies', () => {
    const x = rows(4);
    trainTestSplit(x, count(4), { shuffle: false })[0].data.fill(-1);
    expect(x.data[0]).toBe(0);
  });

  it('gives each class its share, to the row', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 30 }), { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0.05, max: 0.95 }),
        fc.nat(),
        (sizes, testSize, seed) => {
          const labels = ints(sizes.flatMap((size, label) => new Array<number>(size).fill(label)));
          const n = labels.numel;
          const test = Math.ceil(testSize * n);
          fc.pre(test < n && test >= sizes.length && n - test >= sizes.length);
          const [, , yTrain, yTest] = trainTestSplit(rows(n), labels, { testSize, stratify: labels, seed });
          expect([yTrain.numel, yTest.numel]).toEqual([n - test, test]);
          sizes.forEach((size, label) => {
            const got = [...yTest.data].filter((value) => value === label).length;
            const exact = (size * test) / n;
            expect(got >= Math.floor(exact) && got <= Math.ceil(exact)).toBe(true);
            expect([...yTrain.data].filter((value) => value === label).length).toBe(size - got);
          });
        },
      ),
    );
  });

  it('gives the rows left over to the largest remainders', () => {
    const labels = ints([...new Array(6).fill(0), ...new Array(5).fill(1), ...new Array(4).fill(2)]);
    // 5 of 15 rows: exact shares 2, 1.67 and 1.33.
    const [, , , yTest] = trainTestSplit(rows(15), labels, { testSize: 5, stratify: labels, seed: 0 });
    expect(ascending(yTest.data)).toEqual([0, 0, 1, 1, 2]);
  });

  it('divides any number of tensors and arrays alike', () => {
    const names = Array.from({ length: 10 }, (_, i) => `row ${i}`);
    const parts = trainTestSplit(rows(10), names, Float64Array.from(names.keys()), count(10), { seed: 1 });
    expectTypeOf(parts).toEqualTypeOf<
      [
        train: Tensor,
        test: Tensor,
        train: string[],
        test: string[],
        train: Float64Array<ArrayBuffer>,
        test: Float64Array<ArrayBuffer>,
        train: Tensor,
        test: Tensor,
      ]
    >();
    const [, , , namesTest, numbersTrain, numbersTest, yTrain, yTest] = parts;
    expect(namesTest).toEqual([...yTest.data].map((i) => `row ${i}`));
    expect(numbersTrain).toEqual(Float64Array.from(yTrain.data));
    expect(numbersTest).toEqual(Float64Array.from(yTest.data));
    const alone = trainTestSplit(names, { seed: 1 });
    expect(alone).toEqual([parts[2], parts[3]]);
    expect(trainTestSplit(names, undefined).map(({ length }) => length)).toEqual([7, 3]);
    expect(trainTestSplit(names).map(({ length }) => length)).toEqual([7, 3]);
  });

  // As scikit-learn's: n, testSize, trainSize, then the sizes of both parts.
  it.each([
    [10, undefined, 0.5, 5, 5],
    [10, undefined, 3, 3, 7],
    [10, 0.25, 0.5, 5, 3],
    [11, 0.25, 0.5, 5, 3],
    [10, 2, 0.45, 4, 2],
    [10, 0.3, 0.7, 7, 3],
    [3, 0.34, undefined, 1, 2],
  ])('of %i rows takes testSize %s and trainSize %s', (n, testSize, trainSize, train, test) => {
    const [yTrain, yTest] = trainTestSplit(count(n), { testSize, trainSize, seed: 1 });
    expect([yTrain.numel, yTest.numel]).toEqual([train, test]);
    expect(new Set([...yTrain.data, ...yTest.data]).size).toBe(train + test);
    const first = trainTestSplit(count(n), { testSize, trainSize, shuffle: false });
    expect(first.flatMap((part) => [...part.data])).toEqual([...count(train + test).data]);
  });

  it('gives each class its share of both parts where rows are left over', () => {
    const labels = ['a', 'b', 'c'].flatMap((label, i) => new Array<string>(10 * (i + 1)).fill(label));
    const [train, test] = trainTestSplit(labels, { trainSize: 30, testSize: 12, stratify: labels, seed: 1 });
    const counts = (part: string[]) => ['a', 'b', 'c'].map((label) => part.filter((one) => one === label).length);
    expect([counts(train), counts(test)]).toEqual([
      [5, 10, 15],
      [2, 4, 6],
    ]);
  });

  it('keeps groups together, and counts them', () => {
    const groups = Array.from({ length: 40 }, (_, i) => `group ${(i * i) % 11}`);
    const [train, test, yTrain, yTest] = trainTestSplit(groups, count(40), { groups, testSize: 0.3, seed: 2 });
    const both = [new Set(train), new Set(test)];
    const all = new Set(groups).size;
    expect(both.map(({ size }) => size)).toEqual([all - Math.ceil(0.3 * all), Math.ceil(0.3 * all)]);
    expect([...both[0]!].some((group) => both[1]!.has(group))).toBe(false);
    expect(ascending([...yTrain.data, ...yTest.data])).toEqual(count(40).toArray());
    expect(trainTestSplit(groups, { groups, testSize: 2, shuffle: false })[1].length).toBeGreaterThan(1);
  });

  it('refuses what cannot be divided', () => {
    const y = count(4);
    expect(() => trainTestSplit(rows(4), count(3))).toThrow(
      '[trainTestSplit] expected x and y with one number of rows, got [4, 2] and [3]',
    );
    for (const testSize of [0, -1, 1.5]) {
      expect(() => trainTestSplit(rows(4), y, { testSize })).toThrow(
        `expected testSize to be a fraction between 0 and 1 or a number of rows, got ${testSize}`,
      );
    }
    expect(() => trainTestSplit(rows(4), y, { testSize: Number.NaN })).toThrow(RangeError);
    expect(() => trainTestSplit(rows(4), y, { testSize: 4 })).toThrow(
      '[trainTestSplit] a test part of 4 rows leaves none of 4 for training',
    );
    expect(() => trainTestSplit(rows(4), y, { testRatio: 0.5 } as object)).toThrow(
      '[trainTestSplit] unknown option "testRatio", did you mean "testSize"?',
    );
    expect(() => trainTestSplit(rows(4), y, { shuffle: 1 as unknown as boolean })).toThrow('[trainTestSplit] expected shuffle to be');
    expect(() => trainTestSplit(rows(4), y, { stratify: count(3) })).toThrow('[trainTestSplit] expected stratify [4], got [3]');
    expect(() => trainTestSplit(rows(4), y, { stratify: y })).toThrow(
      '[trainTestSplit] class 0 has a single row: stratify needs at least 2 of each class',
    );
    expect(() => trainTestSplit(rows(4), y, { stratify: ints([0, 0, 1, 1]), testSize: 1 })).toThrow(
      '[trainTestSplit] parts of 3 and 1 rows cannot both hold 2 classes',
    );
    expect(() => trainTestSplit(rows(4), y, { stratify: y, shuffle: false })).toThrow(
      '[trainTestSplit] stratify draws rows at random: it cannot be used with shuffle false',
    );
    expect(() => trainTestSplit(rows(4), y, { testSize: 2, trainSize: 3 })).toThrow(
      '[trainTestSplit] parts of 3 and 2 rows are more than 4',
    );
    expect(() => trainTestSplit(rows(4), { trainSize: 4 })).toThrow(
      '[trainTestSplit] a training part of 4 rows leaves none of 4 for testing',
    );
    expect(() => trainTestSplit(rows(4), { trainSize: 0.1 })).toThrow('[trainTestSplit] a training part of 0 of 4 rows is empty');
    expect(() => trainTestSplit(rows(4), y, { stratify: y, groups: y })).toThrow('stratify and groups cannot be used together: kFold can');
    expect(() => trainTestSplit(rows(4), y, { groups: [1, 1, 1, 1] })).toThrow('a test part of 1 groups leaves none of 1 for training');
    expect(() => trainTestSplit(rows(4), y, [1])).toThrow('expected argument 1 and argument 3 with one number of rows, got [4, 2] and [1]');
    expect(() => trainTestSplit(Tensor.fromTypedArray(Float32Array.of(1), []))).toThrow('expected x [n, *], got a scalar: it has no rows');
    expect(() => (trainTestSplit as () => void)()).toThrow('[trainTestSplit] expected at least one tensor or array');
    expect(() => trainTestSplit([])).toThrow('[trainTestSplit] a test part of 0 rows leaves none of 0 for training');
    expect(() => trainTestSplit(5 as unknown as Tensor, y)).toThrow('[trainTestSplit] expected x to be a tensor or an array, got 5');
  });
});

describe('randomSplit', () => {
  const dataset = new TensorDataset(count(10));
  const values = (part: Dataset<[Tensor]>): number[] => Array.from({ length: part.length }, (_, i) => part.get(i)[0].item());

  it('divides all items', () => {
    const parts = randomSplit(dataset, [3, 0, 7], { seed: 2 });
    expect(parts.map((part) => part.length)).toEqual([3, 0, 7]);
    expect(ascending(parts.flatMap(values))).toEqual(count(10).toArray());
    expect(randomSplit(dataset, [3, 0, 7], { seed: 2 }).map(values)).toEqual(parts.map(values));
  });

  it('takes fractions, what is left over going to the first parts', () => {
    expect(randomSplit(dataset, [0.35, 0.35, 0.3]).map((part) => part.length)).toEqual([4, 3, 3]);
    expect(randomSplit(dataset, [1]).map((part) => part.length)).toEqual([10]);
    expect(randomSplit(new TensorDataset(count(1)), [1]).map((part) => part.length)).toEqual([1]);
  });

  it('refuses lengths that do not add up', () => {
    expect(() => randomSplit(dataset, [3, 3])).toThrow('[randomSplit] the lengths add up to 6, the dataset has 10 items');
    expect(() => randomSplit(dataset, [0.5, 0.6])).toThrow('[randomSplit] the fractions add up to 1.1, not to 1');
    expect(() => randomSplit(dataset, [-1, 11])).toThrow('[randomSplit] expected lengths[0] to be at least 0, got -1');
    expect(() => randomSplit(dataset, 3 as unknown as number[])).toThrow('[randomSplit] expected lengths to be an array of numbers, got 3');
    expect(() => randomSplit(7 as unknown as Dataset, [1])).toThrow('[randomSplit] expected a dataset');
  });
});
