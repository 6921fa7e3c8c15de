// The focal loss, in which examples that are classified well count less.
import { checkNumber, rangeError, withDefaults } from '../errors';
import { checkTensor, type Tensor } from '../tensor';
import { sigmoid } from './activations';
import { numbersLike, reduced } from './composed-losses';
import { checkReduction, type Reduction } from './loss';
import { logistic } from './soft-margin-losses';
import { powScalar } from './unary';
import './arithmetic';
import './between';

const LEAST = 2 ** -126; // the least float32 that is not flushed: its power has a finite derivative for every exponent

/** The options of `sigmoidFocalLoss`. */
export interface SigmoidFocalLossOptions {
  /** The weight of targets 1, from 0 to 1; targets 0 have 1 minus it (0.25). -1: no weights. */
  alpha?: number;
  /** The exponent that reduces the weight of well-classified elements, at least 0 (2). */
  gamma?: number;
  /** The reduction: "none" (default, as in torchvision; for other losses it is "mean"). */
  reduction?: Reduction;
}

/** Throws unless alpha is a valid weight of the positive targets. */
export function checkAlpha(where: string, name: string, alpha: unknown): number {
  const value = checkNumber(where, name, alpha);
  if (value !== -1 && !(value >= 0 && value <= 1)) {
    throw rangeError(where, `expected ${name} to be from 0 to 1, or -1 for no weights, got ${value}`);
  }
  return value;
}

/**
 * The focal loss of logits: `alpha_t (1 - q)^gamma (-log q)`, where `p = sigmoid(x)`, `q = p target + (1 - p)(1 - target)` is the probability of the target,
 * and alpha_t is alpha for targets 1 and `1 - alpha` for 0. As `torchvision.ops.sigmoid_focal_loss`; PyTorch itself has none. Source: Lin et al., arXiv
 * 1708.02002.
 *
 * x is float32, target float32 or int32 of the same shape with values from 0 to 1. alpha is 0.25 by default, and -1 for no weights; gamma is 2 by default, `reduction`
 * "none" as in torchvision.
 *
 * @example
 * nn.functional.sigmoidFocalLoss(tensor([0]), tensor([1]), { alpha: -1 }).toArray(); // [0.1732867956161499]
 */
export function sigmoidFocalLoss(x: Tensor, target: Tensor, options?: SigmoidFocalLossOptions): Tensor;
/** @internal */
export function sigmoidFocalLoss(x: Tensor, target: Tensor, options: SigmoidFocalLossOptions | undefined, where: string): Tensor;
export function sigmoidFocalLoss(x: Tensor, target: Tensor, options?: SigmoidFocalLossOptions, where = 'sigmoidFocalLoss'): Tensor {
  const defaults: Required<SigmoidFocalLossOptions> = { alpha: 0.25, gamma: 2, reduction: 'none' };
  const { alpha, gamma, reduction } = withDefaults(where, options, defaults);
  checkAlpha(where, 'alpha', alpha);
  checkNumber(where, 'gamma', gamma, 0);
  checkReduction(where, reduction);
  checkTensor(where, 'x', x, 'float32');
  const labels = numbersLike(where, x.shape, target);
  const rest = labels.rsub(1);
  // sigmoid(-x) keeps the digits of 1 - sigmoid(x)
  const wrong = sigmoid(x).mul(rest).add(sigmoid(x.neg()).mul(labels));
  const terms = logistic(x, labels).mul(powScalar(wrong.clampMin(LEAST), gamma));
  if (alpha === -1) return reduced(terms, reduction);
  return reduced(terms.mul(labels.mul(alpha).add(rest.mul(1 - alpha))), reduction);
}
