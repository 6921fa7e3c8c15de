// Cases of what is so of elements, of statistics, norms and products.
import { float, floats, int, mask34, of, ofPositive, on, positive, tied, x34, y34 } from './case-inputs';
import type { Case } from './case-makers';

export const figureCases: Record<string, Case[]> = {
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
  'Tensor.diff': [
    of((x) => x.diff()),
    of((x) => x.diff(2, 0)),
    of((x) => x.diff(0)),
    of((x) => x.diff(9)),
    on(
      (x, y) => x!.diff(1, 0, { prepend: y! }),
      x34,
      () => float([2, 4]),
    ),
    on(
      (x, y, z) => x!.diff(2, -1, { prepend: y!, append: z! }),
      x34,
      () => float([3, 1]),
      () => positive([3, 2]),
    ),
  ],
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
  'Tensor.clip': [of((x) => x.clip({ min: -0.5, max: 1 })), ofPositive((x) => x.clip({ max: 1 })), of((x) => x.clip(-0.5, 1))],
};
