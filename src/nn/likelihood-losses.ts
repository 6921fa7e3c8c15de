// The negative log-likelihoods of values with a distribution that the output describes, as modules.
import { withDefaults } from '../errors';
import { type GaussianNllLossOptions, gaussianNllLoss } from '../ops/gaussian-nll-loss';
import type { Reduction } from '../ops/loss';
import { type PoissonNllLossOptions, poissonNllLoss } from '../ops/poisson-nll-loss';
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { boolean, number, Options, oneOf, positive } from './options';

const reduction = oneOf<Reduction>('mean', 'sum', 'none');
const gaussianOptions = new Options('GaussianNLLLoss', { full: boolean, eps: positive, reduction });
const poissonOptions = new Options('PoissonNLLLoss', { logInput: boolean, full: boolean, eps: number(0), reduction });

/**
 * The negative log-likelihood of the target with a normal distribution whose mean and variance are estimated: `(log v + (output - target)^2 / v) / 2` with `v =
 * max(variance, eps)`: `torch.nn.GaussianNLLLoss`.
 *
 * Output and target are float32 of the same shape; variance is a number, or float32 of that shape, without the last dimension, or with one dimension of size 1. `full`
 * (default false) adds the constant `log(2 pi) / 2`; `eps` is 1e-6; `reduction`: `"mean"` (default), `"sum"` or `"none"`. More in `nn.functional.gaussianNllLoss`.
 *
 * @example
 * new nn.GaussianNLLLoss().forward(tensor([1, 2]), tensor([1, 4]), tensor([1, 1])).item(); // 1
 */
export class GaussianNLLLoss extends Module {
  /** Whether the constant is added. */
  full: boolean;
  /** The least variance. */
  eps: number;
  /** How the elements' losses are reduced. */
  reduction: Reduction;

  constructor(options?: GaussianNllLossOptions) {
    super();
    const defaults: Required<GaussianNllLossOptions> = { full: false, eps: 1e-6, reduction: 'mean' };
    const { full, eps, reduction } = gaussianOptions.checked(withDefaults('GaussianNLLLoss', options, defaults));
    this.full = full;
    this.eps = eps;
    this.reduction = reduction;
  }

  override forward(output: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    checkInputs('GaussianNLLLoss.forward', arguments.length, 3);
    gaussianOptions.use(this);
    const { full, eps, reduction } = this;
    return gaussianNllLoss(output, target, variance, { full, eps, reduction }, 'GaussianNLLLoss.forward');
  }
}

/**
 * The negative log-likelihood of counts with a Poisson distribution whose rate is estimated: `exp(output) - target output`, or with `logInput: false`
 * `output - target log(output + eps)`: `torch.nn.PoissonNLLLoss`.
 *
 * Output is float32, target float32 or int32 of the same shape. `full` (default false) adds Stirling's approximation of `log(target!)`; `eps` is 1e-8; `reduction` as
 * for `GaussianNLLLoss`. More in `nn.functional.poissonNllLoss`.
 *
 * @example
 * new nn.PoissonNLLLoss().forward(tensor([0, 0]), tensor([1, 5])).item(); // 1
 */
export class PoissonNLLLoss extends Module {
  /** Whether the output is the logarithm of the rate. */
  logInput: boolean;
  /** Whether Stirling's approximation is added. */
  full: boolean;
  /** Added to a rate before its logarithm is taken. */
  eps: number;
  /** How the elements' losses are reduced. */
  reduction: Reduction;

  constructor(options?: PoissonNllLossOptions) {
    super();
    const defaults: Required<PoissonNllLossOptions> = { logInput: true, full: false, eps: 1e-8, reduction: 'mean' };
    const { logInput, full, eps, reduction } = poissonOptions.checked(withDefaults('PoissonNLLLoss', options, defaults));
    this.logInput = logInput;
    this.full = full;
    this.eps = eps;
    this.reduction = reduction;
  }

  override forward(output: Tensor, target: Tensor): Tensor {
    checkInputs('PoissonNLLLoss.forward', arguments.length, 2);
    poissonOptions.use(this);
    const { logInput, full, eps, reduction } = this;
    return poissonNllLoss(output, target, { logInput, full, eps, reduction }, 'PoissonNLLLoss.forward');
  }
}
