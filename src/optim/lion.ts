// The sign of a mean of the gradients.
import * as calls from '../calls.generated';
import { checkBetas, checkUsual } from './checks';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `Lion`. */
export interface LionOptions {
  /** The learning rate, which is how far every value goes; default 1e-4. */
  lr: number;
  /** How much of the mean of the gradients is in the direction, and how much of it each step keeps; default [0.9, 0.99]. */
  betas: readonly [number, number];
  /** Taken off the value, times the value and the rate; default 0. */
  weightDecay: number;
  /** Whether to climb instead of descend; default false. */
  maximize: boolean;
}

const keys = ['exp_avg'];

const lion: Definition<LionOptions> = {
  name: 'Lion',
  defaults: { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false },
  check(where, options) {
    checkUsual(where, options);
    const { betas } = options;
    checkBetas(where, betas);
  },
  allKeys: keys,
  stateKeys: () => keys,
  countsSteps: false,
  linear: true,
  step({ values, state, gradient, n }, o) {
    calls.lionStep({
      param: values,
      expAvg: state[0]!,
      grad: gradient,
      n,
      lr: o.lr,
      beta1: o.betas[0],
      beta2: o.betas[1],
      weightDecay: o.weightDecay,
      maximize: o.maximize,
    });
  },
};

/**
 * Lion (Chen et al., 2023): `timm.optim.Lion`; PyTorch itself has none.
 *
 * With g the gradient: `w -= lr * weightDecay * w`, `w -= lr * sign(b1 m + (1 - b1) g)`, then `m = b2 m + (1 - b2) g`. The sign of 0 is 0, that of
 * NaN is NaN. Every value goes as far, so that rates are to be 3 to 10 times smaller than AdamW's, and weight decays as much larger. Parameters
 * without a gradient are skipped.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * const optimizer = new optim.Lion([w], { lr: 0.5 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * w.toArray(); // [0.5, 1.5]
 */
export class Lion extends Optimizer<LionOptions> {
  constructor(params: Params<LionOptions>, options?: Partial<LionOptions>) {
    super(lion, params, options);
  }
}
