// Lion: steps by the sign of a running mean of the gradients.
import * as calls from '../calls.generated';
import { checkBetas, checkUsual } from './checks';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `Lion`. */
export interface LionOptions {
  /** The learning rate, by which every value changes; default 1e-4. */
  lr: number;
  /** The weight of the running mean of the gradients in the direction, and its decay; default [0.9, 0.99]. */
  betas: readonly [number, number];
  /** The weight decay, decoupled: the rate times this times the value is subtracted from the value; default 0. */
  weightDecay: number;
  /** Whether to maximize the loss instead of minimizing it; default false. */
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
