// The sources of batches: loaders, lists, generators, streams.
import type { Steps } from '../data/ahead';
import { DataLoader } from '../data/loader';
import { describe, rangeError, typeError } from '../errors';
import { refuseHeld } from '../holders';
import { Tensor } from '../tensor';

/** Batches, each a list of tensors: a `DataLoader`, or anything else that `for` or `for await` can iterate over repeatedly. */
export type Batches = (Iterable<readonly Tensor[] | PromiseLike<readonly Tensor[]>> | AsyncIterable<readonly Tensor[]>) & {
  /** The number of batches, if it is known. */
  readonly length?: number;
};

/** The name in messages of a loader that is the only one, or that of the training. */
export const theLoader = 'the loader';

/** Whether a value is an iterable or an async iterable. */
export const isIterable = (value: unknown): value is Batches =>
  typeof (value as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] === 'function' ||
  typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === 'function';

/** Throws unless the value provides batches. */
export function checkLoader(where: string, loader: unknown, name: string): asserts loader is Batches {
  if (loader instanceof Tensor || typeof loader === 'string' || !isIterable(loader)) {
    const what = name === theLoader ? 'a loader of batches' : `${name} to be a loader of batches`;
    throw typeError(where, `expected ${what}, got ${describe(loader)}`, 'new data.DataLoader(dataset, { batchSize })');
  }
  if (loader.length === 0) throw rangeError(where, `${name} has no batches`);
}

/** The number of batches of an epoch, if it is known; Infinity for a loader of a stream. */
export const knownLength = ({ length }: Batches): number | undefined => (length === Infinity ? undefined : length);

/** Begins an epoch. A synchronous iterable is preferred, so that nothing is awaited. */
export function stepsIn(loader: Batches): Steps<unknown> {
  if (loader instanceof DataLoader) return loader.steps();
  if (Symbol.iterator in loader && typeof loader[Symbol.iterator] === 'function') return loader[Symbol.iterator]() as Steps<unknown>;
  return (loader as AsyncIterable<unknown>)[Symbol.asyncIterator]() as unknown as Steps<unknown>;
}

/** The tensors of a batch of the loader of this name. With `alone`, a single tensor counts as a batch. */
export function checkBatch(where: string, loader: string, batch: unknown, alone: boolean): readonly Tensor[] {
  const tensors: unknown = alone && batch instanceof Tensor ? [batch] : batch;
  if (!Array.isArray(tensors) || tensors.length === 0 || !tensors.every((t) => t instanceof Tensor)) {
    throw typeError(
      where,
      `expected ${loader} to give lists of tensors, got ${describe(batch)}`,
      'data.TensorDataset, or items of tensors',
    );
  }
  for (const t of tensors as Tensor[]) refuseHeld(where, t);
  return [...(tensors as Tensor[])];
}

const manyShapes = 16; // each shape has its own recording

/** Warns once when batches of `manyShapes` shapes have occurred, because each shape costs a recording. */
export function warnOfMany(where: string, shapes: number): void {
  if (shapes !== manyShapes + 1) return;
  process.emitWarning(
    `[${where}] the loader gives batches of more than ${manyShapes} shapes: each is recorded when it is met first, which costs as much as some hundred steps of a small model. Rows padded to few lengths train faster.`,
    { code: 'SIMDNN_MANY_SHAPES' },
  );
}
