// Similarity and distance of vectors, as layers.
import { withDefaults } from '../errors';
import { cosineSimilarity, pairwiseDistance } from '../ops/distances';
import type { Tensor } from '../tensor';
import { checkInputs } from './inputs';
import { Module } from './module';
import { boolean, integer, number, Options } from './options';

const cosineOptions = new Options('CosineSimilarity', { dim: integer(), eps: number(0) });

/**
 * `x1 . x2 / (|x1| |x2|)` along `dim` (default 1), with norms of at least `eps` (default 1e-8): `torch.nn.CosineSimilarity`.
 *
 * Shapes broadcast; the result has the broadcast shape without `dim`.
 *
 * @example
 * new nn.CosineSimilarity().forward(tensor([[3, 4]]), tensor([[4, 3]])).toArray(); // [0.9600000381469727]
 */
export class CosineSimilarity extends Module {
  /** The dimension of the vectors. */
  dim: number;
  /** The least norm. */
  eps: number;

  constructor(options?: { dim?: number; eps?: number }) {
    super();
    const { dim, eps } = cosineOptions.checked(withDefaults('CosineSimilarity', options, { dim: 1, eps: 1e-8 }));
    this.dim = dim;
    this.eps = eps;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    checkInputs('CosineSimilarity.forward', arguments.length, 2);
    cosineOptions.use(this);
    const { dim, eps } = this;
    return cosineSimilarity(x1, x2, { dim, eps });
  }
}

const distanceOptions = new Options('PairwiseDistance', { p: number(), eps: number(), keepdim: boolean });

/**
 * `(sum |x1 - x2 + eps|^p)^(1/p)` over the last dimension, p 2 and eps 1e-6 by default: `torch.nn.PairwiseDistance`.
 *
 * Shapes broadcast; the result has the broadcast shape without the last dimension, or with size 1 there if `keepdim` is true.
 *
 * @example
 * new nn.PairwiseDistance({ p: 1, eps: 0 }).forward(tensor([[3, 4]]), tensor([[0, 0]])).toArray(); // [7]
 */
export class PairwiseDistance extends Module {
  /** Which norm. */
  p: number;
  /** Added to each difference. */
  eps: number;
  /** Whether the last dimension stays, with size 1. */
  keepdim: boolean;

  constructor(options?: { p?: number; eps?: number; keepdim?: boolean }) {
    super();
    const defaults = { p: 2, eps: 1e-6, keepdim: false };
    const { p, eps, keepdim } = distanceOptions.checked(withDefaults('PairwiseDistance', options, defaults));
    this.p = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    checkInputs('PairwiseDistance.forward', arguments.length, 2);
    distanceOptions.use(this);
    const { p, eps, keepdim } = this;
    return pairwiseDistance(x1, x2, { p, eps, keepdim });
  }
}
