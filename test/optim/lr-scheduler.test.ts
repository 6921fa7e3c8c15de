// Schedulers: the rates that PyTorch gives, step by step, and what the user may do in between.
import { describe, expect, it } from 'vitest';
import { compile, nn, ones, optim, type Tensor, tensor } from '../../src';
import { expectError } from '../helpers';

const {
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  LRScheduler,
  MultiStepLR,
  OneCycleLR,
  PolynomialLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
} = optim.lrScheduler;

type Optimizer = optim.lrScheduler.Scheduled;
type Scheduler = optim.lrScheduler.LRScheduler;
type Make = (optimizer: Optimizer) => Scheduler;

const groupsOf = (lrs: readonly number[]) => lrs.map((lr) => ({ params: [new nn.Parameter(tensor([1]))], lr }));
const sgd = (...lrs: number[]): optim.SGD => new optim.SGD(groupsOf(lrs), { momentum: 0.9 });
const adam = (...lrs: number[]): optim.Adam => new optim.Adam(groupsOf(lrs));
const ratesOf = ({ paramGroups }: Optimizer): number[] => paramGroups.map(({ lr }) => lr);

// A metric that gets better until the fourth step.
const metrics = [4, 3, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1];
const stepped = (scheduler: Scheduler): void => (scheduler.needsMetric ? scheduler.step(metrics[scheduler.lastEpoch]!) : scheduler.step());

// cos and pow of V8 and of glibc differ by a unit in the last place, which a quotient of two heights of the cosine multiplies.
function expectRates(actual: number[][], expected: number[][]): void {
  expect(actual.length).toBe(expected.length);
  expected.flat().forEach((value, i) => {
    const got = actual.flat()[i]!;
    if (!(Math.abs(got - value) <= 1e-15 * Math.abs(value))) throw new Error(`rate ${i}: expected ${value}, got ${got}`);
  });
}

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
  ['ReduceLROnPlateau', (o) => new ReduceLROnPlateau(o, { patience: 1, cooldown: 1, factor: 0.5 })],
];

it('every scheduler is in the table above', () => {
  const names = Object.keys(optim.lrScheduler).filter((name) => name !== 'LRScheduler');
  expect(all.map(([name]) => name).sort()).toEqual(names.sort());
});

