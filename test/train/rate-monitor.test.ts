// Learning rates taken down while a fit runs, by epoch and step by step: those of the loop.
import { describe, expect, it } from 'vitest';
import { data, manualSeed, nn, optim, train } from '../../src';
import { eagerStep, type FitRun, makeModel, quiet, students } from './runs';

const { ExponentialLR, LinearLR, OneCycleLR, StepLR } = optim.lrScheduler;

function setUp(groups = 1): FitRun {
  manualSeed(4);
  const model = makeModel([13, 6, 5]);
  const [first, second] = [model.at(0).parameters(), model.at(2).parameters()];
  const params = groups === 1 ? model.parameters() : [{ params: first, lr: 0.5 }, { params: second }];
  const optimizer = new optim.SGD(params as never, { lr: 0.1 });
  return {
    model,
    optimizer,
    criterion: new nn.CrossEntropyLoss(),
    loader: new data.DataLoader(students(25), { batchSize: 10 }),
    epochs: 3,
  };
}

const ratesOf = ({ optimizer }: FitRun): number[] => optimizer.paramGroups.map(({ lr }) => lr);

describe('by epoch', () => {
  it('has the rates of each epoch, also those that a callback sets', async () => {
    const { model, ...options } = setUp();
    const monitor = train.learningRateMonitor();
    const onEpoch = ({ epoch }: train.EpochReport): void => {
      if (epoch === 2) options.optimizer.paramGroups[0]!.lr = 1;
    };
    const { lr } = await train.fit(model, { ...options, ...quiet, onEpoch, callbacks: [monitor] });
    expect(monitor.rates).toEqual({ lr: [0.1, 0.1, 1] });
    expect(monitor.rates['lr']).toEqual(lr);
    expect(monitor.at).toEqual([1, 2, 3]);
    expect(monitor.table).toEqual([
      { epoch: 1, lr: 0.1 },
      { epoch: 2, lr: 0.1 },
      { epoch: 3, lr: 1 },
    ]);
  });

  it('has every group by its name', async () => {
    for (const [names, expected] of [
      [undefined, ['group0', 'group1']],
      [
        ['body', '__proto__'],
        ['body', '__proto__'],
      ],
    ] as const) {
      const run = setUp(2);
      const monitor = train.learningRateMonitor({ ...(names && { names }) });
      const { model, ...options } = run;
      const scheduler = new ExponentialLR(options.optimizer, { gamma: 0.5 });
      await train.fit(model, { ...options, ...quiet, scheduler, callbacks: [monitor] });
      expect(Object.entries(monitor.rates)).toEqual([
        [expected[0], [0.5, 0.25, 0.125]],
        [expected[1], [0.1, 0.05, 0.025]],
      ]);
    }
  });

  it('numbers epochs as the fit does, and begins anew with each', async () => {
    const { model, ...options } = setUp();
    const monitor = train.learningRateMonitor();
    await train.fit(model, { ...options, ...quiet, callbacks: [monitor] });
    const { rates: kept } = monitor;
    await train.fit(model, { ...options, ...quiet, initialEpoch: 3, epochs: 5, callbacks: [monitor] });
    expect(monitor.at).toEqual([4, 5]);
    expect([monitor.rates['lr']!.length, kept['lr']!.length]).toEqual([2, 3]);
  });

  it('knows a group that is added from then on', async () => {
    const { model, ...options } = setUp();
    const monitor = train.learningRateMonitor();
    const extra = new nn.Linear(2, 2);
    const onEpoch = ({ epoch }: train.EpochReport): void => {
      if (epoch === 1) options.optimizer.addParamGroup({ params: extra.parameters().map((p) => p.requiresGrad_(false)), lr: 0.7 });
    };
    await train.fit(model, { ...options, ...quiet, onEpoch, callbacks: [monitor] });
    expect(monitor.rates).toEqual({ lr: [0.1, 0.1, 0.1], group1: [Number.NaN, 0.7, 0.7] });
  });
});

describe('by step', () => {
  it.each([
    ['OneCycleLR', (o: FitRun['optimizer']) => new OneCycleLR(o, { maxLr: 0.3, totalSteps: 9 })],
    ['LinearLR', (o: FitRun['optimizer']) => new LinearLR(o, { startFactor: 0.25, totalIters: 5 })],
  ] as const)('has the rates of each step of the loop, %s', async (_, make) => {
    const loop = setUp(2);
    const own = make(loop.optimizer);
    const expected: number[][] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const batch of loop.loader) {
        expected.push(ratesOf(loop));
        eagerStep(loop, batch);
        own.step();
      }
    }
    const { model, ...options } = setUp(2);
    const monitor = train.learningRateMonitor({ interval: 'step', names: ['a', 'b'] });
    const scheduler = { scheduler: make(options.optimizer), interval: 'step' } as const;
    await train.fit(model, { ...options, ...quiet, scheduler, callbacks: [monitor] });
    expect(monitor.table).toEqual(expected.map(([a, b], i) => ({ step: i + 1, a, b })));
  });

  it('of steps that were done in one go are all there', async () => {
    const { model, ...options } = setUp();
    const monitor = train.learningRateMonitor({ interval: 'step' });
    await train.fit(model, { ...options, ...quiet, epochs: 40, callbacks: [monitor] });
    expect(monitor.rates).toEqual({ lr: Array(120).fill(0.1) });
  });

  it('counts steps of several batches, and epochs between which a rate changes', async () => {
    const { model, ...options } = setUp();
    const monitor = train.learningRateMonitor({ interval: 'step' });
    const scheduler = new StepLR(options.optimizer, { stepSize: 1, gamma: 0.5 });
    await train.fit(model, { ...options, ...quiet, accumulate: 2, scheduler, callbacks: [monitor] });
    expect(monitor.rates).toEqual({ lr: [0.1, 0.1, 0.05, 0.05, 0.025, 0.025] });
  });

  it('leaves the bits as they are', async () => {
    const [without, beside] = [setUp(), setUp()];
    const fitted = async ({ model, ...options }: FitRun, callbacks: train.Callback[]) =>
      (await train.fit(model, { ...options, ...quiet, callbacks })).loss;
    expect(await fitted(beside, [train.learningRateMonitor({ interval: 'step' })])).toEqual(await fitted(without, []));
  });
});

it('refuses what it cannot use', async () => {
  const of = (options: unknown) => () => train.learningRateMonitor(options as never);
  expect(of({ interval: 'batch' })).toThrow(/^\[train\.learningRateMonitor\] .*interval/);
  expect(of({ names: 'lr' })).toThrow('expected names to be a list of strings, got "lr"');
  expect(of({ names: ['a', 1] })).toThrow(/expected names to be a list of strings/);
  expect(of({ names: ['a', 'a'] })).toThrow('one name is given to two parameter groups');
  expect(of({ step: 1 })).toThrow(/unknown option "step"/);
  const { model, ...options } = setUp();
  const running = train.fit(model, { ...options, ...quiet, callbacks: [train.learningRateMonitor({ names: ['a', 'b'] })] });
  await expect(running).rejects.toThrow('[train.learningRateMonitor] names has 2 names, and the optimizer 1 parameter group');
});
