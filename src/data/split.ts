// Divides data into parts, at random or by class.
import { checkBoolean, checkInteger, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { checkDataset, type Dataset, Subset, TensorDataset } from './dataset';
import { givenOrder, randomOrder } from './order';

/** The options of `trainTestSplit`. */
export interface TrainTestSplitOptions {
  /** Rows of the test part: a fraction between 0 and 1, rounded up, or their number (0.25). */
  testSize?: number;
  /** Whether rows are drawn at random; otherwise the last ones are the test part (true). */
  shuffle?: boolean;
  /** A tensor `[n]` of classes, each of which is to have its share in both parts. */
  stratify?: Tensor;
  /** Makes the split a function of this seed; without it, it follows `manualSeed`. */
  seed?: number;
}

function testRows(n: number, testSize: number): number {
  checkNumber('trainTestSplit', 'testSize', testSize);
  const whole = testSize >= 1;
  if (whole ? !Number.isInteger(testSize) : testSize <= 0) {
    throw rangeError('trainTestSplit', `expected testSize to be a fraction between 0 and 1 or a number of rows, got ${testSize}`);
  }
  const count = whole ? testSize : Math.ceil(testSize * n);
  if (count >= n) throw rangeError('trainTestSplit', `a test part of ${count} rows leaves none of ${n} for training`);
  return count;
}

// How many of its rows each class gives to the test part: its exact share rounded down, and one more for those with the
// largest remainders, so that the total is `count`.
function sharesOf(classes: Map<number, number>, count: number, n: number): Map<number, number> {
  const shares = new Map<number, number>();
  for (const [label, size] of classes) {
    if (size < 2) throw rangeError('trainTestSplit', `class ${label} has a single row: stratify needs at least 2 of each class`);
    shares.set(label, Math.floor((size * count) / n));
  }
  if (count < classes.size || n - count < classes.size) {
    throw rangeError('trainTestSplit', `parts of ${n - count} and ${count} rows cannot both hold ${classes.size} classes`);
  }
  const remainder = (label: number): number => (classes.get(label)! * count) % n;
  const byRemainder = [...classes.keys()].sort((a, b) => remainder(b) - remainder(a) || a - b);
  let left = count - [...shares.values()].reduce((sum, share) => sum + share, 0);
  for (const label of byRemainder) {
    if (left-- <= 0) break;
    shares.set(label, shares.get(label)! + 1);
  }
  return shares;
}

function stratified(order: Int32Array, labels: Tensor, count: number): [train: Int32Array, test: Int32Array] {
  const n = order.length;
  checkTensor('trainTestSplit', 'stratify', labels);
  if (labels.shape.length !== 1 || labels.numel !== n) {
    throw rangeError('trainTestSplit', `expected stratify [${n}], got ${shapeText(labels.shape)}`);
  }
  recorder?.reading('trainTestSplit');
  const classes = new Map<number, number>();
  for (const label of labels.values) classes.set(label, (classes.get(label) ?? 0) + 1);
  const left = sharesOf(classes, count, n);
  const takes = (i: number): boolean => {
    const label = labels.values[i]!;
    left.set(label, left.get(label)! - 1);
    return left.get(label)! >= 0;
  };
  const isTest = order.map((i) => (takes(i) ? 1 : 0));
  return [order.filter((_, at) => isTest[at] === 0), order.filter((_, at) => isTest[at] === 1)];
}

/**
 * Divides rows into a training and a test part: `[xTrain, xTest, yTrain, yTest]`. As `sklearn.model_selection.train_test_split`.
 *
 * Shapes: x `[n, *]`, y `[n, *]`. The test part has `ceil(testSize n)` rows, or `testSize` rows when that is 1 or more. With
 * `stratify` each class gives its share of them (largest remainders first). The parts are copies. A RangeError when a part would
 * be empty, or when a class has fewer than 2 rows.
 *
 * @example
 * const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(rand([10, 3]), arange(10), { testSize: 0.2, seed: 1 });
 * xTrain.shape; // [8, 3]
 * yTest.shape; // [2]
 */
export function trainTestSplit(
  x: Tensor,
  y: Tensor,
  options?: TrainTestSplitOptions,
): [xTrain: Tensor, xTest: Tensor, yTrain: Tensor, yTest: Tensor] {
  const o = withDefaults('trainTestSplit', options, {
    testSize: 0.25,
    shuffle: true,
    stratify: undefined as Tensor | undefined,
    seed: undefined as number | undefined,
  });
  checkTensor('trainTestSplit', 'x', x);
  checkTensor('trainTestSplit', 'y', y);
  checkBoolean('trainTestSplit', 'shuffle', o.shuffle);
  if (o.seed !== undefined) checkInteger('trainTestSplit', 'seed', o.seed);
  if (x.shape.length === 0 || y.shape.length === 0 || x.shape[0] !== y.shape[0]) {
    throw rangeError('trainTestSplit', `expected x and y with one number of rows, got ${shapeText(x.shape)} and ${shapeText(y.shape)}`);
  }
  if (o.stratify !== undefined && !o.shuffle) {
    throw rangeError('trainTestSplit', 'stratify draws rows at random: it cannot be used with shuffle false');
  }
  const n = x.shape[0]!;
  const count = testRows(n, o.testSize);
  const order = o.shuffle ? randomOrder(n, o.seed) : givenOrder(n);
  const [train, test] =
    o.stratify === undefined ? [order.subarray(0, n - count), order.subarray(n - count)] : stratified(order, o.stratify, count);
  const rows = new TensorDataset(x, y);
  const [xTrain, yTrain] = rows.gather(train);
  const [xTest, yTest] = rows.gather(test);
  return [xTrain, xTest, yTrain, yTest];
}

// Fractions become numbers of items, rounded down; what is left over goes one each to the first parts.
function partLengths(lengths: readonly number[], n: number): number[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const fractions = lengths.some((length) => !Number.isInteger(length)) || (total === 1 && n !== 1);
  if (!fractions) {
    if (total !== n) throw rangeError('randomSplit', `the lengths add up to ${total}, the dataset has ${n} items`);
    return [...lengths];
  }
  if (!(Math.abs(total - 1) <= 1e-9)) throw rangeError('randomSplit', `the fractions add up to ${total}, not to 1`);
  const parts = lengths.map((fraction) => Math.floor(fraction * n));
  const left = n - parts.reduce((sum, length) => sum + length, 0);
  return parts.map((length, i) => length + (i < left ? 1 : 0));
}

/**
 * Divides a dataset at random into parts that share no item. As `torch.utils.data.random_split`.
 *
 * `lengths` are the numbers of items, or fractions that add up to 1. The split is a function of `seed`, or follows `manualSeed`.
 *
 * @example
 * const [train, test] = data.randomSplit(new data.TensorDataset(arange(10)), [0.8, 0.2], { seed: 1 });
 * train!.length; // 8
 */
export function randomSplit<Item>(dataset: Dataset<Item>, lengths: readonly number[], options?: { seed?: number }): Subset<Item>[] {
  const { seed } = withDefaults('randomSplit', options, { seed: undefined as number | undefined });
  checkDataset('randomSplit', dataset);
  if (seed !== undefined) checkInteger('randomSplit', 'seed', seed);
  if (!Array.isArray(lengths)) throw typeError('randomSplit', `expected lengths to be an array of numbers, got ${describe(lengths)}`);
  lengths.forEach((length, i) => {
    checkNumber('randomSplit', `lengths[${i}]`, length, 0);
  });
  const order = randomOrder(dataset.length, seed);
  let begin = 0;
  return partLengths(lengths, dataset.length).map((length) => {
    begin += length;
    return new Subset(dataset, order.subarray(begin - length, begin));
  });
}
