// Fits that run several epochs before JavaScript sees to them, where nothing that follows an epoch decides about the next: the same as epoch by epoch, which a
// callback of one's own makes them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { data, manualSeed, metrics, nn, optim, rand, randn, tensor, train } from '../../src';
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

const byItself = { onEpoch() {} };

// All that a fit leaves, but for times.
async function leaves(given: Given, epochs: number, options: Options) {
  const outcome = await fit(given, epochs, options).then(
    ({ seconds: _, epochSeconds, rowsPerSecond: __, ...result }) => ({ ...result, times: epochSeconds.length }),
    (error: Error) => `${error.name}: ${error.message}`,
  );
  const { model, optimizer, loader } = given;
  return { outcome, bits: bitsOf(model), optimizer: optimizer.stateDict(), loader: loader.stateDict(), drawn: rand([4]).toArray() };
}

describe('epochs ahead of JavaScript', () => {
  const counted = () => ({ accuracy: new metrics.Accuracy(task), confusion: new metrics.ConfusionMatrix(task) });
  const ways: Record<string, (given: Given) => Options> = {
    metrics: () => ({ metrics: counted() }),
    logs: () => ({ callbacks: [train.csvLogger(join(folder, 'log.csv')), train.learningRateMonitor()] }),
    validation: () => ({ validation: new data.DataLoader(students(50), { batchSize: 20 }), metrics: counted() }),
    'validation sets, one of them shuffled, and metrics of the training': () => ({
      validation: {
        near: new data.DataLoader(students(40), { batchSize: 15, shuffle: true }),
        far: new data.DataLoader(students(30), { batchSize: 10, shuffle: true, seed: 3 }),
      },
      metrics: counted(),
      trainMetrics: { f1: new metrics.F1Score({ ...task, average: 'macro' }) },
    }),
    'clipping, accumulation and averages': ({ model }) => ({
      metrics: counted(),
      clipGradNorm: 0.5,
      accumulate: 3,
      callbacks: [train.emaWeights(model)],
    }),
    'the validation over the rows that are trained on, by the same loader': ({ loader }) => ({ validation: loader, metrics: counted() }),
    'a value that is not finite': ({ optimizer }) => {
      optimizer.paramGroups[0]!.lr = 3e37;
      return { metrics: counted(), detectAnomaly: true };
    },
    'a label of the validation that no metric takes': () => ({
      validation: new data.DataLoader(new data.TensorDataset(randn([3, 13]), tensor(Int32Array.of(1, -100, 4))), { batchSize: 2 }),
      metrics: counted(),
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

  it('are begun before those before them are seen to', async () => {
    const given = setUp();
    const begun: number[] = [];
    const compute = vi.spyOn(metrics.Accuracy.prototype, 'compute').mockImplementation(() => {
      begun.push(given.loader.epochsBegun);
      return tensor([0.5]);
    });
    try {
      await fit(given, 200, { metrics: { accuracy: new metrics.Accuracy(task) } });
      expect(begun).toHaveLength(200);
      expect(begun[0]).toBeGreaterThan(1);
      begun.length = 0;
      await fit(given, 20, { metrics: { accuracy: new metrics.Accuracy(task) }, ...byItself });
      expect(begun.map((epochs) => epochs - begun[0]!)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    } finally {
      compute.mockRestore();
    }
  });

  it.each([1, 4, 9, 30])('end with a whole step where the signal aborts after %i ms', async (after) => {
    const given = setUp();
    const end = new AbortController();
    setTimeout(() => end.abort(new Error('enough')), after);
    const validation = new data.DataLoader(students(20), { batchSize: 20 });
    await expect(fit(given, 1e6, { metrics: counted(), validation, signal: end.signal })).rejects.toThrow('enough');
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
    await expect(fit(given, 1e6, { metrics: counted() })).rejects.toThrow(/lr/);
    await fit({ ...given, optimizer: new optim.Adam(given.model.parameters()) }, 2, { metrics: counted() });
  });

  it('are told to the monitor of rates as far as they were done where the signal aborts, with the rates that they were done with', async () => {
    const given = setUp();
    const end = new AbortController();
    const monitor = train.learningRateMonitor({ interval: 'step' });
    setTimeout(() => {
      given.optimizer.paramGroups[0]!.lr = 0.02;
    }, 15);
    setTimeout(() => end.abort(new Error('enough')), 30);
    await expect(fit(given, 1e6, { metrics: counted(), callbacks: [monitor], signal: end.signal })).rejects.toThrow('enough');
    const rates = monitor.rates['lr']!;
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
      metrics: counted(),
      progressEvery: 1,
      validation: new data.DataLoader(students(60_000), { batchSize: 20 }),
    });
    expect(slow.epochSeconds.reduce((a, b) => a + b, 0)).toBeGreaterThan(0.4 * slow.seconds);
  });

  it('are as long as the thread took for them', async () => {
    const result = await fit(setUp(), 300, { metrics: counted() });
    const sum = result.epochSeconds.reduce((a, b) => a + b, 0);
    expect(Math.min(...result.epochSeconds)).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(result.seconds * 1.001);
  });
});
