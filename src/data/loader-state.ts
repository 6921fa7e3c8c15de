// Where a loader stands, and how others may make its batches.
import type { RandomPosition } from '../random';
import type { Tensor } from '../tensor';

/** Where a loader stands: what `stateDict` gives. */
export interface DataLoaderState {
  /** Epochs begun. */
  epoch: number;
  /** Batches given of the epoch that is under way; 0 between two epochs. */
  batch: number;
  /** Items in a batch, by which these are counted; null: a sampler says. */
  batchSize: number | null;
  /** Where the random numbers of its order begin, `[seed, offset]`; null between two epochs. */
  random: number[] | null;
  /** The state that an own sampler had when it began, where it has one; else null. */
  sampler: unknown;
  /** The types that numbers of items had so far, by their place in an item. */
  types: Record<string, string>;
}

/** The epoch that is under way. */
export interface Place {
  position: RandomPosition;
  /** Batches given. */
  batch: number;
  sampler: unknown;
}

/** Batches as rows of tensors. */
export interface RowBatches {
  tensors: readonly Tensor[];
  /** The rows that are items; null: all. */
  subset: Int32Array | null;
  /** The number of items. */
  count: number;
  /** The number of items of which the order is drawn: more where several ranks draw it, of which each has every n-th. */
  drawn: number;
  ranks: number;
  rank: number;
  batchSize: number;
  batches: number;
  shuffle: boolean;
  seed: number | undefined;
  /** Epochs begun so far. */
  epoch: number;
}
