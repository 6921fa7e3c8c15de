"""Makes dense.json.gz: what PyTorch gives for the cases of dense-cases.ts, in its order. Run with a Python that has torch."""
import gzip
import json
import os

import torch

NAN, INF = float("nan"), float("inf")


def numbers(shape, start, step):
    n = 1
    for size in shape:
        n *= size
    values = [start + step * ((i * 5) % n) for i in range(n)]
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def f(*shape, start=-1.3, step=0.37):
    return numbers(list(shape), start, step)


def p(*shape):
    return numbers(list(shape), 0.6, 0.21)


def v(values, shape=None):
    t = torch.tensor(values, dtype=torch.float32)
    return t if shape is None else t.reshape(shape)


def i(values, shape=None):
    t = torch.tensor(values, dtype=torch.int64)
    return t if shape is None else t.reshape(shape)


F = torch.nn.functional
X, Y = f(3, 4), p(3, 4)
TIED = v([1, 2, 2, -1, 3, 3, 3, 0.5], [2, 4])
MASK = i([1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0], [3, 4])
LAST = i([1, 0, 0, 1])
SHARES = v([0.1, 0.35, 0.5, 0.65, 0.9])
ODD = v([1, NAN, INF, -INF, 0])
ZEROS = v([0, 0, 0, -2], [2, 2])
BOUNDS = v([-1, 0, 0, 0.5, 2])
VALUES = v([-1, 0, 0.25, 2, 3, -7, INF, -INF, NAN], [3, 3])
STEPS = v([-2, 0, -0.0, 3, 0.5, -0.25, 1, -1, 2])
BROKEN = v([1, NAN, 3, NAN, 2, INF, -INF, INF, 0, NAN], [2, 5])
HOLES = v([4, NAN, 1, 2.5, 7, NAN, NAN, NAN, NAN, NAN, 3, -1, NAN, 0.5, 6], [3, 5])
INDEX = i([0, 2, 2, 1, 1, 0, 2, 2, 0, 2, 2, 1], [3, 4])
INTO = i([0, 1, 2, 1, 1, 2])
DEFINITE = v([4, 1, -0.5, 1, 3, 0.75, -0.5, 0.75, 2.5], [3, 3])
DEFINITES = v([4, 1, 1, 3, 2, -1, -1, 0.75], [2, 2, 2])
SQUARE = v([0, 2, -1, 1.5, 0.25, 3, -2, 1, 0.5], [3, 3])
SQUARES = v([0, 2, -1, 3, 1.5, -0.5, 0.25, 2], [2, 2, 2])
WHOLE = i([7, -7, 5, -5, 0, 3], [2, 3])
DIVISORS = i([2, 2, -3])
TIES = v([2, -1, 0, 2, 0, 0, 3, -1])
BROKEN_TIES = v([2, NAN, 0, 2, 0, NAN, 3, 2])
L = torch.linalg


def alone(function):
    return [([SQUARE], function), ([SQUARES], function)]


def put_apart(x, s):
    y = x.clone()
    y[i([1, 0]), :, i([0, -2])] = s
    return y


def adaptive(x):
    layer = torch.nn.AdaptiveLogSoftmaxWithLoss(4, 8, [3, 5], div_value=2, head_bias=True)
    layer.load_state_dict({name: f(*t.shape, start=-0.5, step=0.07) for name, t in layer.state_dict().items()})
    return layer.to(x.dtype)


