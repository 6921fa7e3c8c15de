// Adam that is careful while its mean square is that of few gradients.
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber } from '../errors';
import { checkBetas, checkUsual } from './checks';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `RAdam`. */
export interface RAdamOptions {
  /** The learning rate; default 1e-3. */
  lr: number;
  /** How much of the mean of the gradients, and of their squares, each step keeps; default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the root of the mean square; default 1e-8. */
  eps: number;
  /** Added to the gradient, times the value, or with `decoupledWeightDecay` taken off the value; default 0. */
  weightDecay: number;
  /** Whether the weight decay is AdamW's; default false. */
  decoupledWeightDecay: boolean;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

const keys = ['exp_avg', 'exp_avg_sq'];

const radam: Definition<RAdamOptions> = {
  name: 'RAdam',
  defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, decoupledWeightDecay: false, maximize: false },
  check(where, options) {
    checkUsual(where, options);
    const { betas, eps, decoupledWeightDecay } = options;
    checkBetas(where, betas);
    checkNumber(where, 'eps', eps, 0);
    checkBoolean(where, 'decoupledWeightDecay', decoupledWeightDecay);
  },
  allKeys: keys,
  stateKeys: () => keys,
  countsSteps: true,
  linear: true,
  step({ values, state, gradient, n }, o, count) {
    calls.radamStep({
      param: values,
      expAvg: state[0]!,
      expAvgSq: state[1]!,
      grad: gradient,
      n,
      step: count,
      lr: o.lr,
      beta1: o.betas[0],
      beta2: o.betas[1],
      eps: o.eps,
      weightDecay: o.weightDecay,
      decoupled: o.decoupledWeightDecay,
      maximize: o.maximize,
    });
  },
};

/**
 * RAdam (Liu et al., 2020): `torch.optim.RAdam`.
 *
 * With g the gradient plus `weightDecay * w`: `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`. In step t the mean square is that of
 * `rho = rhoInf - 2 t b2^t / (1 - b2^t)` gradients, with `rhoInf = 2 / (1 - b2) - 1`. Where these are at most 5, `w -= lr * m / (1 - b1^t)`, else
 * `w -= lr * r * (m / (1 - b1^t)) * sqrt(1 - b2^t) / (sqrt(v) + eps)` with
 * `r^2 = (rho - 4) (rho - 2) rhoInf / ((rhoInf - 4) (rhoInf - 2) rho)`. Parameters without a gradient are skipped.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * const optimizer = new optim.RAdam([w], { lr: 0.25 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * w.toArray(); // [0.5, 1]
 */
export class RAdam extends Optimizer<RAdamOptions> {
  constructor(params: Params<RAdamOptions>, options?: Partial<RAdamOptions>) {
    super(radam, params, options);
  }
}
