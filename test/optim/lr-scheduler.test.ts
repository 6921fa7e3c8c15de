// Schedulers: states, and what the user may do between steps.
import { describe, expect, it } from 'vitest';
import { compile, nn, ones, optim, type Tensor, tensor } from '../../src';
import { expectError } from '../helpers';
import { adam, type Make, ratesOf, type Scheduler, sgd, stepped } from './schedulers';

const {
  ChainedScheduler,
  ConstantLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  LRScheduler,
  MultiplicativeLR,
  MultiStepLR,
  OneCycleLR,
  PolynomialLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
} = optim.lrScheduler;
const { SWALR } = optim.swaUtils;

const all: [string, Make][] = [
  ['StepLR', (o) => new StepLR(o, { stepSize: 2, gamma: 0.5 })],
  ['MultiStepLR', (o) => new MultiStepLR(o, { milestones: [1, 4, 4], gamma: 0.5 })],
  ['ExponentialLR', (o) => new ExponentialLR(o, { gamma: 0.9 })],
  ['CosineAnnealingLR', (o) => new CosineAnnealingLR(o, { tMax: 3, etaMin: 0.001 })],
  ['CosineAnnealingWarmRestarts', (o) => new CosineAnnealingWarmRestarts(o, { t0: 2, tMult: 2 })],
  ['LinearLR', (o) => new LinearLR(o, { startFactor: 0.1, totalIters: 7 })],
  ['PolynomialLR', (o) => new PolynomialLR(o, { totalIters: 8, power: 2 })],
  ['OneCycleLR', (o) => new OneCycleLR(o, { maxLr: [0.5, 0.25], totalSteps: 10 })],
  ['LambdaLR', (o) => new LambdaLR(o, { lrLambda: (epoch) => 1 / (1 + epoch) })],
  ['SequentialLR', (o) => new SequentialLR(o, { schedulers: [new LinearLR(o), new CosineAnnealingLR(o, { tMax: 3 })], milestones: [5] })],
  ['ConstantLR', (o) => new ConstantLR(o, { factor: 0.3, totalIters: 4 })],
  ['MultiplicativeLR', (o) => new MultiplicativeLR(o, { lrLambda: (epoch) => 1 / (1 + epoch) })],
  ['CyclicLR', (o) => new CyclicLR(o, { baseLr: [0.1, 0.2], maxLr: 0.5, stepSizeUp: 3, mode: 'triangular2' })],
  ['ChainedScheduler', (o) => new ChainedScheduler([new ConstantLR(o, { totalIters: 3 }), new ExponentialLR(o, { gamma: 0.9 })])],
  ['SWALR', (o) => new SWALR(o, { swaLr: [0.01, 0.02], annealEpochs: 4 })],
  ['ReduceLROnPlateau', (o) => new ReduceLROnPlateau(o, { patience: 1, cooldown: 1, factor: 0.5 })],
];

it('every scheduler is in the table above', () => {
  const names = Object.keys(optim.lrScheduler).filter((name) => name !== 'LRScheduler');
  names.push('SWALR');
  expect(all.map(([name]) => name).sort()).toEqual(names.sort());
});

