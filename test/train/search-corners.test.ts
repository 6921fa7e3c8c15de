// Searches that once depended on how many trials ran at a time, drew badly, or told of a mistake too late.
import { describe, expect, it } from 'vitest';
import { data, manualSeed, metrics, nn, optim, rand, randn, type Tensor, train, zeros } from '../../src';
import { bitsOf } from './runs';

const rows = new data.TensorDataset(randn([24, 3]), zeros([24], { dtype: 'int32' }));

function training(more: object = {}, dropout = 0) {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Dropout(dropout), new nn.Linear(4, 2));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const loader = new data.DataLoader(rows, { batchSize: 8, shuffle: true });
  return { model, optimizer, loader, criterion: new nn.CrossEntropyLoss(), epochs: 4, progress: false, ...more };
}

const figuresOf = ({ ranking }: { ranking: { trial: number; history: train.FitResult | null }[] }) =>
  ranking.map(({ trial, history }) => [trial, history!.loss]);

describe('random numbers', () => {
  it('are those of each trial, where all begin at one position', async () => {
    const run = (concurrency: number) =>
      train.search(
        ({ p }) => {
          manualSeed(0);
          return training({}, p);
        },
        { p: [0, 0.1, 0.2, 0.3, 0.4, 0.5] },
        { concurrency, halving: { minEpochs: 2, factor: 2 }, seed: 1 },
      );
    const alone = figuresOf(await run(1));
    expect(figuresOf(await run(3))).toEqual(alone);
    expect(figuresOf(await run(8))).toEqual(alone);
  });

  it('are those of each search, where two of one seed run at once', async () => {
    const run = (p: number) => train.search(() => training({}, p), { a: [1, 2] }, { halving: { minEpochs: 1, factor: 2 }, seed: 7 });
    const alone = [figuresOf(await run(0.1)), figuresOf(await run(0.6))];
    expect((await Promise.all([run(0.1), run(0.6)])).map(figuresOf)).toEqual(alone);
  });

  it('that metrics and schedulers draw are theirs, and the same for any concurrency', async () => {
    const run = async (concurrency: number) => {
      const made = () => {
        const options = training({ metrics: { drawn: () => rand([1]).item() } }, 0.3);
        const scheduler = {
          step() {
            options.optimizer.paramGroups[0]!.lr = rand([1]).item();
          },
        };
        return { ...options, scheduler };
      };
      const { trials } = await train.search(made, { a: [1, 2, 3] }, { concurrency, seed: 2 });
      return trials.map(({ history, model }) => [history!.metrics, history!.lr, bitsOf(model!)]);
    };
    const alone = await run(1);
    expect(await run(3)).toEqual(alone);
    expect(new Set(alone.map((one) => JSON.stringify(one[0]))).size).toBe(3);
  });
});

describe('a grid of more points than can be numbered', () => {
  it('has every value of every parameter about as often', async () => {
    const flags = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`f${i}`, [0, 1]]));
    const seen: Record<string, number>[] = [];
    const report = train.search(
      (params) => {
        seen.push(params as Record<string, number>);
        throw new Error('not trained');
      },
      flags,
      { trials: 60, seed: 3, concurrency: 1 },
    );
    await expect(report).rejects.toThrow('not trained');
    for (const name of Object.keys(flags)) {
      const ones = seen.filter((params) => params[name] === 1).length;
      expect(ones).toBeGreaterThan(10); // 60 tosses: below 11 or above 49 in one of 10^6
      expect(ones).toBeLessThan(50);
    }
  });
});

describe('halving', () => {
  it('goes on from initialEpoch', async () => {
    const { ranking } = await train.search(() => training({ initialEpoch: 5, epochs: 9 }), { a: [1, 2] }, { halving: { minEpochs: 1 } });
    expect(ranking[0]!.history!.epochs).toBe(4);
    expect(ranking[0]!.history!.bestEpoch).toBeGreaterThan(5);
  });

  it('does not train a trial that has ended itself', async () => {
    const stopping = () => training({ epochs: 9, onEpoch: ({ stop }: train.EpochReport) => stop() });
    const { trials } = await train.search(stopping, { a: [1, 2, 3] }, { halving: { minEpochs: 1, factor: 2 } });
    expect(trials.map(({ history }) => [history!.epochs, history!.stopped])).toEqual(Array(3).fill([1, 'callback']));
  });

  it.each([
    ['max', [0.75, 0.125, 0.25, 0.5]],
    ['min', [0.125, 0.75, 0.5, 0.5]],
  ] as const)('tells the best epoch over all rungs, mode %s', async (mode, figures) => {
    let epoch = 0;
    const made = () =>
      training({ metrics: { m: () => figures[epoch]! }, earlyStopping: { monitor: 'm', mode, patience: 9 }, onEpoch: () => void epoch++ });
    const { best } = await train.search(made, { a: [1] }, { halving: { minEpochs: 1, factor: 2 } });
    expect([(best.history as train.FitResult).metrics['m'], best.history.bestEpoch]).toEqual([figures, 1]);
  });
});

