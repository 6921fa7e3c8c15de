// Cross-validation: rows divided into folds.
import { checkBoolean, checkInteger, rangeError, withDefaults } from '../errors';
import { checkDataset, type Dataset, Subset } from './dataset';
import { givenOrder, randomOrder } from './order';
import { type Sized, sizeOf } from './samplers';
import { countsOf, type Marks, marksOf } from './values';

const where = 'kFold';

/** The options of `kFold`. */
export interface KFoldOptions {
  /** The number of folds (5). */
  folds?: number;
  /** Whether rows are assigned at random; otherwise each fold has neighbouring rows, as far as classes and groups allow (false). */
  shuffle?: boolean;
  /** Makes the folds a function of this seed; without it, shuffled ones follow `manualSeed`. */
  seed?: number;
  /** Classes `[n]`; each fold gets an equal share of each class. */
  stratify?: Marks;
  /** Groups `[n]`; the rows of a group are in the same fold. */
  groups?: Marks;
}

/** A fold: the rows to train on, and those to validate on. */
export interface Fold<Rows> {
  /** All rows of the other folds. */
  train: Rows;
  /** The rows of this fold. */
  validation: Rows;
}

interface Dealing {
  folds: number;
  /** A random order of n numbers, or 0 .. n - 1 without `shuffle`. */
  order: (n: number) => Int32Array;
}

// Blocks of neighbours; the first blocks have one row more if the rows cannot be divided evenly.
function inBlocks(order: Int32Array, folds: number): Int32Array {
  const foldOf = new Int32Array(order.length);
  const size = Math.floor(order.length / folds);
  const longer = order.length % folds;
  order.forEach((row, at) => {
    foldOf[row] = at < longer * (size + 1) ? Math.floor(at / (size + 1)) : longer + Math.floor((at - longer * (size + 1)) / size);
  });
  return foldOf;
}

// Divides each class into blocks. Their lengths are as if all rows, sorted by class, were dealt to the folds in turn.
function byClass(n: number, { folds, order }: Dealing, stratify: Marks): Int32Array {
  const { numbers, found } = marksOf(where, 'stratify', stratify, n);
  const sizes = countsOf(numbers, found.length);
  refuseRare(sizes, folds);
  const left = Array.from(sizes, () => new Int32Array(folds));
  let dealt = 0;
  sizes.forEach((size, label) => {
    for (let i = 0; i < size; i++) left[label]![dealt++ % folds]!++;
  });
  const foldOf = new Int32Array(n);
  const at = new Int32Array(found.length);
  for (const row of order(n)) {
    const label = numbers[row]!;
    while (left[label]![at[label]!] === 0) at[label]!++;
    left[label]![at[label]!]!--;
    foldOf[row] = at[label]!;
  }
  return foldOf;
}

function refuseRare(sizes: Int32Array, folds: number): void {
  const most = sizes.reduce((a, b) => Math.max(a, b), 0);
  if (most < folds) throw rangeError(where, `no class has ${folds} rows, one for each fold: the largest has ${most}`);
}

// The number of each row's class or group. Classes and groups are numbered in the order of their names.
function namedInOrder(name: string, given: Marks, n: number): { numbers: Int32Array; count: number } {
  const { numbers, found } = marksOf(where, name, given, n);
  const byName = [...found.keys()].sort((a, b) => (found[a]! < found[b]! ? -1 : 1));
  const rank = new Int32Array(found.length);
  byName.forEach((one, i) => {
    rank[one] = i;
  });
  return { numbers: numbers.map((one) => rank[one]!), count: found.length };
}

function groupsOf(n: number, groups: Marks, folds: number): { numbers: Int32Array; count: number } {
  const found = namedInOrder('groups', groups, n);
  if (found.count < folds) throw rangeError(where, `${found.count} groups cannot be divided into ${folds} folds`);
  return found;
}

