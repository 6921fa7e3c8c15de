// The triplet loss with a user's own distance.
import { checkBoolean, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { sameShape, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { reduced } from './composed-losses';
import { pairwiseDistance } from './distances';
import { stack } from './join';
import { checkReduction, type Reduction } from './loss';
import './amax';
import './arithmetic';
import './between';

/** A distance between tensors: float32, one number for each pair of vectors, smaller for more similar ones. */
export type DistanceFunction = (x1: Tensor, x2: Tensor) => Tensor;

/** The options of `tripletMarginWithDistanceLoss`. */
export interface TripletMarginWithDistanceLossOptions {
  /** The distance; null is `pairwiseDistance` (null). */
  distanceFunction?: DistanceFunction | null;
  /** By how much the negative should be farther away than the positive, above 0 (1). */
  margin?: number;
  /** Whether the distance from positive to negative is used if it is less than that from the anchor to the negative (false). */
  swap?: boolean;
  /** How the triplets' losses are reduced: "mean" (default), "sum" or "none". */
  reduction?: Reduction;
}

const defaults: Required<TripletMarginWithDistanceLossOptions> = { distanceFunction: null, margin: 1, swap: false, reduction: 'mean' };

/** @internal Throws unless the distance is a function or null. */
export function checkDistance(where: string, distance: unknown): DistanceFunction | null {
  if (distance === null || typeof distance === 'function') return distance as DistanceFunction | null;
  throw typeError(where, `expected distanceFunction to be a function or null, got ${describe(distance)}`);
}

/**
 * `max(0, d(anchor, positive) - d(anchor, negative) + margin)` with any distance d; with `swap` the smaller one of d(anchor, negative) and
 * d(positive, negative) counts. Reduced to the mean (default), the sum, or "none": `torch.nn.functional.triplet_margin_with_distance_loss`.
 *
 * Shapes: all three tensors of as many dimensions, as `distanceFunction` takes them; every triplet's loss: what it returns, float32 of one shape for all
 * pairs. A TypeError or RangeError where it returns something else. margin is positive.
 *
 * @example
 * const distanceFunction = (a: Tensor, b: Tensor) => a.sub(b).abs().amax(1);
 * const [anchor, positive, negative] = [tensor([[0, 0]]), tensor([[3, 4]]), tensor([[0, 2]])];
 * nn.functional.tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction }).item(); // 3
 */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletMarginWithDistanceLossOptions,
): Tensor;
/** @internal */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginWithDistanceLossOptions | undefined,
  where: string,
): Tensor;
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletMarginWithDistanceLossOptions,
  where = 'tripletMarginWithDistanceLoss',
): Tensor {
  const { distanceFunction, margin, swap, reduction } = withDefaults(where, options, defaults);
  const given = checkDistance(where, distanceFunction) ?? pairwiseDistance;
  if (!(checkNumber(where, 'margin', margin) > 0)) throw rangeError(where, `expected margin to be positive, got ${margin}`);
  checkBoolean(where, 'swap', swap);
  checkReduction(where, reduction);
  checkTensor(where, 'anchor', anchor);
  for (const [name, one] of Object.entries({ positive, negative })) {
    checkTensor(where, name, one);
    if (one.shape.length === anchor.shape.length) continue;
    const [own, wanted] = [shapeText(one.shape), shapeText(anchor.shape)];
    throw rangeError(where, `expected ${name} with as many dimensions as anchor ${wanted}, got ${own}`);
  }
  const distance = (a: Tensor, b: Tensor, like: Tensor | null): Tensor => {
    const d: unknown = given(a, b);
    if (!(d instanceof Tensor) || d.dtype !== 'float32') {
      throw typeError(where, `expected distanceFunction to return a float32 tensor, got ${describe(d)}`);
    }
    if (like !== null && !sameShape(d.shape, like.shape)) {
      throw rangeError(where, `expected distanceFunction to return ${shapeText(like.shape)} for all pairs, got ${shapeText(d.shape)}`);
    }
    return d;
  };
  const near = distance(anchor, positive, null);
  const far = distance(anchor, negative, near);
  const farthest = swap ? stack([far, distance(positive, negative, near)]).amin(0) : far;
  return reduced(near.add(margin).sub(farthest).clampMin(0), reduction);
}
