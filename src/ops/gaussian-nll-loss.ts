// The likelihood of values under a normal distribution with a predicted mean and variance.
import { record, share } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, rangeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { scalar } from './broadcast';
import { checkLike, reduced } from './composed-losses';
import { checkReduction, type Reduction } from './loss';
import { view } from './views';
import './arithmetic';
import './unary';

/** The options of `gaussianNllLoss`. */
export interface GaussianNllLossOptions {
  /** Whether the constant `log(2 pi) / 2` is added (false). */
  full?: boolean;
  /** The least variance, positive; smaller variances are replaced by it (1e-6). */
  eps?: number;
  /** How the elements' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

// The variances in a shape that broadcasts to x's: that of x, one for each vector of the last dimension, or with one dimension of size 1.
function variances(where: string, x: Tensor, given: unknown): Tensor {
  if (typeof given === 'number') return scalar(checkNumber(where, 'variance', given, 0));
  const variance = checkTensor(where, 'variance', given, 'float32');
  const { shape } = variance;
  const differing = shape.filter((size, d) => size !== x.shape[d]);
  const alike = shape.length === x.shape.length && (differing.length === 0 || (differing.length === 1 && differing[0] === 1));
  const shorter = x.shape.length > 0 && sameShape(shape, x.shape.slice(0, -1));
  if (!alike && !shorter) {
    throw rangeError(
      where,
      `expected variance ${shapeText(x.shape)}, the shape of x, or without one of its dimensions, got ${shapeText(shape)}`,
    );
  }
  if (recorder === null) {
    const at = variance.values.findIndex((value) => value < 0);
    if (at >= 0) throw rangeError(where, `expected variances of at least 0, got ${variance.values[at]}`);
  }
  return alike ? variance : view(variance, [...shape, 1]);
}

// max(variance, least). The gradient passes where it is less too, so that a variance that was estimated as 0 can grow again.
function atLeast(variance: Tensor, least: number): Tensor {
  const y = empty(variance.shape.slice());
  calls.clampForward({ y: y.floats, x: variance.floats, n: variance.numel, low: least, high: Infinity });
  return record(y, 'clamp', [variance], [], (dy) => share(variance, dy));
}

/**
 * The negative log-likelihood of the target under a normal distribution with mean x: `(log v + (x - target)^2 / v) / 2` with `v = max(variance, eps)`; reduced to the
 * mean (default), the sum, or "none": `torch.nn.functional.gaussian_nll_loss`. Source: Nix and Weigend, 1994.
 *
 * x and target are float32 of the same shape; variance is a number, or float32 of that shape, without its last dimension, or with one dimension of size 1. Gradients
 * pass through the limit `eps` (1e-6 by default). A RangeError for a negative variance; inside `compile` and fits, where values are not read, a negative variance
 * counts as eps.
 *
 * @example
 * nn.functional.gaussianNllLoss(tensor([1, 2]), tensor([1, 4]), tensor([1, 1])).item(); // 1
 */
export function gaussianNllLoss(x: Tensor, target: Tensor, variance: Tensor | number, options?: GaussianNllLossOptions): Tensor;
/** @internal */
export function gaussianNllLoss(
  x: Tensor,
  target: Tensor,
  variance: Tensor | number,
  options: GaussianNllLossOptions | undefined,
  where: string,
): Tensor;
export function gaussianNllLoss(
  x: Tensor,
  target: Tensor,
  variance: Tensor | number,
  options?: GaussianNllLossOptions,
  where = 'gaussianNllLoss',
): Tensor {
  const defaults: Required<GaussianNllLossOptions> = { full: false, eps: 1e-6, reduction: 'mean' };
  const { full, eps, reduction } = withDefaults(where, options, defaults);
  checkBoolean(where, 'full', full);
  if (!(checkNumber(where, 'eps', eps) > 0)) throw rangeError(where, `expected eps to be positive, got ${eps}`);
  checkReduction(where, reduction);
  checkTensor(where, 'x', x, 'float32');
  checkLike(where, x, 'target', target);
  const v = atLeast(variances(where, x, variance), eps);
  const terms = v.log().add(x.sub(target).square().div(v)).mul(0.5);
  return reduced(full ? terms.add(0.5 * Math.log(2 * Math.PI)) : terms, reduction);
}
