import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Dataset, type Fold, type KFoldOptions, kFold, Subset, TensorDataset } from '../../src/data';
import { manualSeed } from '../../src/random';
import { Tensor } from '../../src/tensor';

interface Golden {
  folds: number;
  classes: number[];
  groups: number[];
  plain: number[];
  stratified: number[];
  grouped: number[];
  both: number[];
}
const golden = JSON.parse(gunzipSync(readFileSync(join(__dirname, 'folds.json.gz'))).toString()) as Golden[];

const ints = (values: number[]): Tensor => Tensor.fromTypedArray(Int32Array.from(values));
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

// The fold of each row; fails where a row is validated twice, or learned from in its own fold, or parts are out of order.
function foldOfRows(n: number, folds: Fold<Int32Array>[]): number[] {
  const found = new Array<number>(n).fill(-1);
  folds.forEach(({ train, validation }, fold) => {
    for (const row of validation) {
      expect(found[row]).toBe(-1);
      found[row] = fold;
    }
    const inFold = new Set(validation);
    expect([...train]).toEqual(range(n).filter((row) => !inFold.has(row)));
    expect([...validation]).toEqual([...validation].sort((a, b) => a - b));
  });
  expect(found.includes(-1)).toBe(false);
  return found;
}
const dealt = (n: number, options: KFoldOptions): number[] => foldOfRows(n, kFold(n, options));
const spread = (counts: number[]): number => Math.max(...counts) - Math.min(...counts);
const countsIn = (foldOf: number[], folds: number, takes: (row: number) => boolean): number[] =>
  range(folds).map((fold) => foldOf.filter((one, row) => one === fold && takes(row)).length);

describe('kFold', () => {
  it('deals what scikit-learn deals, row by row', () => {
    expect(golden.length).toBeGreaterThan(40);
    for (const { folds, classes, groups, ...expected } of golden) {
      const n = classes.length;
      expect(dealt(n, { folds })).toEqual(expected.plain);
      expect(dealt(n, { folds, stratify: ints(classes) })).toEqual(expected.stratified);
      expect(dealt(n, { folds, groups })).toEqual(expected.grouped);
      expect(dealt(n, { folds, stratify: classes, groups: Int32Array.from(groups) })).toEqual(expected.both);
    }
  });

  it('has sizes, and counts of each class, that differ by one at most, and whole groups', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.array(fc.tuple(fc.nat(3), fc.nat(15)), { minLength: 12, maxLength: 60 }),
        fc.boolean(),
        fc.nat(1000),
        (folds, rows, shuffle, seed) => {
          const n = rows.length;
          const options = { folds, shuffle, ...(shuffle ? { seed } : {}) };
          expect(spread(countsIn(dealt(n, options), folds, () => true))).toBeLessThanOrEqual(1);
          const classes = rows.map(([label]) => `class ${label}`);
          const groups = rows.map(([, group]) => group);
          fc.pre(
            range(4).some((label) => classes.filter((one) => one === `class ${label}`).length >= folds) && new Set(groups).size >= folds,
          );
          const stratified = dealt(n, { ...options, stratify: classes });
          expect(spread(countsIn(stratified, folds, () => true))).toBeLessThanOrEqual(1);
          for (const label of new Set(classes)) {
            expect(spread(countsIn(stratified, folds, (row) => classes[row] === label))).toBeLessThanOrEqual(1);
          }
          for (const grouped of [dealt(n, { ...options, groups }), dealt(n, { ...options, groups, stratify: classes })]) {
            for (const group of new Set(groups)) {
              expect(new Set(grouped.filter((_, row) => groups[row] === group)).size).toBe(1);
            }
          }
        },
      ),
    );
  });

  // These are promised to stay.
  it('deals these rows for a seed', () => {
    expect(dealt(8, { folds: 3, shuffle: true, seed: 1 })).toEqual([0, 0, 1, 1, 0, 1, 2, 2]);
    expect(dealt(8, { folds: 2, shuffle: true, seed: 3, stratify: [0, 0, 1, 1, 0, 0, 1, 1] })).toEqual([1, 0, 0, 1, 0, 1, 1, 0]);
    expect(dealt(8, { folds: 2, shuffle: true, seed: 3, groups: [0, 0, 1, 1, 2, 2, 3, 3] })).toEqual([1, 1, 0, 0, 0, 0, 1, 1]);
  });

  it('repeats with its seed, and with manualSeed', () => {
    const make = (seed?: number) => dealt(40, { shuffle: true, seed });
    expect(make(3)).toEqual(make(3));
    expect(make(3)).not.toEqual(make(4));
    manualSeed(1);
    const drawn = make();
    expect(make()).not.toEqual(drawn);
    manualSeed(1);
    expect(make()).toEqual(drawn);
  });

  it('gives subsets of a dataset', () => {
    const rows = new TensorDataset(ints(range(10)));
    const folds = kFold(rows, { shuffle: true, seed: 1 });
    expectTypeOf(folds).toEqualTypeOf<Fold<Subset<[Tensor]>>[]>();
    expect(folds.length).toBe(5);
    const indices = kFold(10, { shuffle: true, seed: 1 });
    expectTypeOf(indices).toEqualTypeOf<Fold<Int32Array>[]>();
    folds.forEach(({ train, validation }, i) => {
      expect(train).toBeInstanceOf(Subset);
      expect([train.indices, validation.indices]).toEqual([indices[i]!.train, indices[i]!.validation]);
      expect(validation.get(1)[0].item()).toBe(validation.indices[1]);
    });
  });

  it('refuses what cannot be dealt', () => {
    const make = (n: unknown, options?: object) => () => kFold(n as number, options);
    expect(make(4)).toThrow('[kFold] 4 rows cannot be divided into 5 folds');
    expect(make(0, { folds: 2 })).toThrow('[kFold] 0 rows cannot be divided');
    expect(make(10, { folds: 1 })).toThrow('[kFold] expected folds to be at least 2, got 1');
    expect(make(10, { seed: 1 })).toThrow('[kFold] a seed has no effect without shuffle: true');
    expect(make(10, { shuffle: 1 })).toThrow('[kFold] expected shuffle to be true or false, got 1');
    expect(make('10')).toThrow('[kFold] expected a dataset');
    expect(make([1, 2, 3])).toThrow('[kFold] expected a dataset, with get(i) and length, got an array');
    expect(make(1.5)).toThrow('[kFold] expected the number of items to be an integer, got 1.5');
    expect(make(10, { stratify: [0, 1] })).toThrow('[kFold] expected stratify [10], got [2]');
    expect(make(10, { stratify: range(10) })).toThrow('[kFold] no class has 5 rows, one for each fold: the largest has 1');
    expect(make(10, { stratify: 3 })).toThrow('[kFold] expected stratify to be an array or a tensor [n], got 3');
    expect(make(10, { stratify: [...range(9), Number.NaN] })).toThrow('to be all numbers or all strings, got NaN at position 9');
    expect(make(10, { groups: [...range(9), 'a'] })).toThrow('expected groups to be all numbers or all strings, got "a" at position 9');
    expect(make(10, { groups: new Array(10).fill(0) })).toThrow('[kFold] 1 groups cannot be divided into 5 folds');
    expect(make(4, { folds: 2, groups: Tensor.fromTypedArray(Int32Array.of(1, 2, 3, 4), [2, 2]) })).toThrow(
      'expected groups [n], got [2, 2]',
    );
    expect(make(10, { k: 3 })).toThrow('unknown option "k"');
    expect(() => kFold(5 as unknown as Dataset, { folds: 6 })).toThrow('5 rows cannot be divided into 6 folds');
  });
});
