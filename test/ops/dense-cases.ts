// Cases of the operations that are made of others; `dense.py` has the same ones, in the same order, in PyTorch.
import * as nn from '../../src/nn';
import * as ops from '../../src/ops';
import { manualSeed } from '../../src/random';
import { Tensor } from '../../src/tensor';
import type { Case } from './cases';

// Numbers of both signs, none equal, none 0.
const float = (shape: number[], from = -1.3, step = 0.37): Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  return Tensor.fromTypedArray(
    Float32Array.from({ length: n }, (_, i) => from + step * ((i * 5) % n)),
    shape,
  );
};
const positive = (shape: number[]): Tensor => float(shape, 0.6, 0.21);
const floats = (values: number[], shape: number[] = [values.length]): Tensor => Tensor.fromTypedArray(Float32Array.from(values), shape);
const int = (values: number[], shape: number[] = [values.length]): Tensor => Tensor.fromTypedArray(Int32Array.from(values), shape);

const F = nn.functional;

type Result = Tensor | Tensor[];
const of = (call: (x: Tensor) => Result, ...shape: number[]): Case => ({ inputs: () => [float(shape.length > 0 ? shape : [3, 4])], call });
const ofPositive = (call: (x: Tensor) => Result): Case => ({ inputs: () => [positive([3, 4])], call });
const tied = (call: (x: Tensor) => Result): Case => ({ inputs: () => [floats([1, 2, 2, -1, 3, 3, 3, 0.5], [2, 4])], call });
const on = (call: (...inputs: Tensor[]) => Result, ...inputs: (() => Tensor)[]): Case => ({
  inputs: () => inputs.map((make) => make()),
  call,
});
const x34 = () => float([3, 4]);
const y34 = () => positive([3, 4]);
const mask34 = () => int([1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0], [3, 4]);

