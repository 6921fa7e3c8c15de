// Adam, and AdamW with decoupled weight decay: one kernel with a flag.
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber } from '../errors';
import { checkBetas, checkUsual } from './checks';
import type { FlatParameter } from './flat-parameters';
import { type Definition, Optimizer, type Params } from './optimizer';

/** The options of `AdamW`. */
export interface AdamWOptions {
  /** The learning rate; default 1e-3. */
  lr: number;
  /** The decay of the running means of the gradients and of their squares; default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the root of the mean square; default 1e-8. */
  eps: number;
  /** The weight decay: in Adam this times the value is added to the gradient, in AdamW and with `decoupledWeightDecay` the rate times this times the value is subtracted from the value. Default 0, in AdamW 0.01. */
  weightDecay: number;
  /** Whether the largest mean square so far is used (AMSGrad); default false. */
  amsgrad: boolean;
  /** Whether to maximize the loss instead of minimizing it; default false. */
  maximize: boolean;
}

/** The options of `Adam`. */
export interface AdamOptions extends AdamWOptions {
  /** Whether the weight decay is that of AdamW; default false. */
  decoupledWeightDecay: boolean;
}

const moments = ['exp_avg', 'exp_avg_sq'];
const momentsAndMost = [...moments, 'max_exp_avg_sq'];

function check(where: string, options: AdamWOptions): void {
  checkUsual(where, options);
  const { betas, eps, amsgrad } = options;
  checkBetas(where, betas);
  checkNumber(where, 'eps', eps, 0);
  checkBoolean(where, 'amsgrad', amsgrad);
}

function step({ values, state, gradient, n }: FlatParameter, o: AdamWOptions, count: number, decoupled: boolean): void {
  const [m, v, maxV] = state as [Float32Array, Float32Array, Float32Array?];
  calls.adamStep({
    param: values,
    m,
    v,
    maxV,
    grad: gradient,
    n,
    step: count,
    lr: o.lr,
    beta1: o.betas[0],
    beta2: o.betas[1],
    eps: o.eps,
    weightDecay: o.weightDecay,
    decoupled,
    maximize: o.maximize,
  });
}

const usual = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false } as const;

const adam: Definition<AdamOptions> = {
  name: 'Adam',
  defaults: { ...usual, decoupledWeightDecay: false },
  check(where, options) {
    check(where, options);
    checkBoolean(where, 'decoupledWeightDecay', options.decoupledWeightDecay);
  },
  allKeys: momentsAndMost,
  stateKeys: ({ amsgrad }) => (amsgrad ? momentsAndMost : moments),
  countsSteps: true,
  linear: true,
  step: (flat, options, count) => step(flat, options, count, options.decoupledWeightDecay),
};

const adamW: Definition<AdamWOptions> = {
  name: 'AdamW',
  defaults: { ...usual, weightDecay: 0.01 },
  check,
  allKeys: momentsAndMost,
  stateKeys: ({ amsgrad }) => (amsgrad ? momentsAndMost : moments),
  countsSteps: true,
  linear: true,
  decoupled: true,
  step: (flat, options, count) => step(flat, options, count, true),
};

/**
 * Adam (Kingma, Ba, 2015; amsgrad: Reddi et al., 2018): `torch.optim.Adam`.
 *
 * With g the gradient plus `weightDecay * w`: `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
 * `w -= lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)`. Parameters without a gradient are skipped. With `decoupledWeightDecay`
 * it is `AdamW`, whose states it loads too.
 *
 * @example
 * const model = new nn.Linear(3, 1);
 * const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
 * optimizer.zeroGrad();
 * model.forward(ones([4, 3])).sum().backward();
 * optimizer.step();
 * optimizer.paramGroups[0].lr = 0.001;
 */
export class Adam extends Optimizer<AdamOptions> {
  constructor(params: Params<AdamOptions>, options?: Partial<AdamOptions>) {
    super(adam, params, options);
  }
}

/**
 * Adam with the weight decay taken off the value, `w -= lr * weightDecay * w`, instead of added to the gradient (Loshchilov, Hutter, 2019):
 * `torch.optim.AdamW`.
 *
 * @example
 * const model = new nn.Linear(3, 1);
 * new optim.AdamW(model.parameters()).paramGroups[0].weightDecay; // 0.01
 */
export class AdamW extends Optimizer<AdamWOptions> {
  constructor(params: Params<AdamWOptions>, options?: Partial<AdamWOptions>) {
    super(adamW, params, options);
  }
}
