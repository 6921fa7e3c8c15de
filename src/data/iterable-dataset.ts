// Items one after the other, not by number.
import { describe, typeError } from '../errors';

/**
 * Items that come one after the other, as from a file or a network: subclass it and write `[Symbol.iterator]`, or `[Symbol.asyncIterator]` where they are
 * waited for. As `torch.utils.data.IterableDataset`.
 *
 * Each epoch of a loader goes through it anew. There is no order to draw: `shuffle` and samplers are refused. A `length`, the number of items, is optional; loader and
 * progress know the number of batches by it.
 *
 * @example
 * class Countdown extends data.IterableDataset<[number, number]> {
 *   *[Symbol.iterator](): Generator<[number, number]> { for (let i = 3; i > 0; i--) yield [i / 2, i]; }
 * }
 * const loader = new data.DataLoader(new Countdown(), { batchSize: 2 });
 * [...loader].map(([x, y]) => y.toArray()); // [[3, 2], [1]]
 */
export abstract class IterableDataset<Item = unknown> {
  /** The number of items, where it is known. */
  readonly length?: number;
  /** Begins an epoch. */
  [Symbol.iterator]?(): Iterator<Item>;
  /** Begins an epoch whose items are waited for. */
  [Symbol.asyncIterator]?(): AsyncIterator<Item>;
}

/** Whether an iterable dataset's items are waited for. */
export const isWaitedFor = (dataset: IterableDataset<unknown>): boolean =>
  typeof dataset[Symbol.iterator] !== 'function' && typeof dataset[Symbol.asyncIterator] === 'function';

/** Refuses what does not say its items one after the other. */
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
 * Where one of them is waited for, so is the chain.
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
