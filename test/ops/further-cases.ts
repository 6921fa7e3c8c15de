// Cases of distances, searches, integrals and choices; `dense.py` has the same ones, in the same order, in PyTorch.
import { functional as F } from '../../src/nn';
import * as ops from '../../src/ops';
import { float, floats, int, mask34, of, on, positive, x34, y34 } from './case-inputs';
import type { Case } from './case-makers';

const { NaN: nan } = Number;
const bounds = () => floats([-1, 0, 0, 0.5, 2]);
const values = () => floats([-1, 0, 0.25, 2, 3, -7, Infinity, -Infinity, nan], [3, 3]);

export const furtherCases: Record<string, Case[]> = {
  'Tensor.cov': [of((x) => x.cov()), of((x) => x.cov({ correction: 0 })), of((x) => x.cov(), 5), of((x) => x.cov(), 1, 4)],
  'Tensor.corrcoef': [of((x) => x.corrcoef()), of((x) => x.corrcoef(), 5)],
  'Tensor.deg2rad': [of((x) => x.deg2rad())],
  'Tensor.rad2deg': [of((x) => x.rad2deg())],
  'Tensor.fliplr': [of((x) => x.fliplr())],
  'Tensor.flipud': [of((x) => x.flipud())],
  'Tensor.rot90': [...[1, 2, -1, 4].map((k) => of((x) => x.rot90(k))), of((x) => x.rot90(1, [2, 0]), 2, 3, 4)],
  'Tensor.diagflat': [
    of((x) => x.diagflat()),
    of((x) => x.diagflat(-1), 3),
    on(
      (x) => x!.diagflat(),
      () => float([]),
    ),
  ],
  'Tensor.msort': [of((x) => x.msort()), of((x) => x.msort(), 2, 3, 4)],
  'Tensor.kron': [
    on(
      (x, y) => x!.kron(y!),
      x34,
      () => positive([2, 3]),
    ),
    on(
      (x, y) => x!.kron(y!),
      x34,
      () => positive([3]),
    ),
    on(
      (x, y) => x!.kron(y!),
      () => float([2]),
      () => positive([2, 3, 1]),
    ),
    on(
      (x, y) => x!.kron(y!),
      () => float([]),
      x34,
    ),
  ],
  'Tensor.fmax': [
    on(
      (x, y) => x!.fmax(y!),
      values,
      () => floats([-1, 0, 0]),
    ),
    on(
      (x, y) => x!.fmax(y!),
      values,
      () => values().t(),
    ),
  ],
  'Tensor.fmin': [
    on(
      (x, y) => x!.fmin(y!),
      values,
      () => floats([-1, 0, 0]),
    ),
    on(
      (x, y) => x!.fmin(y!),
      values,
      () => values().t(),
    ),
  ],
  'Tensor.isposinf': [
    on(
      (x) => x!.isposinf(),
      () => floats([1, nan, Infinity, -Infinity, 0]),
    ),
  ],
  'Tensor.isneginf': [
    on(
      (x) => x!.isneginf(),
      () => floats([1, nan, Infinity, -Infinity, 0]),
    ),
  ],
  'ops.cdist': [
    ...[2, 1, 0, 3, 0.5, Infinity].map((p) =>
      on(
        (x, y) => ops.cdist(x, y!, { p }),
        x34,
        () => positive([2, 4]),
      ),
    ),
    on((x, y) => ops.cdist(x, y!), x34, x34),
    on(
      (x, y) => ops.cdist(x, y!),
      () => float([2, 1, 3, 2]),
      () => positive([4, 5, 2]),
    ),
    on(
      (x, y) => ops.cdist(x, y!, { p: 1 }),
      () => float([30, 3]),
      () => positive([28, 3]),
    ),
  ],
  'ops.searchsorted': [
    on((s, v) => ops.searchsorted(s, v!), bounds, values),
    on((s, v) => ops.searchsorted(s, v!, { right: true }), bounds, values),
    on(
      (s, v) => ops.searchsorted(s, v!, { side: 'right' }),
      () => floats([1, 3, 5, 2, 4, 4], [2, 3]),
      () => floats([3, 0, 5, 9, 4, 2, 3, 1], [2, 4]),
    ),
    on(
      (s, v, sorter) => ops.searchsorted(s, v!, { sorter: sorter! }),
      () => floats([5, 1, 3]),
      () => floats([3, 4]),
      () => int([1, 2, 0]),
    ),
    on(
      (s, v) => ops.searchsorted(s!, v!),
      () => int([1, 3, 3, 8]),
      () => int([3, 9, 0, 8], [2, 2]),
    ),
    on((s) => ops.searchsorted(s, 0.25), bounds),
  ],
  'ops.bucketize': [
    on((v, s) => ops.bucketize(v, s!), values, bounds),
    on((v, s) => ops.bucketize(v, s!, { right: true }), values, bounds),
    on(
      (v, s) => ops.bucketize(v!, s!),
      () => int([3, 9, 0, 8]),
      () => int([1, 3, 3, 8]),
    ),
  ],
  'ops.isin': [
    on((v, s) => ops.isin(v, s!), values, bounds),
    on((v, s) => ops.isin(v, s!, { invert: true }), values, bounds),
    on((v) => ops.isin(v!, 1), mask34),
    on(
      (v, s) => ops.isin(v!, s!),
      () => int([3, 9, 0, 8]),
      () => int([8, 3, 3, -2], [2, 2]),
    ),
    on((s) => ops.isin(0.5, s), bounds),
  ],
  'ops.tensordot': [
    on((x, y) => ops.tensordot(x, y!), x34, y34),
    on(
      (x, y) => ops.tensordot(x, y!, 1),
      x34,
      () => positive([4, 2, 3]),
    ),
    on((x, y) => ops.tensordot(x, y!, 0), x34, y34),
    on(
      (x, y) =>
        ops.tensordot(x, y!, [
          [2, 0],
          [1, -1],
        ]),
      () => float([2, 3, 4]),
      () => positive([5, 4, 2]),
    ),
  ],
  'ops.trapezoid': [
    of((y) => ops.trapezoid(y)),
    of((y) => ops.trapezoid(y, null, { dx: 0.3, dim: 0 })),
    on(
      (y, x) => ops.trapezoid(y, x!),
      x34,
      () => positive([4]),
    ),
    on((y, x) => ops.trapezoid(y, x!, { dim: 0 }), x34, y34),
    on(
      (y, x) => ops.trapezoid(y, x!, { dim: 0 }),
      x34,
      () => positive([3]),
    ),
    of((y) => ops.trapezoid(y), 2, 1),
  ],
  'ops.vander': [of((x) => ops.vander(x), 3), of((x) => ops.vander(x, 5, { increasing: true }), 3)],
  'ops.combinations': [
    of((x) => ops.combinations(x), 4),
    of((x) => ops.combinations(x, 3, { withReplacement: true }), 3),
    of((x) => ops.combinations(x, 1), 3),
    of((x) => ops.combinations(x, 4), 3),
  ],
  'ops.broadcastTensors': [
    on(
      (x, y) => ops.broadcastTensors(x, y!),
      x34,
      () => float([2, 1, 4]),
    ),
  ],
  'ops.dstack': [
    on((x, y) => ops.dstack([x, y!]), x34, y34),
    on(
      (x, y) => ops.dstack([x, y!]),
      () => float([2]),
      () => positive([2]),
    ),
    on(
      (x, y) => ops.dstack([x, y!]),
      x34,
      () => float([3, 4, 2]),
    ),
  ],
  'functional.pad': [
    of((x) => F.pad(x, [1, 2])),
    of((x) => F.pad(x, [1, -2, -1, 2], { value: 2.5 })),
    of((x) => F.pad(x, [0, 0, 1, 0, 2, 1]), 2, 3, 2),
    of((x) => F.pad(x, [3, 2], { mode: 'reflect' })),
    of((x) => F.pad(x, [5, 1], { mode: 'replicate' })),
    of((x) => F.pad(x, [4, 3], { mode: 'circular' })),
    of((x) => F.pad(x, [1, 2, 2, 1], { mode: 'reflect' }), 2, 3, 4),
    of((x) => F.pad(x, [-1, 2, 1, -1], { mode: 'replicate' }), 2, 3, 4),
  ],
  'ops.trilIndices': [on(() => ops.trilIndices(3, 4, 1)), on(() => ops.trilIndices(3, 3, -1))],
  'ops.triuIndices': [on(() => ops.triuIndices(3, 4, 1)), on(() => ops.triuIndices(4, 3, -1))],
  'ops.asTensor': [of((x) => ops.asTensor(x.mul(2)))],
};
