// Epochs that run ahead of JavaScript while schedulers are stepped after each step: what is left is what the written-out loop leaves, and what epochs one by one do.
import { describe, expect, it } from 'vitest';
import { data, manualSeed, metrics, nn, noGrad, optim, rand, train } from '../../src';
import { rejection } from '../rejection';
import { counted } from './counted-rounds';
import { bitsOf, eagerStep, makeModel, quiet, stateOf, students } from './runs';

const { lrScheduler } = optim;
const criterion = new nn.CrossEntropyLoss();
const interval = 'step' as const;

type Groups = { lr: number; betas?: readonly number[]; momentum?: number; params: readonly unknown[] }[];
type Scheduler = optim.lrScheduler.LRScheduler;

function setUp(way: Way, seed?: number) {
  manualSeed(21);
  const model = makeModel([13, 16, 5], { dropout: 0.1 });
  const parameters = model.parameters();
  const groups = [{ params: parameters.slice(0, 2) }, { params: parameters.slice(2), lr: 0.02 }];
  const optimizer = (way.sgd
    ? new optim.SGD(groups, { lr: 0.01, momentum: 0.9, nesterov: true })
    : new optim.AdamW(groups, { lr: 0.01 })) as unknown as optim.Adam;
  const loader = new data.DataLoader(students(100), { batchSize: 32, shuffle: true, ...(seed !== undefined && { seed }) });
  const validation = new data.DataLoader(students(50), { batchSize: 20, shuffle: true });
  return { model, optimizer, loader, validation, ofSteps: way.ofSteps(optimizer), ofEpochs: way.ofEpochs?.(optimizer) ?? [] };
}

type Given = ReturnType<typeof setUp>;

interface Way {
  sgd?: true;
  ofSteps: (optimizer: optim.Adam) => Scheduler[];
  ofEpochs?: (optimizer: optim.Adam) => Scheduler[];
}

const oneCycle = (optimizer: optim.Adam, totalSteps = 4000) =>
  new lrScheduler.OneCycleLR(optimizer, { maxLr: [0.05, 0.1], totalSteps, pctStart: 0.02 });
const ways: Record<string, Way> = {
  OneCycleLR: { ofSteps: (optimizer) => [oneCycle(optimizer)] },
  'OneCycleLR of three phases, with momentum': {
    sgd: true,
    ofSteps: (optimizer) => [
      new lrScheduler.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 4000, pctStart: 0.02, threePhase: true, annealStrategy: 'linear' }),
    ],
  },
  'CyclicLR with momentum': {
    sgd: true,
    ofSteps: (optimizer) => [new lrScheduler.CyclicLR(optimizer, { baseLr: 0.001, maxLr: 0.1, stepSizeUp: 5, cycleMomentum: true })],
  },
  'a chain': {
    ofSteps: (optimizer) => [
      new lrScheduler.ChainedScheduler([
        new lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 9 }),
        new lrScheduler.ExponentialLR(optimizer, { gamma: 0.995 }),
      ]),
    ],
  },
  'a sequence': {
    ofSteps: (optimizer) => [
      new lrScheduler.SequentialLR(optimizer, {
        schedulers: [
          new lrScheduler.LinearLR(optimizer, { startFactor: 0.1, totalIters: 70 }),
          new lrScheduler.CosineAnnealingLR(optimizer, { tMax: 90 }),
          new lrScheduler.CosineAnnealingWarmRestarts(optimizer, { t0: 10, tMult: 2 }),
        ],
        milestones: [70, 150],
      }),
    ],
  },
  'two after each step, and others after each epoch': {
    ofSteps: (optimizer) => [
      new lrScheduler.PolynomialLR(optimizer, { totalIters: 600, power: 2 }),
      new lrScheduler.MultiStepLR(optimizer, { milestones: [33, 133, 233], gamma: 0.7 }),
    ],
    ofEpochs: (optimizer) => [
      new lrScheduler.StepLR(optimizer, { stepSize: 4, gamma: 0.9 }),
      new lrScheduler.ReduceLROnPlateau(optimizer, { patience: 2, factor: 0.8, threshold: 0.02 }),
    ],
  },
};

/** The written-out loop. Returns the rates of each step. */
function loopOf(given: Given, epochs: number, onEpoch: (epoch: number) => unknown = () => {}): number[][] {
  const rates: number[][] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const batch of given.loader) {
      eagerStep({ ...given, criterion, epochs }, [...batch]);
      rates.push((given.optimizer.paramGroups as Groups).map(({ lr }) => lr));
      for (const scheduler of given.ofSteps) scheduler.step();
    }
    given.model.eval();
    let [sum, rows] = [0, 0];
    for (const [x, y] of given.validation) {
      const loss = noGrad(() => criterion.forward(given.model.forward(x), y)).item();
      sum += loss * x.shape[0]!;
      rows += x.shape[0]!;
    }
    given.model.train();
    for (const scheduler of given.ofEpochs) scheduler.step(sum / rows);
    onEpoch(epoch);
  }
  return rates;
}

