// The items of the batches of an epoch.
import { describe, rangeError, typeError } from '../errors';
import { atRandomPosition, type RandomPosition, randomPosition } from '../random';
import { BatchSampler, batchesOf, lengthOf } from './batch-sampler';
import { DistributedSampler } from './distributed-sampler';
import { positionOf } from './order';
import { type DrawnSampler, isDrawn, RandomSampler, SequentialSampler, SubsetRandomSampler } from './samplers';

/** The item numbers of each batch of an epoch. */
export interface EpochBatches {
  /** The number of batches. */
  readonly length: number;
  /** The items of batch i. */
  at(i: number): Int32Array;
}

// A limit of how many numbers are collected in an array.
const mostNumbers = 2 ** 28;

function refuse(value: unknown, size: number): never {
  if (typeof value !== 'number') throw typeError('DataLoader', `expected the sampler to give numbers of items, got ${describe(value)}`);
  throw rangeError('DataLoader', `the sampler gives ${value}, and the items are numbered from 0 to ${size - 1}`);
}

function checkOrder(order: Int32Array, size: number): Int32Array {
  for (let at = 0; at < order.length; at++) if (order[at]! >= size) refuse(order[at], size);
  return order;
}

function numbersOf(sampler: Iterable<number>, size: number): Int32Array {
  const most = Math.min(lengthOf(sampler), mostNumbers);
  const numbers: number[] = [];
  for (const i of sampler) {
    if (!Number.isInteger(i) || i < 0 || i >= size) refuse(i, size);
    if (numbers.length === most) throw rangeError('DataLoader', `the sampler gives more than ${most} numbers: it is to end`);
    numbers.push(i);
  }
  return Int32Array.from(numbers);
}

const batchesOfOrder = (order: Int32Array, batchSize: number, dropLast: boolean): EpochBatches => ({
  length: batchesOf(order.length, batchSize, dropLast),
  at: (i) => order.subarray(i * batchSize, (i + 1) * batchSize),
});

/** A sampler whose items are cut into batches of a size. */
export interface Chunks {
  sampler: Iterable<number>;
  batchSize: number;
  dropLast: boolean;
}

/** How an epoch is made: a sampler and a batch size, or a sampler of batches. */
export type Ordering = Chunks | { batchSampler: Iterable<ArrayLike<number>> };

/** A `BatchSampler` as the sampler and batch size that it has; any other sampler of batches as it is. */
export const orderingOf = (batchSampler: Iterable<ArrayLike<number>>): Ordering =>
  batchSampler instanceof BatchSampler && batchSampler[Symbol.iterator] === BatchSampler.prototype[Symbol.iterator]
    ? { sampler: batchSampler.sampler, batchSize: batchSampler.batchSize, dropLast: batchSampler.dropLast }
    : { batchSampler };

/** The number of batches; Infinity if the sampler does not tell. */
export const lengthOfOrdering = (ordering: Ordering): number =>
  'sampler' in ordering ? batchesOf(lengthOf(ordering.sampler), ordering.batchSize, ordering.dropLast) : lengthOf(ordering.batchSampler);

/** The sampler, of items or of batches. */
export const samplerOf = (ordering: Ordering): Iterable<unknown> => ('sampler' in ordering ? ordering.sampler : ordering.batchSampler);

const drawnOf = (ordering: Ordering): DrawnSampler | null => {
  const sampler = samplerOf(ordering);
  return isDrawn(sampler) ? sampler : null;
};

/** Where the random numbers of the next epoch's order begin. */
export function beginOf(ordering: Ordering, seed: number | undefined, epoch: number): RandomPosition {
  const drawn = drawnOf(ordering);
  if (drawn === null || drawn.counters === 0) return randomPosition();
  return positionOf(drawn.seed ?? seed, epoch, drawn.counters);
}

/** The epoch whose random numbers begin at a position. `again` tells that the position was drawn from before. */
export function epochAt(ordering: Ordering, size: number, position: RandomPosition, again: boolean): EpochBatches {
  const drawn = drawnOf(ordering);
  const read = <T>(fn: () => T): T => (again ? atRandomPosition(position, fn) : fn());
  if ('sampler' in ordering) {
    const { sampler, batchSize, dropLast } = ordering;
    const order = drawn === null ? read(() => numbersOf(sampler, size)) : checkOrder(drawn.orderAt(position), size);
    return batchesOfOrder(order, batchSize, dropLast);
  }
  const lists = read(() => {
    const found: Int32Array[] = [];
    let numbers = 0;
    for (const list of ordering.batchSampler) {
      if (typeof list !== 'object' || list === null || typeof list.length !== 'number' || list.length === 0) {
        throw typeError('DataLoader', `expected batchSampler to give lists of numbers of items, got ${describe(list)}`);
      }
      numbers += list.length;
      if (numbers > mostNumbers) throw rangeError('DataLoader', `batchSampler gives more than ${mostNumbers} numbers: it is to end`);
      found.push(numbersOf(Array.from(list), size));
    }
    return found;
  });
  return { length: lists.length, at: (i) => lists[i]! };
}

/** An order that a native thread can draw: all items of a dataset or some of them, in order or shuffled, or a rank's part of it. */
export interface NativeOrder {
  /** The items; null: all. */
  indices: Int32Array | null;
  shuffle: boolean;
  /** The sampler's own seed. */
  seed: number | undefined;
  /** How many items an epoch has. */
  count: number;
  ranks: number;
  rank: number;
}

/** How a native thread can draw a sampler's orders; null if JavaScript has to. */
export function nativeOrderOf(sampler: Iterable<number>, size: number): NativeOrder | null {
  if (!isDrawn(sampler) || Object.getPrototypeOf(sampler).orderAt !== kindOf(sampler)?.prototype.orderAt) return null;
  const { length: count, seed } = sampler;
  const whole = { indices: null, seed, count, ranks: 1, rank: 0 };
  if (sampler instanceof SequentialSampler && count === size) return { ...whole, shuffle: false };
  if (sampler instanceof RandomSampler && sampler.isShuffle && count === size) return { ...whole, shuffle: true };
  if (sampler instanceof DistributedSampler && sampler.size === size) {
    const { shuffle, numReplicas: ranks, rank } = sampler;
    return { ...whole, shuffle, ranks, rank };
  }
  if (!(sampler instanceof SubsetRandomSampler)) return null;
  return { ...whole, indices: checkOrder(sampler.indices, size), shuffle: true };
}

const kindOf = (sampler: DrawnSampler): (abstract new (...args: never[]) => DrawnSampler) | undefined =>
  [SequentialSampler, RandomSampler, SubsetRandomSampler, DistributedSampler].find((kind) => sampler instanceof kind);
