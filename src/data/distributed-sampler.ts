// Divides the items of an epoch among ranks.
import { currentGroup, requireGroup } from '../distributed/group';
import { checkBoolean, checkInteger, rangeError, withDefaults } from '../errors';
import type { RandomPosition } from '../random';
import { givenOrder, orderAt } from './order';
import { DrawnSampler, type Sized, sizeOf } from './samplers';

/** The options of `DistributedSampler`. */
export interface DistributedSamplerOptions {
  /** The number of parts (the size of the group). */
  numReplicas?: number;
  /** The number of this part (the rank). */
  rank?: number;
  /** Whether each epoch has an order of its own (true). */
  shuffle?: boolean;
  /** Makes the orders a function of (seed, epoch); the same on all ranks (0). */
  seed?: number;
  /** Whether the last items, too few for all ranks, are omitted (false). */
  dropLast?: boolean;
  /**
   * Whether the first items are repeated for ranks that would have fewer than others (true). Use false for an evaluation, whose result repeated items would
   * falsify.
   */
  pad?: boolean;
}

/**
 * A rank's part of the items: every n-th of an order that all ranks share, as `torch.utils.data.DistributedSampler`.
 *
 * All ranks have the same number of items: the first items of the order are repeated at the end, or with `dropLast` the last ones omitted; with `pad: false`, for an
 * evaluation, some ranks have one less. The batches of `b` items on n ranks together have the rows that a `RandomSampler` with the same seed gives one process
 * in a batch of `n b`. The epoch advances by itself; `setEpoch` sets it. A RangeError if a rank has no items.
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
    this.numReplicas = checkInteger(where, 'numReplicas', o.numReplicas ?? requireGroup(where).size, 1, 2 ** 31 - 1);
    this.rank = checkInteger(where, 'rank', o.rank ?? currentGroup()?.rank ?? 0, 0, this.numReplicas - 1);
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
