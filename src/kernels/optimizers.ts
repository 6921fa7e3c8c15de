// One step of an optimizer over a block of parameters.
import { checkBoolean, checkInteger, rangeError, withDefaults } from '../errors';
import { kernels } from '../native';
import { lengthOf } from './checks';

/** The options of `adamStep`. */
export interface AdamStepOptions {
  /** The number of this step, from 1. */
  step: number;
  /** The learning rate (1e-3). */
  lr?: number;
  /** The decay of the mean of gradients (0.9). */
  beta1?: number;
  /** The decay of the mean of squared gradients (0.999). */
  beta2?: number;
  /** Added to the denominator (1e-8). */
  eps?: number;
  /** Added to the gradient, times the parameter (0). */
  weightDecay?: number;
  /** AdamW: weight decay shrinks the parameter itself instead (false). */
  decoupled?: boolean;
  /** Goes up the gradient (false). */
  maximize?: boolean;
  /** AMSGrad's largest v so far, as long as param (null). */
  maxV?: Float32Array | null;
}

/**
 * One step of Adam, or with `decoupled` of AdamW, over all of `param`: as `torch.optim.Adam`.
 *
 * `m += (1 - beta1) (grad - m)`, `v = beta2 v + (1 - beta2) grad^2`,
 * `param -= lr / (1 - beta1^step) m / (sqrt(v) / sqrt(1 - beta2^step) + eps)`.
 * m and v are zero before the first step. The arrays are as long as param and must not overlap; grad stays as it is.
 *
 * @example
 * const [param, m, v] = [Float32Array.of(1), Float32Array.of(0), Float32Array.of(0)];
 * adamStep(param, m, v, Float32Array.of(2), { lr: 0.5, step: 1 });
 * param; // [0.5]
 */
export function adamStep(param: Float32Array, m: Float32Array, v: Float32Array, grad: Float32Array, options: AdamStepOptions): void {
  const o = withDefaults('adamStep', options, {
    step: undefined as number | undefined,
    lr: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weightDecay: 0,
    decoupled: false,
    maximize: false,
    maxV: null as Float32Array | null,
  });
  checkInteger('adamStep', 'step', o.step, 1);
  checkBoolean('adamStep', 'decoupled', o.decoupled);
  checkBoolean('adamStep', 'maximize', o.maximize);
  const flags = (o.decoupled ? 1 : 0) | (o.maximize ? 2 : 0); // enum AdamFlags in native/kernels/table.h
  const n = lengthOf('adamStep', 'param', param, Float32Array);
  kernels.adamStep(param, m, v, o.maxV, grad, n, o.lr, o.beta1, o.beta2, o.eps, o.weightDecay, o.step!, flags);
}

/** The options of `sgdStep`. */
export interface SgdStepOptions {
  /** The learning rate (1e-3). */
  lr?: number;
  /** How much of the last step's direction is kept (0). Needs the momentum buffer. */
  momentum?: number;
  /** How much of the gradient is kept out of the buffer (0). */
  dampening?: number;
  /** Added to the gradient, times the parameter (0). */
  weightDecay?: number;
  /** Looks ahead along the buffer (false). */
  nesterov?: boolean;
  /** Goes up the gradient (false). */
  maximize?: boolean;
  /** The buffer holds nothing yet and becomes the gradient, undampened (false). */
  firstStep?: boolean;
}

/**
 * One step of gradient descent over all of `param`: as `torch.optim.SGD`.
 *
 * `momentum b + (1 - dampening) grad` becomes the buffer b, and `param -= lr b`; without a buffer `param -= lr grad`. The arrays are as long
 * as param and must not overlap; grad stays as it is. A RangeError for momentum or nesterov without a buffer.
 *
 * @example
 * const param = Float32Array.of(1);
 * sgdStep(param, null, Float32Array.of(2), { lr: 0.25 });
 * param; // [0.5]
 */
export function sgdStep(param: Float32Array, momentumBuffer: Float32Array | null, grad: Float32Array, options?: SgdStepOptions): void {
  const o = withDefaults('sgdStep', options, {
    lr: 1e-3,
    momentum: 0,
    dampening: 0,
    weightDecay: 0,
    nesterov: false,
    maximize: false,
    firstStep: false,
  });
  checkBoolean('sgdStep', 'nesterov', o.nesterov);
  checkBoolean('sgdStep', 'maximize', o.maximize);
  checkBoolean('sgdStep', 'firstStep', o.firstStep);
  if ((momentumBuffer ?? null) === null && (o.momentum !== 0 || o.nesterov)) {
    throw rangeError('sgdStep', 'momentum and nesterov need a momentum buffer');
  }
  const flags = (o.nesterov ? 1 : 0) | (o.maximize ? 2 : 0) | (o.firstStep ? 4 : 0); // enum SgdFlags in native/kernels/table.h
  const n = lengthOf('sgdStep', 'param', param, Float32Array);
  kernels.sgdStep(param, momentumBuffer, grad, n, o.lr, o.momentum, o.dampening, o.weightDecay, flags);
}
