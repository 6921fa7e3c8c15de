// The position of a loader, and the description by which a native thread makes its batches.
import type { RandomPosition } from '../random';
import type { Tensor } from '../tensor';

/** The position of a loader: the result of `stateDict`. */
export interface DataLoaderState {
  /** Epochs begun. */
  epoch: number;
  /** Batches of the current epoch that were given; 0 between two epochs. */
  batch: number;
  /** Items in a batch, the unit of `batch`; null if a sampler decides. */
  batchSize: number | null;
  /** Where the random numbers of its order begin, `[seed, offset]`; null between two epochs. */
  random: number[] | null;
  /** The state of the user's own sampler when the epoch began, if it has one; else null. */
  sampler: unknown;
  /** The element types that numbers of items had so far, by their place in an item. */
  types: Record<string, string>;
}

/** The current epoch. */
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
  /** The number of items in the shared order: more than `count` if several ranks draw the same order and each takes every n-th item of it. */
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
