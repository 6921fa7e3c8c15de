// Schedulers: the rates that PyTorch gives, step by step.
import { describe, expect, it } from 'vitest';
import { optim } from '../../src';
import { adam, expectRates, type Make, ratesOf, sgd } from './schedulers';

const {
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  ExponentialLR,
  LinearLR,
  MultiStepLR,
  OneCycleLR,
  PolynomialLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
} = optim.lrScheduler;

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
