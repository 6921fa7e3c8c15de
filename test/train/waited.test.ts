// Batches that have to be waited for: the bits of the loop, batches asked for ahead. How they and the fit end is in waited-ends.test.ts.
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { data, manualSeed, metrics, nn, noGrad, ones, optim, rand, randn, type Tensor, tensor, train } from '../../src';
import { bitsOf, quiet } from './runs';
import { batchOf, fitted, loop, rows, Source, setUp, x, y } from './waiting';

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeAll(() => process.on('unhandledRejection', note));
afterAll(async () => {
  await setTimeout(5);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

class Items extends data.Dataset<Promise<[Tensor, Tensor]>> {
  get length(): number {
    return rows;
  }
  async get(i: number): Promise<[Tensor, Tensor]> {
    const noise = rand([4]);
    await setTimeout(i % 3);
    return [x.select(0, i).add(noise), y.select(0, i)];
  }
}

class Lines extends data.IterableDataset<[Tensor, Tensor]> {
  override async *[Symbol.asyncIterator](): AsyncGenerator<[Tensor, Tensor]> {
    for (let i = 0; i < rows; i++) {
      if (i % 7 === 0) await setImmediate();
      yield [x.select(0, i), y.select(0, i)];
    }
  }
}

const loaders: [string, () => train.Batches][] = [
  ['an async generator', () => new Source()],
  ['a loader of promises', () => new data.DataLoader(new Items(), { batchSize: 6, shuffle: true })],
  ['a loader of promises, none ahead', () => new data.DataLoader(new Items(), { batchSize: 6, shuffle: true, prefetch: 0 })],
  ['a loader of a stream', () => new data.DataLoader(new Lines(), { batchSize: 6 })],
  [
    'a collateFn that waits',
    () =>
      new data.DataLoader(new data.TensorDataset(x, y), {
        batchSize: 16,
        collateFn: async (items): Promise<Tensor[]> => {
          await setImmediate();
          return data.defaultCollate(items) as Tensor[];
        },
      }),
  ],
  ['a list of promises', () => Array.from({ length: 5 }, (_, i) => Promise.resolve(batchOf(i)))],
];

describe.each(loaders)('%s', (_, make) => {
  it('trains with the bits of the loop', async () => {
    expect(await fitted(make())).toEqual(await loop(make(), 3));
    const toldOf = { progressEvery: 1, onBatch: () => {} };
    expect(await fitted(make(), toldOf)).toEqual(await fitted(make()));
    expect(await fitted(make(), { accumulate: 2, ...toldOf })).toEqual(await fitted(make(), { accumulate: 2 }));
  });

  it('validates and evaluates', async () => {
    const run = async (validation: train.Batches) => {
      const { model, ...options } = setUp();
      const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8, shuffle: true });
      const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 3 });
      const { validationLoss, metrics: figures } = await train.fit(model, {
        ...options,
        loader,
        validation: { waited: validation, loader },
        metrics: { accuracy },
        epochs: 2,
      });
      return [validationLoss, figures, bitsOf(model)];
    };
    const seenBy = async (loader: train.Batches): Promise<Tensor[][]> => {
      const all: Tensor[][] = [];
      for await (const batch of loader) all.push([...batch]);
      return all;
    };
    expect(await run(make())).toEqual(await run(make()));
    const { model, criterion } = setUp();
    const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 3 });
    manualSeed(5);
    const batches = await seenBy(make());
    const after = rand([2]).toArray();
    const expected = await train.evaluate(model, batches, { criterion, metrics: { accuracy } });
    manualSeed(5);
    expect(await train.evaluate(model, make(), { criterion, metrics: { accuracy } })).toEqual(expected);
    expect(rand([2]).toArray()).toEqual(after);
  });
});

describe('the random numbers of batches that are waited for', () => {
  it('are nobody else’s', async () => {
    const alone = await fitted(new Source());
    const others: number[] = [];
    let over = false;
    const drawing = (async () => {
      while (!over) {
        others.push(rand([1]).item());
        await setImmediate();
      }
    })();
    const [one, other] = await Promise.all([fitted(new Source()), setImmediate().then(() => fitted(new Source(5, () => setTimeout(1))))]);
    over = true;
    await drawing;
    expect(one).toEqual(alone);
    expect(other).toEqual(alone);
    expect(others.length).toBeGreaterThan(10);
  });

  it('make trials that repeat', async () => {
    const run = () =>
      train.search(
        ({ lr }) => {
          const model = new nn.Sequential(new nn.Linear(4, 3), new nn.Dropout(0.2));
          const optimizer = new optim.SGD(model.parameters(), { lr: lr as number });
          return {
            model,
            optimizer,
            criterion: new nn.CrossEntropyLoss(),
            loader: new Source(5, () => setTimeout(Math.random() * 3)),
            epochs: 2,
            ...quiet,
          };
        },
        { lr: [0.1, 0.2, 0.3] },
        { concurrency: 3, seed: 4 },
      );
    const figures = async () => (await run()).trials.map(({ figures }) => figures);
    expect(await figures()).toEqual(await figures());
  });
});

