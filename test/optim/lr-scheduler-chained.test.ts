// Chains of schedulers and cycles: states, failures, and fits.
import { describe, expect, it } from 'vitest';
import { data, manualSeed, nn, optim, randn, train } from '../../src';
import { expectError } from '../helpers';
import { bitsOf, quiet } from '../train/runs';
import { adam, ratesOf, type Scheduler, sgd } from './schedulers';

const {
  ChainedScheduler,
  ConstantLR,
  CyclicLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiplicativeLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
} = optim.lrScheduler;

describe('ChainedScheduler', () => {
  it('counts batches where one of its schedulers does', () => {
    const optimizer = sgd(0.1);
    const cycle = new CyclicLR(optimizer, { baseLr: 0.1, maxLr: 0.2 });
    expect(new ChainedScheduler([new LinearLR(optimizer), cycle]).interval).toBe('step');
    expect(new ChainedScheduler([new LinearLR(optimizer)], { optimizer }).interval).toBe('epoch');
  });

  it('starts in any place of a sequence as when it was made', () => {
    const optimizer = sgd(0.1);
    const chain = (): Scheduler =>
      new ChainedScheduler([new ConstantLR(optimizer, { factor: 0.5 }), new ExponentialLR(optimizer, { gamma: 0.5 })]);
    const stairs = new StepLR(optimizer, { stepSize: 1, gamma: 0.1 });
    const inner = new SequentialLR(optimizer, { schedulers: [stairs], milestones: [] });
    const scheduler = new SequentialLR(optimizer, { schedulers: [chain(), new ChainedScheduler([inner]), chain()], milestones: [2, 4] });
    const rates = Array.from({ length: 6 }, () => {
      const [lr] = ratesOf(optimizer);
      scheduler.step();
      return lr;
    });
    expect(rates).toEqual([0.05, 0.025, 0.1, 0.010000000000000002, 0.05, 0.025]);
  });

  it('multiplies the rates of a group that came later', () => {
    const optimizer = sgd(0.5);
    const inner = new SequentialLR(optimizer, { schedulers: [new StepLR(optimizer, { stepSize: 1, gamma: 0.5 })], milestones: [] });
    const scheduler = new ChainedScheduler([inner, new ExponentialLR(optimizer, { gamma: 0.5 })]);
    optimizer.addParamGroup({ params: [new nn.Parameter(randn([1]))], lr: 1 });
    scheduler.step();
    expect(ratesOf(optimizer)).toEqual([0.125, 0.25]);
    expect([inner.lastEpoch, scheduler.lastEpoch]).toEqual([1, 1]);
  });

  it('is as it was when one of its schedulers fails', () => {
    const optimizer = adam(0.1);
    const cycle = new CyclicLR(optimizer, { baseLr: 0.1, maxLr: 0.2, stepSizeUp: 2 });
    const lambda = new LambdaLR(optimizer, { lrLambda: (epoch) => (epoch === 2 ? Number.NaN : 1) });
    const scheduler = new ChainedScheduler([new SequentialLR(optimizer, { schedulers: [cycle], milestones: [] }), lambda]);
    scheduler.step();
    const before = JSON.stringify([optimizer.stateDict(), scheduler.stateDict()]);
    expectError(() => scheduler.step(), RangeError, '[LambdaLR] expected lrLambda(2) to be at least 0, got NaN');
    expect(JSON.stringify([optimizer.stateDict(), scheduler.stateDict()])).toBe(before);
  });

  it('refuses what it cannot step', () => {
    const optimizer = sgd(0.1);
    const linear = new LinearLR(optimizer);
    const where = '[ChainedScheduler]';
    expectError(() => new ChainedScheduler([]), RangeError, `${where} expected at least one scheduler, got none`);
    expectError(() => new ChainedScheduler([], { optimizer }), RangeError, `${where} expected at least one scheduler, got none`);
    expectError(
      () => new ChainedScheduler(linear as never),
      TypeError,
      `${where} expected schedulers to be a list of schedulers, got a LinearLR`,
    );
    expectError(() => new ChainedScheduler([3 as never]), TypeError, `${where} expected schedulers[0] to be a scheduler, got 3`);
    expectError(
      () => new ChainedScheduler([linear, new ReduceLROnPlateau(optimizer)]),
      RangeError,
      `${where} schedulers[1], a ReduceLROnPlateau, needs a metric at each step`,
    );
    expectError(
      () => new ChainedScheduler([linear, new LinearLR(sgd(0.1))]),
      RangeError,
      `${where} schedulers[1] belongs to another optimizer`,
    );
    expectError(
      () => new ChainedScheduler([linear], { optimizer: sgd(0.1) }),
      RangeError,
      `${where} schedulers[0] belongs to another optimizer`,
    );
    expectError(() => new ChainedScheduler([linear], { optimizer: 3 as never }), TypeError, `${where} expected an optimizer, got 3`);
  });
});

