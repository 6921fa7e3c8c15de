// Random numbers of fits: whoever draws, and whenever, they are those of the loop, and none is drawn twice.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { data, manualSeed, nn, noGrad, optim, rand, type Tensor, tensor, train } from '../../src';
import { bitsOf, eagerEvaluate, eagerFit, type FitRun, makeModel, quiet, students } from './runs';

const criterion = new nn.CrossEntropyLoss();

type Side = 'rows' | 'own' | 'drawing';

/** Batches of these rows: gathered natively, read by JavaScript, or read and made noisy. */
function loaderOf(side: Side, rows: number, options: data.DataLoaderOptions<Tensor[], Tensor[]>): FitRun['loader'] {
  const dataset = students(rows);
  if (side === 'rows') return new data.DataLoader(dataset, options as object) as unknown as FitRun['loader'];
  class Own extends data.Dataset<Tensor[]> {
    get length() {
      return rows;
    }
    get(i: number): Tensor[] {
      const [x, y] = dataset.get(i);
      return [side === 'drawing' ? x.add(rand([13])) : x, y];
    }
  }
  return new data.DataLoader(new Own(), options) as unknown as FitRun['loader'];
}

interface Program {
  run: FitRun;
  validation?: FitRun['loader'];
  afterEpoch?: (run: FitRun, epoch: number) => void;
}

/** Runs loop and fit, and compares all that they leave. */
async function compare(make: () => Program): Promise<void> {
  manualSeed(21);
  const loop = make();
  const validationLoss: number[] = [];
  const loss = eagerFit(loop.run, (epoch) => {
    if (loop.validation) validationLoss.push(eagerEvaluate(loop.run.model, loop.validation, loop.run.criterion));
    loop.afterEpoch?.(loop.run, epoch);
  });
  const after = rand([5]).toArray();
  manualSeed(21);
  const { run, validation, afterEpoch } = make();
  const { model, ...options } = run;
  const result = await train.fit(model, {
    ...options,
    ...quiet,
    ...(validation && { validation }),
    ...(afterEpoch && { onEpoch: ({ epoch }) => afterEpoch(run, epoch) }),
  });
  expect(result.loss).toEqual(loss);
  if (validation) expect(result.validationLoss).toEqual(validationLoss);
  expect(bitsOf(model)).toEqual(bitsOf(loop.run.model));
  expect(rand([5]).toArray()).toEqual(after);
}

function runOf(loader: FitRun['loader'], p = 0.2): FitRun {
  const model = makeModel([13, 16, 5], { dropout: 0.5 });
  (model.children()[2] as nn.Dropout).p = p;
  return { model, criterion, optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }), loader, epochs: 4 };
}

const dropoutOf = ({ model }: FitRun) => model.children()[2] as nn.Dropout;

const callbacks: Record<string, (run: FitRun, epoch: number) => void> = {
  nothing: () => {},
  'dropout begins': (run, epoch) => {
    if (epoch === 2) dropoutOf(run).p = 0.5;
  },
  'numbers are drawn': (_, epoch) => void rand([7 * epoch]),
  'the seed is set': (_, epoch) => manualSeed(epoch),
  'the same seed is set again': () => manualSeed(21),
  'the model is changed by random numbers': ({ model }) => noGrad(() => nn.init.uniform_(model.parameters()[0]!, -0.1, 0.1)),
  'the loader is gone through': ({ loader }) => {
    for (const _ of loader) break;
  },
};

