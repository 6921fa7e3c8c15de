// Splits rows into a training set and a test set.
import { isDataView } from '../brands';
import { checkAttached, checkBoolean, checkInteger, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { refuseHeld } from '../holders';
import type { NumberArray } from '../ops/given';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import { gatherRows } from './dataset';
import { givenOrder, randomOrder } from './order';
import { countsOf, type Mark, type Marks, marksOf } from './values';

const where = 'trainTestSplit';

/** What can be split: a tensor `[n, *]`, an array or a typed array. */
export type Splittable = Tensor | readonly unknown[] | NumberArray;

// Some rows of an array. For a tuple they are an array of its elements, of any length.
type Taken<Whole> = Whole extends Tensor | NumberArray ? Whole : Whole extends readonly (infer Element)[] ? Element[] : never;

/** The training and test rows of each argument: `[xTrain, xTest, yTrain, yTest]` of x and y. */
export type Splits<Wholes extends readonly unknown[]> = Wholes extends readonly [infer First, ...infer Rest]
  ? [train: Taken<First>, test: Taken<First>, ...Splits<Rest>]
  : [];

/** The options of `trainTestSplit`. */
export interface TrainTestSplitOptions {
  /** Size of the test set: a fraction between 0 and 1, rounded up, or a number of rows (what `trainSize` leaves, else 0.25). */
  testSize?: number;
  /** Size of the training set: a fraction between 0 and 1, rounded down, or a number of rows (all rows that are not in the test set). */
  trainSize?: number;
  /** Whether rows are drawn at random; otherwise the first rows are the training set, and the next ones the test set (true). */
  shuffle?: boolean;
  /** Classes `[n]`; both sets get each class in proportion. */
  stratify?: Marks;
  /** Groups `[n]`; the rows of a group are in the same set, and sizes count groups. */
  groups?: Marks;
  /** Makes the split a function of this seed; without it, it follows `manualSeed`. */
  seed?: number;
}

interface Settings {
  testSize: number | undefined;
  trainSize: number | undefined;
  shuffle: boolean;
  stratify: Marks | undefined;
  groups: Marks | undefined;
  seed: number | undefined;
}

function countOf(name: string, n: number, size: number, round: (x: number) => number): number {
  checkNumber(where, name, size);
  const whole = size >= 1;
  if (whole ? !Number.isInteger(size) : size <= 0) {
    throw rangeError(where, `expected ${name} to be a fraction between 0 and 1 or a number of rows, got ${size}`);
  }
  return whole ? size : round(size * n);
}

// The number of rows, or groups, of the training and the test set.
function sizesOf(n: number, testSize: number | undefined, trainSize: number | undefined, unit: string): [train: number, test: number] {
  const given = trainSize === undefined ? undefined : countOf('trainSize', n, trainSize, Math.floor);
  const test = testSize === undefined && given !== undefined ? n - given : countOf('testSize', n, testSize ?? 0.25, Math.ceil);
  const train = given ?? n - test;
  if (given !== undefined && given < 1) throw rangeError(where, `a training part of ${given} of ${n} ${unit} is empty`);
  if (test >= n) throw rangeError(where, `a test part of ${test} ${unit} leaves none of ${n} for training`);
  if (train + test > n) throw rangeError(where, `parts of ${train} and ${test} ${unit} are more than ${n}`);
  if (test < 1) throw rangeError(where, `a training part of ${train} ${unit} leaves none of ${n} for testing`);
  return [train, test];
}

// The number of rows of each class in a set of `count` rows: the class's exact share rounded down, plus one for the classes with the largest remainders.
function sharesOf(sizes: ArrayLike<number>, order: readonly number[], count: number): Int32Array {
  const all = Array.from(sizes);
  const n = all.reduce((sum, size) => sum + size, 0);
  const shares = Int32Array.from(all, (size) => Math.floor((size * count) / n));
  const remainder = (label: number): number => (all[label]! * count) % n;
  const byRemainder = order.toSorted((a, b) => remainder(b) - remainder(a));
  let left = count - shares.reduce((sum, share) => sum + share, 0);
  for (const label of byRemainder) {
    if (left-- <= 0) break;
    shares[label]!++;
  }
  return shares;
}

function stratified(order: Int32Array, given: Marks, train: number, test: number): [train: Int32Array, test: Int32Array] {
  const n = order.length;
  const { numbers, found } = marksOf(where, 'stratify', given, n);
  const sizes = countsOf(numbers, found.length);
  const byLabel = [...found.keys()].sort((a, b) => compare(found[a]!, found[b]!));
  for (const label of byLabel) {
    if (sizes[label]! < 2) throw rangeError(where, `class ${found[label]} has a single row: stratify needs at least 2 of each class`);
  }
  if (Math.min(train, test) < found.length) {
    throw rangeError(where, `parts of ${train} and ${test} rows cannot both hold ${found.length} classes`);
  }
  const tests = sharesOf(sizes, byLabel, test);
  const rest = sizes.map((size, label) => size - tests[label]!);
  const trains = train + test === n ? rest : sharesOf(rest, byLabel, train);
  const take = (left: Int32Array, i: number): boolean => left[numbers[i]!]!-- > 0;
  const isTest = order.map((i) => (take(tests, i) ? 1 : 0));
  return [order.filter((i, at) => isTest[at] === 0 && take(trains, i)), order.filter((_, at) => isTest[at] === 1)];
}

const compare = (a: Mark, b: Mark): number => (a < b ? -1 : 1);

function grouped(given: Marks, n: number, o: Settings): [train: Int32Array, test: Int32Array] {
  const { numbers, found } = marksOf(where, 'groups', given, n);
  const [train, test] = sizesOf(found.length, o.testSize, o.trainSize, 'groups');
  const order = o.shuffle ? randomOrder(found.length, o.seed) : givenOrder(found.length);
  const part = new Int32Array(found.length); // 1: training set, 2: test set
  order.forEach((group, i) => {
    part[group] = i < train ? 1 : i < train + test ? 2 : 0;
  });
  const rows = givenOrder(n);
  return [rows.filter((i) => part[numbers[i]!] === 1), rows.filter((i) => part[numbers[i]!] === 2)];
}

const isArray = (value: unknown): value is Splittable =>
  value instanceof Tensor || Array.isArray(value) || (ArrayBuffer.isView(value) && !isDataView(value));

function rowsOf(whole: Splittable, name: string): number {
  if (!(whole instanceof Tensor)) {
    if (ArrayBuffer.isView(whole)) checkAttached(where, whole);
    return whole.length;
  }
  if (whole.shape.length === 0) throw rangeError(where, `expected ${name} [n, *], got a scalar: it has no rows`);
  refuseHeld(where, whole);
  return whole.shape[0]!;
}

function taken(whole: Splittable, rows: Int32Array): Splittable {
  if (whole instanceof Tensor) return gatherRows(whole, rows);
  if (Array.isArray(whole)) return Array.from(rows, (row) => whole[row] as unknown);
  const typed = whole as Float32Array;
  return new (typed.constructor as Float32ArrayConstructor)(rows.length).map((_, i) => typed[rows[i]!]!);
}

const sizeText = (whole: Splittable): string => (whole instanceof Tensor ? shapeText(whole.shape) : `[${whole.length}]`);

/**
 * Splits the rows of all arguments into a training and a test set: `[xTrain, xTest, yTrain, yTest]` of x and y. As `sklearn.model_selection.train_test_split`.
 *
 * The arguments are any number of tensors `[n, *]`, arrays and typed arrays of n rows, then options. The test set has `ceil(testSize n)` rows, or `testSize`
 * rows if that is 1 or more. With `stratify` both sets get each class in proportion, rounded by largest remainders. With `groups` the rows of a group stay
 * together, as in `GroupShuffleSplit`. The results are copies. A size of 1 means one row; scikit-learn refuses 1.0. A RangeError if a set would be empty or,
 * with `stratify`, if a class has fewer than 2 rows.
 *
 * @example
 * const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(rand([10, 3]), arange(10), { testSize: 0.2, seed: 1 });
 * xTrain.shape; // [8, 3]
 * yTest.shape; // [2]
 * const [some, others] = data.trainTestSplit(['a', 'b', 'c', 'd'], { shuffle: false });
 * others; // ["d"]
 */
export function trainTestSplit<Wholes extends readonly Splittable[]>(...wholes: Wholes): Splits<Wholes>;
export function trainTestSplit<Wholes extends readonly Splittable[]>(
  ...wholesAndOptions: [...wholes: Wholes, options: TrainTestSplitOptions | undefined]
): Splits<Wholes>;
export function trainTestSplit(...given: unknown[]): Splittable[] {
  const last = given.at(-1);
  const hasOptions = given.length > 1 && !isArray(last) && (last === undefined || typeof last === 'object');
  const wholes = (hasOptions ? given.slice(0, -1) : given) as Splittable[];
  const o = withDefaults<Settings>(where, hasOptions ? (last as Partial<Settings>) : undefined, {
    testSize: undefined,
    trainSize: undefined,
    shuffle: true,
    stratify: undefined,
    groups: undefined,
    seed: undefined,
  });
  const name = (i: number): string => (wholes.length === 2 ? ['x', 'y'][i]! : wholes.length === 1 ? 'x' : `argument ${i + 1}`);
  if (wholes.length === 0) throw typeError(where, 'expected at least one tensor or array');
  wholes.forEach((whole, i) => {
    if (!isArray(whole)) throw typeError(where, `expected ${name(i)} to be a tensor or an array, got ${describe(whole)}`);
  });
  checkBoolean(where, 'shuffle', o.shuffle);
  if (o.seed !== undefined) checkInteger(where, 'seed', o.seed);
  const [n, ...others] = wholes.map((whole, i) => rowsOf(whole, name(i))) as [number, ...number[]];
  others.forEach((rows, i) => {
    if (rows === n) return;
    throw rangeError(
      where,
      `expected ${name(0)} and ${name(i + 1)} with one number of rows, got ${sizeText(wholes[0]!)} and ${sizeText(wholes[i + 1]!)}`,
    );
  });
  const [train, test] = partsOf(n, o);
  return wholes.flatMap((whole) => [taken(whole, train), taken(whole, test)]);
}

function partsOf(n: number, o: Settings): [train: Int32Array, test: Int32Array] {
  if (o.groups !== undefined) {
    if (o.stratify !== undefined) throw rangeError(where, 'stratify and groups cannot be used together: kFold can');
    return grouped(o.groups, n, o);
  }
  if (o.stratify !== undefined && !o.shuffle) {
    throw rangeError(where, 'stratify draws rows at random: it cannot be used with shuffle false');
  }
  const [train, test] = sizesOf(n, o.testSize, o.trainSize, 'rows');
  const order = o.shuffle ? randomOrder(n, o.seed) : givenOrder(n);
  return o.stratify === undefined
    ? [order.subarray(0, train), order.subarray(train, train + test)]
    : stratified(order, o.stratify, train, test);
}
