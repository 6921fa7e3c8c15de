// The schedulers that came later: the rates that PyTorch gives, step by step.
import { describe, expect, it } from 'vitest';
import { optim } from '../../src';
import { adam, expectRates, type Make, type Optimizer, ratesOf, sgd } from './schedulers';

const { ChainedScheduler, ConstantLR, CyclicLR, ExponentialLR, LinearLR, MultiplicativeLR, SequentialLR, StepLR } = optim.lrScheduler;
const { SWALR } = optim.swaUtils;

// Two groups of SGD; before one step the user sets the rate of the first. Recorded in PyTorch 2.13.0.
describe('PyTorch gives the rates of', () => {
  it.each<[string, Make, { at: number; lr: number }, number[][]]>([
    [
      'ConstantLR',
      (o) => new ConstantLR(o, { factor: 0.3, totalIters: 4 }),
      { at: 3, lr: 0.07 },
      [
        [0.03, 0.009],
        [0.03, 0.009],
        [0.03, 0.009],
        [0.07, 0.009],
        [0.23333333333333336, 0.03],
        [0.23333333333333336, 0.03],
        [0.23333333333333336, 0.03],
      ],
    ],
    [
      'MultiplicativeLR',
      (o) => new MultiplicativeLR(o, { lrLambda: (t) => (t < 3 ? 0.9 : 0.5) }),
      { at: 3, lr: 0.07 },
      [
        [0.1, 0.03],
        [0.09000000000000001, 0.027],
        [0.08100000000000002, 0.0243],
        [0.035, 0.01215],
        [0.0175, 0.006075],
        [0.00875, 0.0030375],
      ],
    ],
    [
      'SWALR',
      (o) => new SWALR(o, { swaLr: 0.05, annealEpochs: 4 }),
      { at: 3, lr: 0.07 },
      [
        [0.1, 0.03],
        [0.09267766952966369, 0.03292893218813452],
        [0.075, 0.04],
        [0.05585786437626906, 0.04707106781186548],
        [0.05, 0.05],
        [0.05, 0.05],
        [0.05, 0.05],
      ],
    ],
    [
      'SWALR, straight',
      (o) => new SWALR(o, { swaLr: [0.05, 0.01], annealEpochs: 3, annealStrategy: 'linear' }),
      { at: 2, lr: 0.07 },
      [
        [0.1, 0.03],
        [0.08333333333333334, 0.023333333333333334],
        [0.060000000000000005, 0.016666666666666666],
        [0.05, 0.01],
        [0.05, 0.01],
        [0.05, 0.01],
      ],
    ],
    [
      'SWALR, at once',
      (o) => new SWALR(o, { swaLr: 0.05, annealEpochs: 0 }),
      { at: 2, lr: 0.07 },
      [
        [0.05, 0.05],
        [0.05, 0.05],
        [0.05, 0.05],
        [0.05, 0.05],
      ],
    ],
    [
      'ChainedScheduler',
      (o) => new ChainedScheduler([new ConstantLR(o, { factor: 0.1, totalIters: 3 }), new ExponentialLR(o, { gamma: 0.9 })]),
      { at: 5, lr: 0.07 },
      [
        [0.010000000000000002, 0.003],
        [0.009000000000000003, 0.0027],
        [0.008100000000000003, 0.0024300000000000003],
        [0.07290000000000003, 0.021870000000000004],
        [0.06561000000000003, 0.019683000000000003],
        [0.06300000000000001, 0.017714700000000003],
        [0.056700000000000014, 0.015943230000000003],
      ],
    ],
    [
      'ChainedScheduler of a sequence',
      (o) =>
        new ChainedScheduler([
          new SequentialLR(o, {
            schedulers: [new ConstantLR(o, { factor: 0.5, totalIters: 2 }), new ExponentialLR(o, { gamma: 0.5 })],
            milestones: [3],
          }),
          new ExponentialLR(o, { gamma: 0.9 }),
        ]),
      { at: -1, lr: 0 },
      [
        [0.05, 0.015],
        [0.045000000000000005, 0.0135],
        [0.08100000000000002, 0.0243],
        [0.09000000000000001, 0.027],
        [0.04050000000000001, 0.01215],
        [0.018225000000000005, 0.0054675],
        [0.008201250000000002, 0.0024603750000000003],
      ],
    ],
    [
      'SequentialLR of those that go on from the rate that is there',
      (o) =>
        new SequentialLR(o, {
          schedulers: [
            new ConstantLR(o, { factor: 0.5, totalIters: 2 }),
            new MultiplicativeLR(o, { lrLambda: () => 0.8 }),
            new SWALR(o, { swaLr: 0.05, annealEpochs: 2 }),
          ],
          milestones: [3, 5],
        }),
      { at: 4, lr: 0.07 },
      [
        [0.05, 0.015],
        [0.05, 0.015],
        [0.1, 0.03],
        [0.08000000000000002, 0.024],
        [0.05600000000000001, 0.019200000000000002],
        [0.05600000000000001, 0.019200000000000002],
        [0.053000000000000005, 0.0346],
        [0.05, 0.05],
        [0.05, 0.05],
        [0.05, 0.05],
      ],
    ],
    [
      'SequentialLR that begins with a function',
      (o) =>
        new SequentialLR(o, {
          schedulers: [
            new MultiplicativeLR(o, { lrLambda: () => 0.8 }),
            new CyclicLR(o, { baseLr: 0.01, maxLr: 0.1, stepSizeUp: 2, cycleMomentum: false }),
          ],
          milestones: [3],
        }),
      { at: -1, lr: 0 },
      [
        [0.1, 0.03],
        [0.08000000000000002, 0.024],
        [0.06400000000000002, 0.019200000000000002],
        [0.01, 0.01],
        [0.05500000000000001, 0.05500000000000001],
        [0.1, 0.1],
        [0.05500000000000001, 0.05500000000000001],
        [0.01, 0.01],
        [0.05500000000000001, 0.05500000000000001],
      ],
    ],
    [
      'SequentialLR that begins with a chain',
      (o) =>
        new SequentialLR(o, {
          schedulers: [
            new ChainedScheduler([new ConstantLR(o, { factor: 0.5, totalIters: 2 }), new LinearLR(o, { startFactor: 0.5, totalIters: 4 })]),
            new StepLR(o, { stepSize: 2 }),
          ],
          milestones: [4],
        }),
      { at: -1, lr: 0 },
      [
        [0.025, 0.0075],
        [0.03125, 0.009375],
        [0.075, 0.0225],
        [0.08750000000000001, 0.02625],
        [0.1, 0.03],
        [0.1, 0.03],
        [0.010000000000000002, 0.003],
        [0.010000000000000002, 0.003],
      ],
    ],
    [
      'CyclicLR, a function of the cycle',
      (o) => new CyclicLR(o, { baseLr: 0.01, maxLr: [0.1, 0.1], stepSizeUp: 2, scaleFn: (c) => 1 / c, cycleMomentum: false }),
      { at: -1, lr: 0 },
      [
        [0.01, 0.01],
        [0.05500000000000001, 0.05500000000000001],
        [0.1, 0.1],
        [0.05500000000000001, 0.05500000000000001],
        [0.01, 0.01],
        [0.0325, 0.0325],
        [0.05500000000000001, 0.05500000000000001],
        [0.0325, 0.0325],
        [0.01, 0.01],
      ],
    ],
    [
      'CyclicLR, a function of the step',
      (o) =>
        new CyclicLR(o, {
          baseLr: 0.01,
          maxLr: 0.1,
          stepSizeUp: 2,
          scaleFn: (t) => 1 / (1 + t),
          scaleMode: 'iterations',
          cycleMomentum: false,
        }),
      { at: -1, lr: 0 },
      [
        [0.01, 0.01],
        [0.0325, 0.0325],
        [0.04, 0.04],
        [0.02125, 0.02125],
        [0.01, 0.01],
        [0.0175, 0.0175],
        [0.02285714285714286, 0.02285714285714286],
        [0.015625, 0.015625],
        [0.01, 0.01],
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

  // The rates of the groups, then their momenta or first betas.
  it.each<[string, Make, Optimizer, number[][]]>([
    [
      'with the momentum of SGD, up and down of other lengths',
      (o) => new CyclicLR(o, { baseLr: [0.01, 0.02], maxLr: [0.1, 0.2], stepSizeUp: 3, stepSizeDown: 2 }),
      sgd(0.1, 0.03),
      [
        [0.01, 0.02, 0.9, 0.9],
        [0.039999999999999994, 0.07999999999999999, 0.8666666666666667, 0.8666666666666667],
        [0.06999999999999999, 0.13999999999999999, 0.8333333333333334, 0.8333333333333334],
        [0.09999999999999999, 0.19999999999999998, 0.8, 0.8],
        [0.055, 0.11, 0.8500000000000001, 0.8500000000000001],
        [0.01, 0.02, 0.9, 0.9],
        [0.04000000000000003, 0.08000000000000006, 0.8666666666666667, 0.8666666666666667],
        [0.06999999999999999, 0.13999999999999999, 0.8333333333333334, 0.8333333333333334],
        [0.09999999999999999, 0.19999999999999998, 0.8, 0.8],
      ],
    ],
    [
      'halved with each cycle, with the betas of Adam',
      (o) => new CyclicLR(o, { baseLr: 0.01, maxLr: [0.1, 0.2], stepSizeUp: 2, mode: 'triangular2', baseMomentum: 0.7, maxMomentum: 0.95 }),
      adam(0.1, 0.03),
      [
        [0.01, 0.01, 0.95, 0.95],
        [0.05500000000000001, 0.105, 0.825, 0.825],
        [0.1, 0.2, 0.7, 0.7],
        [0.05500000000000001, 0.105, 0.825, 0.825],
        [0.01, 0.01, 0.95, 0.95],
        [0.0325, 0.0575, 0.8875, 0.8875],
        [0.05500000000000001, 0.105, 0.825, 0.825],
        [0.0325, 0.0575, 0.8875, 0.8875],
        [0.01, 0.01, 0.95, 0.95],
        [0.02125, 0.03375, 0.91875, 0.91875],
      ],
    ],
    [
      'with an exponential',
      (o) => new CyclicLR(o, { baseLr: 0.01, maxLr: 0.1, stepSizeUp: 2, stepSizeDown: 3, mode: 'exp_range', gamma: 0.9 }),
      sgd(0.1),
      [
        [0.01, 0.9],
        [0.0505, 0.8550000000000001],
        [0.0829, 0.8190000000000001],
        [0.05374, 0.8514],
        [0.029683, 0.8781300000000001],
        [0.01, 0.9],
        [0.03391484500000003, 0.87342795],
        [0.053046721000000005, 0.85217031],
        [0.035828032600000004, 0.871302186],
      ],
    ],
  ])('CyclicLR, %s', (_, make, optimizer, expected) => {
    const scheduler = make(optimizer);
    const momenta = () =>
      (optimizer as optim.SGD | optim.Adam).paramGroups.map((group) => ('betas' in group ? group.betas[0] : group.momentum));
    const rates = expected.map((_, i) => {
      if (i === 3) optimizer.paramGroups[0]!.lr = 7; // it is replaced
      if (i > 0) scheduler.step();
      return [...ratesOf(optimizer), ...momenta()];
    });
    expectRates(rates, expected);
  });
});
