// The calls of the optimizers' kernels.
import { type Call, extending, f, ints, number, object, optional, other, setting, size } from './call';

const [p, g] = [1, 0.5];
const adam = (m: number, v: number, step: number): number => {
  const [newM, newV] = [0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g];
  return p - ((0.1 / (1 - 0.8 ** step)) * newM) / (Math.sqrt(newV) / Math.sqrt(1 - 0.9 ** step) + 0.01);
};

const adamAndSgdCalls: Call[] = [
  {
    name: 'adamStep',
    args: [
      extending(f(p, p)),
      f(0, 0.25),
      f(0, 0.5),
      f(g, g),
      object({ step: number(3), lr: setting(0.1), beta1: setting(0.8), beta2: setting(0.9), eps: setting(0.01), weightDecay: setting(0) }),
    ],
    gives: { 0: [adam(0, 0, 3), adam(0.25, 0.5, 3)], 1: [0.1, 0.3], 2: [0.025, 0.475] },
  },
  {
    name: 'adamStep',
    args: [
      extending(f(2)),
      f(0),
      f(0),
      f(-3),
      object({
        step: number(1),
        lr: setting(0.5),
        weightDecay: setting(0.1),
        decoupled: other(true),
        maximize: other(true),
        maxV: optional(f(9)),
      }),
    ],
    // Decay: 2 - 0.5 * 0.1 * 2 = 1.9. The gradient is 3, sqrt(maxV / (1 - 0.999)) is 3 sqrt(1000).
    gives: { 0: [1.9 - (0.5 * 3) / (3 * Math.sqrt(1000))] },
  },
  {
    name: 'sgdStep',
    args: [
      extending(f(1, 2)),
      optional(f(4, 8)),
      f(0.5, -0.5),
      object({ lr: setting(0.1), dampening: setting(0.25), weightDecay: setting(0.01) }),
    ],
    gives: { 0: [1 - 0.1 * 0.75 * 0.51, 2 + 0.1 * 0.75 * 0.48], 1: [0.75 * 0.51, -0.75 * 0.48] },
  },
  {
    name: 'sgdStep',
    args: [extending(f(1)), optional(f(4)), f(0.5), object({ lr: setting(0.1), momentum: setting(0.5), nesterov: other(true) })],
    gives: { 0: [1 - 0.1 * (0.5 + 0.5 * 2.5)], 1: [2.5] },
  },
];

const rowsCalls: Call[] = [
  {
    name: 'sparseAdamStep',
    args: [f(1, 1), f(0, 0), f(0, 0), f(2, 2), ints(1, 1, 0, 0, 0), size(2), size(1), object({ lr: setting(0.5), step: number(1) })],
    gives: { 0: [1, 0.5], 1: [0, 0.2], 2: [0, 0.004] },
  },
  {
    name: 'sgdRowsStep',
    args: [f(1, 1), f(2, 2), ints(1, 1, 0, 0, 0), size(2), size(1), object({ lr: setting(0.25), maximize: other(true) })],
    gives: { 0: [1, 1.5] },
  },
  {
    name: 'adagradRowsStep',
    args: [
      f(1, 1, 1),
      f(0, 0, 12),
      f(0, 2, 2),
      ints(2, 2, 1, 0, 0, 1, 0),
      size(3),
      size(1),
      object({ lr: setting(0.5), step: number(3), lrDecay: setting(0.5), initial: setting(9) }),
    ],
    gives: { 0: [1, 0.75, 0.875], 1: [0, 4, 16] },
  },
];

const rmspropCalls: Call[] = [
  {
    name: 'rmspropStep',
    args: [
      extending(f(1, 2)),
      f(0.25, 0.5),
      f(0.5, -1),
      object({
        lr: setting(0.1),
        alpha: setting(0.75),
        eps: setting(0.01),
        weightDecay: setting(0),
        momentum: setting(0.5),
        maximize: other(true),
        momentumBuffer: optional(f(1, 0)),
      }),
    ],
    gives: {
      0: [1 - 0.1 * (0.5 - 0.5 / (Math.sqrt(0.25) + 0.01)), 2 - 0.1 * (1 / (Math.sqrt(0.625) + 0.01))],
      1: [0.25, 0.625],
    },
  },
  {
    name: 'rmspropStep',
    args: [extending(f(1)), f(0.5), f(1), object({ lr: setting(0.1), alpha: setting(0.5), gradAvg: optional(f(0)) })],
    gives: { 0: [1 - 0.1 / Math.sqrt(0.75 - 0.25)], 1: [0.75] },
  },
  {
    name: 'rmspropStep',
    args: [extending(f(1)), f(0.5), f(1), object({ lr: setting(0.1), alpha: setting(0.5), eps: setting(0.25), tfjs: other(true) })],
    gives: { 0: [1 - 0.1 / Math.sqrt(0.75 + 0.25)], 1: [0.75] },
  },
];

export const optimizerCalls: Call[] = [...adamAndSgdCalls, ...rmspropCalls, ...rowsCalls];
