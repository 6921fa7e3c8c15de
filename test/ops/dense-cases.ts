// Cases of operations that are composed of others; `dense.py` has the same ones, in the same order, in PyTorch.
import * as nn from '../../src/nn';
import * as ops from '../../src/ops';
import { manualSeed } from '../../src/random';
import type { Tensor } from '../../src/tensor';
import { float, floats, int, mask34, of, ofPositive, on, positive, x34, y34 } from './case-inputs';
import type { Case } from './case-makers';
import { figureCases } from './figure-cases';
import { furtherCases } from './further-cases';
import { linearAlgebraCases } from './linear-algebra-cases';
import { numericCases } from './numeric-cases';
import { optionCases } from './option-cases';
import { orderCases } from './order-cases';
import { partCases } from './part-cases';
import { writeCases } from './write-cases';

const F = nn.functional;
const shares = () => floats([0.1, 0.35, 0.5, 0.65, 0.9]);

export const denseCases: Record<string, Case[]> = {
  ...partCases,
  ...figureCases,
  'Tensor.frac': [of((x) => x.frac())],
  'Tensor.logit': [on((x) => x.logit(), shares), on((x) => x.logit({ eps: 0.3 }), shares)],
  'Tensor.xlogy': [on((x, y) => x.xlogy(y!), x34, y34), of((x) => x.xlogy(2))],
  'Tensor.logaddexp': [on((x, y) => x.logaddexp(y!), x34, y34)],
  'Tensor.repeatInterleave': [of((x) => x.repeatInterleave(2)), of((x) => x.repeatInterleave(3, { dim: -1 }))],
  'Tensor.broadcastTo': [of((x) => x.broadcastTo([2, 3, 4]))],
  'Tensor.neg_': [of((x) => x.clone().neg_())],
  'Tensor.exp_': [of((x) => x.clone().exp_())],
  'Tensor.log_': [ofPositive((x) => x.clone().log_())],
  'Tensor.sqrt_': [ofPositive((x) => x.clone().sqrt_())],
  'Tensor.abs_': [of((x) => x.clone().abs_())],
  'Tensor.relu_': [of((x) => x.clone().relu_())],
  'Tensor.sigmoid_': [of((x) => x.clone().sigmoid_())],
  'Tensor.tanh_': [of((x) => x.clone().tanh_())],
  'Tensor.square_': [of((x) => x.clone().square_())],
  'Tensor.reciprocal_': [of((x) => x.clone().reciprocal_())],
  'Tensor.rsqrt_': [ofPositive((x) => x.clone().rsqrt_())],
  'Tensor.sign_': [of((x) => x.clone().sign_())],
  'Tensor.floor_': [of((x) => x.clone().floor_())],
  'Tensor.ceil_': [of((x) => x.clone().ceil_())],
  'Tensor.round_': [of((x) => x.clone().round_())],
  'Tensor.trunc_': [of((x) => x.clone().trunc_())],
  'Tensor.pow_': [of((x) => x.clone().pow_(3)), on((x, y) => y!.clone().pow_(x), x34, y34)],
  'Tensor.clampMin_': [of((x) => x.clone().clampMin_(0.1))],
  'Tensor.clampMax_': [of((x) => x.clone().clampMax_(0.1))],
  'Tensor.clip_': [of((x) => x.clone().clip_({ min: -0.5, max: 1 }))],
  'Tensor.nanToNum_': [of((x) => x.clone().nanToNum_())],
  'Tensor.triu_': [of((x) => x.clone().triu_(1))],
  'Tensor.tril_': [of((x) => x.clone().tril_())],
  'Tensor.maskedFill_': [
    on((x, mask) => x.clone().maskedFill_(mask!, 3), x34, mask34),
    on(
      (x, mask, v) => x.clone().maskedFill_(mask!, v!),
      x34,
      mask34,
      () => float([]),
    ),
  ],
  'Tensor.indexAdd_': [
    on(
      (x, i, s) => x.clone().indexAdd_(0, i!, s!, { alpha: 2 }),
      x34,
      () => int([2, 0, 2]),
      y34,
    ),
  ],
  'Tensor.indexFill_': [
    on(
      (x, i) => x.clone().indexFill_(1, i!, 2.5),
      x34,
      () => int([3, 0]),
    ),
  ],
  'Tensor.addcmul_': [
    on(
      (x, a, b) => x.clone().addcmul_(a!, b!, { value: 0.5 }),
      x34,
      y34,
      () => float([4]),
    ),
  ],
  'Tensor.addcdiv_': [
    on(
      (x, a, b) => x.clone().addcdiv_(a!, b!),
      x34,
      y34,
      () => positive([4]),
    ),
  ],
  'Tensor.addmm_': [
    on(
      (x, a, b) => x.clone().addmm_(a!, b!, { beta: 0.5 }),
      () => float([3, 2]),
      x34,
      () => positive([4, 2]),
    ),
  ],
  'Tensor.addmv_': [
    on(
      (x, a, b) => x.clone().addmv_(a!, b!),
      () => float([3]),
      x34,
      () => positive([4]),
    ),
  ],
  'Tensor.float': [of((x) => x.mul(2).float())],
  'Tensor.int': [of((x) => x.int())],
  'Tensor.long': [of((x) => x.long())],
  'Tensor.bool': [
    of((x) => x.bool()),
    on(
      (x) => x!.bool(),
      () => int([0, -2]),
    ),
  ],
  'Tensor.cpu': [of((x) => x.mul(2).cpu())],
  'ops.hstack': [
    on(
      (x, y) => ops.hstack([x, y!]),
      x34,
      () => float([3, 1]),
    ),
    on(
      (x, y) => ops.hstack([x, y!]),
      () => float([3]),
      () => float([2]),
    ),
  ],
  'ops.vstack': [
    on(
      (x, y) => ops.vstack([x, y!]),
      x34,
      () => float([4]),
    ),
    on(
      (x, y) => ops.vstack([x, y!]),
      () => float([2]),
      () => positive([2]),
    ),
  ],
  'ops.columnStack': [
    on(
      (x, y) => ops.columnStack([x, y!]),
      x34,
      () => float([3]),
    ),
    on(
      (x, y) => ops.columnStack([x, y!]),
      () => float([2]),
      () => positive([2]),
    ),
  ],
  'ops.meshgrid': [
    on(
      (x, y) => ops.meshgrid(x, y),
      () => float([3]),
      () => float([2]),
    ),
    on(
      (x, y, z) => ops.meshgrid(x, y, z, { indexing: 'xy' }),
      () => float([3]),
      () => float([2]),
      () => float([4]),
    ),
  ],
  'ops.cartesianProd': [
    on(
      (x, y) => ops.cartesianProd(x, y!),
      () => float([3]),
      () => float([2]),
    ),
    on(
      (x) => ops.cartesianProd(x),
      () => float([3]),
    ),
  ],
  'functional.oneHot': [
    on(
      (index) => F.oneHot(index!, 4),
      () => int([2, 0, 3, 3], [2, 2]),
    ),
    on(
      (index) => F.oneHot(index!, 3),
      () => int([1]),
    ),
  ],
  'functional.normalize': [
    of((x) => F.normalize(x)),
    of((x) => F.normalize(x, { p: 1, dim: 0 })),
    of((x) => F.normalize(x, { dim: -1, eps: 2 }), 2, 3, 2),
    on(
      (x) => F.normalize(x),
      () => floats([0, 0, 3, 4], [2, 2]),
    ),
  ],
  'functional.cosineSimilarity': [
    on((x, y) => F.cosineSimilarity(x, y!), x34, y34),
    on(
      (x, y) => F.cosineSimilarity(x, y!, { dim: 0 }),
      () => float([5]),
      () => positive([5]),
    ),
    on(
      (x, y) => F.cosineSimilarity(x, y!, { dim: -1 }),
      x34,
      () => positive([4]),
    ),
  ],
  'functional.pairwiseDistance': [
    on((x, y) => F.pairwiseDistance(x, y!), x34, y34),
    on(
      (x, y) => F.pairwiseDistance(x, y!, { p: 1, keepdim: true }),
      x34,
      () => positive([4]),
    ),
  ],
  ...furtherCases,
  ...numericCases,
  ...writeCases,
  ...orderCases,
  ...linearAlgebraCases,
  ...optionCases,
};