export const denseCases: Record<string, Case[]> = {
  'Tensor.view': [of((x) => x.view([2, -1]))],
  'Tensor.viewAs': [
    on(
      (x, y) => x.viewAs(y!.detach()),
      x34,
      () => positive([2, 6]),
    ),
  ],
  'Tensor.reshapeAs': [
    on(
      (x, y) => x.reshapeAs(y!.detach()),
      x34,
      () => positive([12]),
    ),
  ],
  'Tensor.ravel': [of((x) => x.ravel())],
  'Tensor.contiguous': [of((x) => x.mul(2).contiguous())],
  'Tensor.expand': [of((x) => x.expand([2, 3, 4])), of((x) => x.expand([-1, 5]), 3, 1)],
  'Tensor.expandAs': [
    on(
      (x, y) => x.expandAs(y!.detach()),
      () => float([4]),
      y34,
    ),
  ],
  'Tensor.repeat': [of((x) => x.repeat([2, 1, 3])), of((x) => x.repeat([2]), 4)],
  'Tensor.tile': [of((x) => x.tile([2])), of((x) => x.tile([2, 1, 2]))],
  'Tensor.swapaxes': [of((x) => x.swapaxes(0, 1)), of((x) => x.swapaxes(0, -1), 2, 3, 2)],
  'Tensor.movedim': [of((x) => x.movedim(0, -1), 2, 3, 4), of((x) => x.movedim([0, 1], [2, 0]), 2, 3, 4)],
  'Tensor.unflatten': [of((x) => x.unflatten(1, [2, -1]))],
  'Tensor.chunk': [of((x) => x.chunk(2)), of((x) => x.chunk(3, 1))],
  'Tensor.split': [of((x) => x.split(2)), of((x) => x.split([1, 3], 1))],
  'Tensor.unbind': [of((x) => x.unbind()), of((x) => x.unbind(1))],
  'Tensor.flip': [of((x) => x.flip([0])), of((x) => x.flip([0, -1]))],
  'Tensor.roll': [of((x) => x.roll(5)), of((x) => x.roll(-1, 1)), of((x) => x.roll([1, 2], [0, 1]))],

  'Tensor.at': [of((x) => x.at(-1)), of((x) => x.at(1, 2))],
  'Tensor.select': [of((x) => x.select(0, 1)), of((x) => x.select(1, -2))],
  'Tensor.slice': [
    of((x) => x.slice(0, 1)),
    of((x) => x.slice(1, 0, 99, 2)),
    of((x) => x.slice(1, -3, -1)),
    of((x) => x.slice(0, 0, 3, 2)),
  ],
  'Tensor.index': [
    of((x) => x.index([[2, 0, 2]])),
    of((x) =>
      x.index([
        [0, -1],
        [1, 1],
      ]),
    ),
    of((x) => x.index([null, [3, 0]])),
    on(
      (x, i) => x.index([i!, null, [0, -2]]),
      () => float([2, 3, 4]),
      () => int([1, -1]),
    ),
    on(
      (x, i) => x.index([null, i!, [[0], [1]].flat()]),
      () => float([2, 3, 4]),
      () => int([0, 2, 1, -1], [2, 2]),
    ),
  ],
  'Tensor.take': [
    of((x) => x.take([0, -1, 5, 5])),
    on(
      (x, i) => x.take(i!),
      x34,
      () => int([1, -2, 3, 0], [2, 2]),
    ),
  ],
  'Tensor.takeAlongDim': [
    on(
      (x, i) => x.takeAlongDim(i!, 1),
      x34,
      () => int([0, -1], [1, 2]),
    ),
    on(
      (x, i) => x.takeAlongDim(i!),
      x34,
      () => int([0, 5]),
    ),
  ],
  'Tensor.indexAdd': [
    on(
      (x, i, s) => x.indexAdd(0, i!, s!),
      x34,
      () => int([2, 0, 2]),
      y34,
    ),
    on(
      (x, i, s) => x.indexAdd(1, i!, s!, { alpha: -0.5 }),
      x34,
      () => int([3, 1]),
      () => positive([3, 2]),
    ),
  ],
  'Tensor.indexFill': [
    on(
      (x, i) => x.indexFill(1, i!, 2.5),
      x34,
      () => int([3, 0]),
    ),
    on(
      (x, i, v) => x.indexFill(0, i!, v!),
      x34,
      () => int([1]),
      () => float([]),
    ),
  ],
  'Tensor.diagonal': [
    of((x) => x.diagonal()),
    of((x) => x.diagonal({ offset: 1, dim1: 2, dim2: 0 }), 2, 3, 4),
    of((x) => x.diagonal({ offset: -1 })),
  ],
  'Tensor.diag': [of((x) => x.diag(), 3), of((x) => x.diag(2), 3), of((x) => x.diag(-1), 3), of((x) => x.diag(1))],
  'Tensor.triu': [of((x) => x.triu()), of((x) => x.triu(1), 2, 3, 3)],
  'Tensor.tril': [of((x) => x.tril()), of((x) => x.tril(-1), 2, 3, 3)],
  'Tensor.trace': [of((x) => x.trace())],
  'Tensor.maskedFill': [
    on((x, mask) => x.maskedFill(mask!, -7), x34, mask34),
    on(
      (x, mask, v) => x.maskedFill(mask!, v!),
      x34,
      () => int([1, 0, 0, 1]),
      () => float([]),
    ),
  ],
  'Tensor.maskedSelect': [
    on((x, mask) => x.maskedSelect(mask!), x34, mask34),
    on(
      (x, mask) => x.maskedSelect(mask!),
      () => float([4]),
      mask34,
    ),
  ],
  'Tensor.nonzero': [on((mask) => mask!.nonzero(), mask34)],
  'Tensor.argwhere': [on((mask) => mask!.argwhere(), mask34)],
  'Tensor.any': [on((mask) => mask!.any(1), mask34), of((x) => x.any())],
  'Tensor.all': [on((mask) => mask!.all(1, { keepdim: true }), mask34), of((x) => x.all())],
  'Tensor.countNonzero': [on((mask) => mask!.countNonzero(0), mask34), on((mask) => mask!.countNonzero(), mask34)],
  'Tensor.logicalAnd': [
    on(
      (a, b) => a!.logicalAnd(b!),
      mask34,
      () => int([1, 0, 0, 1]),
    ),
  ],
  'Tensor.logicalOr': [
    on(
      (a, b) => a!.logicalOr(b!),
      mask34,
      () => int([1, 0, 0, 1]),
    ),
  ],
  'Tensor.logicalXor': [
    on(
      (a, b) => a!.logicalXor(b!),
      mask34,
      () => int([1, 0, 0, 1]),
    ),
  ],
  'Tensor.logicalNot': [on((a) => a!.logicalNot(), mask34)],
  'Tensor.isnan': [
    on(
      (x) => x.isnan(),
      () => floats([1, Number.NaN, Infinity, -Infinity, 0]),
    ),
  ],
  'Tensor.isinf': [
    on(
      (x) => x.isinf(),
      () => floats([1, Number.NaN, Infinity, -Infinity, 0]),
    ),
  ],
  'Tensor.isfinite': [
    on(
      (x) => x.isfinite(),
      () => floats([1, Number.NaN, Infinity, -Infinity, 0]),
    ),
  ],
  'Tensor.isclose': [
    on(
      (x, y) => x.isclose(y!),
      () => floats([1, 1, Number.NaN, Infinity, Infinity, 1, Infinity, 0]),
      () => floats([1.000001, 1.1, Number.NaN, Infinity, -Infinity, Infinity, 1, 1e-9]),
    ),
    on(
      (x, y) => x.isclose(y!, { rtol: 0.2, equalNan: true }),
      () => floats([1, 1, Number.NaN]),
      () => floats([1.1, 1.4, Number.NaN]),
    ),
  ],

  'Tensor.var': [of((x) => x.var()), of((x) => x.var(1)), of((x) => x.var([0, 2], { correction: 0, keepdim: true }), 2, 3, 4)],
  'Tensor.std': [of((x) => x.std()), of((x) => x.std(0, { keepdim: true })), of((x) => x.std({ correction: 2.5 }))],
  'Tensor.varMean': [of((x) => x.varMean(1))],
  'Tensor.stdMean': [of((x) => x.stdMean(0, { correction: 0 }))],
  'Tensor.norm': [
    of((x) => x.norm()),
    of((x) => x.norm('fro', 1)),
    of((x) => x.norm(1, 0, { keepdim: true })),
    of((x) => x.norm(3, 1)),
    of((x) => x.norm(0.5, 1)),
    of((x) => x.norm(Infinity, 1)),
    of((x) => x.norm(-Infinity, [0, 1])),
    on(
      (x) => x.norm(2, 1),
      () => floats([0, 0, 3, 4], [2, 2]),
    ),
    on(
      (x) => x.norm(3, 1),
      () => floats([0, 0, 0, -2], [2, 2]),
    ),
    on(
      (x) => x.norm(1.5, 1),
      () => floats([0, 0, 0, -2], [2, 2]),
    ),
  ],
  'Tensor.dist': [
    on((x, y) => x.dist(y!), x34, y34),
    on(
      (x, y) => x.dist(y!, 1),
      x34,
      () => float([4], 0.1),
    ),
  ],
  'Tensor.logsumexp': [
    of((x) => x.logsumexp(1)),
    of((x) => x.logsumexp([0, 1], { keepdim: true })),
    on(
      (x) => x.logsumexp(0),
      () => floats([1000, 1001]),
    ),
  ],
  'Tensor.amax': [of((x) => x.amax()), tied((x) => x.amax(1)), tied((x) => x.amax([0, 1], { keepdim: true })), tied((x) => x.amax(0))],
  'Tensor.amin': [of((x) => x.amin(0)), tied((x) => x.neg().amin(1)), tied((x) => x.amin())],
  'Tensor.aminmax': [tied((x) => Object.values(x.aminmax({ dim: 1 }))), of((x) => Object.values(x.aminmax()))],
  'Tensor.diff': [of((x) => x.diff()), of((x) => x.diff(2, 0)), of((x) => x.diff(0)), of((x) => x.diff(9))],
  'Tensor.nansum': [
    of((x) => x.nansum(1)),
    on(
      (x) => x.nansum(),
      () => floats([1, Number.NaN, 2]),
    ),
  ],
  'Tensor.nanmean': [
    of((x) => x.nanmean()),
    on(
      (x) => x.nanmean(1),
      () => floats([1, Number.NaN, 2, Number.NaN], [2, 2]),
    ),
  ],
  'Tensor.nanToNum': [
    on(
      (x) => x.nanToNum({ nan: 1, posinf: 2, neginf: 3 }),
      () => floats([1, Number.NaN, Infinity, -Infinity]),
    ),
  ],
  'Tensor.mm': [
    on(
      (x, y) => x.mm(y!),
      x34,
      () => float([4, 2]),
    ),
  ],
  'Tensor.mv': [
    on(
      (x, y) => x.mv(y!),
      x34,
      () => positive([4]),
    ),
  ],
  'Tensor.dot': [
    on(
      (x, y) => x.dot(y!),
      () => float([5]),
      () => positive([5]),
    ),
  ],
  'Tensor.vdot': [
    on(
      (x, y) => x.vdot(y!),
      () => float([5]),
      () => positive([5]),
    ),
  ],
  'Tensor.outer': [
    on(
      (x, y) => x.outer(y!),
      () => float([3]),
      () => positive([4]),
    ),
  ],
  'Tensor.inner': [
    on(
      (x, y) => x.inner(y!),
      x34,
      () => positive([2, 1, 4]),
    ),
    on(
      (x, y) => x.inner(y!),
      () => float([5]),
      () => positive([5]),
    ),
  ],
  'Tensor.addmm': [
    on(
      (x, a, b) => x.addmm(a!, b!),
      () => float([2]),
      x34,
      () => positive([4, 2]),
    ),
    on(
      (x, a, b) => x.addmm(a!, b!, { beta: 0.5, alpha: -2 }),
      () => float([3, 2]),
      x34,
      () => positive([4, 2]),
    ),
  ],
  'Tensor.addmv': [
    on(
      (x, a, b) => x.addmv(a!, b!, { alpha: 3 }),
      () => float([3]),
      x34,
      () => positive([4]),
    ),
  ],
  'Tensor.addcmul': [
    on(
      (x, a, b) => x.addcmul(a!, b!, { value: 0.5 }),
      x34,
      y34,
      () => float([4]),
    ),
  ],
  'Tensor.addcdiv': [
    on(
      (x, a, b) => x.addcdiv(a!, b!, { value: 0.5 }),
      x34,
      y34,
      () => positive([4]),
    ),
  ],
  'Tensor.lerp': [
    on((x, y) => x.lerp(y!, 0.3), x34, y34),
    on((x, y) => x.lerp(y!, 0.7), x34, y34),
    on(
      (x, y, w) => x.lerp(y!, w!),
      x34,
      y34,
      () => floats([-0.2, 0.3, 0.5, 0.9]),
    ),
  ],
  'Tensor.rsub': [of((x) => x.rsub(1.5)), on((x, y) => x.rsub(y!, { alpha: 2 }), x34, y34)],
  'Tensor.clampMin': [of((x) => x.clampMin(0.1))],
  'Tensor.clampMax': [of((x) => x.clampMax(0.1))],
  'Tensor.clip': [of((x) => x.clip({ min: -0.5, max: 1 })), ofPositive((x) => x.clip({ max: 1 }))],

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
};

const seeded =
  (call: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
  (x) => {
    manualSeed(1);
    return call(x);
  };

/** Of what PyTorch has other numbers for, or none: random ones, and constants. */
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
