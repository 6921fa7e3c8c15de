// The losses of similar and dissimilar vectors, as modules.
import { withDefaults } from '../errors';
import { type CosineEmbeddingLossOptions, cosineEmbeddingLoss } from '../ops/cosine-embedding-loss';
import { type HingeEmbeddingLossOptions, hingeEmbeddingLoss } from '../ops/hinge-embedding-loss';
import type { Reduction } from '../ops/loss';
import { type MarginRankingLossOptions, marginRankingLoss } from '../ops/margin-ranking-loss';
import { type TripletMarginLossOptions, tripletMarginLoss } from '../ops/triplet-margin-loss';
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { boolean, number, Options, oneOf, positive } from './options';

const reduction = oneOf<Reduction>('mean', 'sum', 'none');
const rankingOptions = new Options('MarginRankingLoss', { margin: number(), reduction });
const hingeOptions = new Options('HingeEmbeddingLoss', { margin: number(), reduction });
const cosineOptions = new Options('CosineEmbeddingLoss', { margin: number(-1, 1), reduction });
const tripletOptions = new Options('TripletMarginLoss', { margin: positive, p: number(), eps: number(), swap: boolean, reduction });

/**
 * `max(0, -target (x1 - x2) + margin)`: target is 1 where x1 should be larger, -1 where x2 should: `torch.nn.MarginRankingLoss`.
 *
 * x1 and x2 are float32 of the same shape, target float32 or int32 of that shape. `margin` is 0 by default; `reduction`: `"mean"` (default), `"sum"` or `"none"`.
 *
 * @example
 * new nn.MarginRankingLoss().forward(tensor([3, 1]), tensor([1, 2]), tensor([1, 1])).item(); // 0.5
 */
export class MarginRankingLoss extends Module {
  /** By how much the larger one should be larger. */
  margin: number;
  /** How the pairs' losses are reduced. */
  reduction: Reduction;

  constructor(options?: MarginRankingLossOptions) {
    super();
    const defaults: Required<MarginRankingLossOptions> = { margin: 0, reduction: 'mean' };
    const { margin, reduction } = rankingOptions.checked(withDefaults('MarginRankingLoss', options, defaults));
    this.margin = margin;
    this.reduction = reduction;
  }

  override forward(x1: Tensor, x2: Tensor, target: Tensor): Tensor {
    checkInputs('MarginRankingLoss.forward', arguments.length, 3);
    rankingOptions.use(this);
    return marginRankingLoss(x1, x2, target, { margin: this.margin, reduction: this.reduction }, 'MarginRankingLoss.forward');
  }
}

/**
 * The loss of distances x: `x` where target is 1, `max(0, margin - x)` where it is -1: `torch.nn.HingeEmbeddingLoss`.
 *
 * x is float32, target float32 or int32 of the same shape. `margin` is 1 by default; `reduction` as for `MarginRankingLoss`.
 *
 * @example
 * new nn.HingeEmbeddingLoss().forward(tensor([0.5, 0.25]), tensor([1, -1])).item(); // 0.625
 */
export class HingeEmbeddingLoss extends Module {
  /** A distance with target -1 has loss 0 from this distance on. */
  margin: number;
  /** How the elements' losses are reduced. */
  reduction: Reduction;

  constructor(options?: HingeEmbeddingLossOptions) {
    super();
    const defaults: Required<HingeEmbeddingLossOptions> = { margin: 1, reduction: 'mean' };
    const { margin, reduction } = hingeOptions.checked(withDefaults('HingeEmbeddingLoss', options, defaults));
    this.margin = margin;
    this.reduction = reduction;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    checkInputs('HingeEmbeddingLoss.forward', arguments.length, 2);
    hingeOptions.use(this);
    return hingeEmbeddingLoss(x, target, { margin: this.margin, reduction: this.reduction }, 'HingeEmbeddingLoss.forward');
  }
}

/**
 * `1 - cos(x1, x2)` where target is 1, `max(0, cos(x1, x2) - margin)` where it is -1: `torch.nn.CosineEmbeddingLoss`.
 *
 * Shapes: x1 and x2 float32 `[n, d]` and target `[n]`, or `[d]` and `[]`; target is float32 or int32. `margin` is from -1 to 1, 0 by default; `reduction` as for
 * `MarginRankingLoss`.
 *
 * @example
 * new nn.CosineEmbeddingLoss().forward(tensor([[1, 0]]), tensor([[0, 3]]), tensor([1])).item(); // 1
 */
export class CosineEmbeddingLoss extends Module {
  /** A pair with target -1 has loss 0 up to this cosine. */
  margin: number;
  /** How the pairs' losses are reduced. */
  reduction: Reduction;

  constructor(options?: CosineEmbeddingLossOptions) {
    super();
    const defaults: Required<CosineEmbeddingLossOptions> = { margin: 0, reduction: 'mean' };
    const { margin, reduction } = cosineOptions.checked(withDefaults('CosineEmbeddingLoss', options, defaults));
    this.margin = margin;
    this.reduction = reduction;
  }

  override forward(x1: Tensor, x2: Tensor, target: Tensor): Tensor {
    checkInputs('CosineEmbeddingLoss.forward', arguments.length, 3);
    cosineOptions.use(this);
    return cosineEmbeddingLoss(x1, x2, target, { margin: this.margin, reduction: this.reduction }, 'CosineEmbeddingLoss.forward');
  }
}

/**
 * `max(0, d(anchor, positive) - d(anchor, negative) + margin)` with `d(a, b) = ||a - b + eps||_p` over the last dimension: `torch.nn.TripletMarginLoss`. With
 * `swap` the smaller of d(anchor, negative) and d(positive, negative) is used.
 *
 * Shapes: all float32 `[*, d]`. `margin` is positive, 1 by default, `p` 2, `eps` 1e-6, `swap` false; `reduction` as for `MarginRankingLoss`.
 *
 * @example
 * const [anchor, positive, negative] = [tensor([[0, 0]]), tensor([[3, 4]]), tensor([[0, 2]])];
 * new nn.TripletMarginLoss({ eps: 0 }).forward(anchor, positive, negative).item(); // 4
 */
export class TripletMarginLoss extends Module {
  /** By how much the negative should be farther away than the positive. */
  margin: number;
  /** The exponent of the distance's norm. */
  p: number;
  /** Added to each difference. */
  eps: number;
  /** Whether the distance from positive to negative is used if it is smaller. */
  swap: boolean;
  /** How the triplets' losses are reduced. */
  reduction: Reduction;

  constructor(options?: TripletMarginLossOptions) {
    super();
    const defaults: Required<TripletMarginLossOptions> = { margin: 1, p: 2, eps: 1e-6, swap: false, reduction: 'mean' };
    const { margin, p, eps, swap, reduction } = tripletOptions.checked(withDefaults('TripletMarginLoss', options, defaults));
    this.margin = margin;
    this.p = p;
    this.eps = eps;
    this.swap = swap;
    this.reduction = reduction;
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    checkInputs('TripletMarginLoss.forward', arguments.length, 3);
    tripletOptions.use(this);
    const { margin, p, eps, swap, reduction } = this;
    return tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction }, 'TripletMarginLoss.forward');
  }
}
