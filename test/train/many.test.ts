// Many fits at once: a bounded number of threads in turns, each with the bits that it has alone.
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { data, getNumThreads, manualSeed, nn, optim, randn, setNumThreads, train } from '../../src';
import { freeTurn, lowPriorityTurn, raisePriority, segmentBegan, segmentEnded } from '../../src/train/event-loop-turns';
import { rejection } from '../rejection';

afterEach(() => void vi.useRealTimers());

const threads = (): number => Number(/^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]);

const make = (seed: number) => {
  manualSeed(seed);
  const model = new nn.Sequential(new nn.Linear(5, 8), new nn.ReLU(), new nn.Dropout(0.2), new nn.Linear(8, 3));
  const dataset = new data.TensorDataset(randn([70, 5]), randn([70, 3]));
  const loader = new data.DataLoader(dataset, { batchSize: 16, shuffle: true, seed });
  return {
    model,
    options: { criterion: new nn.MSELoss(), optimizer: new optim.Adam(model.parameters()), loader, epochs: 60, progress: false },
  };
};

it.each([1, 2, 3])('60 at once on %i threads', async (most) => {
  const before = getNumThreads();
  setNumThreads(most);
  try {
    const seeds = Array.from({ length: 60 }, (_, i) => i);
    const alone: number[][] = [];
    for (const seed of seeds.slice(0, 5)) {
      const { model, options } = make(seed);
      alone.push((await train.fit(model, options)).loss);
    }
    const begun = existsSync('/proc/self/status') ? threads() : 0;
    const running = seeds.map((seed) => {
      const { model, options } = make(seed);
      return train.fit(model, options);
    });
    let peak = 0;
    const watch = setInterval(() => {
      if (begun > 0) peak = Math.max(peak, threads());
    }, 1);
    const results = await Promise.all(running);
    clearInterval(watch);
    expect(peak - begun).toBeLessThanOrEqual(3); // those of the fits before are there; 60 would have started 60
    expect(results.slice(0, 5).map(({ loss }) => loss)).toEqual(alone);
    expect(results.every(({ epochs }) => epochs === 60)).toBe(true);
  } finally {
    setNumThreads(before);
  }
});

it('ends under a clock that a test has stopped', async () => {
  vi.useFakeTimers();
  const fits = await Promise.all(
    [1, 2, 3].map((seed) => {
      const { model, options } = make(seed);
      return train.fit(model, options);
    }),
  );
  expect(fits.map(({ epochs }) => epochs)).toEqual([60, 60, 60]);
});

it('goes on with one segment in a turn of the event loop', async () => {
  let [turns, over] = [0, false];
  const count = (): void => {
    turns++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  const at: number[] = [];
  await Promise.all([0, 1, 2, 3].map(() => freeTurn().then(() => at.push(turns))));
  over = true;
  expect(new Set(at).size).toBe(4);
});

// How many turns of the event loop pass until each of these is through.
async function turnsOf(waits: readonly (() => Promise<void>)[]): Promise<number[]> {
  let [turns, over] = [0, false];
  const count = (): void => {
    turns++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  const at = await Promise.all(waits.map((wait) => wait().then(() => turns)));
  over = true;
  return at;
}

describe('what a fit needs before its first step', () => {
  const names = [0, 1, 2, 3].map((name) => ({ name }));
  const waits = names.map((who) => () => lowPriorityTurn(who));
  // As many segments as keep all threads busy.
  const busy = (): number => 2 * getNumThreads();
  const begin = (): void => Array.from({ length: busy() }).forEach(segmentBegan);
  const end = (segments: number): void => Array.from({ length: segments }).forEach(segmentEnded);

  it('takes one turn each where threads have nothing to do', async () => {
    const at = await turnsOf(waits);
    expect(at.every((turn, i) => i === 0 || turn - at[i - 1]! <= 1)).toBe(true);
  });

  it('waits where they have, some milliseconds each', async () => {
    begin();
    const began = performance.now();
    await Promise.all(waits.map((wait) => wait()));
    expect(performance.now() - began).toBeGreaterThan(35);
    end(busy());
  });

  it('waits no longer when a thread runs out of work, or when it is told to hurry', async () => {
    begin();
    const waiting = waits.map((wait) => wait());
    const [hurried] = await turnsOf([
      () => {
        raisePriority(names[3]!);
        return waiting[3]!;
      },
    ]);
    expect(hurried).toBeLessThan(4);
    raisePriority(names[3]!); // it waits no more
    const [next] = await turnsOf([
      () => {
        segmentEnded();
        return Promise.race(waiting.slice(0, 3));
      },
    ]);
    expect(next).toBeLessThan(4);
    end(busy() - 1);
    await Promise.all(waiting);
  });

  it('is not begun where the fit is aborted while it waits', async () => {
    begin();
    const controller = new AbortController();
    const fits = Array.from({ length: 60 }, (_, seed) => {
      const { model, options } = make(seed);
      return rejection(train.fit(model, { ...options, signal: controller.signal }));
    });
    const began = performance.now();
    const reason = new Error('enough');
    controller.abort(reason);
    expect(new Set(await Promise.all(fits))).toEqual(new Set([reason]));
    expect(performance.now() - began).toBeLessThan(500); // they would have waited 600 ms
    end(busy());
  });
});
