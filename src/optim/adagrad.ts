// Adagrad: gradients divided by the root of the sum of their squares so far.
import * as calls from '../calls.generated';
import { checkNumber } from '../errors';
import { checkUsual } from './checks';
import { onlyRows } from './flat-parameters';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `Adagrad`. */
export interface AdagradOptions {
  /** The learning rate; default 1e-2. */
  lr: number;
  /** How much the rate falls from step to step; default 0. */
  lrDecay: number;
  /** The weight decay: this times the value is added to the gradient; default 0. */
  weightDecay: number;
  /** The initial value of the sum of squares; default 0. */
  initialAccumulatorValue: number;
  /** Added to the root of the sum; default 1e-10. */
  eps: number;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

const keys = ['sum'];

const adagrad: Definition<AdagradOptions> = {
  name: 'Adagrad',
  defaults: { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false },
  check(where, options) {
    checkUsual(where, options);
    const { lrDecay, initialAccumulatorValue, eps } = options;
    checkNumber(where, 'lrDecay', lrDecay, 0);
    checkNumber(where, 'initialAccumulatorValue', initialAccumulatorValue, 0);
    checkNumber(where, 'eps', eps, 0);
  },
  allKeys: keys,
  stateKeys: () => keys,
  countsSteps: true,
  linear: true,
  step(flat, o, count) {
    const { values, state, gradient, n } = flat;
    // With an eps of zero, or of so little that it is flushed to it, a row of zeros becomes NaN.
    const rows = o.weightDecay === 0 && Math.fround(o.eps) >= 2 ** -126 ? onlyRows(flat) : null;
    if (rows !== null) {
      calls.adagradRowsStep({
        param: values,
        sum: state[0]!,
        grad: gradient,
        touched: rows.touched,
        rows: rows.rows,
        columns: rows.columns,
        step: count,
        lr: o.lr,
        lrDecay: o.lrDecay,
        eps: o.eps,
        initial: o.initialAccumulatorValue,
        maximize: o.maximize,
      });
      return;
    }
    calls.adagradStep({
      param: values,
      sum: state[0]!,
      grad: gradient,
      n,
      step: count,
      lr: o.lr,
      lrDecay: o.lrDecay,
      eps: o.eps,
      weightDecay: o.weightDecay,
      initial: o.initialAccumulatorValue,
      maximize: o.maximize,
    });
  },
};

/**
 * Adagrad (Duchi, Hazan, Singer, 2011): `torch.optim.Adagrad`.
 *
 * With g the gradient plus `weightDecay * w`, in step t: `v += g^2`, `w -= lr / (1 + (t - 1) * lrDecay) * g / (sqrt(v) + eps)`; v begins as
 * `initialAccumulatorValue`, for the parameters of a group as that of the group. Parameters without a gradient are skipped. Without weight decay a step
 * of a table with `sparse: true` takes time for the rows that were selected alone, and the first step with an initial value for all.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * const optimizer = new optim.Adagrad([w], { lr: 0.5 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * w.toArray(); // [0.5, 1.5]
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  constructor(params: Params<AdagradOptions>, options?: Partial<AdagradOptions>) {
    super(adagrad, params, options);
  }
}
