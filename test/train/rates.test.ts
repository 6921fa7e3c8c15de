// Schedulers that are stepped after each step, and optimizers whose numbers are no linear function of their count: the numbers of many steps are found
// ahead, and what becomes of model, optimizer and scheduler is that of the loop.
import { describe, expect, it } from 'vitest';
import { data, manualSeed, nn, optim, rand, randint, randn, type Tensor, train } from '../../src';
import { rejection } from '../rejection';
import { bitsOf, OwnRows, quiet, stateOf } from './runs';

const n = 61;
manualSeed(5);
const [x, y] = [randn([n, 4]), randint(3, [n])];

const { lrScheduler } = optim;
const optimizers = {
  Adam: (parameters: Tensor[]) => new optim.Adam(parameters, { lr: 0.01 }),
  'SGD with momentum': (parameters: Tensor[]) => new optim.SGD(parameters, { lr: 0.05, momentum: 0.9 }),
  NAdam: (parameters: Tensor[]) => new optim.NAdam(parameters, { lr: 0.01 }),
  RAdam: (parameters: Tensor[]) => new optim.RAdam(parameters, { lr: 0.01 }),
};
const schedulers: Record<string, (optimizer: optim.Adam) => optim.lrScheduler.LRScheduler | null> = {
  none: () => null,
  OneCycleLR: (optimizer) =>
    new lrScheduler.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 100, cycleMomentum: 'betas' in optimizer.defaults }),
  CyclicLR: (optimizer) => new lrScheduler.CyclicLR(optimizer, { baseLr: 0.001, maxLr: 0.1, stepSizeUp: 5 }),
  LambdaLR: (optimizer) => new lrScheduler.LambdaLR(optimizer, { lrLambda: (step) => 1 / (1 + step) }),
  'one that draws': (optimizer) =>
    new lrScheduler.LambdaLR(optimizer, { lrLambda: (step) => (step % 4 === 3 ? 0.5 + rand([]).item() : 1) }),
  SequentialLR: (optimizer) =>
    new lrScheduler.SequentialLR(optimizer, {
      schedulers: [
        new lrScheduler.LinearLR(optimizer, { startFactor: 0.1, totalIters: 7 }),
        new lrScheduler.CosineAnnealingLR(optimizer, { tMax: 20 }),
      ],
      milestones: [7],
    }),
  ChainedScheduler: (optimizer) =>
    new lrScheduler.ChainedScheduler([
      new lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 9 }),
      new lrScheduler.ExponentialLR(optimizer, { gamma: 0.95 }),
    ]),
};

function setUp(optimizerName: keyof typeof optimizers, schedulerName: string, own: boolean) {
  manualSeed(6);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Dropout(0.3), new nn.ReLU(), new nn.Linear(8, 3));
  const optimizer = optimizers[optimizerName](model.parameters()) as optim.Adam;
  const scheduler = schedulers[schedulerName]!(optimizer);
  const dataset = (own ? new OwnRows(x, y) : new data.TensorDataset(x, y)) as data.Dataset<[Tensor, Tensor]>;
  const loader = new data.DataLoader(dataset, { batchSize: 8, shuffle: true });
  return { model, optimizer, scheduler, loader, criterion: new nn.CrossEntropyLoss() };
}

type Made = ReturnType<typeof setUp>;
const interval = 'step' as const;
const fitOf = ({ model, scheduler, ...options }: Made, more: object = {}) =>
  train.fit(model, { ...options, epochs: 3, ...quiet, ...(scheduler && { scheduler: { scheduler, interval } }), ...more });

function loopOf({ model, optimizer, scheduler, loader, criterion }: Made, accumulate = 1, epochs = 3): number[] {
  const rates: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const batches: (readonly Tensor[])[] = [];
    let seen = 0;
    for (const batch of loader) {
      batches.push(batch as readonly Tensor[]);
      seen++;
      if (batches.length < accumulate && seen < loader.length!) continue;
      optimizer.zeroGrad();
      const rows = batches.reduce((sum, [bx]) => sum + bx!.shape[0]!, 0);
      for (const [bx, by] of batches) {
        const loss = criterion.forward(model.call(bx!), by!);
        (accumulate === 1 ? loss : loss.mul(bx!.shape[0]! / rows)).backward();
      }
      batches.length = 0;
      optimizer.step();
      rates.push(optimizer.paramGroups[0]!.lr);
      scheduler?.step();
    }
  }
  return rates;
}

const stateOfAll = ({ model, optimizer, scheduler }: Made) => ({
  model: bitsOf(model),
  optimizer: stateOf(optimizer),
  groups: JSON.stringify(optimizer.paramGroups.map(({ params: _, ...numbers }) => numbers)),
  scheduler: scheduler?.stateDict(),
  versions: model.parameters().map(({ version }) => version.count),
  next: rand([2]).toArray(),
});

