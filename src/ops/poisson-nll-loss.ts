// The likelihood of counts under a Poisson distribution with a predicted rate.
import { checkBoolean, checkNumber, withDefaults } from '../errors';
import { checkTensor, type Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import { numbersLike, reduced } from './composed-losses';
import { checkReduction, type Reduction } from './loss';
import './arithmetic';
import './compare';
import './unary';

/** The options of `poissonNllLoss`. */
export interface PoissonNllLossOptions {
  /** Whether x is the logarithm of the rate (true), or the rate. */
  logInput?: boolean;
  /** Whether Stirling's approximation of `log(target!)` is added for targets above 1 (false). */
  full?: boolean;
  /** Added to a rate before its logarithm is taken (1e-8). */
  eps?: number;
  /** How the elements' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

// t log t - t + log(2 pi t) / 2 where t > 1, else 0. Where it is 0, t is replaced by 1, as 0 log 0 has no gradient.
function stirling(where: string, target: Tensor): Tensor {
  const large = target.gt(1);
  const t = choose(where, large, target, scalar(1));
  const approximation = t
    .mul(t.log())
    .sub(t)
    .add(
      t
        .mul(2 * Math.PI)
        .log()
        .mul(0.5),
    );
  return choose(where, large, approximation, scalar(0));
}

/**
 * The negative log-likelihood of counts under a Poisson distribution, without the terms that do not depend on x: `exp(x) - target x`, or with `logInput: false`
 * `x - target log(x + eps)`; reduced to the mean (default), the sum, or "none": `torch.nn.functional.poisson_nll_loss`.
 *
 * x is float32, target float32 or int32 of the same shape: unlike PyTorch this does not broadcast. `full` adds `target log target - target +
 * log(2 pi target) / 2` where target is above 1.
 *
 * @example
 * nn.functional.poissonNllLoss(tensor([0, 0]), tensor([1, 5])).item(); // 1
 */
export function poissonNllLoss(x: Tensor, target: Tensor, options?: PoissonNllLossOptions): Tensor;
/** @internal */
export function poissonNllLoss(x: Tensor, target: Tensor, options: PoissonNllLossOptions | undefined, where: string): Tensor;
export function poissonNllLoss(x: Tensor, target: Tensor, options?: PoissonNllLossOptions, where = 'poissonNllLoss'): Tensor {
  const defaults: Required<PoissonNllLossOptions> = { logInput: true, full: false, eps: 1e-8, reduction: 'mean' };
  const { logInput, full, eps, reduction } = withDefaults(where, options, defaults);
  checkBoolean(where, 'logInput', logInput);
  checkBoolean(where, 'full', full);
  checkNumber(where, 'eps', eps, 0);
  checkReduction(where, reduction);
  checkTensor(where, 'x', x, 'float32');
  const counts = numbersLike(where, x.shape, target);
  const terms = logInput ? x.exp().sub(counts.mul(x)) : x.sub(counts.mul(x.add(eps).log()));
  return reduced(full ? terms.add(stirling(where, counts)) : terms, reduction);
}
