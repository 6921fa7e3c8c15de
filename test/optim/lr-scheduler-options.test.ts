// Schedulers: options that cannot be used.
import { describe, it } from 'vitest';
import { optim } from '../../src';
import { expectError } from '../helpers';
import { type Optimizer, type Scheduler, sgd } from './schedulers';

const { CosineAnnealingLR, LinearLR, OneCycleLR, ReduceLROnPlateau, SequentialLR, StepLR } = optim.lrScheduler;

describe('an option that cannot be used:', () => {
  const optimizer = sgd(0.1, 0.2);
  const plateau = new ReduceLROnPlateau(optimizer);
  const sequence = new SequentialLR(optimizer, { schedulers: [new LinearLR(optimizer)], milestones: [] });
  const foreign = new LinearLR(sgd(0.1));
  const linear = new LinearLR(optimizer);
  it.each<[keyof typeof optim.lrScheduler, object | undefined, new (message: string) => Error, string]>([
    ['StepLR', undefined, TypeError, 'expected stepSize to be a number, got undefined'],
    ['StepLR', { stepSize: 0 }, RangeError, 'expected stepSize to be at least 1, got 0'],
    ['StepLR', { stepSize: 1.5 }, RangeError, 'expected stepSize to be an integer, got 1.5'],
    ['StepLR', { stepSize: 1, gamma: -1 }, RangeError, 'expected gamma to be at least 0, got -1'],
    ['MultiStepLR', {}, TypeError, 'expected milestones to be a list of numbers of steps, got undefined'],
    ['MultiStepLR', { milestones: [1, 'x'] }, TypeError, 'expected milestones[1] to be a number, got "x"'],
    ['MultiStepLR', { milestones: [3], gamma: '1' }, TypeError, 'expected gamma to be a number, got "1"'],
    ['ExponentialLR', {}, TypeError, 'expected gamma to be a number, got undefined'],
    ['CosineAnnealingLR', { tMax: 0 }, RangeError, 'expected tMax to be at least 1, got 0'],
    ['CosineAnnealingLR', { tMax: 1, etaMin: Number.NaN }, RangeError, 'expected etaMin to be at least 0, got NaN'],
    ['CosineAnnealingWarmRestarts', {}, TypeError, 'expected t0 to be a number, got undefined'],
    ['CosineAnnealingWarmRestarts', { t0: 1, tMult: 1.5 }, RangeError, 'expected tMult to be an integer, got 1.5'],
    ['CosineAnnealingWarmRestarts', { t0: 1, etaMin: null }, TypeError, 'expected etaMin to be a number, got null'],
    ['LinearLR', { startFactor: 0 }, RangeError, 'expected startFactor to be above 0, got 0'],
    ['LinearLR', { startFactor: 2 }, RangeError, 'expected startFactor to be from 0 to 1, got 2'],
    ['LinearLR', { endFactor: -1 }, RangeError, 'expected endFactor to be from 0 to 1, got -1'],
    ['LinearLR', { totalIters: -1 }, RangeError, 'expected totalIters to be at least 0, got -1'],
    ['PolynomialLR', { totalIters: -1 }, RangeError, 'expected totalIters to be at least 0, got -1'],
    ['PolynomialLR', { power: -1 }, RangeError, 'expected power to be at least 0, got -1'],
    ['LambdaLR', { lrLambda: 3 }, TypeError, 'expected lrLambda to be a function of the number of steps, got 3'],
    ['LambdaLR', { lrLambda: [Math.abs] }, RangeError, 'expected lrLambda to have one value for each of the 2 groups, got 1'],
    ['LambdaLR', { lrLambda: [Math.abs, 3] }, TypeError, 'expected lrLambda[1] to be a function of the number of steps, got 3'],
    ['ConstantLR', { factor: 0 }, RangeError, 'expected factor to be above 0, got 0'],
    ['ConstantLR', { factor: 1.5 }, RangeError, 'expected factor to be from 0 to 1, got 1.5'],
    ['ConstantLR', { totalIters: -1 }, RangeError, 'expected totalIters to be at least 0, got -1'],
    ['MultiplicativeLR', {}, TypeError, 'expected lrLambda to be a function of the number of steps, got undefined'],
    ['MultiplicativeLR', { lrLambda: [Math.abs] }, RangeError, 'expected lrLambda to have one value for each of the 2 groups, got 1'],
    ['CyclicLR', { maxLr: 1 }, TypeError, 'expected baseLr to be a number, got undefined'],
    ['CyclicLR', { baseLr: 1, maxLr: [1] }, RangeError, 'expected maxLr to have one value for each of the 2 groups, got 1'],
    ['CyclicLR', { baseLr: 0, maxLr: 1, stepSizeUp: 0 }, RangeError, 'expected stepSizeUp to be at least 1, got 0'],
    ['CyclicLR', { baseLr: 0, maxLr: 1, stepSizeDown: 1.5 }, RangeError, 'expected stepSizeDown to be an integer, got 1.5'],
    [
      'CyclicLR',
      { baseLr: 0, maxLr: 1, mode: 'triangle' },
      RangeError,
      'expected mode to be one of "triangular", "triangular2", "exp_range", got "triangle"',
    ],
    ['CyclicLR', { baseLr: 0, maxLr: 1, gamma: -1 }, RangeError, 'expected gamma to be at least 0, got -1'],
    ['CyclicLR', { baseLr: 0, maxLr: 1, scaleFn: 3 }, TypeError, 'expected scaleFn to be a function of a number, got 3'],
    ['CyclicLR', { baseLr: 0, maxLr: 1, scaleMode: 'x' }, RangeError, 'expected scaleMode to be one of "cycle", "iterations", got "x"'],
    ['CyclicLR', { baseLr: 0, maxLr: 1, cycleMomentum: 1 }, TypeError, 'expected cycleMomentum to be true or false, got 1'],
    ['CyclicLR', { baseLr: 0, maxLr: 1, baseMomentum: 2 }, RangeError, 'expected baseMomentum to be from 0 to 1, got 2'],
    ['CyclicLR', { baseLr: 0, maxLr: 1, maxMomentum: -1 }, RangeError, 'expected maxMomentum to be from 0 to 1, got -1'],
    ['OneCycleLR', { totalSteps: 5 }, TypeError, 'expected maxLr to be a number, got undefined'],
    ['OneCycleLR', { maxLr: [1], totalSteps: 5 }, RangeError, 'expected maxLr to have one value for each of the 2 groups, got 1'],
    ['OneCycleLR', { maxLr: [1, 'x'], totalSteps: 5 }, TypeError, 'expected maxLr[1] to be a number, got "x"'],
    ['OneCycleLR', { maxLr: 1 }, TypeError, 'expected totalSteps, or epochs and stepsPerEpoch'],
    ['OneCycleLR', { maxLr: 1, epochs: 2 }, TypeError, 'expected totalSteps, or epochs and stepsPerEpoch'],
    ['OneCycleLR', { maxLr: 1, epochs: 2, stepsPerEpoch: 0 }, RangeError, 'expected stepsPerEpoch to be at least 1, got 0'],
    ['OneCycleLR', { maxLr: 1, epochs: 0.5, stepsPerEpoch: 1 }, RangeError, 'expected epochs to be at least 1, got 0.5'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 0 }, RangeError, 'expected totalSteps to be at least 1, got 0'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 5, pctStart: 2 }, RangeError, 'expected pctStart to be from 0 to 1, got 2'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 4, pctStart: 0.25 }, RangeError, 'a phase of the cycle has no steps: pctStart 0.25 of 4 steps'],
    [
      'OneCycleLR',
      { maxLr: 1, totalSteps: 5, annealStrategy: 'cosine' },
      RangeError,
      'expected annealStrategy to be one of "cos", "linear", got "cosine"',
    ],
    ['OneCycleLR', { maxLr: 1, totalSteps: 5, cycleMomentum: 1 }, TypeError, 'expected cycleMomentum to be true or false, got 1'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 5, baseMomentum: 2 }, RangeError, 'expected baseMomentum to be from 0 to 1, got 2'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 5, maxMomentum: 2 }, RangeError, 'expected maxMomentum to be from 0 to 1, got 2'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 5, divFactor: 0 }, RangeError, 'expected divFactor to be above 0, got 0'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 5, finalDivFactor: 0 }, RangeError, 'expected finalDivFactor to be above 0, got 0'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 5, threePhase: 1 }, TypeError, 'expected threePhase to be true or false, got 1'],
    ['SequentialLR', { milestones: [] }, TypeError, 'expected schedulers to be a list of schedulers, got undefined'],
    ['SequentialLR', { schedulers: [], milestones: [] }, RangeError, 'expected at least one scheduler, got none'],
    ['SequentialLR', { schedulers: [3], milestones: [] }, TypeError, 'expected schedulers[0] to be a scheduler, got 3'],
    [
      'SequentialLR',
      { schedulers: [linear, plateau], milestones: [1] },
      RangeError,
      'schedulers[1], a ReduceLROnPlateau, needs a metric at each step',
    ],
    [
      'SequentialLR',
      { schedulers: [sequence], milestones: [] },
      RangeError,
      'schedulers[0] is a sequence itself\n  hint: put its schedulers into this one',
    ],
    ['SequentialLR', { schedulers: [foreign], milestones: [] }, RangeError, 'schedulers[0] belongs to another optimizer'],
    [
      'SequentialLR',
      { schedulers: [linear, linear, linear], milestones: [3, 2] },
      RangeError,
      'expected ascending milestones, got 2 after 3',
    ],
    ['SequentialLR', { schedulers: [linear], milestones: [1] }, RangeError, 'expected 0 milestones for 1 schedulers, got 1'],
    ['SequentialLR', { schedulers: [linear] }, TypeError, 'expected milestones to be a list of numbers of steps, got undefined'],
    ['ReduceLROnPlateau', { mode: 'least' }, RangeError, 'expected mode to be one of "min", "max", got "least"'],
    ['ReduceLROnPlateau', { factor: 1 }, RangeError, 'expected factor to be below 1, got 1'],
    ['ReduceLROnPlateau', { factor: -1 }, RangeError, 'expected factor to be at least 0, got -1'],
    ['ReduceLROnPlateau', { patience: -1 }, RangeError, 'expected patience to be at least 0, got -1'],
    ['ReduceLROnPlateau', { threshold: -1 }, RangeError, 'expected threshold to be at least 0, got -1'],
    ['ReduceLROnPlateau', { thresholdMode: 'r' }, RangeError, 'expected thresholdMode to be one of "rel", "abs", got "r"'],
    ['ReduceLROnPlateau', { cooldown: 0.5 }, RangeError, 'expected cooldown to be an integer, got 0.5'],
    ['ReduceLROnPlateau', { minLr: [0] }, RangeError, 'expected minLr to have one value for each of the 2 groups, got 1'],
    ['ReduceLROnPlateau', { eps: -1 }, RangeError, 'expected eps to be at least 0, got -1'],
  ])('%s %j', (name, options, kind, message) => {
    const Kind = optim.lrScheduler[name] as unknown as new (optimizer: Optimizer, options: unknown) => Scheduler;
    expectError(() => new Kind(optimizer, options), kind, `[${name}] ${message}`);
  });

  it.each<[object | undefined, new (message: string) => Error, string]>([
    [undefined, TypeError, 'expected swaLr to be a number, got undefined'],
    [{ swaLr: -1 }, RangeError, 'expected swaLr to be at least 0, got -1'],
    [{ swaLr: [1] }, RangeError, 'expected swaLr to have one value for each of the 2 groups, got 1'],
    [{ swaLr: 1, annealEpochs: -1 }, RangeError, 'expected annealEpochs to be at least 0, got -1'],
    [{ swaLr: 1, annealStrategy: 'x' }, RangeError, 'expected annealStrategy to be one of "cos", "linear", got "x"'],
  ])('SWALR %j', (options, kind, message) => {
    expectError(() => new optim.swaUtils.SWALR(optimizer, options as never), kind, `[SWALR] ${message}`);
  });

  it('a name that is nearly right', () => {
    expectError(() => new StepLR(optimizer, { step: 3 } as never), TypeError, '[StepLR] unknown option "step", did you mean "stepSize"?');
    expectError(
      () => new CosineAnnealingLR(optimizer, { T_max: 3 } as never),
      TypeError,
      '[CosineAnnealingLR] unknown option "T_max", did you mean "tMax"?',
    );
  });

  it('a momentum that the optimizer does not have', () => {
    const plain = sgd(0.1);
    Object.defineProperty(plain, 'defaults', { value: { lr: 0.1 } });
    expectError(
      () => new optim.lrScheduler.CyclicLR(plain, { baseLr: 0, maxLr: 1 }),
      RangeError,
      '[CyclicLR] cycleMomentum needs an optimizer with momentum or betas\n  hint: { cycleMomentum: false }',
    );
    expectError(
      () => new OneCycleLR(plain, { maxLr: 1, totalSteps: 5 }),
      RangeError,
      '[OneCycleLR] cycleMomentum needs an optimizer with momentum or betas\n  hint: { cycleMomentum: false }',
    );
  });
});