// Two groups of SGD; before step 3 (of the sequence: 5) the user sets the rate of the first. Recorded in PyTorch 2.13.0.
describe('PyTorch gives the rates of', () => {
  it.each<[string, Make, { at: number; lr: number }, number[][]]>([
    [
      'StepLR',
      (o) => new StepLR(o, { stepSize: 2 }),
      { at: 3, lr: 0.07 },
      [
        [0.1, 0.03],
        [0.1, 0.03],
        [0.010000000000000002, 0.003],
        [0.07, 0.003],
        [0.007000000000000001, 0.00030000000000000003],
        [0.007000000000000001, 0.00030000000000000003],
      ],
    ],
    [
      'MultiStepLR',
      (o) => new MultiStepLR(o, { milestones: [0, 2, 2, 3], gamma: 0.3 }),
      { at: 3, lr: 0.07 },
      [
        [0.03, 0.009],
        [0.03, 0.009],
        [0.0026999999999999997, 0.00081],
        [0.021, 0.00024299999999999997],
        [0.021, 0.00024299999999999997],
      ],
    ],
    [
      'ExponentialLR',
      (o) => new ExponentialLR(o, { gamma: 0.9 }),
      { at: 3, lr: 0.07 },
      [
        [0.1, 0.03],
        [0.09000000000000001, 0.027],
        [0.08100000000000002, 0.0243],
        [0.06300000000000001, 0.02187],
        [0.056700000000000014, 0.019683000000000003],
      ],
    ],
    [
      'CosineAnnealingLR',
      (o) => new CosineAnnealingLR(o, { tMax: 4, etaMin: 0.001 }),
      { at: 3, lr: 0.05 },
      [
        [0.1, 0.03],
        [0.0855017856687341, 0.025753048327204937],
        [0.0505, 0.0155],
        [0.015351767721859175, 0.0052469516727950615],
        [0.001, 0.001],
        [0.015498214331265896, 0.00524695167279506],
        [0.05050000000000001, 0.0155],
        [0.08550178566873413, 0.025753048327204944],
      ],
    ],
    [
      'CosineAnnealingWarmRestarts',
      (o) => new CosineAnnealingWarmRestarts(o, { t0: 2, tMult: 2 }),
      { at: 3, lr: 0.05 },
      [
        [0.1, 0.03],
        [0.05, 0.015],
        [0.1, 0.03],
        [0.08535533905932738, 0.02560660171779821],
        [0.05, 0.015],
        [0.014644660940672627, 0.004393398282201788],
        [0.1, 0.03],
        [0.09619397662556434, 0.0288581929876693],
      ],
    ],
    [
      'LinearLR',
      (o) => new LinearLR(o),
      { at: 3, lr: 0.07 },
      [
        [0.03333333333333333, 0.009999999999999998],
        [0.04666666666666667, 0.013999999999999999],
        [0.060000000000000005, 0.018],
        [0.08555555555555557, 0.022],
        [0.10111111111111112, 0.026],
        [0.11666666666666667, 0.029999999999999995],
        [0.11666666666666667, 0.029999999999999995],
      ],
    ],
    [
      'PolynomialLR',
      (o) => new PolynomialLR(o, { totalIters: 6, power: 1.5 }),
      { at: 3, lr: 0.07 },
      [
        [0.1, 0.03],
        [0.07607257743127309, 0.022821773229381923],
        [0.05443310539518176, 0.016329931618554526],
        [0.045466333698683026, 0.010606601717798215],
        [0.024748737341529166, 0.00577350269189626],
        [0.008749999999999996, 0.002041241452319315],
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'SequentialLR',
      (o) =>
        new SequentialLR(o, {
          schedulers: [
            new LinearLR(o, { startFactor: 0.25, totalIters: 3 }),
            new CosineAnnealingLR(o, { tMax: 4 }),
            new StepLR(o, { stepSize: 1, gamma: 0.3 }),
          ],
          milestones: [3, 6],
        }),
      { at: 5, lr: 0.07 },
      [
        [0.025, 0.0075],
        [0.05, 0.015],
        [0.07500000000000001, 0.0225],
        [0.1, 0.03],
        [0.08535533905932738, 0.02560660171779821],
        [0.04100505063388335, 0.014999999999999998],
        [0.1, 0.03],
        [0.03, 0.009],
        [0.009, 0.0026999999999999997],
        [0.0026999999999999997, 0.0008099999999999998],
      ],
    ],
  ])('%s', (_, make, change, expected) => {
    const optimizer = sgd(0.1, 0.03);
    const scheduler = make(optimizer);
    const rates = expected.map((_, i) => {
      if (i === change.at) optimizer.paramGroups[0]!.lr = change.lr;
      if (i > 0) scheduler.step();
      expect(scheduler.getLastLr()).toEqual(ratesOf(optimizer));
      return ratesOf(optimizer);
    });
    expectRates(rates, expected);
  });

  it('OneCycleLR, with the betas of Adam', () => {
    const optimizer = adam(0.1, 0.2);
    const options = { maxLr: [0.5, 0.3], epochs: 2, stepsPerEpoch: 4, divFactor: 10, finalDivFactor: 100 };
    const scheduler = new OneCycleLR(optimizer, options);
    const expected = [
      [0.04999999999999999, 0.02999999999999997, 0.95],
      [0.415285205418215, 0.249171123250929, 0.8688255099070633],
      [0.48598486174451483, 0.29159091704670886, 0.8528058334845816],
      [0.40596657801421865, 0.24357994680853115, 0.8688255099070633],
      [0.2782131279068011, 0.16692787674408063, 0.8944017761948346],
      [0.14188753615538988, 0.0851325216932339, 0.9216941869558779],
      [0.03878063124273604, 0.023268378745641624, 0.9423362099614142],
      [0.0005, 0.0003, 0.95],
    ];
    const rates = expected.map((_, i) => {
      if (i > 0) scheduler.step();
      return [...ratesOf(optimizer), optimizer.paramGroups[1]!.betas[0]];
    });
    expectRates(rates, expected);
    expect(optimizer.paramGroups.map(({ betas }) => betas[1])).toEqual([0.999, 0.999]);
    expect(optimizer.paramGroups.map(({ initialLr }) => initialLr)).toEqual([0.05, 0.03]);
  });

  it('OneCycleLR, straight, in three phases, with the momentum of SGD', () => {
    const optimizer = sgd(0.1);
    const scheduler = new OneCycleLR(optimizer, { maxLr: 0.5, totalSteps: 8, threePhase: true, annealStrategy: 'linear' });
    const expected = [
      [0.02, 0.95],
      [0.3628571428571429, 0.8785714285714286],
      [0.29428571428571426, 0.8928571428571428],
      [0.019047714285714286, 0.95],
      [0.014286285714285713, 0.95],
      [0.009524857142857142, 0.95],
      [0.004763428571428571, 0.95],
    ];
    const rates = expected.map((_, i) => {
      if (i > 0) scheduler.step();
      return [...ratesOf(optimizer), optimizer.paramGroups[0]!.momentum];
    });
    expectRates(rates, expected);
  });

  it('ReduceLROnPlateau, with a cooldown and least rates', () => {
    const optimizer = sgd(0.1, 0.03);
    const scheduler = new ReduceLROnPlateau(optimizer, { patience: 1, factor: 0.3, cooldown: 2, minLr: [0.001, 0.008] });
    const rates = [1, 0.9, 0.95, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.6, 0.6, 0.6].map((metric) => {
      scheduler.step(metric);
      expect(scheduler.getLastLr()).toEqual(ratesOf(optimizer));
      return ratesOf(optimizer);
    });
    const [first, second, third, last] = [
      [0.1, 0.03],
      [0.03, 0.009],
      [0.009, 0.008],
      [0.0026999999999999997, 0.008],
    ] as const;
    expect(rates).toEqual([first, first, first, second, second, second, second, third, third, third, third, last, last]);
  });

  it('ReduceLROnPlateau of a metric that is to rise; NaN is never better', () => {
    const optimizer = sgd(0.1);
    const scheduler = new ReduceLROnPlateau(optimizer, { patience: 0, mode: 'max', threshold: 0.1, thresholdMode: 'abs' });
    const rates = [0.5, 0.55, 0.7, Number.NaN, 0.9].map((metric) => {
      scheduler.step(metric);
      return optimizer.paramGroups[0]!.lr;
    });
    expect(rates).toEqual([0.1, 0.010000000000000002, 0.010000000000000002, 0.0010000000000000002, 0.0010000000000000002]);
  });
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
    for (let i = 0; i < 3; i++) stepped(scheduler);
    expect(scheduler.lastEpoch).toBe(3);
    scheduler.getLastLr()[0] = 7;
    expect(scheduler.getLastLr()).toEqual(ratesOf(optimizer));
  });

  it('refuses what is no optimizer, and options that it does not know', () => {
    const optimizer = sgd(0.1, 0.2);
    const Kind = optim.lrScheduler[name as 'StepLR'];
    expectError(() => new Kind(new nn.Linear(1, 1) as never, { stepSize: 1 }), TypeError, `[${name}] expected an optimizer, got a Linear`);
    expect(() => new Kind(optimizer, { nonsense: 1 } as never)).toThrow(`${name}: unknown option "nonsense" (known: `);
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
    ['MultiStepLR', { milestones: [3, 2] }, RangeError, 'expected ascending milestones, got 2 after 3'],
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
    ['LinearLR', { totalIters: 0 }, RangeError, 'expected totalIters to be at least 1, got 0'],
    ['PolynomialLR', { totalIters: 0 }, RangeError, 'expected totalIters to be at least 1, got 0'],
    ['PolynomialLR', { power: -1 }, RangeError, 'expected power to be at least 0, got -1'],
    ['LambdaLR', { lrLambda: 3 }, TypeError, 'expected lrLambda to be a function of the number of steps, got 3'],
    ['LambdaLR', { lrLambda: [Math.abs] }, RangeError, 'expected lrLambda to have one value for each of the 2 groups, got 1'],
    ['LambdaLR', { lrLambda: [Math.abs, 3] }, TypeError, 'expected lrLambda[1] to be a function of the number of steps, got 3'],
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

  it('a name that is nearly right', () => {
    expectError(() => new StepLR(optimizer, { step: 3 } as never), TypeError, 'StepLR: unknown option "step", did you mean "stepSize"?');
    expectError(
      () => new CosineAnnealingLR(optimizer, { T_max: 3 } as never),
      TypeError,
      'CosineAnnealingLR: unknown option "T_max", did you mean "tMax"?',
    );
  });

  it('a momentum that the optimizer does not have', () => {
    const plain = sgd(0.1);
    Object.defineProperty(plain, 'defaults', { value: { lr: 0.1 } });
    expectError(
      () => new OneCycleLR(plain, { maxLr: 1, totalSteps: 5 }),
      RangeError,
      '[OneCycleLR] cycleMomentum needs an optimizer with momentum or betas\n  hint: { cycleMomentum: false }',
    );
  });
});
