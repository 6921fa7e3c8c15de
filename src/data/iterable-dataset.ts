// Datasets whose items come in sequence, not by number.
import { describe, typeError } from '../errors';

/**
 * Items that come in sequence, as from a file or a network: extend it and implement `[Symbol.iterator]`, or `[Symbol.asyncIterator]` if they have to be
 * awaited. As `torch.utils.data.IterableDataset`.
 *
 * Each epoch of a loader iterates it again. Its order is its own, so `shuffle` and samplers are refused. A `length`, the number of items, is optional; from it
 * loader and progress know the number of batches.
 *
 * @example
 * class Countdown extends data.IterableDataset<[number, number]> {
 *   *[Symbol.iterator](): Generator<[number, number]> { for (let i = 3; i > 0; i--) yield [i / 2, i]; }
 * }
 * const loader = new data.DataLoader(new Countdown(), { batchSize: 2 });
 * [...loader].map(([x, y]) => y.toArray()); // [[3, 2], [1]]
 */
export abstract class IterableDataset<Item = unknown> {
  /** The number of items, if it is known. */
  readonly length?: number;
  /** Begins an epoch. */
  [Symbol.iterator]?(): Iterator<Item>;
  /** Begins an epoch whose items have to be awaited. */
  [Symbol.asyncIterator]?(): AsyncIterator<Item>;
}

/** Whether an iterable dataset's items have to be awaited. */
export const isWaitedFor = (dataset: IterableDataset<unknown>): boolean =>
  typeof dataset[Symbol.iterator] !== 'function' && typeof dataset[Symbol.asyncIterator] === 'function';

/** Throws unless `dataset` is iterable. */
export function checkIterable<Item>(where: string, dataset: IterableDataset<Item>): IterableDataset<Item> {
  if (!(dataset instanceof IterableDataset)) throw typeError(where, `expected an IterableDataset, got ${describe(dataset)}`);
  if (typeof dataset[Symbol.iterator] !== 'function' && typeof dataset[Symbol.asyncIterator] !== 'function') {
    throw typeError(where, `${dataset.constructor.name} has neither [Symbol.iterator] nor [Symbol.asyncIterator]`);
  }
  return dataset;
}

/**
 * The items of several iterable datasets, one after the other: `torch.utils.data.ChainDataset`.
 *
 * If one of them has to be awaited, so does the chain.
 *
 * @example
 * class Twice extends data.IterableDataset<number> {
 *   constructor(readonly n: number) { super(); }
 *   *[Symbol.iterator](): Generator<number> { yield* [this.n, this.n]; }
 * }
 * const [x] = new data.DataLoader(new data.ChainDataset([new Twice(1), new Twice(2)]), { batchSize: 4 });
 * x.toArray(); // [1, 1, 2, 2]
 */
export class ChainDataset<Item = unknown> extends IterableDataset<Item> {
  /** The datasets given. */
  readonly datasets: readonly IterableDataset<Item>[];

  constructor(datasets: Iterable<IterableDataset<Item>>) {
    super();
    if (typeof datasets !== 'object' || datasets === null || typeof datasets[Symbol.iterator] !== 'function') {
      throw typeError('ChainDataset', `expected a list of datasets, got ${describe(datasets)}`);
    }
    this.datasets = [...datasets].map((dataset) => checkIterable('ChainDataset', dataset));
    const { datasets: all } = this;
    if (all.every(({ length }) => length !== undefined)) {
      Object.defineProperty(this, 'length', { get: () => all.reduce((sum, { length }) => sum + length!, 0), enumerable: true });
    }
    if (all.some(isWaitedFor)) this[Symbol.asyncIterator] = () => waitedChain(all);
    else this[Symbol.iterator] = () => chain(all);
  }
}

function* chain<Item>(datasets: readonly IterableDataset<Item>[]): Generator<Item, undefined> {
  for (const dataset of datasets) yield* dataset as Iterable<Item>;
}

async function* waitedChain<Item>(datasets: readonly IterableDataset<Item>[]): AsyncGenerator<Item, undefined> {
  for (const dataset of datasets) yield* dataset as AsyncIterable<Item>;
}