describe('the bits of the loop', () => {
  const sides: Side[] = ['rows', 'own', 'drawing'];
  const programs = sides.flatMap((side) => sides.flatMap((other) => Object.keys(callbacks).map((name) => [side, other, name] as const)));
  it.each(programs)('trained on %s, validated on %s, in onEpoch %s', async (side, other, name) => {
    await compare(() => ({
      run: runOf(loaderOf(side, 50, { batchSize: 16, shuffle: true }), name === 'dropout begins' ? 0 : 0.2),
      validation: loaderOf(other, 30, { batchSize: 8, shuffle: true }),
      afterEpoch: callbacks[name]!,
    }));
  });

  it.each(sides)('%s: one loader with a seed of its own for both', async (side) => {
    await compare(() => {
      const loader = loaderOf(side, 50, { batchSize: 16, shuffle: true, seed: 3 });
      return { run: runOf(loader), validation: loader };
    });
  });

  it('one loader without a seed for both', async () => {
    await compare(() => {
      const loader = loaderOf('rows', 50, { batchSize: 16, shuffle: true });
      return { run: runOf(loader), validation: loader };
    });
  });

  it('a dataset that sets the seed in the midst of an epoch', async () => {
    const rows = students(48);
    await compare(() => {
      let calls = 0;
      const collate = (items: Tensor[][]): Tensor[] => {
        if (++calls % 3 === 0) manualSeed(calls);
        rand([calls]);
        return [tensor(items.map(([x]) => x!.toArray() as number[])), tensor(Int32Array.from(items, ([, y]) => y!.item()))];
      };
      const loader = new data.DataLoader(rows as unknown as data.Dataset<Tensor[]>, { batchSize: 4, shuffle: true, collate });
      return { run: runOf(loader as unknown as FitRun['loader']) };
    });
  });

  it.each(sides)('%s: callbacks that draw in the midst of an epoch', async (side) => {
    const loaderFor = () => loaderOf(side, 40, { batchSize: 1, shuffle: true });
    const done: number[] = [];
    manualSeed(21);
    const run = { ...runOf(loaderFor()), epochs: 20 };
    const { model, ...options } = run;
    let told = 0;
    const { loss } = await train.fit(model, {
      ...options,
      ...quiet,
      progressEvery: 1,
      onEpoch: () => {},
      onBatch: ({ epoch, batch }) => {
        done.push((epoch - 1) * 40 + batch);
        rand([++told]);
        dropoutOf(run).p = told % 2 === 0 ? 0.2 : 0.6;
      },
    });
    const after = rand([3]).toArray();
    expect(done.length).toBeGreaterThan(1);
    if (side === 'drawing') expect(done.some((steps) => steps % 40 !== 0)).toBe(true);
    manualSeed(21);
    const loop = { ...runOf(loaderFor()), epochs: 20 };
    let [steps, drawn] = [0, 0];
    const call = () => {
      if (!done.includes(steps)) return;
      rand([++drawn]);
      dropoutOf(loop).p = drawn % 2 === 0 ? 0.2 : 0.6;
    };
    const batches = loop.loader;
    const told2 = {
      length: 40,
      *[Symbol.iterator]() {
        for (const batch of batches) {
          yield batch;
          steps++;
          if (steps % 40 !== 0) call();
        }
      },
    };
    const losses = eagerFit({ ...loop, loader: told2 as unknown as FitRun['loader'] }, call);
    expect(loss).toEqual(losses);
    expect(bitsOf(model)).toEqual(bitsOf(loop.model));
    expect(rand([3]).toArray()).toEqual(after);
  });
});

describe('others that draw while a fit runs', () => {
  it('change nothing for it, and get numbers that it does not draw', async () => {
    const make = () => {
      manualSeed(9);
      return { ...runOf(loaderOf('rows', 64, { batchSize: 16, shuffle: true })), epochs: 200 };
    };
    const loop = make();
    const losses = eagerFit(loop);
    const inLoop = rand([4]).toArray();
    const { model, ...run } = make();
    const fit = train.fit(model, { ...run, ...quiet });
    const first = rand([4]).toArray();
    const others: unknown[] = [];
    let over = false;
    void fit.then(() => {
      over = true;
    });
    while (!over) {
      others.push(rand([4]).toArray());
      await pause(1);
    }
    expect((await fit).loss).toEqual(losses);
    const afterwards = rand([4]).toArray();
    for (const numbers of [first, ...others]) expect(numbers).not.toEqual(inLoop);
    expect(new Set([first, ...others, afterwards].map(String)).size).toBe(others.length + 2);
    // The numbers beside are the same each time.
    const { model: another, ...again } = make();
    const second = train.fit(another, { ...again, epochs: 1, ...quiet });
    expect(rand([4]).toArray()).toEqual(first);
    await second;
  });

  it.each([
    [0, 0],
    [2, 5],
    [5, 1],
  ])('callbacks of fits at once, which take %i and %i ms, draw from their own fit', async (...milliseconds) => {
    const make = (seed: number) => {
      manualSeed(seed);
      return { ...runOf(loaderOf('rows', 64, { batchSize: 16, shuffle: true })), epochs: 20 };
    };
    const alone: unknown[] = [];
    for (const seed of [1, 2]) {
      const loop = make(seed);
      const drawn: unknown[] = [];
      eagerFit(loop, () => drawn.push(rand([2]).toArray()));
      alone.push([bitsOf(loop.model), drawn]);
    }
    const fits = [1, 2].map((seed) => {
      const { model, ...run } = make(seed);
      const drawn: unknown[] = [];
      const onEpoch = async () => {
        drawn.push(rand([2]).toArray());
        const wait = milliseconds[seed - 1]!;
        if (wait > 0) await pause(wait);
      };
      return train.fit(model, { ...run, ...quiet, onEpoch }).then(() => [bitsOf(model), drawn]);
    });
    expect(await Promise.all(fits)).toEqual(alone);
  });
});
