// Cases of medians and quantiles without NaN, histograms, and of in-place forms; `dense.py` has the same ones, in the same order, in PyTorch.
import * as nn from '../../src/nn';
import * as ops from '../../src/ops';
import type { Tensor } from '../../src/tensor';
import { float, floats, int, mask34, of, on, positive, x34, y34 } from './case-inputs';
import type { Case } from './case-makers';

const nan = Number.NaN;
const holes = () => floats([4, nan, 1, 2.5, 7, nan, nan, nan, nan, nan, 3, -1, nan, 0.5, 6], [3, 5]);
const index34 = () => int([0, 2, 2, 1, 1, 0, 2, 2, 0, 2, 2, 1], [3, 4]);
const shares = () => floats([0.1, 0.35, 0.5, 0.65, 0.9]);
const both = ({ values, indices }: { values: Tensor; indices: Tensor }): Tensor[] => [values, indices];
const counts = ({ hist, binEdges }: { hist: Tensor; binEdges: Tensor }): Tensor[] => [hist, binEdges];
const twos = () => floats([2, 2]);

const adaptive = new nn.AdaptiveLogSoftmaxWithLoss(4, 8, [3, 5], { divValue: 2, headBias: true });
adaptive.loadStateDict(
  Object.fromEntries(Object.entries(adaptive.stateDict()).map(([name, { shape }]) => [name, float(shape, -0.5, 0.07)])),
);
const scored = ({ output, loss }: { output: Tensor; loss: Tensor }): Tensor[] => [output, loss];

const inPlace: Record<string, Case[]> = {
  'Tensor.frac_': [of((x) => x.clone().frac_())],
  'Tensor.deg2rad_': [of((x) => x.clone().deg2rad_())],
  'Tensor.rad2deg_': [of((x) => x.clone().rad2deg_())],
  'Tensor.sinc_': [of((x) => x.clone().sinc_())],
  'Tensor.logit_': [on((x) => x.clone().logit_({ eps: 0.3 }), shares)],
  'Tensor.xlogy_': [on((x, y) => x.clone().xlogy_(y!), x34, y34)],
  'Tensor.copysign_': [{ ...on((x, y) => x.clone().copysign_(y!), x34, y34), constants: [1] }],
  'Tensor.floatPower_': [on((x) => x.clone().floatPower_(1.5), y34)],
  'Tensor.hypot_': [on((x, y) => x.clone().hypot_(y!), x34, y34)],
  'Tensor.heaviside_': [{ ...on((x, y) => x.clone().heaviside_(y!), x34, y34), constants: [0, 1] }],
  'Tensor.renorm_': [of((x) => x.clone().renorm_(2, 0, 1.5))],
  'Tensor.baddbmm_': [
    on(
      (x, a, b) => x.clone().baddbmm_(a!, b!, { beta: 0.5 }),
      () => float([2, 3, 2]),
      () => float([2, 3, 4]),
      () => positive([2, 4, 2]),
    ),
  ],
  'Tensor.addbmm_': [
    on(
      (x, a, b) => x.clone().addbmm_(a!, b!, { alpha: -2 }),
      () => float([3, 2]),
      () => float([2, 3, 4]),
      () => positive([2, 4, 2]),
    ),
  ],
  'Tensor.addr_': [
    on(
      (x, a, b) => x.clone().addr_(a!, b!),
      x34,
      () => float([3]),
      () => positive([4]),
    ),
  ],
  'Tensor.indexCopy_': [
    on(
      (x, i, s) => x.clone().indexCopy_(0, i!, s!),
      x34,
      () => int([2, 0]),
      () => positive([2, 4]),
    ),
  ],
  'Tensor.indexPut_': [
    on(
      (x, s) => x.clone().indexPut_([[0, -1, 0], [1, 1, 1]], s!, { accumulate: true }), // biome-ignore format: lists
      x34,
      () => positive([3]),
    ),
  ],
  'Tensor.maskedScatter_': [on((x, m, s) => x.clone().maskedScatter_(m!, s!), x34, mask34, y34)],
  'Tensor.indexReduce_': [
    on(
      (x, i, s) => x.clone().indexReduce_(0, i!, s!, 'mean'),
      x34,
      () => int([2, 0, 2]),
      y34,
    ),
  ],
  'Tensor.scatterReduce_': [on((x, i, s) => x.clone().scatterReduce_(0, i!, s!, 'amax'), x34, index34, y34)],
};

