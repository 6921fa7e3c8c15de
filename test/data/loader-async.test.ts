// Batches that are waited for: order, batches ahead, errors at their place, and nothing left behind when a loop is left.
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChainDataset, ConcatDataset, DataLoader, Dataset, IterableDataset, StackDataset, Subset, TensorDataset } from '../../src/data';
import { rand } from '../../src/ops';
import { manualSeed } from '../../src/random';
import { Tensor } from '../../src/tensor';

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeAll(() => process.on('unhandledRejection', note));
afterAll(async () => {
  await setTimeout(5);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

const collected = async <T>(loader: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const batch of loader) all.push(batch);
  return all;
};
const valuesOf = async (loader: AsyncIterable<Tensor>): Promise<unknown[]> => (await collected(loader)).map((x) => x.toArray());

/** Items that come later the smaller their number is; `asked` has the numbers in the order in which they were asked for. */
class Later extends Dataset<Promise<number>> {
  readonly asked: number[] = [];
  constructor(
    readonly length: number,
    readonly bad: number = -1,
    readonly throws = false,
  ) {
    super();
  }
  get(i: number): Promise<number> {
    this.asked.push(i);
    if (i === this.bad && this.throws) throw new Error(`item ${i} is bad`);
    return setTimeout((this.length - i) % 5).then(() => {
      if (i === this.bad) throw new Error(`item ${i} is bad`);
      return i;
    });
  }
}

describe('a loader of promises', () => {
  it.each([0, 1, 2, 10])('gives the batches in their order, %i ahead', async (prefetch) => {
    const loader = new DataLoader(new Later(7), { batchSize: 2, prefetch });
    expect(await valuesOf(loader)).toEqual([[0, 1], [2, 3], [4, 5], [6]]);
    const shuffled = new DataLoader(new Later(7), { batchSize: 2, prefetch, shuffle: true, seed: 1 });
    const numbers = { length: 7, get: (i: number) => i };
    const plain = new DataLoader(numbers, { batchSize: 2, shuffle: true, seed: 1 });
    for (let i = 0; i < 2; i++) expect(await valuesOf(shuffled)).toEqual([...plain].map((x) => x.toArray()));
  });

  it('asks for so many batches ahead, and no more', async () => {
    for (const prefetch of [0, 1, 3]) {
      const dataset = new Later(20);
      const batches = new DataLoader(dataset, { batchSize: 2, prefetch })[Symbol.asyncIterator]();
      expect(dataset.asked).toEqual([]);
      await batches.next();
      expect(dataset.asked.length).toBe(2 * (1 + prefetch));
      await setTimeout(10);
      expect(dataset.asked.length).toBe(2 * (1 + prefetch));
      await batches.next();
      expect(dataset.asked.length).toBe(2 * (2 + prefetch));
      await batches.return!();
    }
  });

  it('works on items while a batch is used', async () => {
    const time = async (prefetch: number): Promise<number> => {
      const dataset = { length: 6, get: (i: number) => setTimeout(20).then(() => i) };
      const begin = performance.now();
      for await (const _ of new DataLoader(dataset, { prefetch })) await setTimeout(20);
      return performance.now() - begin;
    };
    // 12 waits one after the other, or 7.
    expect(await time(2)).toBeLessThan(0.85 * (await time(0)));
  });

  it.each([true, false])('throws what an item throws at its batch (at once: %s)', async (throws) => {
    const seen: unknown[] = [];
    const run = async (): Promise<void> => {
      for await (const x of new DataLoader(new Later(10, 5, throws), { batchSize: 2, prefetch: 4 })) {
        seen.push(x.toArray());
        await setTimeout(10);
      }
    };
    await expect(run()).rejects.toThrow('item 5 is bad');
    expect(seen).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('leaves no rejection behind when a loop is left', async () => {
    for (const throws of [true, false]) {
      for await (const _ of new DataLoader(new Later(10, 3, throws), { batchSize: 1, prefetch: 5 })) break;
      await setTimeout(10);
    }
    expect(unhandled).toEqual([]);
  });

  it('goes through subsets, concatenated and stacked datasets', async () => {
    const concatenated = new ConcatDataset([new Later(3), new Later(2)]);
    expect(await valuesOf(new DataLoader(new Subset(concatenated, [4, 0, 2]), { batchSize: 3 }))).toEqual([[1, 0, 2]]);
    const stack = new StackDataset({ late: new Later(3), now: new Subset(new Later(9), [8, 7, 6]) });
    const [batch] = await collected(new DataLoader(stack, { batchSize: 3 }));
    const record = batch as unknown as Record<string, Tensor>;
    expect([record['late']!.toArray(), record['now']!.toArray()]).toEqual([
      [0, 1, 2],
      [8, 7, 6],
    ]);
  });

  it('waits for collateFn, in the order of the batches', async () => {
    const made: number[] = [];
    const loader = new DataLoader(new Later(4), {
      collateFn: async ([i]) => {
        await setTimeout(4 - i!);
        made.push(i!);
        return i!;
      },
      prefetch: 3,
    });
    expect(await collected(loader)).toEqual([0, 1, 2, 3]);
    expect(made).toEqual([0, 1, 2, 3]);
  });

  it('is refused by a loop that does not wait', async () => {
    for (const shuffle of [false, true]) {
      expect(() => [...new DataLoader(new Later(3, 0), { shuffle })]).toThrow(
        '[DataLoader] the items of the dataset are promises\n  hint: for await (const batch of loader) waits for them',
      );
    }
    const numbers = { length: 2, get: (i: number) => i };
    const failing = new DataLoader(numbers, { collateFn: () => Promise.reject(new Error('no')) });
    expect(() => [...failing]).toThrow('[DataLoader] collateFn has returned a promise');
    await setTimeout(5);
  });

  it('goes on from the middle of an epoch', async () => {
    const make = () => new DataLoader(new Later(9), { batchSize: 2, shuffle: true });
    manualSeed(4);
    const whole = await valuesOf(make());
    manualSeed(4);
    const loader = make();
    let given = 0;
    for await (const _ of loader) if (++given === 2) break;
    const state = loader.stateDict();
    expect(state.batch).toBe(2); // not those that were asked for ahead
    const other = make();
    other.loadStateDict(state);
    expect(await valuesOf(other)).toEqual(whole.slice(2));
  });
});

describe('a loader of items that are there', () => {
  it('gives with `for await` what `for` gives, drawn in the same order', async () => {
    const augmented = { length: 5, get: (i: number) => rand([]).add(i) };
    const run = async (waits: boolean): Promise<unknown[]> => {
      manualSeed(6);
      const loader = new DataLoader(augmented, { batchSize: 2, shuffle: true });
      const seen: unknown[] = [];
      const step = (x: Tensor) => seen.push(x.toArray(), rand([]).item());
      if (waits) for await (const x of loader) step(x);
      else for (const x of loader) step(x);
      return seen;
    };
    expect(await run(true)).toEqual(await run(false));
    const rows = new TensorDataset(Tensor.fromTypedArray(Float32Array.of(1, 2, 3)));
    expect((await collected(new DataLoader(rows, { batchSize: 2 }))).map(([x]) => x.toArray())).toEqual([[1, 2], [3]]);
  });
});

class Stream extends IterableDataset<number> {
  read = 0;
  closed = 0;
  constructor(
    readonly n: number,
    readonly bad = -1,
  ) {
    super();
  }
  override async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    try {
      for (let i = 0; i < this.n; i++) {
        await setImmediate();
        if (i === this.bad) throw new Error(`item ${i} is bad`);
        this.read++;
        yield i;
      }
    } finally {
      this.closed++;
    }
  }
}

describe('a loader of a stream', () => {
  it.each([0, 1, 5])('gives its batches, %i ahead', async (prefetch) => {
    expect(await valuesOf(new DataLoader(new Stream(5), { batchSize: 2, prefetch }))).toEqual([[0, 1], [2, 3], [4]]);
    expect(await valuesOf(new DataLoader(new Stream(5), { batchSize: 2, prefetch, dropLast: true }))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(await valuesOf(new DataLoader(new Stream(4), { batchSize: 2, prefetch }))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(await valuesOf(new DataLoader(new Stream(0), { prefetch }))).toEqual([]);
    const chain = new ChainDataset([new Stream(3), new Stream(2)]);
    expect(await valuesOf(new DataLoader(chain, { batchSize: 4, prefetch }))).toEqual([[0, 1, 2, 0], [1]]);
  });

  it('reads so many batches ahead, and closes the stream when the loop is left', async () => {
    const stream = new Stream(100);
    for await (const _ of new DataLoader(stream, { batchSize: 2, prefetch: 3 })) {
      await setTimeout(20);
      expect(stream.read).toBe(8);
      break;
    }
    await setTimeout(5);
    expect(stream.closed).toBe(1);
  });

  it('is left at once where what it waits for never comes', async () => {
    class Stuck extends IterableDataset<number> {
      override async *[Symbol.asyncIterator](): AsyncGenerator<number> {
        yield 1;
        await new Promise(() => {});
      }
    }
    for await (const x of new DataLoader(new Stuck())) {
      expect(x.toArray()).toEqual([1]);
      break;
    }
  });

  it('throws what it throws at its batch', async () => {
    const stream = new Stream(9, 5);
    const seen: unknown[] = [];
    const run = async (): Promise<void> => {
      for await (const x of new DataLoader(stream, { batchSize: 2, prefetch: 9 })) {
        seen.push(x.toArray());
        await setTimeout(5);
      }
    };
    await expect(run()).rejects.toThrow('item 5 is bad');
    expect(seen).toEqual([
      [0, 1],
      [2, 3],
    ]);
    for await (const _ of new DataLoader(new Stream(9, 2), { prefetch: 9 })) break;
    expect(stream.closed).toBe(1);
  });

  it('goes on from the middle of an epoch', async () => {
    const loader = new DataLoader(new Stream(5), { batchSize: 2 });
    for await (const _ of loader) break;
    loader.loadStateDict(loader.stateDict());
    expect(await valuesOf(loader)).toEqual([[2, 3], [4]]);
    expect(await valuesOf(loader)).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('is refused by a loop that does not wait', () => {
    expect(() => [...new DataLoader(new Stream(3))]).toThrow('[DataLoader] the items of the dataset are waited for\n  hint: for await');
  });
});