describe.each(all)('%s', (name, make) => {
  it('goes on from a state dict, through JSON, as if nothing had been', () => {
    for (let middle = 0; middle < 9; middle++) {
      const [through, before, after] = [adam(0.1, 0.2), adam(0.1, 0.2), adam(0.3, 0.4)];
      const [whole, first] = [make(through), make(before)];
      for (let i = 0; i < middle; i++) for (const scheduler of [whole, first]) stepped(scheduler);
      const second = make(after);
      const dicts = JSON.stringify([before.stateDict(), first.stateDict()]);
      const [ofOptimizer, ofScheduler] = JSON.parse(dicts) as [optim.OptimizerStateDict, optim.lrScheduler.LRSchedulerStateDict];
      after.loadStateDict(ofOptimizer);
      second.loadStateDict(ofScheduler);
      expect(JSON.stringify([after.stateDict(), second.stateDict()])).toBe(dicts);
      expect(second.getLastLr()).toEqual(whole.getLastLr());
      for (let i = middle; i < 10; i++) {
        for (const scheduler of [whole, second]) stepped(scheduler);
        expect(after.paramGroups.map(({ lr, betas }) => [lr, ...betas])).toEqual(
          through.paramGroups.map(({ lr, betas }) => [lr, ...betas]),
        );
        expect(second.getLastLr()).toEqual(whole.getLastLr());
      }
    }
  });

  it('takes over the options of a state dict, and nothing of one that does not fit', () => {
    const optimizer = sgd(0.1, 0.2);
    const scheduler = make(optimizer);
    stepped(scheduler);
    const before = JSON.stringify(scheduler.stateDict());
    const where = `${name}.loadStateDict`;
    expectError(
      () => scheduler.loadStateDict(null as never),
      TypeError,
      `[${where}] expected the state of a scheduler, got null\n  hint: stateDict() makes one`,
    );
    const spoilt: [object, new (message: string) => Error, string][] = [
      [{ last_epoch: 1.5 }, RangeError, `[${where}] expected last_epoch to be an integer, got 1.5`],
      [{ last_epoch: 'x' }, TypeError, `[${where}] expected last_epoch to be a number, got "x"`],
      [{ _last_lr: 1 }, TypeError, `[${where}] expected _last_lr to be a list of rates, got 1`],
      [{ _last_lr: [1] }, RangeError, `[${where}] expected _last_lr to have one value for each of the 2 groups, got 1`],
      [{ _last_lr: [1, null] }, TypeError, `[${where}] expected _last_lr[1] to be a number, got null`],
    ];
    if ('base_lrs' in scheduler.stateDict())
      spoilt.push([{ base_lrs: undefined }, TypeError, `[${where}] expected base_lrs to be a list of rates, got undefined`]);
    for (const [change, kind, message] of spoilt) {
      expectError(() => scheduler.loadStateDict({ ...scheduler.stateDict(), ...change }), kind, message);
    }
    expect(JSON.stringify(scheduler.stateDict())).toBe(before);
  });

  it('says what it is, what it belongs to and how often it was stepped', () => {
    const optimizer = sgd(0.1, 0.2);
    const scheduler = make(optimizer);
    expect(scheduler).toBeInstanceOf(LRScheduler);
    expect(scheduler.optimizer).toBe(optimizer);
    expect(scheduler.needsMetric).toBe(name === 'ReduceLROnPlateau');
    expect(scheduler.interval).toBe(name === 'OneCycleLR' || name === 'CyclicLR' ? 'step' : 'epoch');
    for (let i = 0; i < 3; i++) stepped(scheduler);
    expect(scheduler.lastEpoch).toBe(3);
    scheduler.getLastLr()[0] = 7;
    expect(scheduler.getLastLr()).toEqual(ratesOf(optimizer));
  });

  it('refuses what is no optimizer, and options that it does not know', () => {
    const optimizer = sgd(0.1, 0.2);
    const Kind = { ...optim.lrScheduler, SWALR }[name as 'StepLR'];
    const first = name === 'ChainedScheduler' ? ([new ReduceLROnPlateau(optimizer)] as never) : optimizer;
    if (name !== 'ChainedScheduler')
      expectError(
        () => new Kind(new nn.Linear(1, 1) as never, { stepSize: 1 }),
        TypeError,
        `[${name}] expected an optimizer, got a Linear`,
      );
    expect(() => new Kind(first, { nonsense: 1 } as never)).toThrow(`[${name}] unknown option "nonsense" (known: `);
    expect(optimizer.paramGroups.every((group) => group.initialLr === undefined)).toBe(true);
  });

  it('cannot be stepped in a compiled function', () => {
    const scheduler = make(sgd(0.1, 0.2));
    const step = compile((x: Tensor) => {
      stepped(scheduler);
      return x.mul(2);
    });
    const hint = '\n  hint: step it after the call';
    const message = `a scheduler cannot be stepped inside a compiled function: only the first call would step it${hint}`;
    expect(() => step(ones([1]))).toThrow(`[${name}.step] ${message}`);
    expect(scheduler.lastEpoch).toBe(0);
  });
});

