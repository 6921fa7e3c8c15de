// Adadelta: gradients scaled to the size of earlier changes.
import * as calls from '../calls.generated';
import { checkNumber } from '../errors';
import { checkUsual } from './checks';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `Adadelta`. */
export interface AdadeltaOptions {
  /** The learning rate; default 1. */
  lr: number;
  /** The decay of the running means, from 0 to 1; default 0.9. */
  rho: number;
  /** Added to the mean squares before their roots are taken; default 1e-6. */
  eps: number;
  /** The weight decay: this times the value is added to the gradient; default 0. */
  weightDecay: number;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

const keys = ['square_avg', 'acc_delta'];

const adadelta: Definition<AdadeltaOptions> = {
  name: 'Adadelta',
  defaults: { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false },
  check(where, options) {
    checkUsual(where, options);
    const { rho, eps } = options;
    checkNumber(where, 'rho', rho, 0, 1);
    checkNumber(where, 'eps', eps, 0);
  },
  allKeys: keys,
  stateKeys: () => keys,
  countsSteps: true,
  linear: true,
  step({ values, state, gradient, n }, o) {
    calls.adadeltaStep({
      param: values,
      squareAvg: state[0]!,
      accDelta: state[1]!,
      grad: gradient,
      n,
      lr: o.lr,
      rho: o.rho,
      eps: o.eps,
      weightDecay: o.weightDecay,
      maximize: o.maximize,
    });
  },
};

/**
 * Adadelta (Zeiler, 2012): `torch.optim.Adadelta`.
 *
 * With g the gradient plus `weightDecay * w`: `v = rho v + (1 - rho) g^2`, `d = sqrt(a + eps) / sqrt(v + eps) * g`, `a = rho a + (1 - rho) d^2`,
 * `w -= lr * d`. Parameters without a gradient are skipped.
 *
 * @example
 * const w = new nn.Parameter(tensor([1]));
 * const optimizer = new optim.Adadelta([w], { lr: 0.5, rho: 0.625, eps: 0.5 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * w.toArray(); // [0.5]
 */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  constructor(params: Params<AdadeltaOptions>, options?: Partial<AdadeltaOptions>) {
    super(adadelta, params, options);
  }
}