export const orderCases: Record<string, Case[]> = {
  'Tensor.nanmedian': [
    of((x) => x.nanmedian()),
    of((x) => both(x.nanmedian(1))),
    on((x) => both(x.slice(0, 0, 3, 2).nanmedian(1)), holes), // where all are NaN PyTorch gives another place

    on((x) => both(x.nanmedian(-2, { keepdim: true })), holes),
    on(
      (x) => both(x.nanmedian(0)),
      () => int([4, 1, 3, 2, 9, 7], [2, 3]),
    ),
    on(
      (x) => x!.nanmedian(),
      () => floats([2, Number.NaN, 0, 2, 0, Number.NaN, 3, 2]),
    ),
    on(
      (x) => x!.nanmedian(),
      () => floats([2, -1, 0, 2, 0, 0, 3, -1]),
    ),
  ],
  'Tensor.nanquantile': [
    of((x) => x.nanquantile(0.3)),
    on((x) => x.nanquantile(0.4, 1), holes),
    on((x) => x.nanquantile(0.75, -2, { keepdim: true }), holes),
    on((x) => ops.stack([0, 0.125, 1].map((q) => x.nanquantile(q, 1))), holes),
    ...(['lower', 'higher', 'nearest', 'midpoint'] as const).map((interpolation) =>
      on((x) => x.nanquantile(0.375, 1, { interpolation }), holes),
    ),
  ],
  'Tensor.histc': [
    of((x) => x.histc({ bins: 7 })),
    of((x) => x.histc({ bins: 3, min: -1, max: 0.8 })),
    on(
      (x) => x.histc({ bins: 3, min: 0, max: 3 }),
      () => floats([1, 2, 1, 3, 0]),
    ),
    on((x) => x.histc({ bins: 4 }), twos),
  ],
  'Tensor.histogram': [
    of((x) => counts(x.histogram(7))),
    of((x) => counts(x.histogram(3, { range: [-1, 0.8], density: true }))),
    on((x, weight) => counts(x.histogram(4, { weight: weight! })), x34, y34),
    on(
      (x, edges) => counts(x.histogram(edges!)),
      x34,
      () => floats([-1, -0.5, 0, 2]),
    ),
    on((x) => counts(x.histogram(2)), twos),
  ],
  'Tensor.uniqueConsecutive': [
    on(
      (x) => {
        const { values, inverse, counts } = x.uniqueConsecutive({ returnInverse: true, returnCounts: true });
        return [values, inverse, counts];
      },
      () => floats([1, 1, 2, 1, 1, 3], [2, 3]),
    ),
    on(
      (x) => x.uniqueConsecutive(),
      () => int([4, 4, 1]),
    ),
    on(
      (x) => {
        const { values, inverse, counts } = x.uniqueConsecutive({ returnInverse: true, returnCounts: true, dim: 1 });
        return [values, inverse, counts];
      },
      () => floats([1, 1, 2, 1, 3, 3, 3, 3], [2, 4]),
    ),
    on(
      (x) => {
        const { values, inverse, counts } = x.unique({ returnInverse: true, returnCounts: true, dim: -2 });
        return [values, inverse, counts];
      },
      () => floats([1, 2, 0, 2, 1, 2, 1, -1, 0, 2, 1, 2], [2, 3, 2]),
    ),
  ],
  'Tensor.renorm': [
    of((x) => x.renorm(2, 0, 1.5)),
    of((x) => x.renorm(1, -1, 2)),
    of((x) => x.renorm(3, 1, 2), 2, 3, 4),
    of((x) => x.renorm(Infinity, 0, 1)),
  ],
  'Tensor.diagEmbed': [
    of((x) => x.diagEmbed()),
    of((x) => x.diagEmbed({ offset: 1, dim1: 0, dim2: 2 })),
    of((x) => x.diagEmbed({ offset: -2, dim1: 2, dim2: 0 })),
    on(
      (x) => x.diagEmbed({ offset: 1 }),
      () => int([4, 1]),
    ),
  ],
  'ops.chainMatmul': [
    on(
      (a, b, c, d) => ops.chainMatmul(a!, b!, c!, d!),
      x34,
      () => positive([4, 2]),
      () => float([2, 5]),
      () => positive([5, 1]),
    ),
    of((x) => ops.chainMatmul(x)),
  ],
  'ops.cumulativeTrapezoid': [
    of((y) => ops.cumulativeTrapezoid(y)),
    of((y) => ops.cumulativeTrapezoid(y, null, { dx: 0.5, dim: 0 })),
    on(
      (y, x) => ops.cumulativeTrapezoid(y, x!),
      x34,
      () => float([4]),
    ),
    of((y) => ops.cumulativeTrapezoid(y), 1),
  ],
  'ops.unravelIndex': [
    on(
      (index) => ops.unravelIndex(index, [2, 3, 4]),
      () => int([0, 7, 23, 12], [2, 2]),
    ),
    on(
      (index) => ops.unravelIndex(index, [4, 6]),
      () => int([-1, 25, 5]),
    ),
  ],
  'nn.AdaptiveLogSoftmaxWithLoss': [
    on(
      (x, target) => scored(adaptive.forward(x, target!)),
      () => float([5, 4]),
      () => int([0, 3, 7, 4, 2]),
    ),
    of((x) => adaptive.logProb(x), 5, 4),
    { ...of((x) => adaptive.predict(x), 5, 4), constants: [0] },
    on(
      (x, target) => scored(adaptive.forward(x, target!)),
      () => float([4]),
      () => int([6], []),
    ),
  ],
  ...inPlace,
};