describe('a scheduler', () => {
  it('starts from the rate that the optimizer had before the first scheduler', () => {
    const optimizer = sgd(0.1);
    new LinearLR(optimizer, { startFactor: 0.5 });
    expect(optimizer.paramGroups[0]).toMatchObject({ lr: 0.05, initialLr: 0.1 });
    const second = new LambdaLR(optimizer, { lrLambda: () => 0.5 });
    optimizer.paramGroups[0]!.lr = 7;
    second.step();
    expect(ratesOf(optimizer)).toEqual([0.05]);
    expect(optimizer.stateDict().param_groups[0]).toMatchObject({ lr: 0.05, initial_lr: 0.1 });
    const other = sgd(3);
    other.loadStateDict(optimizer.stateDict());
    expect(other.paramGroups[0]!.initialLr).toBe(0.1);
    expect('initial_lr' in sgd(0.1).stateDict().param_groups[0]!).toBe(false);
    const wrong = optimizer.stateDict();
    wrong.param_groups[0]!['initial_lr'] = 'x';
    expectError(() => other.loadStateDict(wrong), TypeError, '[SGD.loadStateDict] expected initial_lr to be a number, got "x"');
  });

  it('multiplies the rates of a group that came later, unless it needs the first rate', () => {
    const optimizer = sgd(0.1);
    const stairs = new StepLR(optimizer, { stepSize: 1 });
    const lambda = new LambdaLR(optimizer, { lrLambda: () => 1 });
    optimizer.addParamGroup({ params: [new nn.Parameter(tensor([1]))], lr: 1 });
    stairs.step();
    expect(ratesOf(optimizer)).toEqual([0.010000000000000002, 0.1]);
    expectError(() => lambda.step(), RangeError, '[LambdaLR.step] the optimizer has 2 groups, had 1 when the scheduler was made');
    expect(lambda.lastEpoch).toBe(0);
  });

  it('keeps lists of its own', () => {
    const milestones = [1];
    const optimizer = sgd(1);
    const scheduler = new MultiStepLR(optimizer, { milestones, gamma: 0.5 });
    milestones[0] = 5;
    (scheduler.stateDict()['milestones'] as number[])[0] = 5;
    scheduler.step();
    expect(ratesOf(optimizer)).toEqual([0.5]);
  });
});

describe('LambdaLR', () => {
  it('takes a function for each group', () => {
    const optimizer = sgd(1, 1);
    new LambdaLR(optimizer, { lrLambda: [(epoch) => 1 - epoch / 4, (epoch) => 0.5 ** epoch] }).step();
    expect(ratesOf(optimizer)).toEqual([0.75, 0.5]);
  });

  it('is as it was when the function fails', () => {
    const optimizer = sgd(1, 1);
    const scheduler = new LambdaLR(optimizer, { lrLambda: [() => 0.5, (epoch) => (epoch === 1 ? Number.NaN : 1)] });
    expectError(() => scheduler.step(), RangeError, '[LambdaLR] expected lrLambda(1) to be at least 0, got NaN');
    expect([scheduler.lastEpoch, ...ratesOf(optimizer)]).toEqual([0, 0.5, 1]);
    expectError(
      () => new LambdaLR(optimizer, { lrLambda: (() => undefined) as never }),
      TypeError,
      '[LambdaLR] expected lrLambda(0) to be a number, got undefined',
    );
  });
});

describe('OneCycleLR', () => {
  it('ends, one step later than it is used', () => {
    const optimizer = sgd(0.1);
    const scheduler = new OneCycleLR(optimizer, { maxLr: 0.5, totalSteps: 5 });
    for (let i = 0; i < 5; i++) {
      optimizer.step();
      scheduler.step();
    }
    const rates = ratesOf(optimizer);
    expectError(() => scheduler.step(), RangeError, '[OneCycleLR.step] the cycle of 5 steps is over');
    expect([scheduler.lastEpoch, ...ratesOf(optimizer)]).toEqual([5, ...rates]);
  });

  it('leaves the momentum alone where it is told to', () => {
    const optimizer = adam(0.1);
    new OneCycleLR(optimizer, { maxLr: 0.5, totalSteps: 5, cycleMomentum: false }).step();
    expect(optimizer.paramGroups[0]!.betas).toEqual([0.9, 0.999]);
  });

  it('begins with the fall where there is no rise', () => {
    const optimizer = sgd(0.1);
    new OneCycleLR(optimizer, { maxLr: 0.5, totalSteps: 4, pctStart: 0, annealStrategy: 'linear' });
    expect(ratesOf(optimizer)[0]! > 0.37 && ratesOf(optimizer)[0]! < 0.38).toBe(true);
  });
});

