// Fits that run several epochs before JavaScript sees to them, where nothing that follows an epoch decides about the next: the same as epoch by epoch, which a
// callback of one's own makes them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { data, getRngState, manualSeed, metrics, nn, noGrad, optim, rand, randn, tensor, train } from '../../src';
import { Session } from '../../src/train/session';
import type { Snapshots } from '../../src/train/snapshots';
import { counted } from './counted-rounds';
import { bitsOf, eagerStep, makeModel, quiet, students } from './runs';

const criterion = new nn.CrossEntropyLoss();
const task = { task: 'multiclass', numClasses: 5 } as const;
const folder = mkdtempSync(join(tmpdir(), 'simdnn-rounds-'));
afterAll(() => rmSync(folder, { recursive: true }));

function setUp({ seed }: { seed?: number } = {}) {
  manualSeed(11);
  const model = makeModel([13, 16, 5], { dropout: 0.1 });
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const order = seed === undefined ? {} : { seed };
  const loader = new data.DataLoader(students(100), { batchSize: 32, shuffle: true, ...order });
  return { model, optimizer, loader };
}

type Given = ReturnType<typeof setUp>;
type Options = Omit<train.FitOptions, 'criterion' | 'optimizer' | 'loader' | 'epochs'>;

const fit = ({ model, ...given }: Given, epochs: number, options: Options) =>
  train.fit(model, { criterion, ...given, epochs, ...quiet, ...options } as train.FitOptions);

const untimed = { progressEvery: 1e9 }; // a run that takes longer than this ends with fewer rounds
const byItself = { onBatch() {} };
const { lrScheduler } = optim;

// All that a fit leaves, but for times.
async function leaves(given: Given, epochs: number, options: Options) {
  const outcome = await fit(given, epochs, options).then(
    ({ seconds: _, epochSeconds, rowsPerSecond: __, ...result }) => ({ ...result, times: epochSeconds.length }),
    (error: Error) => `${error.name}: ${error.message}`,
  );
  const { model, optimizer, loader } = given;
  const { scheduler = [], checkpoint, validation = [] } = options;
  const states = [optimizer, loader, ...[scheduler].flat(), ...[validation].flat()].map((one) => {
    const stateful = (one as train.ScheduleOptions).scheduler ?? one;
    return (stateful as Partial<typeof loader>).stateDict?.();
  });
  const files = checkpoint === undefined ? [] : ['run', 'run.best'].map((name) => readFileSync(join(folder, `${name}.safetensors`)));
  return { outcome, bits: bitsOf(model), states, files, drawn: rand([4]).toArray() };
}

