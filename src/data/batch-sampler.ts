// Batches of item numbers.
import { checkBoolean, checkInteger, describe, typeError, withDefaults } from '../errors';

/** The options of `BatchSampler`. */
export interface BatchSamplerOptions {
  /** The number of items in a batch. */
  batchSize: number;
  /** Whether a last batch that is not full is omitted (false). */
  dropLast?: boolean;
}

/** Throws unless `sampler` is iterable. */
export function checkSampler<T>(where: string, name: string, sampler: Iterable<T>): Iterable<T> {
  if (typeof sampler !== 'object' || sampler === null || typeof sampler[Symbol.iterator] !== 'function') {
    throw typeError(where, `expected ${name} to be a sampler, or another iterable, got ${describe(sampler)}`);
  }
  return sampler;
}

/** How many numbers a sampler yields; Infinity if it has no length. */
export function lengthOf(sampler: Iterable<unknown>): number {
  const { length } = sampler as { length?: unknown };
  return typeof length === 'number' && Number.isInteger(length) && length >= 0 ? length : Infinity;
}

/** The number of batches of `items` items. */
export const batchesOf = (items: number, batchSize: number, dropLast: boolean): number =>
  dropLast ? Math.floor(items / batchSize) : Math.ceil(items / batchSize);

/**
 * Groups the numbers of another sampler into lists of `batchSize`: `torch.utils.data.BatchSampler`. A loader accepts it, or any iterable of lists of integers, as
 * `batchSampler`.
 *
 * @example
 * const batches = new data.BatchSampler(new data.SequentialSampler(5), { batchSize: 2 });
 * [...batches]; // [[0, 1], [2, 3], [4]]
 * batches.length; // 3
 */
export class BatchSampler implements Iterable<number[]> {
  /** The sampler given. */
  readonly sampler: Iterable<number>;
  /** Items in a batch. */
  readonly batchSize: number;
  /** Whether a last batch that is not full is left out. */
  readonly dropLast: boolean;

  constructor(sampler: Iterable<number>, options: BatchSamplerOptions) {
    const o = withDefaults<{ batchSize: number | undefined; dropLast: boolean }>('BatchSampler', options, {
      batchSize: undefined,
      dropLast: false,
    });
    this.sampler = checkSampler('BatchSampler', 'sampler', sampler);
    this.batchSize = checkInteger('BatchSampler', 'batchSize', o.batchSize, 1);
    this.dropLast = checkBoolean('BatchSampler', 'dropLast', o.dropLast);
  }

  /** The number of batches; Infinity where the sampler has no length. */
  get length(): number {
    return batchesOf(lengthOf(this.sampler), this.batchSize, this.dropLast);
  }

  /** Begins an epoch of the sampler. */
  *[Symbol.iterator](): Generator<number[], undefined> {
    let batch: number[] = [];
    for (const i of this.sampler) {
      batch.push(i);
      if (batch.length < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}
