// Batches of a dataset, in order or shuffled.
import { checkBoolean, checkInteger, describe, typeError, withDefaults } from '../errors';
import type { Tensor } from '../tensor';
import { type Collated, collate } from './collate';
import { checkDataset, type Dataset, Subset, TensorDataset } from './dataset';
import { givenOrder, randomOrder } from './order';

/** The options of `DataLoader`. */
export interface DataLoaderOptions<Item, Batch> {
  /** Items in a batch (1). */
  batchSize?: number;
  /** Whether each epoch has an order of its own (false). */
  shuffle?: boolean;
  /** Whether a last batch that is not full is left out (false). */
  dropLast?: boolean;
  /** Makes the orders a function of (seed, epoch); without it they follow `manualSeed`. */
  seed?: number;
  /** Makes a batch of a list of items; the default stacks tensors and numbers. */
  collate?: (items: Item[]) => Batch;
}

/**
 * The batches of a dataset, to be gone through once an epoch. As `torch.utils.data.DataLoader`, without worker processes.
 *
 * A batch of a `TensorDataset` is a tuple of fresh tensors `[batchSize, *]`; the last may be smaller. With `shuffle` each epoch
 * has its own order, drawn when it starts: a function of (seed, number of epochs started before), or without a seed of
 * `manualSeed` and everything drawn since.
 *
 * @example
 * const loader = new data.DataLoader(new data.TensorDataset(arange(10)), { batchSize: 4 });
 * loader.length; // 3
 * const firsts = [];
 * for (const [x] of loader) firsts.push(x.data[0]);
 * firsts; // [0, 4, 8]
 */
export class DataLoader<Item, Batch = Collated<Item>> implements Iterable<Batch> {
  /** The dataset given. */
  readonly dataset: Dataset<Item>;
  /** Items in a batch. */
  readonly batchSize: number;
  /** Whether a last batch that is not full is left out. */
  readonly dropLast: boolean;

  private readonly shuffle: boolean;
  private readonly seed: number | undefined;
  private readonly collate: ((items: Item[]) => Batch) | undefined;
  private epoch = 0;
  private unshuffled = givenOrder(0);

  constructor(dataset: Dataset<Item>, options?: DataLoaderOptions<Item, Batch>) {
    const o = withDefaults('DataLoader', options, {
      batchSize: 1,
      shuffle: false,
      dropLast: false,
      seed: undefined as number | undefined,
      collate: undefined as ((items: Item[]) => Batch) | undefined,
    });
    this.dataset = checkDataset('DataLoader', dataset);
    this.batchSize = checkInteger('DataLoader', 'batchSize', o.batchSize, 1);
    this.shuffle = checkBoolean('DataLoader', 'shuffle', o.shuffle);
    this.dropLast = checkBoolean('DataLoader', 'dropLast', o.dropLast);
    this.seed = o.seed === undefined ? undefined : checkInteger('DataLoader', 'seed', o.seed);
    if (o.collate !== undefined && typeof o.collate !== 'function') {
      throw typeError('DataLoader', `expected collate to be a function, got ${describe(o.collate)}`);
    }
    this.collate = o.collate;
  }

  /** The number of batches in an epoch. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** Begins an epoch: its batches, in an order that is drawn now. */
  [Symbol.iterator](): Iterator<Batch, undefined> {
    return this.batches(this.beginEpoch());
  }

  /** @internal Begins an epoch: the items in its order. */
  beginEpoch(): Int32Array {
    const { length } = checkDataset('DataLoader', this.dataset);
    const epoch = this.epoch++;
    if (this.shuffle) return randomOrder(length, this.seed, epoch);
    if (this.unshuffled.length !== length) this.unshuffled = givenOrder(length);
    return this.unshuffled;
  }

  /** @internal How the batches are made of rows of tensors; null where JavaScript makes the items or the batches. */
  rows(): RowBatches | null {
    if (this.collate !== undefined || this[Symbol.iterator] !== DataLoader.prototype[Symbol.iterator]) return null;
    const found = rowsOf(this.dataset);
    if (found === null) return null;
    const { batchSize, length, shuffle, seed } = this;
    return { ...found, count: this.dataset.length, batchSize, batches: length, shuffle, seed, epoch: this.epoch };
  }

  /** @internal How many epochs were begun so far: the number of the next. */
  get epochsBegun(): number {
    return this.epoch;
  }

  /** @internal Counts epochs whose orders were drawn elsewhere. */
  countEpochs(epochs: number): void {
    this.epoch += epochs;
  }

  private *batches(order: Int32Array): Generator<Batch, undefined> {
    const count = this.length;
    for (let i = 0; i < count; i++) {
      const index = order.subarray(i * this.batchSize, (i + 1) * this.batchSize);
      if (this.collate === undefined) {
        yield batchOf(this.dataset, index) as Batch;
      } else {
        yield this.collate(itemsOf(this.dataset, index));
      }
    }
  }
}

/** Batches as rows of tensors. */
export interface RowBatches {
  tensors: readonly Tensor[];
  /** The rows that are items; null: all. */
  subset: Int32Array | null;
  /** The number of items. */
  count: number;
  batchSize: number;
  batches: number;
  shuffle: boolean;
  seed: number | undefined;
  /** Epochs begun so far. */
  epoch: number;
}

function rowsOf(dataset: Dataset<unknown>): { tensors: readonly Tensor[]; subset: Int32Array | null } | null {
  if (dataset instanceof TensorDataset && dataset.get === TensorDataset.prototype.get) return { tensors: dataset.tensors, subset: null };
  if (dataset instanceof Subset && dataset.get === Subset.prototype.get) {
    const inner = rowsOf(dataset.dataset);
    return (
      inner && { tensors: inner.tensors, subset: inner.subset === null ? dataset.indices : dataset.indices.map((i) => inner.subset![i]!) }
    );
  }
  return null;
}

const itemsOf = <Item>(dataset: Dataset<Item>, index: Int32Array): Item[] => Array.from(index, (i) => dataset.get(i));

// Rows of tensors are gathered by a kernel, through subsets too, unless a subclass has a `get` of its own.
function batchOf(dataset: Dataset<unknown>, index: Int32Array): unknown {
  if (dataset instanceof TensorDataset && dataset.get === TensorDataset.prototype.get) return dataset.gather(index);
  if (dataset instanceof Subset && dataset.get === Subset.prototype.get) {
    return batchOf(
      dataset.dataset,
      index.map((i) => dataset.indices[i]!),
    );
  }
  return collate(itemsOf(dataset, index));
}
