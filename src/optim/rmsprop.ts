// Gradients divided by the root of their mean square.
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber } from '../errors';
import { checkUsual } from './checks';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `RMSprop`. */
export interface RMSpropOptions {
  /** The learning rate; default 1e-2. */
  lr: number;
  /** How much of the means each step keeps; default 0.99. */
  alpha: number;
  /** Added to the root of the mean square; default 1e-8. */
  eps: number;
  /** The weight decay: this times the value is added to the gradient; default 0. */
  weightDecay: number;
  /** How much of the running direction each step keeps; default 0. */
  momentum: number;
  /** Whether the mean of the gradients is taken off, so that their variance is left of the mean square; default false. */
  centered: boolean;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

const allKeys = ['square_avg', 'momentum_buffer', 'grad_avg'];
const keysOf = [allKeys.slice(0, 1), allKeys.slice(0, 2), ['square_avg', 'grad_avg'], allKeys];

const rmsprop: Definition<RMSpropOptions> = {
  name: 'RMSprop',
  defaults: { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false },
  check(where, options) {
    checkUsual(where, options);
    const { alpha, eps, momentum, centered } = options;
    checkNumber(where, 'alpha', alpha, 0);
    checkNumber(where, 'eps', eps, 0);
    checkNumber(where, 'momentum', momentum, 0);
    checkBoolean(where, 'centered', centered);
  },
  allKeys,
  stateKeys: ({ momentum, centered }) => keysOf[(momentum === 0 ? 0 : 1) + (centered ? 2 : 0)]!,
  countsSteps: true,
  linear: true,
  step({ values, state, gradient, n }, o) {
    calls.rmspropStep({
      param: values,
      squareAvg: state[0]!,
      gradAvg: o.centered ? state[state.length - 1] : null,
      momentumBuffer: o.momentum === 0 ? null : state[1],
      grad: gradient,
      n,
      lr: o.lr,
      alpha: o.alpha,
      eps: o.eps,
      weightDecay: o.weightDecay,
      momentum: o.momentum,
      maximize: o.maximize,
    });
  },
};

/**
 * RMSprop (Tieleman, Hinton, 2012; centered: Graves, 2013): `torch.optim.RMSprop`.
 *
 * With g the gradient plus `weightDecay * w`: `v = alpha v + (1 - alpha) g^2`, `d = g / (sqrt(v) + eps)`, centered `sqrt(v - m^2)` with
 * `m = alpha m + (1 - alpha) g`; with momentum `b = momentum * b + d`, `w -= lr * b`, else `w -= lr * d`. Parameters without a gradient are skipped.
 *
 * @example
 * const model = new nn.Linear(3, 1);
 * const optimizer = new optim.RMSprop(model.parameters(), { lr: 0.01, momentum: 0.9 });
 * model.forward(ones([4, 3])).sum().backward();
 * optimizer.step();
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  constructor(params: Params<RMSpropOptions>, options?: Partial<RMSpropOptions>) {
    super(rmsprop, params, options);
  }
}