describe('SequentialLR', () => {
  it('gives each cycle its own rates', () => {
    const optimizer = sgd(0.1);
    const schedulers = [0.5, 0.25].map(
      (maxLr) => new OneCycleLR(optimizer, { maxLr, totalSteps: 4, pctStart: 0.5, annealStrategy: 'linear' }),
    );
    const scheduler = new SequentialLR(optimizer, { schedulers, milestones: [4] });
    const rates = Array.from({ length: 8 }, () => {
      const [lr] = ratesOf(optimizer);
      scheduler.step();
      return lr;
    });
    expect([rates[0], rates[1], rates[4], rates[5]]).toEqual([0.02, 0.5, 0.01, 0.25]);
  });

  it('counts batches where one of its schedulers does', () => {
    const optimizer = sgd(0.1);
    const schedulers = [new LinearLR(optimizer), new OneCycleLR(optimizer, { maxLr: 0.5, totalSteps: 4 })];
    expect(new SequentialLR(optimizer, { schedulers, milestones: [4] }).interval).toBe('step');
  });

  it('takes over from the first rate at a milestone at 0', () => {
    const optimizer = sgd(0.1);
    const schedulers = [new LinearLR(optimizer), new ExponentialLR(optimizer, { gamma: 0.5 })];
    const scheduler = new SequentialLR(optimizer, { schedulers, milestones: [0] });
    scheduler.step();
    expect(ratesOf(optimizer)).toEqual([0.05]);
  });

  it('refuses a state with other schedulers', () => {
    const optimizer = sgd(0.1);
    const scheduler = new SequentialLR(optimizer, { schedulers: [new LinearLR(optimizer)], milestones: [] });
    const dict = scheduler.stateDict();
    const where = '[SequentialLR.loadStateDict]';
    expectError(
      () => scheduler.loadStateDict({ ...dict, schedulers: 3 }),
      RangeError,
      `${where} expected the states of 1 schedulers, got 3`,
    );
    expectError(
      () => scheduler.loadStateDict({ ...dict, schedulers: [{}], last_epoch: 4 }),
      TypeError,
      `${where} expected last_epoch to be a number, got undefined`,
    );
    expect(scheduler.lastEpoch).toBe(0);
  });
});

describe('ReduceLROnPlateau', () => {
  it('says which way the metric is to go, also after loading', () => {
    const optimizer = sgd(0.1);
    const [falling, rising] = [new ReduceLROnPlateau(optimizer), new ReduceLROnPlateau(optimizer, { mode: 'max' })];
    expect([falling.mode, rising.mode]).toEqual(['min', 'max']);
    falling.loadStateDict(rising.stateDict());
    expect(falling.mode).toBe('max');
  });

  it('takes the metric as a tensor', () => {
    const optimizer = sgd(0.1);
    const scheduler = new ReduceLROnPlateau(optimizer, { patience: 0 });
    scheduler.step(tensor(1));
    scheduler.step(tensor([1]));
    expect(ratesOf(optimizer)).toEqual([0.010000000000000002]);
  });

  it('refuses what is no metric, and stays as it was', () => {
    const optimizer = sgd(0.1);
    const scheduler: Scheduler = new ReduceLROnPlateau(optimizer, { patience: 0, minLr: [0] });
    expectError(
      () => scheduler.step(),
      TypeError,
      '[ReduceLROnPlateau.step] expected the metric to be a number, got undefined\n  hint: scheduler.step(validationLoss)',
    );
    optimizer.addParamGroup({ params: [new nn.Parameter(tensor([1]))] });
    expectError(
      () => scheduler.step(1),
      RangeError,
      '[ReduceLROnPlateau.step] expected minLr to have one value for each of the 2 groups, got 1',
    );
    expect(scheduler.lastEpoch).toBe(0);
  });

  it('leaves out a reduction that is too small', () => {
    const optimizer = sgd(1e-8);
    const scheduler = new ReduceLROnPlateau(optimizer, { patience: 0 });
    for (let i = 0; i < 4; i++) scheduler.step(1);
    expect(ratesOf(optimizer)).toEqual([1e-8]);
  });

  it('leaves the first rate to the other schedulers', () => {
    const optimizer = sgd(0.1);
    new ReduceLROnPlateau(optimizer);
    expect(optimizer.paramGroups[0]!.initialLr).toBeUndefined();
  });
});
