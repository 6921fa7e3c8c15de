// NAdam: Adam with Nesterov's momentum.
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber } from '../errors';
import { checkBetas, checkUsual } from './checks';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `NAdam`. */
export interface NAdamOptions {
  /** The learning rate; default 2e-3. */
  lr: number;
  /** The decay of the running means of the gradients and of their squares; default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the root of the mean square; default 1e-8. */
  eps: number;
  /** The weight decay: this times the value is added to the gradient, or with `decoupledWeightDecay` the rate times this times the value is subtracted from the value; default 0. */
  weightDecay: number;
  /** How fast the momentum grows from half of beta 1 to beta 1; default 4e-3. */
  momentumDecay: number;
  /** Whether the weight decay is AdamW's; default false. */
  decoupledWeightDecay: boolean;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

const keys = ['exp_avg', 'exp_avg_sq'];

// A divisor so large that a term divided by it, instead of by the root of a float32, is at most 1e-19 times as large and is lost in rounding. It is finite, because a fit calculates with the numbers of calls.
const greatest = 2 ** 127;

const momentumAt = ({ betas, momentumDecay }: NAdamOptions, step: number): number => betas[0] * (1 - 0.5 * 0.96 ** (step * momentumDecay));

const nadam: Definition<NAdamOptions> = {
  name: 'NAdam',
  defaults: { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, momentumDecay: 4e-3, decoupledWeightDecay: false, maximize: false },
  check(where, options) {
    checkUsual(where, options);
    const { betas, eps, momentumDecay, decoupledWeightDecay } = options;
    checkBetas(where, betas);
    checkNumber(where, 'eps', eps, 0);
    checkNumber(where, 'momentumDecay', momentumDecay, 0);
    checkBoolean(where, 'decoupledWeightDecay', decoupledWeightDecay);
  },
  allKeys: keys,
  stateKeys: () => keys,
  countsSteps: true,
  scalar: { key: 'mu_product', first: 1, next: (before, options, count) => Math.fround(before * Math.fround(momentumAt(options, count))) },
  // Three calls, because NAdam has no kernel of its own. The first is Adam's with the largest eps: it updates the means and applies a decoupled weight decay, but does not move the
  // parameter. The others are RMSprop's with an alpha of 1, which keeps the mean square and divides by its root: first the gradient, then the mean of the gradients. The bias
  // correction c of the mean square is factored out: d / (sqrt(v / c) + eps) = sqrt(c) d / (sqrt(v) + sqrt(c) eps).
  step({ values, state, gradient, n, slots }, o, count) {
    const [expAvg, expAvgSq] = state as [Float32Array, Float32Array];
    const [mu, next] = [momentumAt(o, count), momentumAt(o, count + 1)];
    const product = Math.fround(slots[0]!.scalar * Math.fround(mu));
    const root = Math.sqrt(1 - o.betas[1] ** count);
    calls.adamStep({
      param: values,
      m: expAvg,
      v: expAvgSq,
      grad: gradient,
      n,
      step: count,
      lr: o.lr,
      beta1: o.betas[0],
      beta2: o.betas[1],
      eps: greatest,
      weightDecay: o.weightDecay,
      decoupled: o.decoupledWeightDecay,
      maximize: o.maximize,
    });
    calls.rmspropStep({
      param: values,
      squareAvg: expAvgSq,
      grad: gradient,
      n,
      lr: (o.lr * (1 - mu) * root) / (1 - product),
      alpha: 1,
      eps: o.eps * root,
      weightDecay: o.decoupledWeightDecay ? 0 : o.weightDecay,
      maximize: o.maximize,
    });
    calls.rmspropStep({
      param: values,
      squareAvg: expAvgSq,
      grad: expAvg,
      n,
      lr: (o.lr * next * root) / (1 - product * next),
      alpha: 1,
      eps: o.eps * root,
      weightDecay: 0,
    });
  },
};

/**
 * NAdam, Adam with Nesterov's momentum (Dozat, 2016): `torch.optim.NAdam`.
 *
 * With g the gradient plus `weightDecay * w`, `mu_t = b1 (1 - 0.96^(t momentumDecay) / 2)` and P the product of all mu so far:
 * `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`, and
 * `w -= lr * ((1 - mu_t) g / (1 - P) + mu_(t+1) m / (1 - P mu_(t+1))) / (sqrt(v / (1 - b2^t)) + eps)`. Parameters without a gradient are skipped. P is a
 * float32, as in PyTorch.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * const optimizer = new optim.NAdam([w], { lr: 0.5 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * optimizer.stateDict().state[0].mu_product.item().toFixed(4); // "0.4501"
 */
export class NAdam extends Optimizer<NAdamOptions> {
  constructor(params: Params<NAdamOptions>, options?: Partial<NAdamOptions>) {
    super(nadam, params, options);
  }
}
