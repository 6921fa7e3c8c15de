// Batches that are waited for, some of them made ahead.

/** What a promise and whatever else has a `then` have in common. */
export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && typeof (value as { then?: unknown }).then === 'function';

// A failure that nobody waits for any more is not one that nobody handles.
const quietly = <T>(promise: Promise<T>): Promise<T> => {
  promise.catch(() => {});
  return promise;
};

/** Leaves promises that nobody will wait for. */
export function forget(values: readonly unknown[]): void {
  for (const value of values) if (isPromise(value)) quietly(Promise.resolve(value));
}

/**
 * The items of batches `first` to `count - 1`, in order. Items are asked for when their batch is, or, once one of them was a promise, `prefetch` batches earlier. What is thrown is thrown at its batch's turn.
 */
export async function* itemsAhead<Item>(
  items: (batch: number) => (Item | PromiseLike<Item>)[],
  first: number,
  count: number,
  prefetch: number,
): AsyncGenerator<Item[], undefined> {
  const begun: Promise<Item[]>[] = [];
  let next = first;
  let isWaitedFor = false;
  let hasFailed = false;
  const begin = (): void => {
    try {
      const made = items(next++);
      isWaitedFor ||= made.some(isPromise);
      begun.push(quietly(Promise.all(made)));
    } catch (error) {
      hasFailed = true;
      begun.push(quietly(Promise.reject(error)));
    }
  };
  for (let i = first; i < count; i++) {
    if (begun.length === 0) begin();
    while (isWaitedFor && !hasFailed && next < count && begun.length <= prefetch) begin();
    yield await begun.shift()!;
  }
}

/** The items of an async iterable, `size` at a time and the rest at last, read `prefetch` of these ahead. It is closed when it is left. */
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
      // What is being waited for may never come: it is not waited for any longer.
      const closed = Promise.resolve(iterator.return());
      if (reading > 0) quietly(closed);
      else await closed;
    }
  }
}
