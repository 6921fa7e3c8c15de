// ASGD: gradient descent with a decreasing rate, and the average of the values.
import * as calls from '../calls.generated';
import { checkNumber } from '../errors';
import { allocatePersistent } from '../memory';
import { byOneLayout } from '../ops/broadcast';
import { recorder } from '../recorder';
import { checkUsual } from './checks';
import type { FlatParameter } from './flat-parameters';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `ASGD`. */
export interface ASGDOptions {
  /** The learning rate at the first step; default 1e-2. */
  lr: number;
  /** How fast the rate decreases, and the decay of the values; default 1e-4. */
  lambd: number;
  /** The exponent with which the rate decreases; default 0.75. */
  alpha: number;
  /** The step after which values are averaged; default 1e6. */
  t0: number;
  /** The weight decay: this times the value is added to the gradient; default 0. */
  weightDecay: number;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

const keys = ['ax'];

// The weight in the average of the value of step `count`. PyTorch keeps it as state; here it follows from the number of steps.
const shareAt = (t0: number, count: number): number => Math.fround(1 / Math.max(1, count - 1 - t0));

/** The arrays of a flat parameter's steps. They are the same at each step, because a recording identifies memory by them. */
interface Workspace {
  /** The number by which the average is multiplied. */
  readonly factor: Float32Array;
  readonly layout: Int32Array;
}

const workspaces = new WeakMap<FlatParameter, Workspace>();

function workspaceOf(flat: FlatParameter): Workspace {
  let workspace = workspaces.get(flat);
  if (workspace === undefined) {
    workspace = { factor: allocatePersistent(1), layout: byOneLayout(flat.n) };
    workspaces.set(flat, workspace);
  }
  recorder?.allocated(workspace.factor);
  return workspace;
}

const asgd: Definition<ASGDOptions> = {
  name: 'ASGD',
  defaults: { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false },
  check(where, options) {
    checkUsual(where, options);
    for (const name of ['lambd', 'alpha', 't0'] as const) checkNumber(where, name, options[name]);
  },
  allKeys: keys,
  stateKeys: () => keys,
  countsSteps: true,
  scalar: { key: 'eta', first: 0, next: (_, { lr, lambd, alpha }, count) => Math.fround(lr / (1 + lambd * lr * count) ** alpha) },
  derived: { key: 'mu', at: ({ t0 }, steps) => shareAt(t0, steps + 1) },
  // `w (1 - lambd eta) - eta (g + weightDecay w)` is a step with the sum of both decays. The average is multiplied first, so that with weight 1 it becomes exactly the value.
  step(flat, o, count) {
    const { values, state, gradient, n, slots } = flat;
    const average = state[0]!;
    const eta = count === 1 ? Math.fround(o.lr) : slots[0]!.scalar;
    const share = shareAt(o.t0, count);
    calls.sgdStep({ param: values, grad: gradient, n, lr: eta, weightDecay: o.weightDecay + o.lambd, maximize: o.maximize });
    const { factor, layout } = workspaceOf(flat);
    calls.fill({ out: factor, n: 1, value: 1 - share });
    calls.mul({ out: average, a: average, b: factor, layout });
    calls.sgdStep({ param: average, grad: values, n, lr: -share });
  },
};

/**
 * Averaged stochastic gradient descent (Polyak and Juditsky, 1992): `torch.optim.ASGD`.
 *
 * With g the gradient plus `weightDecay * w` and t the number of the step: `w = (1 - lambd * eta) w - eta * g`, and the average `ax += mu (w - ax)`, where eta is lr in the
 * first step and `lr / (1 + lambd * lr * (t - 1))^alpha` later, and `mu = 1 / max(1, t - 1 - t0)`. The average is in the state dict, as `ax`; it is w itself until
 * step t0. Parameters without a gradient are skipped.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * const optimizer = new optim.ASGD([w], { lr: 0.25, lambd: 0 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * w.toArray(); // [0.5, 1]
 * optimizer.stateDict().state[0].ax.toArray(); // [0.5, 1]
 */
export class ASGD extends Optimizer<ASGDOptions> {
  constructor(params: Params<ASGDOptions>, options?: Partial<ASGDOptions>) {
    super(asgd, params, options);
  }
}