const stepsOf = ({ optimizer }: Made): number => optimizer.stateDict().state[0]!['step']!.item();

describe.each(Object.keys(optimizers) as (keyof typeof optimizers)[])('%s', (optimizerName) => {
  describe.each([false, true])('own items %s', (own) => {
    it.each(Object.keys(schedulers))('%s', async (schedulerName) => {
      const loop = setUp(optimizerName, schedulerName, own);
      loopOf(loop);
      const state = stateOfAll(loop);
      const fit = setUp(optimizerName, schedulerName, own);
      await fitOf(fit);
      expect(stateOfAll(fit)).toEqual(state);
    });
  });
});

it('an epoch tells the rate of its last step', async () => {
  const rates = loopOf(setUp('Adam', 'OneCycleLR', false));
  const { lr } = await fitOf(setUp('Adam', 'OneCycleLR', false));
  expect(lr).toEqual([rates[7], rates[15], rates[23]]);
});

it('a callback finds the scheduler and the rates where the loop has them, and may set them', async () => {
  const fit = setUp('Adam', 'OneCycleLR', false);
  const seen: number[][] = [];
  await fitOf(fit, {
    progressEvery: 1,
    epochs: 12,
    onBatch: ({ epoch, batch }: { epoch: number; batch: number }) => {
      seen.push([8 * (epoch - 1) + batch, fit.scheduler!.lastEpoch, fit.optimizer.paramGroups[0]!.lr]);
    },
  });
  const rates = loopOf(setUp('Adam', 'OneCycleLR', false), 1, 12);
  expect(seen.length).toBeGreaterThan(0);
  for (const [steps, lastEpoch, lr] of seen) if (steps! < 96) expect([lastEpoch, lr]).toEqual([steps, rates[steps!]]);
});

it('each step has its rate where runs end before the steps whose rates were found', async () => {
  const many = new data.TensorDataset(randn([2000, 4]), randint(3, [2000]));
  const loader = new data.DataLoader(many, { batchSize: 2 });
  const of = () => {
    const model = new nn.Sequential(new nn.Linear(4, 512), new nn.ReLU(), new nn.Linear(512, 3)) as unknown as Made['model'];
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const scheduler = new lrScheduler.CyclicLR(optimizer, { baseLr: 0.001, maxLr: 0.1, stepSizeUp: 500 });
    return { ...setUp('Adam', 'none', false), model, optimizer, loader: loader as unknown as Made['loader'], scheduler };
  };
  const monitor = train.learningRateMonitor({ interval });
  const partial: number[] = [];
  await fitOf(of(), { progressEvery: 1, callbacks: [monitor], onBatch: ({ batch }: { batch: number }) => partial.push(batch) });
  expect(partial.length).toBeGreaterThan(3);
  expect(monitor.rates).toEqual({ lr: loopOf(of()) });
});

describe('what is changed while steps run whose rates were found', () => {
  const changedWith = async (change: (made: Made) => void): Promise<Made> => {
    const made = setUp('Adam', 'none', false);
    const many = new data.TensorDataset(randn([20_000, 4]), randint(3, [20_000]));
    const loader = new data.DataLoader(many, { batchSize: 8 }) as unknown as Made['loader'];
    const scheduler = new lrScheduler.ExponentialLR(made.optimizer, { gamma: 0.999 });
    const all: Made = { ...made, loader, scheduler };
    setTimeout(() => change(all), 10);
    await fitOf(all);
    return all;
  };

  it('is kept where it is no rate', async () => {
    const { optimizer, scheduler } = await changedWith(({ optimizer: { paramGroups } }) => {
      paramGroups[0]!.betas = [0.5, 0.9];
    });
    expect([optimizer.paramGroups[0]!.betas, scheduler!.lastEpoch]).toEqual([[0.5, 0.9], 7500]);
  });

  it('counts from the next steps on where it is one', async () => {
    const { optimizer, scheduler } = await changedWith(({ optimizer: { paramGroups } }) => {
      paramGroups[0]!.lr = 0;
    });
    expect([optimizer.paramGroups[0]!.lr, scheduler!.lastEpoch]).toEqual([0, 7500]);
  });

  it('is refused where it is the scheduler', async () => {
    // Several times: between two runs, when no step is under way whose rates were found, it counts.
    const refused = rejection(
      changedWith(({ scheduler }) => {
        for (let after = 0; after < 20; after++) setTimeout(() => scheduler!.step(), after);
      }),
    );
    expect((await refused).message).toMatch(/a scheduler was stepped, .*\n {2}hint: do so in a callback/);
  });

  it('counts where a group is put in the place of another', async () => {
    const { optimizer } = await changedWith(({ optimizer: { paramGroups } }) => {
      (paramGroups as object[])[0] = { ...paramGroups[0]! };
    });
    const { optimizer: as } = await changedWith(() => {});
    expect(optimizer.paramGroups[0]!.lr).toBe(as.paramGroups[0]!.lr);
  });
});

