// Schedulers made beside others, and options at their ends: the rates that PyTorch 2.13.0 gives, step by step.
import { expect, it } from 'vitest';
import { optim } from '../../src';
import { expectRates, type Make, ratesOf, sgd } from './schedulers';

const { ChainedScheduler, ConstantLR, CyclicLR, ExponentialLR, LinearLR, MultiStepLR, PolynomialLR, SequentialLR } = optim.lrScheduler;

const first = { baseLr: 0.05, maxLr: 0.4, stepSizeUp: 6, stepSizeDown: 9, mode: 'triangular2' } as const;
const second = { baseLr: [0.02, 0.03], maxLr: [0.3, 0.5], stepSizeUp: 5, mode: 'exp_range', gamma: 0.95 } as const;

it.each<[string, Make, number[][]]>([
  [
    'a CyclicLR beside an earlier scheduler, whose first rate it keeps until it is stepped',
    (o) => new ChainedScheduler([new ExponentialLR(o, { gamma: 0.93 }), new CyclicLR(o, first)]),
    [[0.1, 0.25], [0.10833333333333334, 0.10833333333333334], [0.16666666666666666, 0.16666666666666666]],
  ],
  [
    'two of CyclicLR',
    (o) => new ChainedScheduler([new CyclicLR(o, first), new CyclicLR(o, second)]),
    [[0.05, 0.05], [0.07320000000000004, 0.11930000000000007], [0.12107999999999997, 0.19966999999999993]],
  ],
  [
    'two of CyclicLR in the other order',
    (o) => new ChainedScheduler([new CyclicLR(o, second), new CyclicLR(o, first)]),
    [[0.02, 0.03], [0.10833333333333334, 0.10833333333333334], [0.16666666666666666, 0.16666666666666666]],
  ],
  [
    'CyclicLR before another scheduler',
    (o) => new ChainedScheduler([new CyclicLR(o, first), new ExponentialLR(o, { gamma: 0.93 })]),
    [[0.05, 0.05], [0.10075, 0.10075], [0.155, 0.155], [0.20925, 0.20925]],
  ],
  ['ConstantLR without steps', (o) => new ConstantLR(o, { factor: 0.5, totalIters: 0 }), [[0.05, 0.125], [0.05, 0.125], [0.05, 0.125]]],
  ['LinearLR without steps', (o) => new LinearLR(o, { startFactor: 0.5, totalIters: 0 }), [[0.05, 0.125], [0.05, 0.125], [0.05, 0.125]]],
  ['PolynomialLR without steps', (o) => new PolynomialLR(o, { totalIters: 0 }), [[0.1, 0.25], [0.1, 0.25], [0.1, 0.25]]],
  [
    'ConstantLR without steps that takes over',
    (o) => new SequentialLR(o, { schedulers: [new ExponentialLR(o, { gamma: 0.5 }), new ConstantLR(o, { totalIters: 0 })], milestones: [2] }),
    [[0.1, 0.25], [0.05, 0.125], [0.1, 0.25], [0.1, 0.25]],
  ],
  [
    'MultiStepLR with milestones in any order',
    (o) => new MultiStepLR(o, { milestones: [4, 1, 3, 1], gamma: 0.5 }),
    [[0.1, 0.25], [0.025, 0.0625], [0.025, 0.0625], [0.0125, 0.03125], [0.00625, 0.015625]],
  ],
])('%s', (_, make, expected) => {
  const optimizer = sgd(0.1, 0.25);
  const scheduler = make(optimizer);
  const rates = expected.map((_, i) => {
    if (i > 0) scheduler.step();
    return ratesOf(optimizer);
  });
  expectRates(rates, expected);
  expect(scheduler.lastEpoch).toBe(expected.length - 1);
}); // biome-ignore format: rates of two groups side by side
