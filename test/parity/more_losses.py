"""Makes fixtures/more_losses.json.gz: golden numbers from PyTorch for the losses that are made of other operations, for the corners of cross_entropy and
nll_loss, and for linear_cross_entropy. Run with a Python that has torch."""
import gzip
import itertools
import json
import math
import os
import re

import torch
import torch.nn.functional as F

generator = torch.Generator().manual_seed(30)
cases = []


def randn(*shape, scale=1.0):
    """Numbers that float32 and a short decimal hold."""
    return (torch.randn(shape, generator=generator) * scale * 128).round() / 128


def rand(*shape):
    return (torch.rand(shape, generator=generator) * 127 + 1).round() / 128


def labels(classes, *shape):
    return torch.randint(0, classes, shape, generator=generator)


def signs(*shape):
    return labels(2, *shape).float() * 2 - 1


def snake(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def number(value):
    return value if abs(value) < math.inf else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")


def golden(t):
    kind = "float32" if t.is_floating_point() else "int32"
    return {"shape": list(t.shape), "dtype": kind, "data": [number(float(v)) for v in t.flatten()]}


def expected(t):
    """In ten digits: float32 has seven."""
    return {"shape": list(t.shape), "dtype": "float32", "data": [number(float(f"{float(v):.10g}")) for v in t.flatten()]}


def run(function, inputs, options, wanted, dtype):
    given = {}
    for name, t in inputs.items():
        t = t.to(dtype) if t.is_floating_point() else t
        given[name] = t.clone().requires_grad_() if name in wanted else t
    grad = given.pop("grad", None)
    loss = function(*given.values(), **options)
    loss.backward(grad)
    gradient = lambda name: "grad" + name[0].upper() + name[1:]
    return {"loss": loss.detach(), **{gradient(name): given[name].grad for name in wanted}}


def case(kind, function, inputs, wanted, **options):
    """One case for each reduction; options have the names of the library."""
    for reduction in ("mean", "sum", "none"):
        every = {**options, "reduction": reduction}
        named = {snake(k): v for k, v in every.items()}
        try:
            if reduction == "none":
                shape = function(*(v for v in inputs.values()), **named).shape
                inputs = {**inputs, "grad": randn(*shape)}
            truth = run(function, inputs, named, wanted, torch.float64)
            own = run(function, inputs, named, wanted, torch.float32)
        except (RuntimeError, IndexError, ValueError) as error:
            raise SystemExit(f"{kind} {every}: {error}")
        apart = lambda k: (own[k].double() - truth[k]).abs().nan_to_num(0, 0, 0)
        shapes = "x".join(map(str, next(iter(inputs.values())).shape)) or "scalar"
        cases.append(
            {
                "name": f"{len(cases)}: {kind} of {shapes}, {json.dumps(every)}",
                "kind": kind,
                "options": every,
                "inputs": {k: golden(v) for k, v in inputs.items()},
                "expected": {k: expected(v) for k, v in truth.items()},
                "torch32_error": {k: float(apart(k).max()) if apart(k).numel() else 0.0 for k in truth},
            }
        )


for shape, margin in itertools.product(([7], [3, 4], []), (0, 0.5)):
    case("marginRankingLoss", F.margin_ranking_loss, {"x1": randn(*shape), "x2": randn(*shape), "target": signs(*shape)}, ["x1", "x2"], margin=margin)
    case("hingeEmbeddingLoss", F.hinge_embedding_loss, {"x": randn(*shape, scale=2), "target": signs(*shape)}, ["x"], margin=margin + 0.5)
# targets that are neither, differences that are the margin
case(
    "hingeEmbeddingLoss",
    F.hinge_embedding_loss,
    {"x": torch.tensor([0.5, 1, 1, 2, -1]), "target": torch.tensor([0.0, 1, -1, 3, -1])},
    ["x"],
)
case(
    "marginRankingLoss",
    F.margin_ranking_loss,
    {"x1": torch.tensor([1.0, 2, 3]), "x2": torch.tensor([1.5, 1.5, 3]), "target": torch.tensor([-1, 1, 0])},
    ["x1", "x2"],
    margin=0.5,
)
for margin in (0, -0.25, 0.5):
    inputs = {"x1": randn(6, 5), "x2": randn(6, 5), "target": torch.tensor([1.0, -1, 1, -1, 0, -1])}
    inputs["x2"][3] = inputs["x1"][3] * 2
    inputs["x1"][1] = 0
    case("cosineEmbeddingLoss", F.cosine_embedding_loss, inputs, ["x1", "x2"], margin=margin)
case("cosineEmbeddingLoss", F.cosine_embedding_loss, {"x1": randn(9), "x2": randn(9), "target": torch.tensor(-1)}, ["x1", "x2"], margin=-0.9)
for options in ({}, {"margin": 0.25}, {"p": 1}, {"p": 3, "swap": True}, {"swap": True}, {"eps": 0.25, "margin": 2}):
    inputs = {name: randn(6, 5) for name in ("anchor", "positive", "negative")}
    inputs["positive"] = inputs["anchor"] + randn(6, 5) * 0.5
    case("tripletMarginLoss", F.triplet_margin_loss, inputs, list(inputs), **options)
one = {name: randn(4) for name in ("anchor", "positive", "negative")}
case("tripletMarginLoss", F.triplet_margin_loss, one, list(one))
deep = {name: randn(2, 3, 4) for name in ("anchor", "positive", "negative")}
case("tripletMarginLoss", F.triplet_margin_loss, deep, list(deep), swap=True)

for p, margin, weighted in itertools.product((1, 2), (1, 0.5), (False, True)):
    inputs = {"x": randn(6, 5), "target": labels(5, 6)}
    inputs["x"][2] = torch.tensor([0, 0, 0.5, 0, 0])
    function = lambda x, target, weight=None, **options: F.multi_margin_loss(x, target, weight=weight, **options)
    case("multiMarginLoss", function, {**inputs, **({"weight": rand(5)} if weighted else {})}, ["x"], p=p, margin=margin)
case("multiMarginLoss", F.multi_margin_loss, {"x": randn(4), "target": torch.tensor(2)}, ["x"])
case("multiMarginLoss", F.multi_margin_loss, {"x": randn(3, 1), "target": torch.zeros(3, dtype=torch.int64)}, ["x"])
target = torch.tensor([[3, 0, -1, 1, -1], [-1, 0, 1, 2, 3], [0, 1, 2, 3, 4], [2, 2, -1, -1, -1], [4, -1, 4, 4, 4]])
case("multilabelMarginLoss", F.multilabel_margin_loss, {"x": randn(5, 5), "target": target}, ["x"])
case("multilabelMarginLoss", F.multilabel_margin_loss, {"x": randn(5), "target": target[0]}, ["x"])
case("multilabelMarginLoss", F.multilabel_margin_loss, {"x": torch.tensor([[1.0, 0, 2]]), "target": torch.tensor([[2, -1, 0]])}, ["x"])

for shape in ([7], [3, 4], []):
    case("softMarginLoss", F.soft_margin_loss, {"x": randn(*shape, scale=3), "target": signs(*shape)}, ["x"])
for shape, weighted in itertools.product(([6, 5], [5], [2, 3, 4]), (False, True)):
    function = lambda x, target, weight=None, **options: F.multilabel_soft_margin_loss(x, target, weight=weight, **options)
    inputs = {"x": randn(*shape, scale=3), "target": labels(2, *shape).float(), **({"weight": rand(shape[-1])} if weighted else {})}
    case("multilabelSoftMarginLoss", function, inputs, ["x"])
case("multilabelSoftMarginLoss", F.multilabel_soft_margin_loss, {"x": randn(3, 4), "target": rand(3, 4)}, ["x"])

for full, shapes in itertools.product((False, True), (([4, 3], [4, 3]), ([4, 3], [4]), ([4, 3], [4, 1]), ([2, 3, 4], [2, 1, 4]), ([3], [1]), ([3], []))):
    inputs = {"x": randn(*shapes[0]), "target": randn(*shapes[0]), "variance": rand(*shapes[1])}
    case("gaussianNllLoss", F.gaussian_nll_loss, inputs, list(inputs), full=full)
case(
    "gaussianNllLoss",
    F.gaussian_nll_loss,
    {"x": randn(4), "target": randn(4), "variance": torch.tensor([0, 0.125, 0.25, 1])},
    ["x", "target", "variance"],
    eps=0.25,
)
for log_input, full in itertools.product((True, False), (True, False)):
    inputs = {"x": randn(8) if log_input else rand(8) * 4, "target": torch.tensor([0.0, 1, 2, 3, 10, 100, 0.5, 1.5])}
    case("poissonNllLoss", F.poisson_nll_loss, inputs, ["x", "target"] if not full else ["x"], logInput=log_input, full=full)
case("poissonNllLoss", F.poisson_nll_loss, {"x": rand(3, 2), "target": labels(5, 3, 2)}, ["x"], logInput=False, eps=0.125)


def focal(x, target, alpha=0.25, gamma=2.0, reduction="none"):
    """The formula of torchvision.ops.sigmoid_focal_loss."""
    p = torch.sigmoid(x)
    loss = F.binary_cross_entropy_with_logits(x, target, reduction="none")
    loss = loss * (1 - (p * target + (1 - p) * (1 - target))) ** gamma
    if alpha >= 0:
        loss = (alpha * target + (1 - alpha) * (1 - target)) * loss
    return {"none": lambda t: t, "mean": torch.mean, "sum": torch.sum}[reduction](loss)


for options in ({}, {"alpha": -1}, {"alpha": 0}, {"gamma": 0}, {"alpha": 0.75, "gamma": 0.5}, {"gamma": 5}):
    case("sigmoidFocalLoss", focal, {"x": randn(6, 5, scale=2), "target": labels(2, 6, 5).float()}, ["x"], **options)
case("sigmoidFocalLoss", focal, {"x": randn(7), "target": rand(7)}, ["x"])


def classes_of(function):
    return lambda x, target, weight=None, **options: function(x, target, weight=weight, **options)


# Ranks 1 to 5, each with what else may be given.
for shape in ([4], [5, 4], [2, 4, 3], [2, 4, 1, 3], [1, 4, 2, 1, 2], [3, 1], [0, 4], [2, 4, 0]):
    classes, rows = shape[0] if len(shape) == 1 else shape[1], shape[:0] if len(shape) == 1 else [shape[0], *shape[2:]]
    for kind, function in (("crossEntropy", F.cross_entropy), ("nllLoss", F.nll_loss)):
        smooth = {"labelSmoothing": 0.25} if kind == "crossEntropy" else {}
        x, target = randn(*shape), labels(classes, *rows)
        case(kind, classes_of(function), {"x": x, "target": target}, ["x"])
        far = torch.where(labels(2, *rows) == 0, target, 99)
        weight = rand(classes)
        case(kind, classes_of(function), {"x": x, "target": far, "weight": weight}, ["x"], ignoreIndex=99, **smooth)
        weight = torch.where(torch.arange(classes) == 0, 0, weight)
        # Where the labels' weights add up to 0, PyTorch's mean with smoothing has gradients of NaN, and here some are infinite.
        counts = bool(torch.where(target == 1, 0, weight[target]).sum() > 0) or x.numel() == 0
        case(kind, classes_of(function), {"x": x, "target": target, "weight": weight}, ["x"], ignoreIndex=1, **(smooth if counts else {}))
        case(kind, classes_of(function), {"x": x, "target": target * 0 - 100}, ["x"], **smooth)
        case(kind, classes_of(function), {"x": x, "target": target * 0 - 100, "weight": weight}, ["x"], **smooth)
        case(kind, classes_of(function), {"x": x, "target": target, "weight": weight * 0}, ["x"], **smooth)
        case(kind, classes_of(function), {"x": x, "target": target * 0, "weight": weight}, ["x"])
    dim = 0 if len(shape) == 1 else 1
    soft = (randn(*shape).softmax(dim) * 256).round() / 256
    for smoothing, weighted in itertools.product((0, 0.25, 1), (False, True)):
        more = {"weight": rand(classes)} if weighted else {}
        case("crossEntropy", classes_of(F.cross_entropy), {"x": randn(*shape), "target": soft, **more}, ["x", "target"], labelSmoothing=smoothing)
    case("crossEntropy", classes_of(F.cross_entropy), {"x": randn(*shape), "target": randn(*shape)}, ["x"])
    case("crossEntropy", classes_of(F.cross_entropy), {"x": randn(*shape), "target": labels(classes, *rows)}, ["x"], labelSmoothing=1)


def linear_cross_entropy(x, linear_weight, bias, target, **options):
    return F.cross_entropy(F.linear(x, linear_weight, bias), target, **options)


for rows, features, classes in ((7, 5, 4), (0, 3, 4), (3, 2, 1)):
    for options in ({}, {"ignoreIndex": 2, "labelSmoothing": 0.25}):
        inputs = {"x": randn(rows, features), "linearWeight": randn(classes, features), "bias": randn(classes), "target": labels(classes, rows)}
        case("linearCrossEntropy", linear_cross_entropy, inputs, ["x", "linearWeight", "bias"], **options)
inputs["target"] = inputs["target"] * 0 - 100
case("linearCrossEntropy", linear_cross_entropy, inputs, ["x", "linearWeight", "bias"])

if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "more_losses.json.gz")
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
        file.write(json.dumps({"reference": f"PyTorch {torch.__version__}", "cases": cases}).encode())