type More = Record<string, unknown>;

function fitOf({ model, optimizer, loader, validation, ofSteps, ofEpochs }: Given, epochs: number, more: More = {}) {
  const scheduler = [
    ...ofSteps.map((one) => ({ scheduler: one, interval })),
    ...ofEpochs.map((one) => ({ scheduler: one, interval: 'epoch' as const })),
  ];
  return train.fit(model, { criterion, optimizer, loader, validation, epochs, scheduler, ...quiet, ...more } as train.FitOptions);
}

const left = ({ model, optimizer, loader, validation, ofSteps, ofEpochs }: Given) => ({
  model: bitsOf(model),
  versions: model.parameters().map(({ version }) => version.count),
  optimizer: stateOf(optimizer as never),
  groups: (optimizer.paramGroups as Groups).map(({ params: _, ...numbers }) => numbers),
  loaders: [loader.stateDict(), validation.stateDict()],
  schedulers: [...ofSteps, ...ofEpochs].map((scheduler) => scheduler.stateDict()),
  drawn: rand([4]).toArray(),
});

const perStep = (monitor: train.LearningRateMonitor): number[][] => {
  const lists = Object.values(monitor.rates);
  return monitor.at.map((_, i) => lists.map((list) => list[i]!));
};

describe.each(Object.entries(ways))('%s', (_, way) => {
  it.each([undefined, 7])('leaves what the loop leaves, and tells its rates; seed of the order %s', async (seed) => {
    const loop = setUp(way, seed);
    const rates = loopOf(loop, 70);
    const expected = left(loop);
    const fit = setUp(way, seed);
    const monitor = train.learningRateMonitor({ interval: 'step' });
    let result = null as train.FitResult | null;
    const { rounds } = await counted(async () => {
      result = await fitOf(fit, 70, { callbacks: [monitor] });
    });
    expect(Math.max(...rounds)).toBeGreaterThan(10);
    expect(perStep(monitor)).toEqual(rates);
    expect(result!.lr).toEqual(rates.filter((__, step) => step % 4 === 3).map(([first]) => first));
    expect(left(fit)).toEqual(expected);
  });

  it('the same as one by one with everything that decides', async () => {
    const outcomes = [];
    for (const more of [{}, { onBatch() {} }]) {
      const fit = setUp(way);
      const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 5 });
      const options = {
        metrics: { accuracy },
        earlyStopping: { patience: 9, restoreBest: true },
        clipGradNorm: 0.5,
        accumulate: 3,
        ...more,
      };
      const { seconds: _s, epochSeconds: _e, rowsPerSecond: _r, ...result } = await fitOf(fit, 60, options);
      outcomes.push({ result, left: left(fit) });
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
  });

  it('callbacks find the state of the loop, and what they set counts', async () => {
    const change = ({ optimizer }: Given, epoch: number): void => {
      if (epoch % 9 === 4) for (const group of optimizer.paramGroups) group.weightDecay = epoch / 1e4;
      if (epoch % 9 === 6) optimizer.paramGroups[1]!.lr *= 0.9;
      if (epoch === 20) rand([3]);
    };
    const seen = (given: Given): string =>
      JSON.stringify([
        given.optimizer.paramGroups.map(({ params: _p, ...numbers }) => numbers),
        given.ofSteps.map((one) => one.stateDict()),
        bitsOf(given.model),
      ]);
    const [loop, states] = [setUp(way), [] as string[]];
    loopOf(loop, 40, (epoch) => {
      states.push(seen(loop));
      change(loop, epoch);
    });
    const expected = left(loop);
    const [fit, found] = [setUp(way), [] as string[]];
    const onEpoch = ({ epoch }: train.EpochReport): void => {
      found.push(seen(fit));
      change(fit, epoch);
    };
    const { rounds, takenBack } = await counted(() => fitOf(fit, 40, { onEpoch }));
    expect(found).toEqual(states);
    expect(left(fit)).toEqual(expected);
    expect(takenBack).toBeGreaterThan(0);
    expect(rounds.length).toBeGreaterThan(0);
  });

  it.each([2, 6, 15, 40])('an abort after %i ms leaves what a loop leaves that ends there', async (after) => {
    const fit = setUp(way);
    const end = new AbortController();
    setTimeout(() => end.abort(new Error('enough')), after);
    const monitor = train.learningRateMonitor({ interval: 'step' });
    const error = await rejection(fitOf(fit, 1e6, { callbacks: [monitor], signal: end.signal }));
    expect(error.message).toBe('enough');
    const loop = setUp(way);
    const steps = monitor.at.length;
    const rates: number[][] = [];
    for (let done = 0; done < steps; ) {
      for (const batch of loop.loader) {
        if (done++ === steps) break;
        eagerStep({ ...loop, criterion, epochs: 1 }, [...batch]);
        rates.push((loop.optimizer.paramGroups as Groups).map(({ lr }) => lr));
        for (const scheduler of loop.ofSteps) scheduler.step();
      }
      let [sum, rows] = [0, 0];
      if (loop.validation.epochsBegun < fit.validation.epochsBegun) {
        loop.model.eval();
        for (const [x, y] of loop.validation) {
          sum += noGrad(() => criterion.forward(loop.model.forward(x), y)).item() * x.shape[0]!;
          rows += x.shape[0]!;
        }
        loop.model.train();
      }
      // Behind an epoch that was trained the schedulers that watch nothing are stepped, whatever of its validation was done.
      for (const [i, scheduler] of loop.ofEpochs.entries())
        if (done < steps || scheduler.lastEpoch < fit.ofEpochs[i]!.lastEpoch) scheduler.step(sum / rows);
    }
    expect(perStep(monitor)).toEqual(rates);
    const [{ loaders: _l, drawn: _d, ...of }, { loaders: _m, drawn: _n, ...expected }] = [left(fit), left(loop)];
    expect(of).toEqual(expected);
  });
});

