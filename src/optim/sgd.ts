// Stochastic gradient descent.
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, rangeError } from '../errors';
import { checkUsual } from './checks';
import { onlyRows } from './flat-parameters';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `SGD`. */
export interface SGDOptions {
  /** The learning rate; default 1e-3. */
  lr: number;
  /** The momentum: how much of the running direction each step keeps; default 0. */
  momentum: number;
  /** The dampening: the part of the gradient that the running direction omits; default 0. */
  dampening: number;
  /** The weight decay: this times the value is added to the gradient; default 0. */
  weightDecay: number;
  /** Whether to use Nesterov's momentum; default false. It needs a momentum and no dampening. */
  nesterov: boolean;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

const none: readonly string[] = [];
const buffer = ['momentum_buffer'];

const sgd: Definition<SGDOptions> = {
  name: 'SGD',
  defaults: { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false },
  check(where, options) {
    checkUsual(where, options);
    const { momentum, dampening, nesterov } = options;
    checkNumber(where, 'momentum', momentum, 0);
    checkNumber(where, 'dampening', dampening);
    checkBoolean(where, 'nesterov', nesterov);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw rangeError(where, `nesterov needs a momentum and no dampening, got momentum ${momentum}, dampening ${dampening}`);
    }
  },
  allKeys: buffer,
  stateKeys: ({ momentum }) => (momentum === 0 ? none : buffer),
  countsSteps: false,
  linear: true,
  step(flat, o, count) {
    const { values, state, gradient, n } = flat;
    const rows = o.momentum === 0 && o.weightDecay === 0 ? onlyRows(flat) : null;
    if (rows !== null) {
      calls.sgdRowsStep({
        param: values,
        grad: gradient,
        touched: rows.touched,
        rows: rows.rows,
        columns: rows.columns,
        lr: o.lr,
        maximize: o.maximize,
      });
      return;
    }
    calls.sgdStep({
      param: values,
      momentumBuffer: state[0],
      grad: gradient,
      n,
      lr: o.lr,
      momentum: o.momentum,
      dampening: o.dampening,
      weightDecay: o.weightDecay,
      nesterov: o.nesterov,
      maximize: o.maximize,
      firstStep: count === 1,
    });
  },
};

/**
 * Stochastic gradient descent, with momentum (Polyak, 1964; nesterov: Sutskever et al., 2013): `torch.optim.SGD`.
 *
 * With g the gradient plus `weightDecay * w`: `b = momentum * b + (1 - dampening) * g`, in the first step `b = g`; `w -= lr * b`, with
 * nesterov `w -= lr * (g + momentum * b)`. Parameters without a gradient are skipped. Without momentum and weight decay a step of a table with `sparse: true` takes
 * time for the rows that were selected alone.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * const optimizer = new optim.SGD([w], { lr: 0.5 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * w.toArray(); // [0, 0]
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Params<SGDOptions>, options?: Partial<SGDOptions>) {
    super(sgd, params, options);
  }
}
