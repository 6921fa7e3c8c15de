// Adamax: Adam with the largest magnitude of the gradients in place of their mean square.
import * as calls from '../calls.generated';
import { checkNumber } from '../errors';
import { checkBetas, checkUsual } from './checks';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `Adamax`. */
export interface AdamaxOptions {
  /** The learning rate; default 2e-3. */
  lr: number;
  /** The decay of the running mean of the gradients, and of their largest magnitude; default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the magnitude of the gradient; default 1e-8. */
  eps: number;
  /** The weight decay: this times the value is added to the gradient; default 0. */
  weightDecay: number;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

const keys = ['exp_avg', 'exp_inf'];

const adamax: Definition<AdamaxOptions> = {
  name: 'Adamax',
  defaults: { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false },
  check(where, options) {
    checkUsual(where, options);
    const { betas, eps } = options;
    checkBetas(where, betas);
    checkNumber(where, 'eps', eps, 0);
  },
  allKeys: keys,
  stateKeys: () => keys,
  countsSteps: true,
  linear: true,
  step({ values, state, gradient, n }, o, count) {
    calls.adamaxStep({
      param: values,
      expAvg: state[0]!,
      expInf: state[1]!,
      grad: gradient,
      n,
      step: count,
      lr: o.lr,
      beta1: o.betas[0],
      beta2: o.betas[1],
      eps: o.eps,
      weightDecay: o.weightDecay,
      maximize: o.maximize,
    });
  },
};

/**
 * Adamax (Kingma, Ba, 2015): `torch.optim.Adamax`.
 *
 * With g the gradient plus `weightDecay * w`: `m = b1 m + (1 - b1) g`, `u = max(b2 u, |g| + eps)`, `w -= lr / (1 - b1^t) * m / u`. Parameters
 * without a gradient are skipped.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * const optimizer = new optim.Adamax([w], { lr: 0.5 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * w.toArray(); // [0.5, 1.5]
 */
export class Adamax extends Optimizer<AdamaxOptions> {
  constructor(params: Params<AdamaxOptions>, options?: Partial<AdamaxOptions>) {
    super(adamax, params, options);
  }
}