describe('batches ahead', () => {
  it('are asked for while a step runs, so many and no more', async () => {
    let [asked, most, done] = [0, 0, 0];
    const loader = {
      async *[Symbol.asyncIterator]() {
        for (let i = 0; i < 300; i++) {
          asked++;
          most = Math.max(most, asked - done);
          await null;
          yield batchOf(i % 5);
        }
      },
    };
    const { model, ...options } = setUp();
    await train.fit(model, {
      ...options,
      loader,
      epochs: 1,
      progressEvery: 1,
      scheduler: { scheduler: new optim.lrScheduler.LambdaLR(options.optimizer, { lrLambda: () => 1 }), interval: 'step' },
      onBatch: ({ batch }) => {
        done = batch;
      },
    });
    expect(asked).toBe(300);
    expect(most).toBeLessThanOrEqual(200);
  });

  it('come while the thread works', async () => {
    const wide = new nn.Sequential(new nn.Linear(512, 512), new nn.Linear(512, 512), new nn.Linear(512, 1));
    const optimizer = new optim.SGD(wide.parameters(), { lr: 1e-3 });
    const [input, target] = [randn([2048, 512]), randn([2048, 1])];
    const run = async (wait: number): Promise<number> => {
      const loader = {
        async *[Symbol.asyncIterator]() {
          for (let i = 0; i < 8; i++) {
            await setTimeout(wait);
            yield [input, target];
          }
        },
      };
      const begin = performance.now();
      await train.fit(wide, { optimizer, criterion: new nn.MSELoss(), loader, epochs: 1, ...quiet });
      return performance.now() - begin;
    };
    await run(0);
    const steps = await run(0);
    const wait = Math.ceil(steps / 8);
    // One after the other they take 16 waits, side by side 9 or so.
    expect(await run(wait)).toBeLessThan(14 * wait + 20);
  });
});

it('a loader of promises says in onBatch where the steps are, and goes on from there', async () => {
  const make = () => new data.DataLoader(new Items(), { batchSize: 4, shuffle: true, seed: 6 });
  const places: number[] = [];
  let last = 0;
  const { model, ...options } = setUp();
  const loader = make();
  const scheduler = { scheduler: new optim.lrScheduler.LambdaLR(options.optimizer, { lrLambda: () => 1 }), interval: 'step' as const };
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 10;
    return now;
  });
  await train.fit(model, {
    ...options,
    loader,
    scheduler,
    epochs: 1,
    progressEvery: 1,
    onBatch: ({ batch, stop }) => {
      places.push(batch - loader.stateDict().batch);
      last = batch;
      if (batch >= 6) stop();
    },
  });
  clock.mockRestore();
  expect(new Set(places)).toEqual(new Set([0]));
  const state = loader.stateDict();
  expect(last).toBeLessThan(10);
  expect([state.epoch, state.batch]).toEqual([1, last]);
  const seen: Tensor[] = [];
  const other = make();
  other.loadStateDict(state);
  for await (const [, target] of other) seen.push(target);
  expect(seen).toHaveLength(10 - last);
});

it('evaluates batches of many kinds as noGrad and eval do', async () => {
  const { model, criterion } = setUp();
  const source = {
    [Symbol.asyncIterator]: async function* () {
      for (const size of [8, 4, 8, 5]) {
        await setImmediate();
        yield batchOf(0, size);
      }
    },
  };
  model.eval();
  let [total, count] = [0, 0];
  for await (const [input, target] of source) {
    total += target!.shape[0]! * noGrad(() => criterion.forward(model.call(input!), target!)).item();
    count += target!.shape[0]!;
  }
  expect(await train.evaluate(model, source, { criterion })).toEqual({ loss: total / count });
});

it('a module that is replaced while a batch is waited for counts from the next step', async () => {
  const make = () => {
    manualSeed(1);
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 1));
    return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), criterion: new nn.MSELoss() };
  };
  const loaderOf = (model: nn.Sequential) => {
    const x = randn([8, 3]),
      y = randn([8, 1]);
    return {
      async *[Symbol.asyncIterator](): AsyncGenerator<Tensor[]> {
        for (let i = 0; i < 6; i++) {
          await setTimeout(20);
          if (i === 3) model[1] = new nn.Tanh();
          yield [x, y];
        }
      },
    };
  };
  const a = make();
  for await (const [x, y] of loaderOf(a.model)) {
    a.optimizer.zeroGrad();
    a.criterion.forward(a.model.forward(x!), y!).backward();
    a.optimizer.step();
  }
  const b = make();
  await train.fit(b.model, { optimizer: b.optimizer, criterion: b.criterion, loader: loaderOf(b.model), epochs: 1, progress: false });
  expect((b.model[0] as nn.Linear).weight.toArray()).toEqual((a.model[0] as nn.Linear).weight.toArray());
});

it('adds up the losses in their order, however the batches arrive and are divided into runs', async () => {
  const large = 2 ** 60;
  const losses = [1, large, -large]; // from left to right their sum is 0; 1 plus the sum of the others is 1
  class Losses extends data.IterableDataset<[Tensor, Tensor]> {
    override async *[Symbol.asyncIterator](): AsyncGenerator<[Tensor, Tensor]> {
      for (const loss of losses) yield [ones([1]), tensor([loss])];
    }
  }
  const model = new nn.Linear(1, 1);
  const criterion = (out: Tensor, target: Tensor): Tensor => out.mul(0).add(target).mean();
  const loader = new data.DataLoader(new Losses(), { batchSize: 1 });
  const basics = { ...quiet, criterion, loader, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }) };
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0); // no run ends because of the time
  try {
    const { loss, validationLoss } = await train.fit(model, { ...basics, validation: loader, epochs: 3 });
    expect([loss, validationLoss]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(await train.evaluate(model, loader, { criterion })).toEqual({ loss: 0 });
  } finally {
    clock.mockRestore();
  }
});
