// Batches that have to be awaited, some of which are made ahead.
import type { Dataset } from './dataset';

/** Whether a value is a promise: anything with a `then`. */
export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && typeof (value as { then?: unknown }).then === 'function';

// Marks a rejection as handled if nobody waits for the promise any more.
const quietly = <T>(promise: Promise<T>): Promise<T> => {
  promise.catch(() => {});
  return promise;
};

/** Abandons promises: their rejections are not reported as unhandled. */
export function forget(values: readonly unknown[]): void {
  for (const value of values) if (isPromise(value)) quietly(Promise.resolve(value));
}

/** The items that `index` lists, or promises of them. If asking for one throws, those already asked for are abandoned. */
export function ask<Item>(dataset: Dataset<Item>, index: Int32Array): Item[] {
  const items: Item[] = [];
  try {
    for (let at = 0; at < index.length; at++) items.push(dataset.get(index[at]!));
  } catch (error) {
    forget(items);
    throw error;
  }
  return items;
}

/** A sequence of which each step is a value, or a promise that has to be awaited. */
export interface Steps<T> {
  next(): IteratorResult<T, undefined> | Promise<IteratorResult<T, undefined>>;
  return?(value?: undefined): unknown;
}

/**
 * The items of batches `first` to `count - 1`, in order. A batch's items are asked for at its turn or, once one of them was a promise, `prefetch` batches
 * earlier. Errors are thrown at their batch's turn.
 */
export function itemsAhead<Item>(
  items: (batch: number) => (Item | PromiseLike<Item>)[],
  first: number,
  count: number,
  prefetch: number,
): Steps<Item[]> {
  const begun: (() => Item[] | Promise<Item[]>)[] = [];
  let [next, given] = [first, first];
  let isWaitedFor = false;
  let hasFailed = false;
  const begin = (): void => {
    try {
      const made = items(next++);
      if (!made.some(isPromise)) {
        begun.push(() => made as Item[]);
        return;
      }
      isWaitedFor = true;
      const all = quietly(Promise.all(made));
      begun.push(() => all);
    } catch (error) {
      hasFailed = true;
      begun.push(() => {
        throw error;
      });
    }
  };
  return {
    next() {
      if (given++ >= count) return { done: true, value: undefined };
      if (begun.length === 0) begin();
      while (isWaitedFor && !hasFailed && next < count && begun.length <= prefetch) begin();
      const made = begun.shift()!();
      return Array.isArray(made) ? { done: false, value: made } : made.then((value) => ({ done: false, value }));
    },
  };
}

/** Maps each step by `make`, which may return a promise too. If it fails, the steps are closed. */
export function stepsOf<From, To>(
  steps: Steps<From>,
  make: (from: From) => To | PromiseLike<To>,
  gave: () => void,
  ended: () => void,
): Steps<To> {
  const give = (value: To): IteratorResult<To, undefined> => {
    gave();
    return { done: false, value };
  };
  const leave = (): unknown => steps.return?.();
  const made = ({
    done,
    value,
  }: IteratorResult<From, undefined>): IteratorResult<To, undefined> | Promise<IteratorResult<To, undefined>> => {
    if (done === true) {
      ended();
      return { done: true, value: undefined };
    }
    try {
      const to = make(value as From);
      if (!isPromise(to)) return give(to);
      return Promise.resolve(to).then(give, (error) => {
        leave();
        throw error;
      });
    } catch (error) {
      leave();
      throw error;
    }
  };
  return {
    next() {
      const step = steps.next();
      return isPromise(step)
        ? (step as Promise<IteratorResult<From, undefined>>).then(made)
        : made(step as IteratorResult<From, undefined>);
    },
    return: leave,
  };
}

/** Awaits each step. The steps are closed when the generator is. */
export async function* waitedFor<T>(steps: Steps<T>): AsyncGenerator<T, undefined> {
  let isOver = false;
  const next = async (): Promise<IteratorResult<T, undefined>> => {
    isOver = true; // steps that have thrown are at their end
    const step = await steps.next();
    isOver = step.done === true;
    return step;
  };
  try {
    for (;;) {
      const { done, value } = await next();
      if (done === true) return;
      yield value as T;
    }
  } finally {
    if (!isOver) await steps.return?.();
  }
}

/** Chunks of `size` items of an async iterable, the last one shorter, with `prefetch` chunks read ahead. The iterable is closed when the generator is. */
export async function* chunksAhead<Item>(source: AsyncIterable<Item>, size: number, prefetch: number): AsyncGenerator<Item[], undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let isOver = false;
  let isLeft = false;
  let reading = 0;
  const read = async (): Promise<Item[]> => {
    const items: Item[] = [];
    try {
      while (items.length < size && !isOver && !isLeft) {
        const { done, value } = await iterator.next();
        if (done === true) isOver = true;
        else items.push(value);
      }
    } catch (error) {
      isOver = true; // an iterator that has thrown is at its end
      throw error;
    } finally {
      reading--;
    }
    return items;
  };
  const begun: Promise<Item[]>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  try {
    for (;;) {
      while (!isOver && begun.length <= prefetch) {
        reading++;
        const chunk = quietly(last.then(read));
        last = chunk.catch(() => {});
        begun.push(chunk);
      }
      const chunk = begun.shift();
      if (chunk === undefined) return;
      const items = await chunk;
      if (items.length > 0) yield items;
    }
  } finally {
    isLeft = true;
    if (!isOver && typeof iterator.return === 'function') {
      // A pending promise may never settle, so it is not awaited.
      const closed = Promise.resolve(iterator.return());
      if (reading > 0) quietly(closed);
      else await closed;
    }
  }
}
