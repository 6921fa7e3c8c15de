// The options of a loader, checked.
import { checkBoolean, checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import { checkSampler } from './batch-sampler';
import { checkDataset, type Dataset } from './dataset';
import { type Ordering, orderingOf } from './epoch';
import { checkIterable, IterableDataset } from './iterable-dataset';
import { RandomSampler, SequentialSampler } from './samplers';

/** The options of `DataLoader`. */
export interface DataLoaderOptions<Item, Batch> {
  /** The number of items in a batch (1); null: batches are the items themselves, or what `collateFn` makes of each. */
  batchSize?: number | null;
  /** Whether each epoch has an order of its own (false). */
  shuffle?: boolean;
  /** The items of an epoch in their order: an iterable of their numbers. Replaces `shuffle`. */
  sampler?: Iterable<number>;
  /** The items of each batch of an epoch: an iterable of lists of their numbers. Replaces `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: Iterable<ArrayLike<number>>;
  /** Whether a last batch that is not full is omitted (false). */
  dropLast?: boolean;
  /** Makes the orders a function of (seed, epoch); without it they follow `manualSeed`. */
  seed?: number;
  /** Makes a batch of a list of items; the default, `defaultCollate`, stacks tensors and numbers. */
  collateFn?: (items: Awaited<Item>[]) => Batch | PromiseLike<Batch>;
  /** The same by its short name. */
  collate?: (items: Awaited<Item>[]) => Batch | PromiseLike<Batch>;
  /** How many batches `for await` requests ahead if items have to be awaited (2). */
  prefetch?: number;
}

/** A loader's options with their defaults. */
export interface LoaderSettings<Item> {
  /** The items, by number or in sequence. */
  source: { dataset: Dataset<Item>; ordering: Ordering } | { iterable: IterableDataset<Item> };
  batchSize: number | null;
  /** Whether batches are the items themselves. */
  isWhole: boolean;
  dropLast: boolean;
  seed: number | undefined;
  collate: ((items: never) => unknown) | undefined;
  prefetch: number;
}

const where = 'DataLoader';

type Given<Item, Batch> = { [name in keyof Required<DataLoaderOptions<Item, Batch>>]: DataLoaderOptions<Item, Batch>[name] | undefined };

function refuseBoth(given: object, name: string, others: readonly string[]): void {
  const other = others.find((one) => (given as Record<string, unknown>)[one] !== undefined);
  if (other !== undefined) throw rangeError(where, `${name} says what ${other} would: give one of them`);
}

/** Throws for options that cannot be used. */
export function settingsOf<Item, Batch>(
  dataset: Dataset<Item> | IterableDataset<Item>,
  options: DataLoaderOptions<Item, Batch> | undefined,
): LoaderSettings<Item> {
  const o = withDefaults<Given<Item, Batch>>(where, options as Partial<Given<Item, Batch>>, {
    batchSize: undefined,
    shuffle: undefined,
    sampler: undefined,
    batchSampler: undefined,
    dropLast: undefined,
    seed: undefined,
    collateFn: undefined,
    collate: undefined,
    prefetch: undefined,
  });
  if (o.sampler !== undefined && o.shuffle === true) refuseBoth(o, 'sampler', ['shuffle']);
  if (o.batchSampler !== undefined) refuseBoth(o, 'batchSampler', ['batchSize', 'shuffle', 'sampler', 'dropLast']);
  refuseBoth(o.collateFn === undefined ? {} : o, 'collateFn', ['collate']);
  const collate = o.collateFn ?? o.collate;
  if (collate !== undefined && typeof collate !== 'function') {
    throw typeError(where, `expected ${o.collateFn === undefined ? 'collate' : 'collateFn'} to be a function, got ${describe(collate)}`);
  }
  const batchSize = o.batchSize === null ? null : checkInteger(where, 'batchSize', o.batchSize ?? 1, 1);
  const shuffle = checkBoolean(where, 'shuffle', o.shuffle ?? false);
  const dropLast = checkBoolean(where, 'dropLast', o.dropLast ?? false);
  if (batchSize === null && dropLast)
    throw rangeError(where, 'dropLast leaves out a batch that is not full: with batchSize null there is none');
  const seed = o.seed === undefined ? undefined : checkInteger(where, 'seed', o.seed);
  const prefetch = checkInteger(where, 'prefetch', o.prefetch ?? 2, 0);
  const rest = { dropLast, seed, collate, prefetch, isWhole: batchSize === null } as const;

  if ((dataset as unknown) instanceof IterableDataset) {
    for (const name of ['sampler', 'batchSampler'] as const) {
      if (o[name] !== undefined) throw rangeError(where, `${name} numbers items, and an IterableDataset has no numbers`);
    }
    if (shuffle) throw rangeError(where, 'the items of an IterableDataset come in its own order: they cannot be shuffled');
    return { ...rest, source: { iterable: checkIterable(where, dataset as IterableDataset<Item>) }, batchSize };
  }
  const items = checkDataset(where, dataset as Dataset<Item>);
  if (o.batchSampler !== undefined) {
    const ordering = orderingOf(checkSampler(where, 'batchSampler', o.batchSampler));
    return { ...rest, source: { dataset: items, ordering }, batchSize: null };
  }
  const sampler = o.sampler ?? (shuffle ? new RandomSampler(items) : new SequentialSampler(items));
  const ordering = { sampler: checkSampler(where, 'sampler', sampler), batchSize: batchSize ?? 1, dropLast };
  return { ...rest, source: { dataset: items, ordering }, batchSize };
}