const seeded =
  (call: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
  (x) => {
    manualSeed(1);
    return call(x);
  };

/** Operations for which PyTorch has other results, or none: random numbers and constants. */
export const drawnCases: Record<string, Case[]> = {
  'ops.bernoulli': [
    on(
      seeded((x) => ops.bernoulli(x)),
      () => floats([0.5, 0.25, 1]),
    ),
  ],
  'ops.multinomial': [
    on(
      seeded((x) => ops.multinomial(x, 2)),
      () => positive([2, 4]),
    ),
    on(
      seeded((x) => ops.multinomial(x, 6, { replacement: true })),
      () => positive([4]),
    ),
  ],
  'ops.normal': [
    on(
      seeded((x) => ops.normal(x, 2)),
      x34,
    ),
    on(
      seeded((x) => ops.normal(0, x)),
      y34,
    ),
  ],
  'ops.zerosLike': [
    on(
      seeded((x) => ops.zerosLike(x)),
      x34,
    ),
  ],
  'ops.onesLike': [
    on(
      seeded((x) => ops.onesLike(x)),
      x34,
    ),
  ],
  'ops.emptyLike': [
    on(
      seeded((x) => ops.emptyLike(x)),
      x34,
    ),
  ],
  'ops.randLike': [
    on(
      seeded((x) => ops.randLike(x)),
      x34,
    ),
  ],
  'ops.randnLike': [
    on(
      seeded((x) => ops.randnLike(x)),
      x34,
    ),
  ],
  'ops.fullLike': [of((x) => ops.fullLike(x, 3))],
  'ops.randintLike': [
    on(
      seeded((x) => ops.randintLike(x, 9)),
      () => int([1, 2]),
    ),
  ],
};
