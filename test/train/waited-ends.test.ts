// Every way in which a fit whose batches have to be waited for can end.
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { train } from '../../src';
import { bitsOf } from './runs';
import { batchOf, loop, Source, setUp, x } from './waiting';

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeAll(() => process.on('unhandledRejection', note));
afterAll(async () => {
  await setTimeout(5);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

describe('a fit ends', () => {
  const stuck = (i: number): unknown => (i === 2 ? new Promise(() => {}) : setImmediate());

  it('at once when it is aborted where a batch never comes', async () => {
    const source = new Source(5, stuck);
    const { model, ...options } = setUp();
    const controller = new AbortController();
    const fitting = train.fit(model, { ...options, loader: source, epochs: 1, signal: controller.signal });
    while (!source.seen.includes('asked 2')) await setImmediate();
    await setTimeout(5);
    controller.abort(new Error('enough'));
    await expect(fitting).rejects.toThrow('enough');
    const of = (batches: number) => ({ [Symbol.asyncIterator]: () => new Source(batches)[Symbol.asyncIterator]() });
    expect([await loop(of(0), 1), await loop(of(1), 1), await loop(of(2), 1)]).toContainEqual(bitsOf(model)); // as of a step's end, and free
    model.call(x);
  });

  it('when it is aborted in validation, and in training, the source closed by then', async () => {
    for (const part of ['loader', 'validation'] as const) {
      const source = new Source(1000, () => null, false);
      const { model, ...options } = setUp();
      const controller = new AbortController();
      const loader = [batchOf(0), batchOf(1)];
      const fitting = train.fit(model, { ...options, loader, [part]: source, epochs: 1e6, signal: controller.signal });
      while (!source.seen.includes('asked 3')) await setImmediate();
      controller.abort(new Error('enough'));
      await expect(fitting).rejects.toThrow('enough');
      await setTimeout(5);
      expect(source.seen.at(-1)).toBe('closed');
      model.call(x);
    }
  });

  it('when a callback stops it', async () => {
    const source = new Source(1000, () => setImmediate(), false);
    const { model, ...options } = setUp();
    const { stopped, epochs } = await train.fit(model, {
      ...options,
      loader: source,
      epochs: 5,
      progressEvery: 1,
      onBatch: ({ stop }) => stop(),
    });
    expect([stopped, epochs]).toEqual(['callback', 0]);
    expect(source.seen.at(-1)).toBe('closed'); // no batch was waited for: it was waited for to close
  });

  it.each([0, 1, 3])('with the error of the source, before batch %i', async (bad) => {
    const error = new Error('the line is cut');
    for (const part of ['loader', 'validation'] as const) {
      const source = new Source(5, (i) => (i === bad ? Promise.reject(error) : setImmediate()));
      const { model, ...options } = setUp();
      const fitting = train.fit(model, { ...options, loader: [batchOf(0)], [part]: source, epochs: 1 });
      await expect(fitting).rejects.toBe(error);
      expect(source.seen).toEqual(['begun', ...Array.from({ length: bad + 1 }, (_, i) => `asked ${i}`), 'closed']);
      if (part === 'loader') {
        const whole = { [Symbol.asyncIterator]: () => new Source(bad)[Symbol.asyncIterator]() };
        expect(bitsOf(model)).toEqual(await loop(whole, 1)); // the steps before are done
      }
    }
  });

  it('with the best weights where it is aborted and early stopping restores them', async () => {
    const { model, ...options } = setUp();
    const controller = new AbortController();
    let best: string[] = [];
    const fitting = train.fit(model, {
      ...options,
      loader: new Source(),
      validation: new Source(2),
      earlyStopping: { patience: 1000, restoreBest: true, minDelta: 100 }, // the first epoch stays the best
      epochs: 1e6,
      signal: controller.signal,
      onEpoch: ({ epoch }) => {
        if (epoch === 1) best = bitsOf(model);
        if (epoch === 3) controller.abort(new Error('enough'));
      },
    });
    await expect(fitting).rejects.toThrow('enough');
    expect(bitsOf(model)).toEqual(best);
  });

  it.each<[string, unknown, RegExp]>([
    ['a batch that is no list of tensors', 3, /expected the loader to give lists of tensors, got 3/],
    ['no batch at all', undefined, /the loader has no batches/],
  ])('with an error for %s, the source left', async (_, batch, message) => {
    let left = 0;
    const loader = {
      [Symbol.asyncIterator]: () => ({
        next: async () => (batch === undefined ? { done: true } : { done: false, value: batch }),
        return: async () => {
          await setImmediate();
          left++;
          return { done: true };
        },
      }),
    } as unknown as train.Batches;
    const { model, criterion, ...options } = setUp();
    await expect(train.fit(model, { ...options, criterion, loader, epochs: 1 })).rejects.toThrow(message);
    expect(left).toBe(batch === undefined ? 0 : 1);
    await expect(train.evaluate(model, loader, { criterion })).rejects.toThrow(message);
    expect(left).toBe(batch === undefined ? 0 : 2);
  });

  it('with a hint where a generator is to be gone through twice', async () => {
    const { model, ...options } = setUp();
    const once = new Source()[Symbol.asyncIterator]();
    await expect(train.fit(model, { ...options, loader: once, epochs: 2 })).rejects.toThrow(
      /the loader has no batches\n {2}hint: an object whose \[Symbol\.asyncIterator\]/,
    );
  });

  it('with the error of a promise of a batch, the list left', async () => {
    let left = false;
    const loader = {
      *[Symbol.iterator]() {
        try {
          yield Promise.resolve(batchOf(0));
          yield Promise.reject(new Error('no second batch'));
        } finally {
          left = true;
        }
      },
    };
    const { model, ...options } = setUp();
    await expect(train.fit(model, { ...options, loader, epochs: 1 })).rejects.toThrow('no second batch');
    expect(left).toBe(true);
  });

  it.each([
    [{ [Symbol.asyncIterator]: () => ({ next: () => 3 }) }, /Iterator result 3 is not an object/],
    [{ [Symbol.asyncIterator]: () => ({}) }, /is not a function/],
    [{ [Symbol.asyncIterator]: 3 }, /expected a loader of batches/],
    ['batches', /expected a loader of batches, got "batches"/],
  ])('with an error for what is no iterator %#', async (loader, message) => {
    const { model, ...options } = setUp();
    await expect(train.fit(model, { ...options, loader: loader as unknown as train.Batches, epochs: 1 })).rejects.toThrow(message);
    model.call(x);
  });

  it('with the error of a step, the source left', async () => {
    const source = new Source(5, () => null, false);
    const bad = {
      async *[Symbol.asyncIterator]() {
        for await (const [input, target] of source) yield [input!, target!.add(7)];
      },
    };
    const { model, ...options } = setUp();
    await expect(train.fit(model, { ...options, loader: bad, epochs: 1 })).rejects.toThrow(
      /is out of range \[0, 3\), in batch 1 of epoch 1/,
    );
    await setTimeout(5);
    expect(source.seen.at(-1)).toBe('closed');
  });
});