describe('CyclicLR', () => {
  it('leaves the momentum alone where it is told to', () => {
    const optimizer = adam(0.1);
    new CyclicLR(optimizer, { baseLr: 0.1, maxLr: 0.5, cycleMomentum: false }).step();
    expect(optimizer.paramGroups[0]!.betas).toEqual([0.9, 0.999]);
  });

  it('keeps its function when a state is loaded', () => {
    const optimizer = sgd(0.1);
    const make = (scale: number) => new CyclicLR(optimizer, { baseLr: 0, maxLr: 1, stepSizeUp: 2, scaleFn: () => scale });
    const [whole, half] = [make(1), make(0.5)];
    half.loadStateDict(whole.stateDict());
    half.step();
    expect(ratesOf(optimizer)).toEqual([0.25]);
  });

  it('leaves the first rate to other schedulers, as in PyTorch', () => {
    const optimizer = sgd(0.3);
    new LinearLR(optimizer);
    new CyclicLR(optimizer, { baseLr: 0.1, maxLr: 0.5 });
    expect([optimizer.paramGroups[0]!.lr, optimizer.paramGroups[0]!.initialLr]).toEqual([0.3, 0.3]);
  });

  it('is as it was when the function fails', () => {
    const optimizer = sgd(0.3);
    const scheduler = new CyclicLR(optimizer, { baseLr: 0.1, maxLr: 0.5, stepSizeUp: 2, scaleFn: (c) => (c === 2 ? ('x' as never) : 1) });
    for (let i = 0; i < 3; i++) scheduler.step();
    const before = JSON.stringify(scheduler.stateDict());
    expectError(() => scheduler.step(), TypeError, '[CyclicLR] expected scaleFn(2) to be a number, got "x"');
    expect(JSON.stringify(scheduler.stateDict())).toBe(before);
  });
});

describe('in a fit as in a loop', () => {
  const criterion = new nn.MSELoss();
  const begin = (make: (o: optim.Adam) => Scheduler) => {
    manualSeed(7);
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
    const loader = new data.DataLoader(new data.TensorDataset(randn([11, 3]), randn([11, 2])), { batchSize: 4 });
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
    return { model, optimizer, loader, scheduler: make(optimizer) };
  };

  it.each<[string, (o: optim.Adam) => Scheduler]>([
    ['CyclicLR, batch by batch', (o) => new CyclicLR(o, { baseLr: 0.01, maxLr: 0.2, stepSizeUp: 3 })],
    ['ConstantLR', (o) => new ConstantLR(o, { totalIters: 2 })],
    ['MultiplicativeLR', (o) => new MultiplicativeLR(o, { lrLambda: (epoch) => 1 / epoch })],
    ['SWALR', (o) => new optim.swaUtils.SWALR(o, { swaLr: 0.01, annealEpochs: 2 })],
    [
      'a chain with a cycle',
      (o) => new ChainedScheduler([new CyclicLR(o, { baseLr: 0.1, maxLr: 0.2, stepSizeUp: 3 }), new ExponentialLR(o, { gamma: 0.9 })]),
    ],
  ])('%s', async (_, make) => {
    const loop = begin(make);
    for (let epoch = 0; epoch < 4; epoch++) {
      for (const [x, y] of loop.loader) {
        loop.optimizer.zeroGrad();
        criterion.forward(loop.model.forward(x), y).backward();
        loop.optimizer.step();
        if (loop.scheduler.interval === 'step') loop.scheduler.step();
      }
      if (loop.scheduler.interval === 'epoch') loop.scheduler.step();
    }
    const fitted = begin(make);
    const { model, ...rest } = fitted;
    await train.fit(model, { ...rest, ...quiet, criterion, epochs: 4 });
    expect(bitsOf(fitted.model)).toEqual(bitsOf(loop.model));
    expect(JSON.stringify(fitted.scheduler.stateDict())).toBe(JSON.stringify(loop.scheduler.stateDict()));
    expect(fitted.optimizer.paramGroups[0]!.betas).toEqual(loop.optimizer.paramGroups[0]!.betas);
  });
});
