"""Makes edges.json.gz: PyTorch's values and gradients of infinities, NaN, zeros and large numbers. Run with a Python that has torch."""
import gzip
import itertools
import json
import os
import re

import torch

F = torch.nn.functional
NAN, INF = float("nan"), float("inf")
EDGES = [INF, -INF, NAN, 0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 200.0, -200.0]
PAIRS = list(zip(*itertools.product(EDGES, EDGES)))
ROWS = list(itertools.product([INF, -INF, NAN, 0.0, 1.0], repeat=3))

ALONE = """abs acos acosh asin asinh atan atanh ceil cos cosh deg2rad erf erfc exp exp2 expm1 floor frac log log10 log1p log2 logit nan_to_num neg
rad2deg reciprocal relu round rsqrt sigmoid sign signbit sin sinc sinh sqrt square tan tanh trunc isfinite isinf isnan isneginf isposinf logical_not"""
ACTIVATIONS = """celu elu gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish relu6 selu silu softplus softshrink softsign
tanhshrink"""
TWO = """add atan2 copysign div eq float_power floor_divide fmax fmin fmod ge gt heaviside hypot isclose le logaddexp logaddexp2 logical_and logical_or
logical_xor lt maximum minimum mul ne pow remainder sub xlogy"""
LOSSES = "mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy_with_logits kl_div poisson_nll_loss soft_margin_loss"
ALONG = """sum mean amax amin softmax log_softmax logsumexp cumsum cumprod logcumsumexp prod nansum nanmean var std max min median nanmedian sort cummax
cummin argmax argmin any all count_nonzero"""
ROW_WISE = {
    "functional.softmin": lambda x: F.softmin(x, 1),
    "functional.normalize": F.normalize,
    "functional.layerNorm": lambda x: F.layer_norm(x, (3,)),
    "functional.rmsNorm": lambda x: F.rms_norm(x, (3,)),
    "functional.glu": lambda x: F.glu(x[:, :2], 1),
    "Tensor.diff": lambda x: x.diff(dim=1),
    **{f"Tensor.norm {p}": lambda x, p=p: x.norm(p, 1) for p in (0, 0.5, 1, 2, 3)},
    "Tensor.norm Infinity": lambda x: x.norm(INF, 1),
    "Tensor.norm -Infinity": lambda x: x.norm(-INF, 1),
}


def camel(name):
    return re.sub("_(.)", lambda match: match[1].upper(), name)


def numbers(t):
    return [v if abs(v) < INF else {INF: "Infinity", -INF: "-Infinity"}.get(v, "NaN") for v in t.detach().double().flatten().tolist()]


def case(function, *inputs):
    leaves = [torch.tensor(values, dtype=torch.float32, requires_grad=True) for values in inputs]
    y = function(*leaves)
    y = y if isinstance(y, torch.Tensor) else y[0]
    if y.requires_grad and function not in (torch.floor_divide, torch.heaviside):
        y.backward(torch.ones_like(y))
    return {"inputs": [numbers(t) for t in leaves], "y": numbers(y), "gradients": [None if t.grad is None else numbers(t.grad) for t in leaves]}


if __name__ == "__main__":
    made = {
        **{f"Tensor.{camel(n)}": case(getattr(torch, n), EDGES) for n in ALONE.split()},
        **{f"functional.{camel(n)}": case(getattr(F, n), EDGES) for n in ACTIVATIONS.split()},
        **{f"Tensor.{camel(n)}": case(getattr(torch, n), *PAIRS) for n in TWO.split()},
        **{f"functional.{camel(n)}": case(lambda x, y, n=n: getattr(F, n)(x, y.detach(), reduction="none"), *PAIRS) for n in LOSSES.split()},
        **{f"Tensor.{camel(n)} along": case(lambda x, n=n: getattr(torch, n)(x, dim=1), ROWS) for n in ALONG.split()},
        **{name: case(call, ROWS) for name, call in ROW_WISE.items()},
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "edges.json.gz")
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
        file.write(json.dumps(made).encode())
