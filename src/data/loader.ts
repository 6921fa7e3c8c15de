// Batches of a dataset, in order or in random order.
import { checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import type { DType } from '../memory';
import { atRandomPosition, randomPosition } from '../random';
import { ask, chunksAhead, forget, isPromise, itemsAhead, type Steps, stepsOf, waitedFor } from './ahead';
import { batchesOf } from './batch-sampler';
import { type Collated, collate, type NumberTypes } from './collate';
import { checkDataset, type Dataset } from './dataset';
import { beginOf, type EpochBatches, epochAt, lengthOfOrdering, nativeOrderOf, samplerOf } from './epoch';
import { type IterableDataset, isWaitedFor } from './iterable-dataset';
import { type DataLoaderOptions, type LoaderSettings, settingsOf } from './loader-options';
import type { DataLoaderState, Place, RowBatches } from './loader-state';
import { gathered, rowsOf } from './rows';

interface Epoch {
  place: Place;
  /** The number of batches that were given before the state was saved that is resumed. */
  first: number;
  batches: EpochBatches | null;
}

interface Stateful {
  stateDict?: () => unknown;
  loadStateDict?: (state: unknown) => void;
  setEpoch?: (epoch: number) => void;
}

const refusedPromise = (what: string): TypeError => typeError('DataLoader', what, 'for await (const batch of loader) waits for them');

/**
 * The batches of a dataset, iterated once an epoch. As `torch.utils.data.DataLoader`, without worker processes.
 *
 * A batch of a `TensorDataset` is a tuple of new tensors `[batchSize, *]`; the last may be smaller. With `shuffle` each epoch
 * has an order of its own, drawn when the epoch starts: a function of (seed, number of epochs started before), or without a seed of
 * `manualSeed` and all numbers drawn since. If items are promises or come from an async iterator, use `for await`.
 *
 * @example
 * const loader = new data.DataLoader(new data.TensorDataset(arange(10)), { batchSize: 4 });
 * loader.length; // 3
 * const firsts = [];
 * for (const [x] of loader) firsts.push(x.data[0]);
 * firsts; // [0, 4, 8]
 */
export class DataLoader<Item, Batch = Collated<Awaited<Item>>> implements Iterable<Batch>, AsyncIterable<Batch> {
  /** The dataset given. */
  readonly dataset: Dataset<Item> | IterableDataset<Item>;
  /** Items in a batch; null if a `batchSampler` decides, or batches are the items themselves. */
  readonly batchSize: number | null;
  /** Whether a last batch that is not full is omitted. */
  readonly dropLast: boolean;

  private readonly settings: LoaderSettings<Item>;
  private epoch = 0;
  private place: Place | null = null;
  private resumes = false;
  private readonly types: NumberTypes = new Map();

  constructor(dataset: Dataset<Item> | IterableDataset<Item>, options?: DataLoaderOptions<Item, Batch>) {
    this.settings = settingsOf(dataset, options);
    this.dataset = dataset;
    this.batchSize = this.settings.batchSize;
    this.dropLast = this.settings.dropLast;
  }

  /** The number of batches in an epoch; Infinity if the sampler or the `IterableDataset` does not tell. */
  get length(): number {
    const { source, batchSize, dropLast } = this.settings;
    if ('iterable' in source) return batchesOf(source.iterable.length ?? Infinity, batchSize ?? 1, dropLast);
    return lengthOfOrdering(source.ordering);
  }

  /** Begins an epoch: its batches, in an order that is drawn at this call. */
  [Symbol.iterator](): Iterator<Batch, undefined> {
    const { source } = this.settings;
    if ('iterable' in source) {
      if (isWaitedFor(source.iterable)) throw refusedPromise('the items of the dataset are waited for');
      return this.batchesOfChunks(source.iterable as Iterable<Item>, this.beginEpoch());
    }
    return this.batches(source.dataset, this.beginEpoch());
  }

  /** Begins an epoch whose batches are awaited: items that are promises are requested `prefetch` batches ahead. */
  [Symbol.asyncIterator](): AsyncIterator<Batch, undefined> {
    const { source } = this.settings;
    if ('iterable' in source && isWaitedFor(source.iterable)) return this.waitedChunks(source.iterable, this.beginEpoch());
    return waitedFor(this.ownSteps(this.beginEpoch()));
  }

  /** @internal Begins an epoch in which only those batches are awaited that have to be. */
  steps(): Steps<Batch> {
    const { prototype } = DataLoader;
    if (this[Symbol.iterator] !== prototype[Symbol.iterator]) return this[Symbol.iterator]();
    if (this[Symbol.asyncIterator] !== prototype[Symbol.asyncIterator])
      return this[Symbol.asyncIterator]() as AsyncGenerator<Batch, undefined>;
    const { source } = this.settings;
    if ('iterable' in source && isWaitedFor(source.iterable)) return this.waitedChunks(source.iterable, this.beginEpoch());
    return this.ownSteps(this.beginEpoch());
  }

  /**
   * Makes `n` the number of the next epoch, from 0, and abandons the current epoch. With a seed each number has an order of its own. As
   * `DistributedSampler.set_epoch`.
   *
   * @example
   * const loader = new data.DataLoader(new data.TensorDataset(arange(8)), { batchSize: 8, shuffle: true, seed: 1 });
   * const [[first]] = loader;
   * loader.setEpoch(0);
   * const [[again]] = loader;
   * again.equal(first); // true
   */
  setEpoch(n: number): void {
    this.epoch = checkInteger('DataLoader.setEpoch', 'n', n);
    this.leave();
    this.sampler.setEpoch?.(n);
  }

  /**
   * The loader's position, also within an epoch, as plain values for `loadStateDict` of another loader over the same data with the same options. Random numbers
   * that follow `manualSeed` have a state of their own, `getRngState()`.
   *
   * @example
   * const loader = new data.DataLoader(new data.TensorDataset(arange(6)), { batchSize: 2 });
   * for (const _ of loader) break;
   * const { epoch, batch } = loader.stateDict();
   * [epoch, batch]; // [1, 1]
   */
  stateDict(): DataLoaderState {
    const { place } = this;
    return {
      epoch: this.epoch,
      batch: place?.batch ?? 0,
      batchSize: this.batchSize,
      random: place && [place.position.seed, place.position.offset],
      sampler: (place === null ? this.sampler.stateDict?.() : place.sampler) ?? null,
      types: Object.fromEntries(this.types),
    };
  }

  /**
   * Continues where another loader's `stateDict()` was called: the next epoch is the rest of that loader's current epoch, with exactly the same batches. A
   * RangeError, and no change, for a state that does not fit.
   *
   * @example
   * const make = () => new data.DataLoader(new data.TensorDataset(arange(6)), { batchSize: 2, shuffle: true });
   * const loader = make();
   * const batches = loader[Symbol.iterator]();
   * batches.next();
   * const resumed = make();
   * resumed.loadStateDict(loader.stateDict());
   * const [[rest]] = resumed;
   * rest.equal(batches.next().value[0]); // true
   */
  loadStateDict(state: DataLoaderState): void {
    const where = 'DataLoader.loadStateDict';
    if (typeof state !== 'object' || state === null) throw typeError(where, `expected what stateDict() gave, got ${describe(state)}`);
    const o = withDefaults<DataLoaderState>(where, state, {
      epoch: 0,
      batch: 0,
      batchSize: undefined as unknown as number | null,
      random: null,
      sampler: undefined,
      types: {},
    });
    const epoch = checkInteger(where, 'epoch', o.epoch);
    const batch = checkInteger(where, 'batch', o.batch);
    const isPair = Array.isArray(o.random) && o.random.length === 2 && o.random.every((n) => Number.isSafeInteger(n) && n >= 0);
    if (o.random !== null && !isPair) throw rangeError(where, `expected random to be [seed, offset] or null, got ${describe(o.random)}`);
    if (o.random === null ? batch > 0 : epoch === 0) throw rangeError(where, 'expected a state that stateDict() gave');
    if (batch > 0 && o.batchSize !== undefined && o.batchSize !== this.batchSize) {
      throw rangeError(
        where,
        `the state is of batches of ${describe(o.batchSize)} items, and this loader makes batches of ${this.batchSize}`,
      );
    }
    const types = Object.entries(o.types ?? {});
    if (!types.every(([, type]) => type === 'int32' || type === 'float32'))
      throw rangeError(where, 'expected a state that stateDict() gave');
    const { length } = this;
    if (batch > length) throw rangeError(where, `the state is of batch ${batch} of an epoch, which has ${length} here`);
    if (o.sampler !== undefined && o.sampler !== null) {
      if (this.sampler.loadStateDict === undefined)
        throw rangeError(where, 'the state has one of a sampler, which has no loadStateDict here');
      this.sampler.loadStateDict(o.sampler);
    }
    this.epoch = epoch;
    this.place = o.random === null ? null : { position: { seed: o.random[0]!, offset: o.random[1]! }, batch, sampler: o.sampler };
    this.resumes = this.place !== null;
    this.types.clear();
    for (const [place, type] of types) this.types.set(place, type as DType);
  }

  /** @internal How the batches are gathered from rows of tensors; null if JavaScript makes the items or the batches. */
  rows(): RowBatches | null {
    const { source, collate: makes } = this.settings;
    const iterates = this[Symbol.iterator] === DataLoader.prototype[Symbol.iterator];
    if (makes !== undefined || !iterates || this.resumes || 'iterable' in source || !('sampler' in source.ordering)) return null;
    const { sampler, batchSize, dropLast } = source.ordering;
    const { dataset } = source;
    const order = this.settings.isWhole ? null : nativeOrderOf(sampler, dataset.length);
    const found = order && rowsOf(dataset);
    if (order === null || found === null) return null;
    const { indices, count, ranks, rank, shuffle } = order;
    const subset = indices === null || found.subset === null ? (indices ?? found.subset) : indices.map((i) => found.subset![i]!);
    return {
      tensors: found.tensors,
      subset,
      count,
      drawn: indices?.length ?? dataset.length,
      ranks,
      rank,
      batchSize,
      batches: batchesOf(count, batchSize, dropLast),
      shuffle,
      seed: order.seed ?? this.settings.seed,
      epoch: this.epoch,
    };
  }

  /** @internal The seed. Together with the number of epochs begun it determines the orders. */
  get seed(): number | undefined {
    const { source, seed } = this.settings;
    const own = 'ordering' in source && 'sampler' in source.ordering ? source.ordering.sampler : undefined;
    return (own as { seed?: number } | undefined)?.seed ?? seed;
  }

  /** @internal How many epochs were begun so far, which is the number of the next one. */
  get epochsBegun(): number {
    return this.epoch;
  }

  /** @internal Counts epochs whose orders were drawn by native code. */
  countEpochs(epochs: number): void {
    this.epoch += epochs;
    if (epochs !== 0) this.leave();
  }

  /** @internal The current epoch; null between two epochs. */
  get underWay(): Place | null {
    return this.place;
  }

  /** @internal Whether the next epoch is the rest of an epoch. */
  get isResumed(): boolean {
    return this.resumes;
  }

  /** @internal Sets the position if batches are made by native code, or ahead: `batch` batches of the epoch are done; null: between two epochs. */
  standAt(place: Place | null, batch = 0): void {
    this.place = place;
    if (place !== null) place.batch = batch;
  }

  private leave(): void {
    this.place = null;
    this.resumes = false;
  }

  private get sampler(): Stateful {
    const { source } = this.settings;
    return 'iterable' in source ? {} : (samplerOf(source.ordering) as Stateful);
  }

  private beginEpoch(): Epoch {
    const { source, seed } = this.settings;
    const again = this.resumes;
    this.resumes = false;
    if (!again) {
      const position = 'iterable' in source ? randomPosition() : beginOf(source.ordering, seed, this.epoch);
      this.place = { position, batch: 0, sampler: this.sampler.stateDict?.() };
    }
    const place = this.place!;
    const batches =
      'iterable' in source ? null : epochAt(source.ordering, checkDataset('DataLoader', source.dataset).length, place.position, again);
    if (!again) this.epoch++;
    return { place, first: place.batch, batches };
  }

  private endEpoch({ place }: Epoch): void {
    if (this.place === place) this.place = null;
  }

  private *batches(dataset: Dataset<Item>, epoch: Epoch): Generator<Batch, undefined> {
    const { first, place } = epoch;
    const batches = epoch.batches!;
    const { length } = batches;
    const gathers = this.gathers;
    for (let i = first; i < length; i++) {
      const index = batches.at(i);
      const batch = (gathers ? (gathered(dataset, index) as Batch | undefined) : undefined) ?? this.batchOf(ask(dataset, index));
      place.batch = i + 1;
      yield batch;
    }
    this.endEpoch(epoch);
  }

  private *batchesOfChunks(dataset: Iterable<Item>, epoch: Epoch): Generator<Batch, undefined> {
    for (const items of this.chunks(dataset, epoch)) {
      const batch = this.batchOf(items);
      epoch.place.batch++;
      yield batch;
    }
    this.endEpoch(epoch);
  }

  private *chunks(dataset: Iterable<Item>, epoch: Epoch): Generator<Item[], undefined> {
    const { batchSize, dropLast } = this.settings;
    const size = batchSize ?? 1;
    const iterator = dataset[Symbol.iterator]();
    let isOver = false;
    const next = (): Item[] => {
      const items: Item[] = [];
      while (items.length < size && !isOver) {
        const { done, value } = iterator.next();
        if (done === true) isOver = true;
        else items.push(value);
      }
      return items;
    };
    try {
      // The batches that were given before are read and dropped. What they draw does not change the present random numbers.
      atRandomPosition(epoch.place.position, () => {
        for (let i = 0; i < epoch.first && !isOver; i++) next();
      });
      for (;;) {
        const items = next();
        if (items.length === 0 || (dropLast && items.length < size)) break;
        yield items;
      }
    } finally {
      if (!isOver) iterator.return?.();
    }
  }

  private ownSteps(epoch: Epoch): Steps<Batch> {
    const { source, prefetch } = this.settings;
    const { place, first } = epoch;
    const gave = (): void => void place.batch++;
    const ended = (): void => this.endEpoch(epoch);
    if ('iterable' in source) {
      const chunks = this.chunks(source.iterable as Iterable<Item>, epoch);
      const make = (items: Item[]) =>
        items.some(isPromise) ? Promise.all(items).then((all) => this.made(all)) : this.made(items as Awaited<Item>[]);
      return stepsOf<Item[], Batch>(chunks, make, gave, ended);
    }
    const batches = epoch.batches!;
    const { gathers } = this;
    const ready: (Batch | undefined)[] = []; // the batches that a kernel has gathered, by their number
    let next = first;
    const items = (i: number): Item[] => {
      const batch = gathers ? (gathered(source.dataset, batches.at(i)) as Batch | undefined) : undefined;
      if (batch === undefined) return ask(source.dataset, batches.at(i));
      ready[i] = batch;
      return [];
    };
    const make = (made: Item[]): Batch | PromiseLike<Batch> => {
      const batch = ready[next] ?? this.made(made as Awaited<Item>[]);
      delete ready[next++];
      return batch;
    };
    return stepsOf<Item[], Batch>(itemsAhead(items, first, batches.length, prefetch) as Steps<Item[]>, make, gave, ended);
  }

  private async *waitedChunks(dataset: IterableDataset<Item>, epoch: Epoch): AsyncGenerator<Batch, undefined> {
    const { batchSize, dropLast, prefetch } = this.settings;
    let skip = epoch.first;
    for await (const items of chunksAhead(dataset as AsyncIterable<Item>, batchSize ?? 1, prefetch)) {
      if (skip-- > 0) continue;
      if (dropLast && items.length < (batchSize ?? 1)) break;
      const batch = await this.made((await Promise.all(items)) as Awaited<Item>[]);
      epoch.place.batch++;
      yield batch;
    }
    this.endEpoch(epoch);
  }

  // Whether rows of tensors become batches without user code that sees the items.
  private get gathers(): boolean {
    return this.settings.collate === undefined && !this.settings.isWhole;
  }

  private batchOf(items: Item[]): Batch {
    if (items.some(isPromise)) {
      forget(items);
      throw refusedPromise('the items of the dataset are promises');
    }
    const batch = this.made(items as Awaited<Item>[]);
    if (isPromise(batch)) {
      forget([batch]);
      throw refusedPromise('collateFn has returned a promise');
    }
    return batch;
  }

  private made(items: Awaited<Item>[]): Batch | PromiseLike<Batch> {
    const makes = this.settings.collate as ((items: unknown) => Batch | PromiseLike<Batch>) | undefined;
    const { isWhole } = this.settings;
    if (makes !== undefined) return makes(isWhole ? items[0] : items);
    return (isWhole ? items[0] : collate(items, this.types)) as Batch;
  }
}
