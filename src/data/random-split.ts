// Divides a dataset into parts at random.
import { checkInteger, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { checkDataset, type Dataset, Subset } from './dataset';
import { randomOrder } from './order';

// Fractions become numbers of items, rounded down; the first parts get one more each until all items are assigned.
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
 * Divides a dataset at random into disjoint parts. As `torch.utils.data.random_split`.
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
