// The loss of triplets in which an anchor should be nearer to a similar vector than to a dissimilar one.
import { checkBoolean, checkNumber, rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { checkLike, reduced } from './composed-losses';
import { stack } from './join';
import { checkReduction, type Reduction } from './loss';
import { checkExponent, normOf } from './vector-norm';
import './amax';
import './arithmetic';
import './between';

/** The options of `tripletMarginLoss`. */
export interface TripletMarginLossOptions {
  /** By how much the negative should be farther away than the positive, above 0 (1). */
  margin?: number;
  /** The exponent of the distance's norm (2). */
  p?: number;
  /** Added to each difference (1e-6). */
  eps?: number;
  /** Whether the distance from positive to negative is used if it is less than that from the anchor to the negative (false). */
  swap?: boolean;
  /** How the triplets' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

const defaults: Required<TripletMarginLossOptions> = { margin: 1, p: 2, eps: 1e-6, swap: false, reduction: 'mean' };

/**
 * `max(0, d(anchor, positive) - d(anchor, negative) + margin)` with `d(a, b) = ||a - b + eps||_p` over the last dimension; with `swap` the smaller one of
 * d(anchor, negative) and d(positive, negative) counts. Reduced to the mean (default), the sum, or "none": `torch.nn.functional.triplet_margin_loss`. Source:
 * Balntas et al., BMVC 2016.
 *
 * Shapes: all float32 `[*, d]`, unlike in PyTorch without broadcasting; every triplet's: `[*]`. margin is positive.
 *
 * @example
 * nn.functional.tripletMarginLoss(tensor([[0, 0]]), tensor([[3, 4]]), tensor([[0, 2]]), { eps: 0 }).item(); // 4
 */
export function tripletMarginLoss(anchor: Tensor, positive: Tensor, negative: Tensor, options?: TripletMarginLossOptions): Tensor;
/** @internal */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginLossOptions | undefined,
  where: string,
): Tensor;
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletMarginLossOptions,
  where = 'tripletMarginLoss',
): Tensor {
  const { margin, p, eps, swap, reduction } = withDefaults(where, options, defaults);
  if (!(checkNumber(where, 'margin', margin) > 0)) throw rangeError(where, `expected margin to be positive, got ${margin}`);
  checkNumber(where, 'p', p);
  checkExponent(where, p);
  checkNumber(where, 'eps', eps);
  checkBoolean(where, 'swap', swap);
  checkReduction(where, reduction);
  checkTensor(where, 'anchor', anchor, 'float32');
  if (anchor.shape.length === 0) throw rangeError(where, `expected anchor [*, d], got ${shapeText(anchor.shape)}`);
  checkLike(where, anchor, 'positive', positive, 'anchor');
  checkLike(where, anchor, 'negative', negative, 'anchor');
  const distance = (a: Tensor, b: Tensor): Tensor => normOf(where, a.sub(b).add(eps), p, -1, false);
  const near = distance(anchor, positive);
  const far = distance(anchor, negative);
  const farthest = swap ? stack([far, distance(positive, negative)]).amin(0) : far;
  return reduced(near.add(margin).sub(farthest).clampMin(0), reduction);
}