// Without `shuffle` groups are assigned from the largest to the smallest, each to the fold with the fewest rows. With it they are assigned in random order, and
// each fold gets the same number of groups.
function byGroup(n: number, { folds, order }: Dealing, groups: Marks, shuffle: boolean): Int32Array {
  const { numbers, count } = groupsOf(n, groups, folds);
  if (shuffle) {
    const foldOf = inBlocks(order(count), folds);
    return numbers.map((group) => foldOf[group]!);
  }
  const sizes = countsOf(numbers, count);
  const filled = new Int32Array(folds);
  const foldOf = new Int32Array(count);
  const largestFirst = givenOrder(count).sort((a, b) => sizes[b]! - sizes[a]! || b - a);
  for (const group of largestFirst) {
    const lightest = filled.indexOf(filled.reduce((a, b) => Math.min(a, b)));
    filled[lightest]! += sizes[group]!;
    foldOf[group] = lightest;
  }
  return numbers.map((group) => foldOf[group]!);
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const deviation = (values: readonly number[]): number => {
  const mean = sum(values) / values.length;
  return Math.sqrt(sum(values.map((x) => (x - mean) ** 2)) / values.length);
};

// Assigns groups from the one with the most uneven counts of classes on, each to the fold for which the folds' shares of the classes then differ least.
function byClassAndGroup(n: number, { folds, order }: Dealing, stratify: Marks, groups: Marks): Int32Array {
  const { numbers: classes, count: kinds } = namedInOrder('stratify', stratify, n);
  const sizes = countsOf(classes, kinds);
  refuseRare(sizes, folds);
  const { numbers, count } = groupsOf(n, groups, folds);
  const ofGroup = Array.from({ length: count }, () => new Array<number>(kinds).fill(0));
  numbers.forEach((group, row) => {
    ofGroup[group]![classes[row]!]!++;
  });
  const ofFold = Array.from({ length: folds }, () => new Array<number>(kinds).fill(0));
  const unevenness = (fold: number, more: readonly number[]): number =>
    sum(more.map((added, label) => deviation(ofFold.map((counts, f) => (counts[label]! + (f === fold ? added : 0)) / sizes[label]!)))) /
    kinds;
  const foldOf = new Int32Array(count);
  const spread = ofGroup.map(deviation);
  // The sort is stable, so that equal groups keep their random order.
  const mostUnevenFirst = [...order(count)].sort((a, b) => spread[b]! - spread[a]!);
  for (const group of mostUnevenFirst) {
    let best = { fold: 0, value: Infinity, rows: Infinity };
    for (let fold = 0; fold < folds; fold++) {
      const value = unevenness(fold, ofGroup[group]!);
      const rows = sum(ofFold[fold]!);
      const isClose = Math.abs(value - best.value) <= 1e-8 + 1e-5 * Math.abs(best.value);
      if (value < best.value || (isClose && rows < best.rows)) best = { fold, value, rows };
    }
    ofGroup[group]!.forEach((rows, label) => {
      ofFold[best.fold]![label]! += rows;
    });
    foldOf[group] = best.fold;
  }
  return numbers.map((group) => foldOf[group]!);
}

/**
 * Divides a dataset, or the numbers 0 to n - 1, into folds for cross-validation: `{ train, validation }` for each fold, as subsets of the dataset or as arrays
 * of ascending row numbers. As `sklearn.model_selection.KFold`; with `stratify` `StratifiedKFold`, with `groups` `GroupKFold`, with both
 * `StratifiedGroupKFold`.
 *
 * Without groups the sizes of the folds differ by one at most, and with `stratify` so do their counts of each class. Without `shuffle` the folds are exactly
 * scikit-learn's; shuffled ones are not. A RangeError for fewer rows or groups than folds, and if no class has as many rows as there are folds.
 *
 * @example
 * const rows = new data.TensorDataset(arange(6), tensor(Int32Array.of(0, 0, 0, 1, 1, 1)));
 * const folds = data.kFold(rows, { folds: 3, stratify: rows.tensors[1] });
 * folds.map(({ validation }) => validation.indices); // [[0, 3], [1, 4], [2, 5]]
 * data.kFold(4, { folds: 2 })[0]; // { train: [2, 3], validation: [0, 1] }
 */
export function kFold(n: number, options?: KFoldOptions): Fold<Int32Array>[];
export function kFold<Item>(dataset: Dataset<Item>, options?: KFoldOptions): Fold<Subset<Item>>[];
export function kFold(source: Sized | Dataset<unknown>, options?: KFoldOptions): Fold<Int32Array | Subset>[] {
  const o = withDefaults(where, options, {
    folds: 5,
    shuffle: false,
    seed: undefined as number | undefined,
    stratify: undefined as Marks | undefined,
    groups: undefined as Marks | undefined,
  });
  const dataset = typeof source === 'number' ? null : checkDataset(where, source as Dataset<unknown>);
  const n = sizeOf(where, source);
  const folds = checkInteger(where, 'folds', o.folds, 2);
  const shuffle = checkBoolean(where, 'shuffle', o.shuffle);
  if (o.seed !== undefined) checkInteger(where, 'seed', o.seed);
  if (o.seed !== undefined && !shuffle) throw rangeError(where, 'a seed has no effect without shuffle: true');
  if (folds > n) throw rangeError(where, `${n} rows cannot be divided into ${folds} folds`);
  const dealing: Dealing = { folds, order: (count) => (shuffle ? randomOrder(count, o.seed) : givenOrder(count)) };
  const foldOf =
    o.stratify !== undefined && o.groups !== undefined
      ? byClassAndGroup(n, dealing, o.stratify, o.groups)
      : o.stratify !== undefined
        ? byClass(n, dealing, o.stratify)
        : o.groups !== undefined
          ? byGroup(n, dealing, o.groups, shuffle)
          : inBlocks(dealing.order(n), folds);
  const rows = givenOrder(n);
  const part = (indices: Int32Array): Int32Array | Subset => (dataset === null ? indices : new Subset(dataset, indices));
  return Array.from({ length: folds }, (_, fold) => ({
    train: part(rows.filter((row) => foldOf[row] !== fold)),
    validation: part(rows.filter((row) => foldOf[row] === fold)),
  }));
}
