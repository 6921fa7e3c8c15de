// The triplet loss with a user's own distance, as a module.
import { describe, typeError, withDefaults } from '../errors';
import type { Reduction } from '../ops/loss';
import {
  type DistanceFunction,
  type TripletMarginWithDistanceLossOptions as FunctionOptions,
  tripletMarginWithDistanceLoss,
} from '../ops/triplet-margin-with-distance-loss';
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { boolean, Options, type OptionType, oneOf, orNull, positive } from './options';

/** A distance of two tensors: a function, or a module such as `PairwiseDistance`. */
export type Distance = DistanceFunction | (Module & { forward(x1: Tensor, x2: Tensor): Tensor });

/** The options of `TripletMarginWithDistanceLoss`. */
export interface TripletMarginWithDistanceLossOptions extends Omit<FunctionOptions, 'distanceFunction'> {
  /** The distance; null: `nn.functional.pairwiseDistance` (null). */
  distanceFunction?: Distance | null;
}

const distance: OptionType<Distance> = {
  check: (where, name, value) => {
    if (typeof value === 'function' || value instanceof Module) return value as Distance;
    throw typeError(where, `expected ${name} to be a function, a module or null, got ${describe(value)}`);
  },
  print: String,
};

const options = new Options('TripletMarginWithDistanceLoss', {
  distanceFunction: orNull(distance),
  margin: positive,
  swap: boolean,
  reduction: oneOf<Reduction>('mean', 'sum', 'none'),
});

/**
 * `max(0, d(anchor, positive) - d(anchor, negative) + margin)` with any distance d: `torch.nn.TripletMarginWithDistanceLoss`. With `swap` the smaller one of
 * d(anchor, negative) and d(positive, negative) counts.
 *
 * `distanceFunction` is a function of two tensors or a module, by default `pairwiseDistance`; a module with parameters is a part of the loss, so that they
 * are among `criterion.parameters()`. Shapes: as it takes them. `margin` is positive, 1 by default, `swap` false; `reduction`: `"mean"` (default), `"sum"` or
 * `"none"`.
 *
 * @example
 * const criterion = new nn.TripletMarginWithDistanceLoss({ distanceFunction: (a, b) => a.sub(b).abs().amax(1) });
 * criterion.forward(tensor([[0, 0]]), tensor([[3, 4]]), tensor([[0, 2]])).item(); // 3
 */
export class TripletMarginWithDistanceLoss extends Module {
  /** The distance; null: `nn.functional.pairwiseDistance`. */
  distanceFunction: Distance | null;
  /** By how much the negative should be farther away than the positive. */
  margin: number;
  /** Whether the distance from positive to negative is used if it is smaller. */
  swap: boolean;
  /** How the triplets' losses are reduced. */
  reduction: Reduction;

  constructor(given?: TripletMarginWithDistanceLossOptions) {
    super();
    const defaults: Required<TripletMarginWithDistanceLossOptions> = { distanceFunction: null, margin: 1, swap: false, reduction: 'mean' };
    const { distanceFunction, margin, swap, reduction } = options.checked(withDefaults('TripletMarginWithDistanceLoss', given, defaults));
    this.distanceFunction = distanceFunction;
    this.margin = margin;
    this.swap = swap;
    this.reduction = reduction;
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const where = 'TripletMarginWithDistanceLoss.forward';
    checkInputs(where, arguments.length, 3);
    options.use(this);
    const { distanceFunction: own, margin, swap, reduction } = this;
    const distanceFunction = own instanceof Module ? (a: Tensor, b: Tensor): Tensor => own.call(a, b) : own;
    return tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction, margin, swap, reduction }, where);
  }
}