describe('epochs ahead of JavaScript', () => {
  const figures = () => ({ accuracy: new metrics.Accuracy(task), confusion: new metrics.ConfusionMatrix(task) });
  const ways: Record<string, (given: Given) => Options> = {
    metrics: () => ({ metrics: figures() }),
    logs: () => ({ callbacks: [train.csvLogger(join(folder, 'log.csv')), train.learningRateMonitor()] }),
    validation: () => ({ validation: new data.DataLoader(students(50), { batchSize: 20 }), metrics: figures() }),
    'validation sets, one of them shuffled, and metrics of the training': () => ({
      validation: {
        near: new data.DataLoader(students(40), { batchSize: 15, shuffle: true }),
        far: new data.DataLoader(students(30), { batchSize: 10, shuffle: true, seed: 3 }),
      },
      metrics: figures(),
      trainMetrics: { f1: new metrics.F1Score({ ...task, average: 'macro' }) },
    }),
    'clipping, accumulation and averages': ({ model }) => ({
      metrics: figures(),
      clipGradNorm: 0.5,
      accumulate: 3,
      callbacks: [train.emaWeights(model)],
    }),
    'the validation over the rows that are trained on, by the same loader': ({ loader }) => ({ validation: loader, metrics: figures() }),
    'schedulers that watch nothing': ({ optimizer }) => ({
      scheduler: [
        new lrScheduler.CosineAnnealingLR(optimizer, { tMax: 50 }),
        { scheduler: new lrScheduler.StepLR(optimizer, { stepSize: 7, gamma: 0.9 }), interval: 'epoch' },
      ],
      callbacks: [train.learningRateMonitor(), train.csvLogger(join(folder, 'rates.csv'))],
    }),
    'schedulers of schedulers, and momenta that are set': ({ optimizer }) => ({
      scheduler: {
        scheduler: new lrScheduler.SequentialLR(optimizer, {
          schedulers: [
            new lrScheduler.ChainedScheduler([
              new lrScheduler.LinearLR(optimizer, { startFactor: 0.1, totalIters: 5 }),
              new lrScheduler.ExponentialLR(optimizer, { gamma: 0.95 }),
            ]),
            new lrScheduler.CyclicLR(optimizer, { baseLr: 0.001, maxLr: 0.01, stepSizeUp: 4, cycleMomentum: true }),
          ],
          milestones: [9],
        }),
        interval: 'epoch',
      },
      validation: new data.DataLoader(students(50), { batchSize: 20, shuffle: true }),
    }),
    plateau: ({ optimizer }) => ({
      scheduler: new lrScheduler.ReduceLROnPlateau(optimizer, { patience: 2, factor: 0.7, threshold: 0.02 }),
      validation: new data.DataLoader(students(50), { batchSize: 20 }),
    }),
    'early stopping': () => ({
      earlyStopping: { patience: 3, minDelta: 0.03 },
      metrics: figures(),
    }),
    'early stopping that puts the best weights back': () => ({
      earlyStopping: { patience: 4, restoreBest: true },
      validation: new data.DataLoader(students(60), { batchSize: 20, shuffle: true }),
      metrics: figures(),
    }),
    'checkpoints, plateau, cosine and early stopping': ({ optimizer }) => ({
      checkpoint: { path: join(folder, 'run.safetensors'), every: 5, best: true },
      scheduler: [
        new lrScheduler.ReduceLROnPlateau(optimizer, { patience: 1, threshold: 0.05 }),
        new lrScheduler.CosineAnnealingLR(optimizer, { tMax: 40 }),
      ],
      earlyStopping: { patience: 6, restoreBest: true },
      validation: new data.DataLoader(students(60), { batchSize: 20, shuffle: true }),
    }),
    'a value that is not finite': ({ optimizer }) => {
      optimizer.paramGroups[0]!.lr = 3e37;
      return { metrics: figures(), detectAnomaly: true };
    },
    'a label of the validation that no metric takes': () => ({
      validation: new data.DataLoader(new data.TensorDataset(randn([3, 13]), tensor(Int32Array.of(1, -100, 4))), { batchSize: 2 }),
      metrics: figures(),
    }),
  };
  for (const [name, options] of Object.entries(ways)) {
    for (const seed of [undefined, 5]) {
      it(`${name}: the same as one by one${seed === undefined ? '' : ', with a seeded order'}`, async () => {
        const ahead = setUp({ seed: seed! });
        const together = await leaves(ahead, 70, options(ahead));
        expect(typeof together.outcome).toBe(name.startsWith('a ') ? 'string' : 'object');
        const alone = setUp({ seed: seed! });
        const { callbacks = [], ...others } = options(alone);
        expect(together).toEqual(await leaves(alone, 70, { ...others, callbacks: [...callbacks, byItself] }));
      });
    }
  }

  it('are as many as one run may have, and the next run begins before those before it are seen to', async () => {
    const given = setUp();
    const one = await counted(() => fit(given, 200, { metrics: figures(), ...untimed }));
    expect(one.rounds.slice(0, 6)).toEqual([32, 32, 32, 32, 32, 32]);
    expect((await counted(() => fit(given, 20, { metrics: figures(), ...byItself }))).rounds).toEqual([]);
    const scheduler = new lrScheduler.CosineAnnealingLR(given.optimizer, { tMax: 50 });
    expect(await counted(() => fit(given, 100, { metrics: figures(), scheduler, ...untimed }))).toEqual({
      rounds: [32, 32, 32, 4],
      takenBack: 0,
    });
  });

  it('are taken back where a scheduler or an early end decides otherwise', async () => {
    const plateau = (given: Given) => new lrScheduler.ReduceLROnPlateau(given.optimizer, { patience: 5, threshold: 1, cooldown: 30 });
    const given = setUp();
    const { rounds, takenBack } = await counted(() => fit(given, 40, { scheduler: plateau(given), ...untimed }));
    expect(takenBack).toBe(1);
    expect(rounds.slice(0, 2)).toEqual([32, 8]);
    const stopping = setUp();
    const { rounds: begun } = await counted(() => fit(stopping, 1e6, { earlyStopping: { patience: 3, minDelta: 9 }, ...untimed }));
    expect(begun[0]).toBe(32);
    expect(begun.length).toBeLessThan(3);
    expect(stopping.loader.epochsBegun).toBe(4);
  });

  it('show a callback the model, the optimizer and the random numbers of its epoch, which it may read', async () => {
    const seen = async (options: Options) => {
      const given = setUp();
      const epochs: unknown[] = [];
      const onEpoch = async ({ epoch }: train.EpochReport) => {
        const { model, optimizer, loader } = given;
        epochs.push([bitsOf(model), optimizer.stateDict(), loader.stateDict(), getRngState()]);
        if (epoch % 9 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      const { rounds, takenBack } = await counted(() => fit(given, 40, { metrics: figures(), onEpoch, ...untimed, ...options }));
      return { epochs, rounds, takenBack };
    };
    const { epochs, ...ahead } = await seen({});
    expect(ahead).toEqual({ rounds: [32, 8], takenBack: 0 });
    expect(epochs).toEqual((await seen(byItself)).epochs);
  });

  const changes: Record<string, (given: Given) => unknown> = {
    'weights in place': ({ model }) => noGrad(() => model.parameters()[1]!.mul_(1.5)),
    'weights through their array': ({ model }) => {
      model.parameters()[0]!.data[3]! += 0.25;
    },
    'an option of the optimizer': ({ optimizer }) => {
      optimizer.paramGroups[0]!.weightDecay = 0.1;
    },
    'the state of the optimizer': ({ optimizer }) => {
      const dict = optimizer.stateDict();
      for (const state of Object.values(dict.state)) state['step'] = tensor(1000);
      optimizer.loadStateDict(dict);
    },
    'the random numbers': () => rand([3]),
    'their seed': () => manualSeed(99),
    'the order of the loader': ({ loader }) => loader.setEpoch(50),
    'an option that the next step refuses': ({ optimizer }) => {
      optimizer.paramGroups[0]!.lr = -1;
    },
    'an option of a layer': ({ model }) => {
      model.modules().find((layer) => layer instanceof nn.Dropout)!.p = 0.5;
    },
    'the mode': ({ model }) => model.eval(),
    'a step': ({ model, optimizer, loader }) => {
      for (const batch of loader) eagerStep({ model, optimizer, loader, criterion, epochs: 1 }, [...batch]);
    },
    'an error': () => {
      throw new Error('enough');
    },
  };
  it.each(Object.entries(changes))('are taken back where a callback changes %s', async (_, change) => {
    const changed = async (options: Options) => {
      const given = setUp({ seed: 4 });
      const onEpoch = ({ epoch }: train.EpochReport) => {
        if (epoch === 5 || epoch === 40) change(given);
      };
      const spied = { rounds: [] as number[], takenBack: 0 };
      let left: unknown;
      const work = async () => {
        left = await leaves(given, 60, { metrics: figures(), onEpoch, ...untimed, ...options });
      };
      Object.assign(spied, await counted(work));
      return { left, ...spied };
    };
    const ahead = await changed({});
    expect(ahead.rounds[0]).toBe(32);
    const isError = (ahead.left as { outcome: unknown }).outcome === 'Error: enough';
    expect(ahead.takenBack > 0).toBe(!isError);
    expect(ahead.left).toEqual((await changed(byItself)).left);
  });

  it('are few where a callback changes something after every epoch', async () => {
    const given = setUp();
    const { rounds } = await counted(() => fit(given, 100, { onEpoch: () => rand([1]) }));
    expect(rounds.reduce((a, b) => a + b, 0)).toBeLessThan(200);
    const again = setUp();
    await fit(again, 100, { onEpoch: () => rand([1]), ...byItself });
    expect(bitsOf(given.model)).toEqual(bitsOf(again.model));
  });

  it('are no more than can be kept', async () => {
    const wide = (width: number) => {
      const model = makeModel([13, width, 5]);
      return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }), loader: setUp().loader } as unknown as Given;
    };
    const earlyStopping = { patience: 9 };
    expect((await counted(() => fit(wide(3000), 20, { earlyStopping }))).rounds[0]).toBeLessThan(20);
    expect((await counted(() => fit(wide(300_000), 2, { earlyStopping }))).rounds).toEqual([]);
    expect((await counted(() => fit(wide(300_000), 2, { metrics: figures(), progressEvery: 1e6 }))).rounds).toEqual([2]);
  });

  it('are kept of no more fits at a time than there is room for, which is free again behind them', async () => {
    const keep = vi.spyOn(Session.prototype, 'keepSnapshots');
    const begun = async () => {
      keep.mockClear();
      let [waiting, release] = [0, (): void => {}];
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const onEpoch = () => {
        waiting++;
        return released;
      };
      const fits = Array.from({ length: 20 }, () => {
        const model = makeModel([13, 800, 5]);
        return fit({ ...setUp(), model, optimizer: new optim.Adam(model.parameters()) } as unknown as Given, 4, { onEpoch });
      });
      while (waiting < fits.length) await new Promise((resolve) => setTimeout(resolve, 5));
      const kept = new Set(keep.mock.results.map(({ value }) => value as Snapshots).filter(({ maxRounds: most }) => most > 0)).size;
      release();
      await Promise.all(fits);
      return kept;
    };
    try {
      const kept = await begun();
      expect(kept).toBeGreaterThan(10);
      expect(kept).toBeLessThan(20);
      expect(await begun()).toBe(kept);
    } finally {
      keep.mockRestore();
    }
  });

  it.each([2, 5, 11, 25])('leave what a loop leaves that ends there where the signal aborts after %i ms', async (after) => {
    const parts = () => {
      const given = setUp();
      const scheduler = new lrScheduler.ExponentialLR(given.optimizer, { gamma: 0.99 });
      return { ...given, scheduler, validation: new data.DataLoader(students(40), { batchSize: 20, shuffle: true }) };
    };
    const { scheduler, validation, ...given } = parts();
    const end = new AbortController();
    setTimeout(() => end.abort(new Error('enough')), after);
    const monitor = train.learningRateMonitor({ interval: 'step' });
    const options = { scheduler, validation, callbacks: [monitor], signal: end.signal };
    await expect(fit(given, 1e6, options)).rejects.toThrow('enough');
    const again = parts();
    const steps = given.optimizer.stateDict().state[0]?.['step'] as number | undefined;
    for (let done = 0; done < (steps ?? 0); ) {
      for (const batch of again.loader) if (done++ < (steps ?? 0)) eagerStep({ ...again, criterion, epochs: 1 }, [...batch]);
      if (again.validation.epochsBegun < validation.epochsBegun) for (const _ of again.validation);
      if (again.scheduler.lastEpoch < scheduler.lastEpoch) again.scheduler.step();
    }
    expect(monitor.at).toHaveLength(steps ?? 0);
    expect(bitsOf(given.model)).toEqual(bitsOf(again.model));
    expect(given.optimizer.stateDict()).toEqual(again.optimizer.stateDict());
    expect(scheduler.stateDict()).toEqual(again.scheduler.stateDict());
  });

  it.each([1, 4, 9, 30])('end with a whole step where the signal aborts after %i ms', async (after) => {
    const given = setUp();
    const end = new AbortController();
    setTimeout(() => end.abort(new Error('enough')), after);
    const validation = new data.DataLoader(students(20), { batchSize: 20 });
    await expect(fit(given, 1e6, { metrics: figures(), validation, signal: end.signal })).rejects.toThrow('enough');
    const steps = given.optimizer.stateDict().state[0]?.['step'] as number | undefined;
    const again = setUp();
    students(20);
    for (let done = 0; done < (steps ?? 0); ) {
      for (const batch of again.loader) {
        if (done++ < (steps ?? 0)) eagerStep({ ...again, criterion, epochs: 1 }, [...batch]);
      }
    }
    expect(bitsOf(given.model)).toEqual(bitsOf(again.model));
    expect(given.optimizer.stateDict()).toEqual(again.optimizer.stateDict());
  });

  it('are told of a rate that a timer sets meanwhile', async () => {
    const given = setUp();
    setTimeout(() => {
      given.optimizer.paramGroups[0]!.lr = -1;
    }, 20);
    await expect(fit(given, 1e6, { metrics: figures() })).rejects.toThrow(/lr/);
    await fit({ ...given, optimizer: new optim.Adam(given.model.parameters()) }, 2, { metrics: figures() });
  });

  it('are told to the monitor of rates as far as they were done where the signal aborts, with the rates that they were done with', async () => {
    const aborted = async (milliseconds: number) => {
      const given = setUp();
      const end = new AbortController();
      const monitor = train.learningRateMonitor({ interval: 'step' });
      setTimeout(() => {
        given.optimizer.paramGroups[0]!.lr = 0.02;
      }, milliseconds / 2);
      setTimeout(() => end.abort(new Error('enough')), milliseconds);
      await expect(fit(given, 1e6, { metrics: figures(), callbacks: [monitor], signal: end.signal })).rejects.toThrow('enough');
      return { given, rates: monitor.rates['lr'] };
    };
    let outcome = await aborted(30);
    for (let wait = 60; outcome.rates === undefined; wait *= 2) outcome = await aborted(wait); // a busy machine has done no step yet
    const { given, rates } = outcome as Required<typeof outcome> & { rates: number[] };
    const steps = given.optimizer.stateDict().state[0]?.['step'] as number | undefined;
    expect(rates).toHaveLength(steps ?? 0);
    const again = setUp();
    for (let done = 0; done < rates.length; ) {
      for (const batch of again.loader) {
        if (done === rates.length) break;
        again.optimizer.paramGroups[0]!.lr = rates[done++]!;
        eagerStep({ ...again, criterion, epochs: 1 }, [...batch]);
      }
    }
    expect(bitsOf(given.model)).toEqual(bitsOf(again.model));
  });

  it('end with the first whose samples a metric refuses that is given whole outputs', async () => {
    // Scores of several places a row are handed out, not counted.
    const places = () => {
      manualSeed(12);
      const model = new nn.Sequential(new nn.Linear(4, 10), new nn.Unflatten(1, [5, 2]));
      const labels = tensor(Int32Array.from({ length: 24 }, (_, i) => (i === 20 ? -100 : i % 5))).reshape([12, 2]);
      const loader = new data.DataLoader(new data.TensorDataset(randn([12, 4]), labels), { batchSize: 4 });
      return { model, optimizer: new optim.Adam(model.parameters()), loader };
    };
    const options = () => ({ metrics: { confusion: new metrics.ConfusionMatrix(task) } });
    const outcome = await leaves(places() as unknown as Given, 40, options());
    expect(outcome.outcome).toMatch(/-100/);
    expect(outcome).toEqual(await leaves(places() as unknown as Given, 40, { ...options(), ...byItself }));
  });

  it('are as long as the thread took for them, and no validation is left out', async () => {
    const slow = await fit(setUp(), 20, {
      metrics: figures(),
      progressEvery: 1,
      validation: new data.DataLoader(students(60_000), { batchSize: 20 }),
    });
    expect(slow.epochSeconds.reduce((a, b) => a + b, 0)).toBeGreaterThan(0.4 * slow.seconds);
  });

  it('are as long as the thread took for them', async () => {
    const result = await fit(setUp(), 300, { metrics: figures() });
    const sum = result.epochSeconds.reduce((a, b) => a + b, 0);
    expect(Math.min(...result.epochSeconds)).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(result.seconds * 1.001);
  });
});