describe('what cannot be', () => {
  const accuracy = () => new metrics.Accuracy({ task: 'multiclass', numClasses: 2 });
  const shared = accuracy();
  const seeded = new data.DataLoader(rows, { batchSize: 8, shuffle: true, seed: 1 });
  const scheduler = { step() {} };
  it.each([
    ['trainMetrics', { validation: [[...rows.tensors]], trainMetrics: { shared } }, 'trainMetrics.shared'],
    ['a loader with a seed', { loader: seeded }, 'loader'],
    ['a scheduler in a list', { scheduler: [scheduler] }, 'scheduler'],
    ['a scheduler with options', { scheduler: { scheduler } }, 'scheduler'],
  ])('trials that share %s', async (_, more, name) => {
    const { trials } = await train.search(() => training(more), { a: [1, 2] }, { concurrency: 1 });
    expect(trials[1]!.error!.message).toContain(`makeModel returned the ${name} of another training`);
  });

  it('a monitor that is not known is told of before anything is trained', async () => {
    let epochs = 0;
    const made = () => training({ onEpoch: () => void epochs++ });
    await expect(train.search(made, { a: [1] }, { monitor: 'acuracy' })).rejects.toThrow(/monitor cannot be "acuracy"/);
    expect(epochs).toBe(0);
  });

  it('a distribution that is half of one', async () => {
    await expect(train.search(() => training(), { a: { at: () => 1 } as never })).rejects.toThrow(/expected a to be a list of values/);
  });

  it('epochs that are missing', async () => {
    const made = () => training({ epochs: undefined });
    await expect(train.search(made, { a: [1] }, { halving: { minEpochs: 1 } })).rejects.toThrow(
      /expected epochs to be a number, got undefined/,
    );
  });

  it('a fit that is stopped at once has no figures', async () => {
    const loader = new data.DataLoader(new data.TensorDataset(randn([4000, 3]), zeros([4000], { dtype: 'int32' })), { batchSize: 1 });
    const made = () => training({ loader, progressEvery: 1, onBatch: ({ stop }: train.BatchReport) => stop() });
    const { best } = await train.search(made, { a: [1] });
    if (best.history.epochs === 0) expect(best.figures).toEqual({ loss: NaN });
  });
});

describe('functions that are async', () => {
  it.each([
    ['a criterion', { criterion: async () => Promise.reject(new Error('nobody asked')) }],
    ['a metric', { metrics: { m: async () => Promise.reject(new Error('nobody asked')) } }],
  ])('%s is refused, and its error is nobody else’s', async (_, wrong) => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const { model, ...options } = training();
    await expect(train.fit(model, { ...options, ...wrong } as never)).rejects.toThrow(/got (a|an) Promise/);
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

describe('a fit', () => {
  it('keeps what it returned, whatever stop() is called later', async () => {
    const { model, ...options } = training();
    let late = (): void => {};
    const keep = ({ stop }: train.EpochReport): void => {
      late = stop;
    };
    const result = await train.fit(model, { ...options, onEpoch: keep, callbacks: [{ onEnd: () => late() }] });
    late();
    expect([result.stopped, result.epochs]).toEqual([null, 4]);
  });

  it('that is stopped and aborted at once is aborted', async () => {
    const { model, ...options } = training();
    const controller = new AbortController();
    const onEpoch = ({ stop }: train.EpochReport): void => {
      controller.abort(new Error('enough'));
      stop();
    };
    await expect(train.fit(model, { ...options, onEpoch, signal: controller.signal })).rejects.toThrow('enough');
  });

  it('refuses one metric in two places, and reports one of any name', async () => {
    const { model, ...options } = training();
    const validation = options.loader;
    const m = new metrics.Accuracy({ task: 'multiclass', numClasses: 2 });
    await expect(train.fit(model, { ...options, validation, metrics: { m }, trainMetrics: { m } })).rejects.toThrow(
      /one metric is given twice/,
    );
    const odd = { ['__proto__']: (preds: Tensor) => preds.shape[0]! };
    const { metrics: figures } = await train.fit(model, { ...options, metrics: odd });
    expect(Object.entries(figures)).toEqual([['__proto__', [8, 8, 8, 8]]]);
    await expect(train.fit(model, { ...options, validation, trainMetrics: { mean: new metrics.MeanMetric() as never } })).rejects.toThrow(
      /trainMetrics\.mean takes values/,
    );
    await expect(train.fit(model, { ...options, clipGradNorm: { maxNorm: 1, normType: Number.NaN } })).rejects.toThrow(
      /normType to be a number/,
    );
  });
});