# Each case: the inputs, and the function of them.
CASES = {
    "Tensor.view": [([X], lambda x: x.view(2, -1))],
    "Tensor.viewAs": [([X, p(2, 6)], lambda x, y: x.view_as(y.detach()))],
    "Tensor.reshapeAs": [([X, p(12)], lambda x, y: x.reshape_as(y.detach()))],
    "Tensor.ravel": [([X], lambda x: x.ravel())],
    "Tensor.contiguous": [([X], lambda x: (x * 2).contiguous())],
    "Tensor.expand": [([X], lambda x: x.expand(2, 3, 4)), ([f(3, 1)], lambda x: x.expand(-1, 5))],
    "Tensor.expandAs": [([f(4), Y], lambda x, y: x.expand_as(y.detach()))],
    "Tensor.repeat": [([X], lambda x: x.repeat(2, 1, 3)), ([f(4)], lambda x: x.repeat(2))],
    "Tensor.tile": [([X], lambda x: x.tile(2)), ([X], lambda x: x.tile(2, 1, 2))],
    "Tensor.swapaxes": [([X], lambda x: x.swapaxes(0, 1)), ([f(2, 3, 2)], lambda x: x.swapaxes(0, -1))],
    "Tensor.movedim": [([f(2, 3, 4)], lambda x: x.movedim(0, -1)), ([f(2, 3, 4)], lambda x: x.movedim((0, 1), (2, 0)))],
    "Tensor.unflatten": [([X], lambda x: x.unflatten(1, (2, -1)))],
    "Tensor.chunk": [([X], lambda x: x.chunk(2)), ([X], lambda x: x.chunk(3, 1))],
    "Tensor.split": [([X], lambda x: x.split(2)), ([X], lambda x: x.split([1, 3], 1))],
    "Tensor.unbind": [([X], lambda x: x.unbind()), ([X], lambda x: x.unbind(1))],
    "Tensor.flip": [([X], lambda x: x.flip([0])), ([X], lambda x: x.flip([0, -1]))],
    "Tensor.roll": [([X], lambda x: x.roll(5)), ([X], lambda x: x.roll(-1, 1)), ([X], lambda x: x.roll((1, 2), (0, 1)))],
    "Tensor.at": [([X], lambda x: x[-1]), ([X], lambda x: x[1, 2])],
    "Tensor.select": [([X], lambda x: x.select(0, 1)), ([X], lambda x: x.select(1, -2))],
    "Tensor.slice": [([X], lambda x: x[1:]), ([X], lambda x: x[:, 0:99:2]), ([X], lambda x: x[:, -3:-1]), ([X], lambda x: x[0:3:2])],
    "Tensor.index": [
        ([X], lambda x: x[[2, 0, 2]]),
        ([X], lambda x: x[[0, -1], [1, 1]]),
        ([X], lambda x: x[:, [3, 0]]),
        ([f(2, 3, 4), i([1, -1])], lambda x, a: x[a, :, [0, -2]]),
        ([f(2, 3, 4), i([0, 2, 1, -1], [2, 2])], lambda x, a: x[:, a, [0, 1]]),
    ],
    "Tensor.take": [([X], lambda x: x.take(i([0, -1, 5, 5]))), ([X, i([1, -2, 3, 0], [2, 2])], lambda x, a: x.take(a))],
    "Tensor.takeAlongDim": [
        ([X, i([0, -1], [1, 2])], lambda x, a: x.take_along_dim(a % 4, 1)),
        ([X, i([0, 5])], lambda x, a: x.take_along_dim(a)),
    ],
    "Tensor.indexAdd": [
        ([X, i([2, 0, 2]), Y], lambda x, a, s: x.index_add(0, a, s)),
        ([X, i([3, 1]), p(3, 2)], lambda x, a, s: x.index_add(1, a, s, alpha=-0.5)),
    ],
    "Tensor.indexFill": [
        ([X, i([3, 0])], lambda x, a: x.index_fill(1, a, 2.5)),
        ([X, i([1]), f()], lambda x, a, w: x.index_fill(0, a, w)),
    ],
    "Tensor.diagonal": [
        ([X], lambda x: x.diagonal()),
        ([f(2, 3, 4)], lambda x: x.diagonal(1, 2, 0)),
        ([X], lambda x: x.diagonal(-1)),
    ],
    "Tensor.diag": [
        ([f(3)], lambda x: x.diag()),
        ([f(3)], lambda x: x.diag(2)),
        ([f(3)], lambda x: x.diag(-1)),
        ([X], lambda x: x.diag(1)),
    ],
    "Tensor.triu": [([X], lambda x: x.triu()), ([f(2, 3, 3)], lambda x: x.triu(1))],
    "Tensor.tril": [([X], lambda x: x.tril()), ([f(2, 3, 3)], lambda x: x.tril(-1))],
    "Tensor.trace": [([X], lambda x: x.trace())],
    "Tensor.maskedFill": [
        ([X, MASK], lambda x, m: x.masked_fill(m.bool(), -7)),
        ([X, LAST, f()], lambda x, m, w: x.masked_fill(m.bool(), w)),
    ],
    "Tensor.maskedSelect": [
        ([X, MASK], lambda x, m: x.masked_select(m.bool())),
        ([f(4), MASK], lambda x, m: x.masked_select(m.bool())),
    ],
    "Tensor.nonzero": [([MASK], lambda m: m.nonzero())],
    "Tensor.argwhere": [([MASK], lambda m: m.argwhere())],
    "Tensor.any": [([MASK], lambda m: m.any(1)), ([X], lambda x: x.any())],
    "Tensor.all": [([MASK], lambda m: m.all(1, keepdim=True)), ([X], lambda x: x.all())],
    "Tensor.countNonzero": [([MASK], lambda m: m.count_nonzero(0)), ([MASK], lambda m: m.count_nonzero())],
    "Tensor.logicalAnd": [([MASK, LAST], torch.logical_and)],
    "Tensor.logicalOr": [([MASK, LAST], torch.logical_or)],
    "Tensor.logicalXor": [([MASK, LAST], torch.logical_xor)],
    "Tensor.logicalNot": [([MASK], torch.logical_not)],
    "Tensor.isnan": [([ODD], torch.isnan)],
    "Tensor.isinf": [([ODD], torch.isinf)],
    "Tensor.isfinite": [([ODD], torch.isfinite)],
    "Tensor.isclose": [
        ([v([1, 1, NAN, INF, INF, 1, INF, 0]), v([1.000001, 1.1, NAN, INF, -INF, INF, 1, 1e-9])], torch.isclose),
        ([v([1, 1, NAN]), v([1.1, 1.4, NAN])], lambda x, y: x.isclose(y, rtol=0.2, equal_nan=True)),
    ],
    "Tensor.var": [
        ([X], lambda x: x.var()),
        ([X], lambda x: x.var(1)),
        ([f(2, 3, 4)], lambda x: x.var((0, 2), correction=0, keepdim=True)),
    ],
    "Tensor.std": [
        ([X], lambda x: x.std()),
        ([X], lambda x: x.std(0, keepdim=True)),
        ([X], lambda x: torch.std(x, dim=None, correction=2.5)),
    ],
    "Tensor.varMean": [([X], lambda x: torch.var_mean(x, 1))],
    "Tensor.stdMean": [([X], lambda x: torch.std_mean(x, 0, correction=0))],
    "Tensor.norm": [
        ([X], lambda x: x.norm()),
        ([X], lambda x: x.norm(2, 1)),
        ([X], lambda x: x.norm(1, 0, keepdim=True)),
        ([X], lambda x: x.norm(3, 1)),
        ([X], lambda x: x.norm(0.5, 1)),
        ([X], lambda x: x.norm(INF, 1)),
        ([X], lambda x: x.norm(-INF, (0, 1))),
        ([v([0, 0, 3, 4], [2, 2])], lambda x: x.norm(2, 1)),
        ([ZEROS], lambda x: x.norm(3, 1)),
        ([ZEROS], lambda x: x.norm(1.5, 1)),
    ],
    "Tensor.dist": [([X, Y], lambda x, y: x.dist(y)), ([X, f(4, start=0.1)], lambda x, y: x.dist(y, 1))],
    "Tensor.logsumexp": [
        ([X], lambda x: x.logsumexp(1)),
        ([X], lambda x: x.logsumexp((0, 1), keepdim=True)),
        ([v([1000, 1001])], lambda x: x.logsumexp(0)),
    ],
    "Tensor.amax": [
        ([X], lambda x: x.amax()),
        ([TIED], lambda x: x.amax(1)),
        ([TIED], lambda x: x.amax((0, 1), keepdim=True)),
        ([TIED], lambda x: x.amax(0)),
    ],
    "Tensor.amin": [([X], lambda x: x.amin(0)), ([TIED], lambda x: (-x).amin(1)), ([TIED], lambda x: x.amin())],
    "Tensor.aminmax": [([TIED], lambda x: (x.amin(1), x.amax(1))), ([X], lambda x: (x.amin(), x.amax()))],
    "Tensor.diff": [
        ([X], lambda x: x.diff()),
        ([X], lambda x: x.diff(2, 0)),
        ([X], lambda x: x.diff(0)),
        ([X], lambda x: x.diff(9)),
        ([X, f(2, 4)], lambda x, y: x.diff(1, 0, prepend=y)),
        ([X, f(3, 1), p(3, 2)], lambda x, y, z: x.diff(2, -1, prepend=y, append=z)),
    ],
    "Tensor.nansum": [([X], lambda x: x.nansum(1)), ([v([1, NAN, 2])], lambda x: x.nansum())],
    "Tensor.nanmean": [([X], lambda x: x.nanmean()), ([v([1, NAN, 2, NAN], [2, 2])], lambda x: x.nanmean(1))],
    "Tensor.nanToNum": [([v([1, NAN, INF, -INF])], lambda x: x.nan_to_num(1, 2, 3))],
    "Tensor.mm": [([X, f(4, 2)], torch.mm)],
    "Tensor.mv": [([X, p(4)], torch.mv)],
    "Tensor.dot": [([f(5), p(5)], torch.dot)],
    "Tensor.vdot": [([f(5), p(5)], torch.vdot)],
    "Tensor.outer": [([f(3), p(4)], torch.outer)],
    "Tensor.inner": [([X, p(2, 1, 4)], torch.inner), ([f(5), p(5)], torch.inner)],
    "Tensor.addmm": [
        ([f(2), X, p(4, 2)], lambda x, a, b: x.addmm(a, b)),
        ([f(3, 2), X, p(4, 2)], lambda x, a, b: x.addmm(a, b, beta=0.5, alpha=-2)),
    ],
    "Tensor.addmv": [([f(3), X, p(4)], lambda x, a, b: x.addmv(a, b, alpha=3))],
    "Tensor.addcmul": [([X, Y, f(4)], lambda x, a, b: x.addcmul(a, b, value=0.5))],
    "Tensor.addcdiv": [([X, Y, p(4)], lambda x, a, b: x.addcdiv(a, b, value=0.5))],
    "Tensor.lerp": [
        ([X, Y], lambda x, y: x.lerp(y, 0.3)),
        ([X, Y], lambda x, y: x.lerp(y, 0.7)),
        ([X, Y, v([-0.2, 0.3, 0.5, 0.9])], lambda x, y, w: x.lerp(y, w)),
    ],
    "Tensor.rsub": [([X], lambda x: torch.rsub(x, 1.5)), ([X, Y], lambda x, y: torch.rsub(x, y, alpha=2))],
    "Tensor.clampMin": [([X], lambda x: x.clamp_min(0.1))],
    "Tensor.clampMax": [([X], lambda x: x.clamp_max(0.1))],
    "Tensor.clip": [([X], lambda x: x.clip(-0.5, 1)), ([Y], lambda x: x.clip(max=1)), ([X], lambda x: x.clip(-0.5, 1))],
    "Tensor.frac": [([X], lambda x: x.frac())],
    "Tensor.logit": [([SHARES], lambda x: x.logit()), ([SHARES], lambda x: x.logit(0.3))],
    "Tensor.xlogy": [([X, Y], lambda x, y: x.xlogy(y)), ([X], lambda x: x.xlogy(2))],
    "Tensor.logaddexp": [([X, Y], lambda x, y: x.logaddexp(y))],
    "Tensor.repeatInterleave": [
        ([X], lambda x: x.repeat_interleave(2)),
        ([X], lambda x: x.repeat_interleave(3, dim=-1)),
    ],
    "Tensor.broadcastTo": [([X], lambda x: x.broadcast_to([2, 3, 4]))],
    "Tensor.neg_": [([X], lambda x: x.clone().neg_())],
    "Tensor.exp_": [([X], lambda x: x.clone().exp_())],
    "Tensor.log_": [([Y], lambda x: x.clone().log_())],
    "Tensor.sqrt_": [([Y], lambda x: x.clone().sqrt_())],
    "Tensor.abs_": [([X], lambda x: x.clone().abs_())],
    "Tensor.relu_": [([X], lambda x: x.clone().relu_())],
    "Tensor.sigmoid_": [([X], lambda x: x.clone().sigmoid_())],
    "Tensor.tanh_": [([X], lambda x: x.clone().tanh_())],
    "Tensor.square_": [([X], lambda x: x.clone().square_())],
    "Tensor.reciprocal_": [([X], lambda x: x.clone().reciprocal_())],
    "Tensor.rsqrt_": [([Y], lambda x: x.clone().rsqrt_())],
    "Tensor.sign_": [([X], lambda x: x.clone().sign_())],
    "Tensor.floor_": [([X], lambda x: x.clone().floor_())],
    "Tensor.ceil_": [([X], lambda x: x.clone().ceil_())],
    "Tensor.round_": [([X], lambda x: x.clone().round_())],
    "Tensor.trunc_": [([X], lambda x: x.clone().trunc_())],
    "Tensor.pow_": [([X], lambda x: x.clone().pow_(3)), ([X, Y], lambda x, y: y.clone().pow_(x))],
    "Tensor.clampMin_": [([X], lambda x: x.clone().clamp_min_(0.1))],
    "Tensor.clampMax_": [([X], lambda x: x.clone().clamp_max_(0.1))],
    "Tensor.clip_": [([X], lambda x: x.clone().clip_(-0.5, 1))],
    "Tensor.nanToNum_": [([X], lambda x: x.clone().nan_to_num_())],
    "Tensor.triu_": [([X], lambda x: x.clone().triu_(1))],
    "Tensor.tril_": [([X], lambda x: x.clone().tril_())],
    "Tensor.maskedFill_": [
        ([X, MASK], lambda x, m: x.clone().masked_fill_(m.bool(), 3)),
        ([X, MASK, f()], lambda x, m, w: x.clone().masked_fill_(m.bool(), w)),
    ],
    "Tensor.indexAdd_": [([X, i([2, 0, 2]), Y], lambda x, a, s: x.clone().index_add_(0, a, s, alpha=2))],
    "Tensor.indexFill_": [([X, i([3, 0])], lambda x, a: x.clone().index_fill_(1, a, 2.5))],
    "Tensor.addcmul_": [([X, Y, f(4)], lambda x, a, b: x.clone().addcmul_(a, b, value=0.5))],
    "Tensor.addcdiv_": [([X, Y, p(4)], lambda x, a, b: x.clone().addcdiv_(a, b))],
    "Tensor.addmm_": [([f(3, 2), X, p(4, 2)], lambda x, a, b: x.clone().addmm_(a, b, beta=0.5))],
    "Tensor.addmv_": [([f(3), X, p(4)], lambda x, a, b: x.clone().addmv_(a, b))],
    "Tensor.float": [([X], lambda x: x * 2)],
    "Tensor.int": [([X], lambda x: x.int())],
    "Tensor.long": [([X], lambda x: x.long())],
    "Tensor.bool": [([X], lambda x: x.bool()), ([i([0, -2])], lambda x: x.bool())],
    "Tensor.cpu": [([X], lambda x: (x * 2).cpu())],
    "ops.hstack": [([X, f(3, 1)], lambda *t: torch.hstack(t)), ([f(3), f(2)], lambda *t: torch.hstack(t))],
    "ops.vstack": [([X, f(4)], lambda *t: torch.vstack(t)), ([f(2), p(2)], lambda *t: torch.vstack(t))],
    "ops.columnStack": [([X, f(3)], lambda *t: torch.column_stack(t)), ([f(2), p(2)], lambda *t: torch.column_stack(t))],
    "ops.meshgrid": [
        ([f(3), f(2)], lambda *t: torch.meshgrid(*t, indexing="ij")),
        ([f(3), f(2), f(4)], lambda *t: torch.meshgrid(*t, indexing="xy")),
    ],
    "ops.cartesianProd": [([f(3), f(2)], torch.cartesian_prod), ([f(3)], torch.cartesian_prod)],
    "functional.oneHot": [([i([2, 0, 3, 3], [2, 2])], lambda t: F.one_hot(t, 4)), ([i([1])], lambda t: F.one_hot(t, 3))],
    "functional.normalize": [
        ([X], F.normalize),
        ([X], lambda x: F.normalize(x, p=1, dim=0)),
        ([f(2, 3, 2)], lambda x: F.normalize(x, dim=-1, eps=2)),
        ([v([0, 0, 3, 4], [2, 2])], F.normalize),
    ],
    "functional.cosineSimilarity": [
        ([X, Y], F.cosine_similarity),
        ([f(5), p(5)], lambda x, y: F.cosine_similarity(x, y, dim=0)),
        ([X, p(4)], lambda x, y: F.cosine_similarity(x, y, dim=-1)),
    ],
    "functional.pairwiseDistance": [
        ([X, Y], F.pairwise_distance),
        ([X, p(4)], lambda x, y: F.pairwise_distance(x, y, p=1, keepdim=True)),
    ],
    "Tensor.cov": [
        ([X], torch.cov),
        ([X], lambda x: x.cov(correction=0)),
        ([f(5)], torch.cov),
        ([f(1, 4)], torch.cov),
    ],
    "Tensor.corrcoef": [([X], torch.corrcoef), ([f(5)], torch.corrcoef)],
    "Tensor.deg2rad": [([X], torch.deg2rad)],
    "Tensor.rad2deg": [([X], torch.rad2deg)],
    "Tensor.fliplr": [([X], torch.fliplr)],
    "Tensor.flipud": [([X], torch.flipud)],
    "Tensor.rot90": [
        *(([X], lambda x, k=k: x.rot90(k)) for k in (1, 2, -1, 4)),
        ([f(2, 3, 4)], lambda x: x.rot90(1, (2, 0))),
    ],
    "Tensor.diagflat": [([X], torch.diagflat), ([f(3)], lambda x: x.diagflat(-1)), ([f()], torch.diagflat)],
    "Tensor.msort": [([X], torch.msort), ([f(2, 3, 4)], torch.msort)],
    "Tensor.kron": [([X, p(2, 3)], torch.kron), ([X, p(3)], torch.kron), ([f(2), p(2, 3, 1)], torch.kron), ([f(), X], torch.kron)],
    "Tensor.fmax": [([VALUES, BOUNDS[:3]], torch.fmax), ([VALUES, VALUES.T], torch.fmax)],
    "Tensor.fmin": [([VALUES, BOUNDS[:3]], torch.fmin), ([VALUES, VALUES.T], torch.fmin)],
    "Tensor.isposinf": [([ODD], torch.isposinf)],
    "Tensor.isneginf": [([ODD], torch.isneginf)],
    "ops.cdist": [
        *(([X, p(2, 4)], lambda x, y, power=power: torch.cdist(x, y, power)) for power in (2, 1, 0, 3, 0.5, INF)),
        ([X, X], lambda x, y: torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")),
        ([f(2, 1, 3, 2), p(4, 5, 2)], torch.cdist),
        ([f(30, 3), p(28, 3)], lambda x, y: torch.cdist(x, y, 1)),
    ],
    "ops.searchsorted": [
        ([BOUNDS, VALUES], torch.searchsorted),
        ([BOUNDS, VALUES], lambda s, x: torch.searchsorted(s, x, right=True)),
        ([v([1, 3, 5, 2, 4, 4], [2, 3]), v([3, 0, 5, 9, 4, 2, 3, 1], [2, 4])], lambda s, x: torch.searchsorted(s, x, side="right")),
        ([v([5, 1, 3]), v([3, 4]), i([1, 2, 0])], lambda s, x, order: torch.searchsorted(s, x, sorter=order)),
        ([i([1, 3, 3, 8]), i([3, 9, 0, 8], [2, 2])], torch.searchsorted),
        ([BOUNDS], lambda s: torch.searchsorted(s, 0.25)),
    ],
    "ops.bucketize": [
        ([VALUES, BOUNDS], torch.bucketize),
        ([VALUES, BOUNDS], lambda x, s: torch.bucketize(x, s, right=True)),
        ([i([3, 9, 0, 8]), i([1, 3, 3, 8])], torch.bucketize),
    ],
    "ops.isin": [
        ([VALUES, BOUNDS], torch.isin),
        ([VALUES, BOUNDS], lambda x, s: torch.isin(x, s, invert=True)),
        ([MASK], lambda x: torch.isin(x, 1)),
        ([i([3, 9, 0, 8]), i([8, 3, 3, -2], [2, 2])], torch.isin),
        ([BOUNDS], lambda s: torch.isin(0.5, s)),
    ],
    "ops.tensordot": [
        ([X, Y], torch.tensordot),
        ([X, p(4, 2, 3)], lambda x, y: torch.tensordot(x, y, 1)),
        ([X, Y], lambda x, y: torch.tensordot(x, y, 0)),
        ([f(2, 3, 4), p(5, 4, 2)], lambda x, y: torch.tensordot(x, y, [[2, 0], [1, -1]])),
    ],
    "ops.trapezoid": [
        ([X], torch.trapezoid),
        ([X], lambda y: torch.trapezoid(y, dx=0.3, dim=0)),
        ([X, p(4)], torch.trapezoid),
        ([X, Y], lambda y, x: torch.trapezoid(y, x, dim=0)),
        ([X, p(3)], lambda y, x: torch.trapezoid(y, x, dim=0)),
        ([f(2, 1)], torch.trapezoid),
    ],
    "ops.vander": [
        # torch.vander multiplies in place, which its own backward pass refuses: the same numbers as powers.
        ([f(3)], lambda x: torch.stack([x**k for k in (2, 1, 0)], 1)),
        ([f(3)], lambda x: torch.stack([x**k for k in range(5)], 1)),
    ],
    "ops.combinations": [
        ([f(4)], torch.combinations),
        ([f(3)], lambda x: torch.combinations(x, 3, with_replacement=True)),
        ([f(3)], lambda x: torch.combinations(x, 1)),
        ([f(3)], lambda x: torch.combinations(x, 4)),
    ],
    "ops.broadcastTensors": [([X, f(2, 1, 4)], torch.broadcast_tensors)],
    "ops.dstack": [
        ([X, Y], lambda x, y: torch.dstack([x, y])),
        ([f(2), p(2)], lambda x, y: torch.dstack([x, y])),
        ([X, f(3, 4, 2)], lambda x, y: torch.dstack([x, y])),
    ],
    "functional.pad": [
        ([X], lambda x: F.pad(x, (1, 2))),
        ([X], lambda x: F.pad(x, (1, -2, -1, 2), value=2.5)),
        ([f(2, 3, 2)], lambda x: F.pad(x, (0, 0, 1, 0, 2, 1))),
        ([X], lambda x: F.pad(x, (3, 2), mode="reflect")),
        ([X], lambda x: F.pad(x, (5, 1), mode="replicate")),
        ([X], lambda x: F.pad(x, (4, 3), mode="circular")),
        ([f(2, 3, 4)], lambda x: F.pad(x, (1, 2, 2, 1), mode="reflect")),
        ([f(2, 3, 4)], lambda x: F.pad(x, (-1, 2, 1, -1), mode="replicate")),
    ],
    "ops.trilIndices": [([], lambda: torch.tril_indices(3, 4, 1)), ([], lambda: torch.tril_indices(3, 3, -1))],
    "ops.triuIndices": [([], lambda: torch.triu_indices(3, 4, 1)), ([], lambda: torch.triu_indices(4, 3, -1))],
    "ops.asTensor": [([X], lambda x: torch.as_tensor(x * 2))],
    "Tensor.hypot": [
        ([X, Y], torch.hypot),
        ([v([3, 0, -0.0, 5, 0]), v([4, -7, 1, -12, 2])], torch.hypot),
        ([X, p(3, 1)], torch.hypot),
        ([v([3e30, 3e-30, 1e38, 2e25]), v([4e30, 4e-30, 1, -7e25])], torch.hypot),
    ],
    "Tensor.copysign": [
        ([X, X], lambda x, y: x.copysign(y.detach())),
        ([STEPS, v([1, -1, -1, -0.0, 0, 3, -2, -4, INF])], lambda x, y: x.copysign(y.detach())),
        ([X], lambda x: x.copysign(-2)),
    ],
    "Tensor.signbit": [([STEPS], torch.signbit), ([i([1, 0, -3])], torch.signbit)],
    "Tensor.heaviside": [
        ([VALUES, v([0.5, -2, 3])], lambda x, y: torch.heaviside(x.detach(), y.detach())),
        ([i([1, 0, -3]), i([7, 7, 7])], torch.heaviside),
    ],
    "Tensor.sinc": [([X], torch.sinc), ([STEPS], torch.sinc)],
    "Tensor.logaddexp2": [([X, Y], torch.logaddexp2), ([v([1000, -1000, 3]), v([1000, 2, -INF])], torch.logaddexp2)],
    "Tensor.floatPower": [
        # Their own type, where torch.float_power has float64 in any case.
        ([X, Y], lambda x, y: y**x),
        ([X], lambda x: x**2),
        ([i([1, -2, 4])], lambda x: x.float() ** -2),
    ],
    "Tensor.cross": [
        ([f(3), p(3)], lambda x, y: torch.cross(x, y, dim=0)),
        ([X, Y], lambda x, y: torch.cross(x, y, dim=0)),
        ([f(4, 1, 3), p(1, 2, 3)], lambda x, y: torch.cross(x, y, dim=-1)),
        ([i([1, 2, 3]), i([4, 5, 6])], lambda x, y: torch.cross(x, y, dim=0)),
    ],
    **{
        f"Tensor.{name}": [
            ([X], lambda x, run=run: run(x, 1)),
            ([f(5, 3)], lambda x, run=run: run(x, -2)),
            ([TIED], lambda x, run=run: run(x, 1)),
            ([BROKEN], lambda x, run=run: run(x, 1)),
            ([i([3, 1, 1, 4, 4, 0, 9])], lambda x, run=run: run(x, 0)),
        ]
        for name, run in (("cummax", torch.cummax), ("cummin", torch.cummin))
    },
    "Tensor.logcumsumexp": [
        ([X], lambda x: x.logcumsumexp(1)),
        ([f(9, 2)], lambda x: x.logcumsumexp(0)),
        ([v([1000, 1001, -1000, 1003])], lambda x: x.logcumsumexp(0)),
    ],
    "Tensor.scatterReduce": [
        *(
            one
            for how in ("sum", "prod", "mean", "amax", "amin")
            for one in (
                ([X, INDEX, Y], lambda x, a, s, how=how: x.scatter_reduce(0, a, s, how)),
                ([X, i([3, 0, 3, 3], [2, 2]), Y], lambda x, a, s, how=how: x.scatter_reduce(-1, a, s[:2, :2], how, include_self=False)),
            )
        ),
        ([v([1, 5, 4]), INTO, v([1, 5, 2, 5, 5, 0])], lambda x, a, s: x.scatter_reduce(0, a, s, "amax")),
        ([v([1, 5, 4]), INTO, v([1, 5, 2, 5, 5, 0])], lambda x, a, s: x.scatter_reduce(0, a, s, "prod")),
        ([i([7, 8, 9]), INTO, i([4, -3, 2, 8, 9, 1])], lambda x, a, s: x.scatter_reduce(0, a, s, "amin", include_self=False)),
    ],
    "Tensor.indexReduce": [
        one
        for how in ("prod", "mean", "amax", "amin")
        for one in (
            ([X, i([2, 0, 2]), Y], lambda x, a, s, how=how: x.index_reduce(0, a, s, how)),
            ([X, i([2, 0, 2]), p(3, 3)], lambda x, a, s, how=how: x.index_reduce(1, a, s, how, include_self=False)),
        )
    ],
    "Tensor.indexCopy": [
        ([X, i([2, 0]), p(2, 4)], lambda x, a, s: x.index_copy(0, a, s)),
        ([X, i([3]), p(3, 1)], lambda x, a, s: x.index_copy(-1, a, s)),
    ],
    "Tensor.indexPut": [
        ([X, p(4)], lambda x, s: x.index_put((i([2, 0]),), s)),
        ([X, p(3)], lambda x, s: x.index_put((i([0, -1, 0]), i([1, 1, 1])), s, accumulate=True)),
        ([f(2, 3, 4), p(2, 3)], put_apart),
        ([f(2, 3, 4), p(1, 2, 4)], lambda x, s: x.index_put((i([0, 1], [2, 1]), i([1, 1])), s.expand(2, 2, 4), accumulate=True)),
    ],
    "Tensor.maskedScatter": [
        ([X, MASK, Y], lambda x, m, s: x.masked_scatter(m.bool(), s)),
        ([f(4), MASK, Y], lambda x, m, s: x.masked_scatter(m.bool(), s)),
    ],
    "Tensor.mode": [
        ([X], torch.mode),
        ([TIED], lambda x: x.mode(1)),
        ([v([1, 2, 1, 2, 0, 0], [6, 1])], lambda x: x.mode(0, keepdim=True)),
        ([i([4, 4, 1, 1, 9])], torch.mode),
    ],
    "Tensor.selectScatter": [
        ([X, p(3)], lambda x, s: x.select_scatter(s, 1, -2)),
        ([f(2, 3, 4), Y], lambda x, s: x.select_scatter(s, 0, 1)),
    ],
    "Tensor.sliceScatter": [
        ([X, p(3, 2)], lambda x, s: x.slice_scatter(s, 1, -3, 4, 2)),
        ([X, p(2, 4)], lambda x, s: x.slice_scatter(s, 0, 1)),
    ],
    "Tensor.diagonalScatter": [
        ([X, p(3)], lambda x, s: x.diagonal_scatter(s, 1)),
        ([f(2, 3, 4), p(3, 2)], lambda x, s: x.diagonal_scatter(s, -1, 2, 0)),
    ],
    "Tensor.addbmm": [([f(3, 2), f(2, 3, 4), p(2, 4, 2)], lambda x, a, b: x.addbmm(a, b, beta=0.5, alpha=-2))],
    "Tensor.addr": [([X, f(3), p(4)], lambda x, a, b: x.addr(a, b, beta=0.5, alpha=3))],
    "ops.atleast1d": [([f(), X], torch.atleast_1d)],
    "ops.atleast2d": [([f(3), X], torch.atleast_2d)],
    "ops.atleast3d": [([f(3), X], torch.atleast_3d), ([f(2, 1, 3)], torch.atleast_3d)],
    "ops.blockDiag": [([X, f(2), f()], torch.block_diag)],
    "Tensor.tensorSplit": [
        ([X], lambda x: x.tensor_split(2)),
        ([X], lambda x: x.tensor_split(3, 1)),
        ([X], lambda x: x.tensor_split((1, -1, 2), 1)),
    ],
    "Tensor.nanmedian": [
        ([X], torch.nanmedian),
        ([X], lambda x: x.nanmedian(1)),
        ([HOLES], lambda x: x[0:3:2].nanmedian(1)),
        ([HOLES], lambda x: x.nanmedian(-2, keepdim=True)),
        ([i([4, 1, 3, 2, 9, 7], [2, 3])], lambda x: x.nanmedian(0)),
        ([BROKEN_TIES], torch.nanmedian),
        ([TIES], torch.nanmedian),
    ],
    "Tensor.nanquantile": [
        ([X], lambda x: x.nanquantile(0.3)),
        ([HOLES], lambda x: x.nanquantile(0.4, 1)),
        ([HOLES], lambda x: x.nanquantile(0.75, -2, keepdim=True)),
        ([HOLES], lambda x: x.nanquantile(torch.tensor([0, 0.125, 1], dtype=x.dtype), 1)),
        *[([HOLES], lambda x, how=how: x.nanquantile(0.375, 1, interpolation=how)) for how in ("lower", "higher", "nearest", "midpoint")],
    ],
    "Tensor.histc": [
        ([X], lambda x: x.detach().histc(7)),
        ([X], lambda x: x.detach().histc(3, -1, 0.8)),
        ([v([1, 2, 1, 3, 0])], lambda x: x.detach().histc(3, 0, 3)),
        ([v([2, 2])], lambda x: x.detach().histc(4)),
    ],
    "Tensor.histogram": [
        ([X], lambda x: x.detach().histogram(7)),
        ([X], lambda x: x.detach().histogram(3, range=(-1, 0.8), density=True)),
        ([X, Y], lambda x, w: x.detach().histogram(4, weight=w.detach())),
        ([X, v([-1, -0.5, 0, 2])], lambda x, b: x.detach().histogram(b.detach())),
        ([v([2, 2])], lambda x: x.detach().histogram(2)),
    ],
    "Tensor.uniqueConsecutive": [
        ([v([1, 1, 2, 1, 1, 3], [2, 3])], lambda x: x.detach().unique_consecutive(return_inverse=True, return_counts=True)),
        ([i([4, 4, 1])], lambda x: x.unique_consecutive()),
        (
            [v([1, 1, 2, 1, 3, 3, 3, 3], [2, 4])],
            lambda x: x.detach().unique_consecutive(return_inverse=True, return_counts=True, dim=1),
        ),
        (
            [v([1, 2, 0, 2, 1, 2, 1, -1, 0, 2, 1, 2], [2, 3, 2])],
            lambda x: x.detach().unique(return_inverse=True, return_counts=True, dim=-2),
        ),
    ],
    "Tensor.renorm": [
        ([X], lambda x: x.renorm(2, 0, 1.5)),
        ([X], lambda x: x.renorm(1, -1, 2)),
        ([f(2, 3, 4)], lambda x: x.renorm(3, 1, 2)),
        ([X], lambda x: x.renorm(INF, 0, 1)),
    ],
    "Tensor.diagEmbed": [
        ([X], torch.diag_embed),
        ([X], lambda x: x.diag_embed(1, 0, 2)),
        ([X], lambda x: x.diag_embed(-2, 2, 0)),
        ([i([4, 1])], lambda x: x.diag_embed(1)),
    ],
    "ops.chainMatmul": [
        ([X, p(4, 2), f(2, 5), p(5, 1)], torch.chain_matmul),
        ([X], torch.chain_matmul),
    ],
    "ops.cumulativeTrapezoid": [
        ([X], torch.cumulative_trapezoid),
        ([X], lambda x: torch.cumulative_trapezoid(x, dx=0.5, dim=0)),
        ([X, f(4)], lambda y, x: torch.cumulative_trapezoid(y, x)),
        ([f(1)], torch.cumulative_trapezoid),
    ],
    "ops.unravelIndex": [
        ([i([0, 7, 23, 12], [2, 2])], lambda a: torch.unravel_index(a, (2, 3, 4))),
        ([i([-1, 25, 5])], lambda a: torch.unravel_index(a, (4, 6))),
    ],
    "nn.AdaptiveLogSoftmaxWithLoss": [
        ([f(5, 4), i([0, 3, 7, 4, 2])], lambda x, t: adaptive(x)(x, t)),
        ([f(5, 4)], lambda x: adaptive(x).log_prob(x)),
        ([f(5, 4)], lambda x: adaptive(x).predict(x)),
        ([f(4), i(6)], lambda x, t: adaptive(x)(x, t)),
    ],
    "Tensor.frac_": [([X], lambda x: x.clone().frac_())],
    "Tensor.deg2rad_": [([X], lambda x: x.clone().deg2rad_())],
    "Tensor.rad2deg_": [([X], lambda x: x.clone().rad2deg_())],
    "Tensor.sinc_": [([X], lambda x: x.clone().sinc_())],
    "Tensor.logit_": [([SHARES], lambda x: x.clone().logit_(0.3))],
    "Tensor.xlogy_": [([X, Y], lambda x, y: x.clone().xlogy_(y))],
    "Tensor.copysign_": [([X, Y], lambda x, y: x.clone().copysign_(y.detach()))],
    "Tensor.floatPower_": [([Y], lambda x: x.pow(1.5))],
    "Tensor.hypot_": [([X, Y], lambda x, y: x.clone().hypot_(y))],
    "Tensor.heaviside_": [([X, Y], lambda x, y: x.detach().clone().heaviside_(y.detach()))],
    "Tensor.renorm_": [([X], lambda x: x.clone().renorm_(2, 0, 1.5))],
    "Tensor.baddbmm_": [([f(2, 3, 2), f(2, 3, 4), p(2, 4, 2)], lambda x, a, b: x.clone().baddbmm_(a, b, beta=0.5))],
    "Tensor.addbmm_": [([f(3, 2), f(2, 3, 4), p(2, 4, 2)], lambda x, a, b: x.clone().addbmm_(a, b, alpha=-2))],
    "Tensor.addr_": [([X, f(3), p(4)], lambda x, a, b: x.clone().addr_(a, b))],
    "Tensor.indexCopy_": [([X, i([2, 0]), p(2, 4)], lambda x, a, s: x.clone().index_copy_(0, a, s))],
    "Tensor.indexPut_": [([X, p(3)], lambda x, s: x.clone().index_put_((i([0, -1, 0]), i([1, 1, 1])), s, accumulate=True))],
    "Tensor.maskedScatter_": [([X, MASK, Y], lambda x, m, s: x.clone().masked_scatter_(m.bool(), s))],
    "Tensor.indexReduce_": [([X, i([2, 0, 2]), Y], lambda x, a, s: x.clone().index_reduce_(0, a, s, "mean"))],
    "Tensor.scatterReduce_": [([X, INDEX, Y], lambda x, a, s: x.clone().scatter_reduce_(0, a, s, "amax"))],
    "linalg.solve": [
        ([SQUARE, f(3)], L.solve),
        ([SQUARE, X], L.solve),
        ([SQUARES, f(2, 2)], L.solve),
        ([SQUARES, f(3, 1, 2, 3)], L.solve),
        ([SQUARES, p(4, 2)], lambda a, b: L.solve(a, b, left=False)),
    ],
    "linalg.inv": alone(L.inv),
    "Tensor.inverse": alone(L.inv),
    "linalg.det": alone(L.det),
    "Tensor.det": alone(L.det),
    "linalg.slogdet": alone(lambda a: L.slogdet(a)[1]),
    "Tensor.slogdet": alone(lambda a: L.slogdet(a)[1]),
    "Tensor.logdet": [([DEFINITES], torch.logdet)],
    "linalg.cholesky": [
        ([a], function) for a in (DEFINITE, DEFINITES) for function in (L.cholesky, lambda a: L.cholesky(a, upper=True))
    ],
    "Tensor.cholesky": [([DEFINITE], L.cholesky)],
    "linalg.qr": [
        *alone(L.qr),
        ([f(2, 4, 3)], L.qr),
        ([X], L.qr),
        ([f(2, 5)], lambda a: L.qr(a, "complete")),
    ],
    "Tensor.qr": [([SQUARE], L.qr)],
    "linalg.matrixExp": alone(L.matrix_exp),
    "Tensor.matrixExp": alone(L.matrix_exp),
    "linalg.matrixPower": [([SQUARES], lambda a, n=n: L.matrix_power(a, n)) for n in (3, 1, -2)],
    "Tensor.matrixPower": [([SQUARE], lambda a: L.matrix_power(a, 5))],
    "linalg.vectorNorm": [
        ([X], L.vector_norm),
        ([X], lambda x: L.vector_norm(x, 3, 1, True)),
        ([X], lambda x: L.vector_norm(x, INF, 0)),
    ],
    "linalg.matrixNorm": [
        *[([f(2, 3, 4)], lambda x, ord=ord: L.matrix_norm(x, ord)) for ord in (1, -1, INF, -INF, "fro")],
        ([f(2, 3, 4)], lambda x: L.matrix_norm(x, 1, (2, 0), True)),
        ([f(2, 3, 4)], lambda x: L.matrix_norm(x, INF, (0, 1))),
    ],
    "linalg.norm": [
        ([f(2, 3, 4)], L.norm),
        ([X], lambda x: L.norm(x, 1)),
        ([X], lambda x: L.norm(x, 1, 1)),
        ([f(2, 3, 4)], lambda x: L.norm(x, INF, (2, 0))),
        ([f(5)], lambda x: L.norm(x, 3)),
    ],
    "Tensor.add": [
        ([X, Y], lambda x, y: x.add(y, alpha=-0.5)),
        ([WHOLE, DIVISORS], lambda x, y: x.add(y, alpha=3)),
        ([X], lambda x: x.add(2, alpha=3)),
    ],
    "Tensor.sub": [([X, f(4)], lambda x, y: x.sub(y, alpha=2)), ([WHOLE, DIVISORS], lambda x, y: x.sub(y, alpha=-2))],
    "Tensor.add_": [([X, Y], lambda x, y: x.clone().add_(y, alpha=-0.5)), ([X], lambda x: x * 3)],
    "Tensor.sub_": [([WHOLE, DIVISORS], lambda x, y: x.clone().sub_(y, alpha=2))],
    "Tensor.div": [
        ([X, Y], lambda x, y: x.div(y, rounding_mode="trunc")),
        ([X, Y], lambda x, y: x.div(y, rounding_mode=None)),
        ([WHOLE, DIVISORS], lambda x, y: x.div(y, rounding_mode="trunc")),
        ([WHOLE, DIVISORS], lambda x, y: x.div(y, rounding_mode="floor")),
    ],
    "Tensor.div_": [
        ([X, Y], lambda x, y: x.clone().div_(y, rounding_mode="trunc")),
        ([WHOLE, DIVISORS], lambda x, y: x.clone().div_(y, rounding_mode="floor")),
    ],
    "Tensor.round": [([X], lambda x: x.round(decimals=1)), ([X], lambda x: (x * 100).round(decimals=-1))],
    "Tensor.clamp": [([X], lambda x: x.clamp(-0.5, 1)), ([X], lambda x: x.clamp(None, 1)), ([X], lambda x: x.clamp(0.1))],
    "Tensor.clamp_": [([X], lambda x: x.clone().clamp_(-0.5, 1))],
    "Tensor.squeeze": [([f(1, 3, 1)], lambda x: x.squeeze((0, -1, 1))), ([f(1, 2)], lambda x: x.squeeze(()))],
    "Tensor.median": [([TIES], torch.median), ([BROKEN_TIES], torch.median), ([WHOLE], torch.median)],
    "Tensor.fmod": [([WHOLE, DIVISORS], torch.fmod)],
    "Tensor.prod": [([v([])], torch.prod), ([v([], [2, 0, 3])], lambda x: x.prod(1)), ([WHOLE], lambda x: x.prod(1))],
    "Tensor.cumprod": [([WHOLE], lambda x: x.cumprod(1)), ([WHOLE], lambda x: x.cumprod(0))],
    "ops.cat": [([v([]), X], lambda x, y: torch.cat([x, y], 1)), ([v([]), v([])], lambda x, y: torch.cat([x, y]))],
    "ops.einsum": [
        ([f(3, 3)], lambda x: torch.einsum("ii->i", x)),
        ([f(2, 3, 4), f(4, 2)], lambda x, y: torch.einsum("...ij,jk->...ik", x, y)),
        ([f(3, 2, 1), f(3, 4)], lambda x, y: torch.einsum("i...,i...", x, y)),
        ([f(3, 2, 2)], lambda x: torch.einsum("i...->i", x)),
        ([f(3, 1), f(4, 2)], lambda x, y: torch.einsum("ij,jk->ik", x, y)),
    ],
    "Tensor.lerp_": [
        ([X, Y, v([0.1, 0.6, -1, 2])], lambda x, y, w: x.clone().lerp_(y, w)),
        ([X, v([0.25])], lambda x, w: x.lerp(x, w)),
    ],
    "Tensor.fill_": [([X, f()], lambda x, w: x.clone().fill_(w)), ([WHOLE, i([7], [])], lambda x, w: x.clone().fill_(w))],
    "Tensor.sort": [([X], lambda x: x.sort(descending=True))],
    "Tensor.argsort": [([X], lambda x: x.argsort(descending=True))],
}


def weight(shape):
    n = 1
    for size in shape:
        n *= size
    return torch.tensor([((k * 7 + 3) % 11) / 4 - 1.125 for k in range(n)], dtype=torch.float64).reshape(shape)


def run(inputs, function, dtype):
    """The outputs, and the gradients of their weighted sum, in the order of the inputs."""
    given = [t.to(dtype).clone().requires_grad_() if t.is_floating_point() else t for t in inputs]
    outputs = function(*given)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    ends = [t for t in outputs if t.requires_grad]
    if ends:
        torch.autograd.backward(ends, [weight(t.shape).to(dtype) for t in ends])
    return [t.detach() for t in outputs], [getattr(t, "grad", None) for t in given]


def number(value):
    return value if abs(value) < INF else {INF: "Infinity", -INF: "-Infinity"}.get(value, "NaN")


def golden(truth, own):
    if truth is None:
        return None
    kind = "float32" if truth.is_floating_point() else "int32"
    data = [number(float(n)) for n in truth.flatten()]
    apart = (own.double() - truth.double()).abs().nan_to_num(0, 0, 0)
    return {"shape": list(truth.shape), "dtype": kind, "data": data, "error": float(apart.max()) if apart.numel() else 0.0}


def case(inputs, function):
    true_outputs, true_gradients = run(inputs, function, torch.float64)
    own_outputs, own_gradients = run(inputs, function, torch.float32)
    return {
        "outputs": [golden(a, b) for a, b in zip(true_outputs, own_outputs)],
        "gradients": [golden(a, b) for a, b in zip(true_gradients, own_gradients)],
    }


if __name__ == "__main__":
    made = {name: [case(*one) for one in cases] for name, cases in CASES.items()}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dense.json.gz")
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
        file.write(json.dumps(made).encode())
