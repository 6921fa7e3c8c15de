// Many fits at once: a bounded number of threads in turns, each with the bits that it has alone.
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { data, getNumThreads, manualSeed, nn, optim, randn, setNumThreads, train } from '../../src';
import { ownTurn } from '../../src/train/turns';

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

it('goes on with one leg in a turn of the event loop', async () => {
  let [turns, over] = [0, false];
  const count = (): void => {
    turns++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  const at: number[] = [];
  await Promise.all([0, 1, 2, 3].map(() => ownTurn().then(() => at.push(turns))));
  over = true;
  expect(new Set(at).size).toBe(4);
});
