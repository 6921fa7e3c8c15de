// Samplers: the items of an epoch, and their order.
import { checkBoolean, checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import type { RandomPosition } from '../random';
import type { Tensor } from '../tensor';
import { fractionsAt, givenOrder, orderAt, positionOf } from './order';
import { listOf } from './values';

/** Something with a number of items: a dataset, an array, or the number itself. */
export type Sized = { readonly length: number } | number;

/** The number of items of a dataset or an array, or the number itself. */
export function sizeOf(where: string, source: Sized): number {
  const given: unknown = source;
  const size = typeof given === 'object' && given !== null ? (given as { length?: unknown }).length : given;
  if (typeof size !== 'number') throw typeError(where, `expected a dataset or a number of items, got ${describe(given)}`);
  return checkInteger(where, 'the number of items', size, 0, 2 ** 31 - 1);
}

/**
 * The numbers of an epoch's items in their order: extend it and implement `[Symbol.iterator]` and `length`, or give a loader any other iterable of
 * integers. As `torch.utils.data.Sampler`.
 *
 * A loader iterates it to the end when an epoch begins, so it must be finite. A sampler that draws from the library's random numbers repeats them when a loader
 * resumes; one with a state of its own can have `stateDict` and `loadStateDict`, which the loader's methods call.
 *
 * @example
 * class Backwards extends data.Sampler {
 *   get length() { return 4; }
 *   *[Symbol.iterator]() { for (let i = 3; i >= 0; i--) yield i; }
 * }
 * const loader = new data.DataLoader(new data.TensorDataset(arange(4)), { sampler: new Backwards(), batchSize: 4 });
 * [...loader][0][0].toArray(); // [3, 2, 1, 0]
 */
export abstract class Sampler implements Iterable<number> {
  /** The number of numbers in an epoch. */
  abstract get length(): number;
  /** Begins an epoch. */
  abstract [Symbol.iterator](): Iterator<number>;
}

/** A sampler whose order is a function of the position where its random numbers begin. */
export abstract class DrawnSampler extends Sampler {
  /** @internal Its own seed. */
  readonly seed: number | undefined;
  private epoch = 0;

  constructor(where: string, seed: number | undefined) {
    super();
    this.seed = seed === undefined ? undefined : checkInteger(where, 'seed', seed);
  }

  /** @internal How many Philox counters an order uses. */
  abstract get counters(): number;
  /** @internal The order whose random numbers begin at a position. */
  abstract orderAt(position: RandomPosition): Int32Array;

  /** Makes `n` the number of the next epoch, from 0. With a seed each epoch has an order of its own. */
  setEpoch(n: number): void {
    this.epoch = checkInteger(`${this.constructor.name}.setEpoch`, 'n', n);
  }

  /** Begins an epoch: draws its order. */
  [Symbol.iterator](): Iterator<number, undefined> {
    return this.orderAt(positionOf(this.seed, this.epoch++, this.counters)).values() as Iterator<number, undefined>;
  }
}

/** Whether a sampler's order is that of `DrawnSampler`; a subclass may have its own iterator. */
export const isDrawn = (sampler: unknown): sampler is DrawnSampler =>
  sampler instanceof DrawnSampler && sampler[Symbol.iterator] === DrawnSampler.prototype[Symbol.iterator];

/**
 * The items in their order: `torch.utils.data.SequentialSampler`. `source` is the dataset, or its number of items.
 *
 * @example
 * [...new data.SequentialSampler(3)]; // [0, 1, 2]
 */
export class SequentialSampler extends DrawnSampler {
  private readonly source: Sized;
  private order = givenOrder(0);

  constructor(source: Sized) {
    super('SequentialSampler', undefined);
    sizeOf('SequentialSampler', source);
    this.source = source;
  }

  get length(): number {
    return sizeOf('SequentialSampler', this.source);
  }
  /** @internal */
  get counters(): number {
    return 0;
  }
  /** @internal */
  orderAt(): Int32Array {
    const { length } = this;
    if (this.order.length !== length) this.order = givenOrder(length);
    return this.order;
  }
}

/** The options of `RandomSampler`. */
export interface RandomSamplerOptions {
  /** Whether an item can be drawn several times (false). */
  replacement?: boolean;
  /** How many numbers an epoch has (as many as items). Without replacement, a number beyond all items begins another order of all. */
  numSamples?: number;
  /** Makes the orders a function of (seed, epoch); without it they follow the loader's seed, or `manualSeed`. */
  seed?: number;
}

/**
 * The items in random order, as `shuffle` has them. As `torch.utils.data.RandomSampler`. `source` is the dataset, or its number of items.
 *
 * A RangeError if numbers are to be drawn but there are no items.
 *
 * @example
 * const sampler = new data.RandomSampler(10, { replacement: true, numSamples: 4, seed: 1 });
 * sampler.length; // 4
 * [...new data.RandomSampler(10, { seed: 1 })].sort((a, b) => a - b); // [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
 */
export class RandomSampler extends DrawnSampler {
  /** Whether an item can come several times. */
  readonly replacement: boolean;
  private readonly source: Sized;
  private readonly given: number | undefined;

  constructor(source: Sized, options?: RandomSamplerOptions) {
    const o = withDefaults('RandomSampler', options, {
      replacement: false,
      numSamples: undefined as number | undefined,
      seed: undefined as number | undefined,
    });
    super('RandomSampler', o.seed);
    sizeOf('RandomSampler', source);
    this.source = source;
    this.replacement = checkBoolean('RandomSampler', 'replacement', o.replacement);
    this.given = o.numSamples === undefined ? undefined : checkInteger('RandomSampler', 'numSamples', o.numSamples, 1, 2 ** 31 - 1);
  }

  /** How many numbers an epoch has. */
  get length(): number {
    return this.given ?? sizeOf('RandomSampler', this.source);
  }
  /** @internal */
  get counters(): number {
    const size = sizeOf('RandomSampler', this.source);
    if (this.replacement) return Math.ceil(this.length / 2);
    return size * Math.max(1, Math.ceil(this.length / Math.max(1, size)));
  }
  /** @internal Whether an epoch has every item once. */
  get isShuffle(): boolean {
    return !this.replacement && this.length === sizeOf('RandomSampler', this.source);
  }

  /** @internal */
  orderAt({ seed, offset }: RandomPosition): Int32Array {
    const size = sizeOf('RandomSampler', this.source);
    const { length } = this;
    if (size === 0 && length > 0) throw rangeError('RandomSampler', `${length} numbers cannot be drawn from no items`);
    if (this.replacement) return Int32Array.from(fractionsAt(length, { seed, offset }), (fraction) => fraction * size);
    if (length === size) return orderAt(size, { seed, offset });
    const order = new Int32Array(length);
    for (let begin = 0, round = 0; begin < length; begin += size, round++) {
      order.set(orderAt(size, { seed, offset: offset + round * size }).subarray(0, length - begin), begin);
    }
    return order;
  }
}

/** The numbers of items, checked and copied. */
export function checkIndices(where: string, given: unknown, high = 2 ** 31 - 1): Int32Array {
  const list = listOf(where, 'indices', given);
  for (let i = 0; i < list.length; i++) checkInteger(where, `indices[${i}]`, list[i], 0, high);
  return Int32Array.from(list as ArrayLike<number>);
}

/**
 * Some items in random order: `torch.utils.data.SubsetRandomSampler`. With a `seed` the orders are a function of (seed, epoch).
 *
 * @example
 * [...new data.SubsetRandomSampler([7, 3, 5])].sort(); // [3, 5, 7]
 */
export class SubsetRandomSampler extends DrawnSampler {
  /** The numbers of the items. */
  readonly indices: Int32Array;

  constructor(indices: ArrayLike<number> | Tensor, options?: { seed?: number }) {
    super('SubsetRandomSampler', withDefaults('SubsetRandomSampler', options, { seed: undefined as number | undefined }).seed);
    this.indices = checkIndices('SubsetRandomSampler', indices);
  }

  get length(): number {
    return this.indices.length;
  }
  /** @internal */
  get counters(): number {
    return this.length;
  }
  /** @internal */
  orderAt(position: RandomPosition): Int32Array {
    return orderAt(this.length, position).map((i) => this.indices[i]!);
  }
}