const cycle = ways['OneCycleLR']!;

it('go on where the thread still works on those before', async () => {
  const { rounds, takenBack } = await counted(() => fitOf(setUp(cycle), 100, { progressEvery: 1e9 })); // a run that takes 100 ms would end with fewer
  expect({ rounds, takenBack }).toEqual({ rounds: [32, 32, 32, 4], takenBack: 0 });
});

it('end before the epoch in which the cycle is over, which rejects as in the loop', async () => {
  for (const total of [450, 447, 103]) {
    const way = { ofSteps: (optimizer: optim.Adam) => [oneCycle(optimizer, total)] };
    const loop = setUp(way);
    expect(() => loopOf(loop, 200)).toThrow(`the cycle of ${total} steps is over`);
    const fit = setUp(way);
    expect((await rejection(fitOf(fit, 200))).message).toContain(`the cycle of ${total} steps is over`);
    const [{ drawn: _d, loaders: _l, ...of }, { drawn: _n, loaders: _m, ...expected }] = [left(fit), left(loop)];
    expect(of).toEqual(expected);
  }
});

it('a scheduler whose step is replaced in a callback is asked from then on', async () => {
  const halve = ({ ofSteps: [scheduler], optimizer }: Given): void => {
    const own = scheduler!.step.bind(scheduler);
    scheduler!.step = () => {
      own();
      for (const group of optimizer.paramGroups) group.lr /= 2;
    };
  };
  const loop = setUp(cycle);
  loopOf(loop, 20, (epoch) => epoch === 7 && halve(loop));
  const expected = left(loop);
  const fit = setUp(cycle);
  await fitOf(fit, 20, { onEpoch: ({ epoch }: train.EpochReport) => void (epoch === 7 && halve(fit)) });
  expect(left(fit)).toEqual(expected);
});

it('a function is asked in every epoch where it must be', async () => {
  const way: Way = {
    ofSteps: (optimizer) => [new lrScheduler.LambdaLR(optimizer, { lrLambda: (step) => (step === 90 ? Number.NaN : 1 / (1 + step)) })],
  };
  const fit = setUp(way);
  const { rounds } = await counted(async () => {
    await rejection(fitOf(fit, 40));
  });
  expect(rounds).toEqual([]);
  expect(fit.ofSteps[0]!.lastEpoch).toBeGreaterThan(88);
});

it('what a timer sets takes effect, and a scheduler that it steps is an error or the loop of an epoch', async () => {
  const fit = setUp(cycle);
  setTimeout(() => {
    for (const group of fit.optimizer.paramGroups) group.weightDecay = 0.5;
  }, 5);
  await fitOf(fit, 400);
  expect(fit.optimizer.paramGroups.map(({ weightDecay }) => weightDecay)).toEqual([0.5, 0.5]);
  expect(fit.ofSteps[0]!.lastEpoch).toBe(1600);
  const stepped = setUp(cycle);
  const timer = setTimeout(() => stepped.ofSteps[0]!.step(), 5);
  const outcome = await fitOf(stepped, 400).then(
    () => stepped.ofSteps[0]!.lastEpoch,
    (error: Error) => error.message,
  );
  clearTimeout(timer);
  if (typeof outcome === 'number') expect([1600, 1601]).toContain(outcome);
  else expect(outcome).toContain('a scheduler was stepped');
});
