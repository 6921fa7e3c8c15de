// Which rows a rank has.
import { groupOf, standing } from '../distributed/group';
import { checkBoolean, checkInteger, rangeError, withDefaults } from '../errors';
import type { RandomPosition } from '../random';
import { givenOrder, orderAt } from './order';
import { DrawnSampler, type Sized, sizeOf } from './samplers';

/** The options of `DistributedSampler`. */
export interface DistributedSamplerOptions {
  /** How many parts there are (the size of the group). */
  numReplicas?: number;
  /** Which of them this is (the rank). */
  rank?: number;
  /** Whether each epoch has an order of its own (true). */
  shuffle?: boolean;
  /** Makes the orders a function of (seed, epoch); the same on all ranks (0). */
  seed?: number;
  /** Whether items that do not make a whole row of ranks are left out (false). */
  dropLast?: boolean;
  /** Whether the first items come again where ranks would have fewer than others (true): not in an evaluation, whose figures they would falsify. */
  pad?: boolean;
}

/**
 * The part of the items that a rank has: every n-th of an order that all ranks share, as `torch.utils.data.DistributedSampler`.
 *
 * Ranks have equally many: the first items of the order come again at the end, or with `dropLast` the last are left out, or with `pad: false`, for an
 * evaluation, some ranks have one less. Batches of `b` items on n ranks hold together the rows that a `RandomSampler` of the same seed gives one process in a batch
 * of `n b`. The epoch advances by itself; `setEpoch` sets it. A RangeError where a rank has no items.
 *
 * @example
 * [...new data.DistributedSampler(5, { numReplicas: 2, rank: 1, shuffle: false })]; // [1, 3, 0]
 * [...new data.DistributedSampler(5, { numReplicas: 2, rank: 1, shuffle: false, pad: false })]; // [1, 3]
 */
export class DistributedSampler extends DrawnSampler {
  /** How many parts there are. */
  readonly numReplicas: number;
  /** Which of them this is. */
  readonly rank: number;
  /** @internal */
  readonly shuffle: boolean;
  private readonly source: Sized;
  private readonly dropLast: boolean;
  private readonly pad: boolean;

  constructor(source: Sized, options?: DistributedSamplerOptions) {
    const where = 'DistributedSampler';
    const o = withDefaults(where, options, {
      numReplicas: undefined as number | undefined,
      rank: undefined as number | undefined,
      shuffle: true,
      seed: 0,
      dropLast: false,
      pad: true,
    });
    super(where, o.seed);
    this.numReplicas = checkInteger(where, 'numReplicas', o.numReplicas ?? groupOf(where).size, 1, 2 ** 31 - 1);
    this.rank = checkInteger(where, 'rank', o.rank ?? standing()?.rank ?? 0, 0, this.numReplicas - 1);
    this.shuffle = checkBoolean(where, 'shuffle', o.shuffle);
    this.dropLast = checkBoolean(where, 'dropLast', o.dropLast);
    this.pad = checkBoolean(where, 'pad', o.pad);
    this.source = source;
    if (this.length === 0) throw rangeError(where, `${sizeOf(where, source)} items are too few for ${this.numReplicas} ranks`);
  }

  get length(): number {
    const { size } = this;
    if (this.dropLast) return Math.floor(size / this.numReplicas);
    if (this.pad) return Math.ceil(size / this.numReplicas);
    return Math.ceil((size - this.rank) / this.numReplicas);
  }
  /** @internal The number of items that the ranks divide. */
  get size(): number {
    return sizeOf('DistributedSampler', this.source);
  }
  /** @internal */
  get counters(): number {
    return this.shuffle ? this.size : 0;
  }
  /** @internal */
  orderAt(position: RandomPosition): Int32Array {
    const { size } = this;
    const order = this.shuffle ? orderAt(size, position) : givenOrder(size);
    return Int32Array.from({ length: this.length }, (_, i) => order[(i * this.numReplicas + this.rank) % size]!);
  }
}