it('a scheduler of one’s own is asked after each step', async () => {
  const fit = setUp('Adam', 'none', false);
  const rates: number[] = [];
  const scheduler = {
    step() {
      rates.push(fit.optimizer.paramGroups[0]!.lr);
      fit.optimizer.paramGroups[0]!.lr *= 0.9;
    },
  };
  await fitOf(fit, { scheduler: { scheduler, interval } });
  expect(rates).toHaveLength(24);
  const loop = setUp('Adam', 'none', false);
  const shrink = () => {
    loop.optimizer.paramGroups[0]!.lr *= 0.9;
  };
  loop.scheduler = { step: shrink } as never;
  expect(loopOf(loop)).toEqual(rates);
  expect(bitsOf(fit.model)).toEqual(bitsOf(loop.model));
});

it('one of the library whose step was replaced is asked after each step as well', async () => {
  const fit = setUp('Adam', 'LambdaLR', false);
  const at: number[] = [];
  const step = fit.scheduler!.step.bind(fit.scheduler);
  fit.scheduler!.step = () => {
    at.push(stepsOf(fit));
    step();
  };
  await fitOf(fit);
  expect(at).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
});

it('one whose step is replaced in a callback is asked after each step from then on', async () => {
  const fit = setUp('Adam', 'LambdaLR', false);
  let calls = 0;
  const onEpoch = ({ epoch }: { epoch: number }) => {
    if (epoch !== 1) return;
    const step = fit.scheduler!.step.bind(fit.scheduler);
    fit.scheduler!.step = () => {
      calls++;
      step();
    };
  };
  await fitOf(fit, { onEpoch });
  expect([calls, fit.scheduler!.lastEpoch]).toEqual([16, 24]);
});

it('functions that give another rate when they are asked again are refused', async () => {
  const fit = setUp('Adam', 'none', false);
  let calls = 0;
  const scheduler = new lrScheduler.LambdaLR(fit.optimizer, { lrLambda: () => 1 / ++calls });
  const error = await rejection(fitOf(fit, { scheduler: { scheduler, interval } }));
  expect(error.message).toContain('the scheduler gives another rate each time that it is asked');
});

it('a step beyond the cycle rejects behind it, as in the loop', async () => {
  const of = () => {
    const made = setUp('Adam', 'none', false);
    made.scheduler = new lrScheduler.OneCycleLR(made.optimizer, { maxLr: 0.1, totalSteps: 19 });
    return made;
  };
  const loop = of();
  expect(() => loopOf(loop)).toThrow('19');
  const fit = of();
  expect((await rejection(fitOf(fit))).message).toContain('19');
  expect(bitsOf(fit.model)).toEqual(bitsOf(loop.model));
  expect(stateOf(fit.optimizer)).toEqual(stateOf(loop.optimizer));
  expect(fit.scheduler!.stateDict()).toEqual(loop.scheduler!.stateDict());
});

it('a label that is refused leaves the scheduler behind the steps before it', async () => {
  const fit = setUp('Adam', 'OneCycleLR', false);
  const labels = y.clone();
  labels.narrow(0, 40, 1).fill_(7);
  const loader = new data.DataLoader(new data.TensorDataset(x, labels), { batchSize: 8 });
  expect((await rejection(fitOf(fit, { loader }))).message).toContain('batch 6 of epoch 1');
  expect(fit.scheduler!.lastEpoch).toBe(5);
});

it('an abort leaves the scheduler behind the steps that were done', async () => {
  const fit = setUp('Adam', 'LambdaLR', false);
  const controller = new AbortController();
  const onBatch = () => controller.abort(new Error('enough'));
  const ended = fitOf(fit, { epochs: 1_000_000, signal: controller.signal, progressEvery: 5, onBatch });
  expect((await rejection(ended)).message).toBe('enough');
  const steps = stepsOf(fit);
  expect(steps).toBeGreaterThan(0);
  expect(fit.scheduler!.lastEpoch).toBe(steps);
});

it('groups of batches are one step', async () => {
  const fit = setUp('Adam', 'OneCycleLR', false);
  await fitOf(fit, { accumulate: 3 });
  expect(fit.scheduler!.lastEpoch).toBe(9);
});
