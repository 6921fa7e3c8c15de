"""Makes fixtures/names.json.gz: golden numbers from PyTorch for normed weights and further layers. Run with a Python that has torch."""
import gzip
import json
import math
import os
import re

import torch
from torch.nn import functional as F
from torch.nn.utils import parametrizations, spectral_norm, weight_norm


def golden(tensor):
    integral = tensor.dtype == torch.int64
    data = [int(v) if integral else float(v) for v in tensor.flatten()]
    return {"shape": list(tensor.shape), "dtype": "int32" if integral else "float32", "data": data}


def named(options):
    return {re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name): value for name, value in options.items()}


def double(tensor):
    return tensor if tensor.dtype == torch.int64 else tensor.double()


def case(name, kind, options, inputs, function):
    """function(inputs) gives results by name; it is run in float64 for the truth and in float32 for PyTorch's own error."""
    truth = function({k: double(v) for k, v in inputs.items()}, options)
    own = function(inputs, options)
    return {
        "name": f"{name} {' '.join(f'{k}={v}' for k, v in options.items())}".strip(),
        "kind": kind,
        "options": {k: "Infinity" if v == math.inf else v for k, v in options.items()},
        "inputs": {k: golden(v) for k, v in inputs.items()},
        "expected": {k: golden(v) for k, v in truth.items()},
        "torch32_error": {k: float((own[k].double() - v.double()).abs().max()) for k, v in truth.items()},
    }


norms = {
    "weightNorm": weight_norm,
    "parametrizations.weightNorm": parametrizations.weight_norm,
    "spectralNorm": spectral_norm,
    "parametrizations.spectralNorm": parametrizations.spectral_norm,
    "parametrizations.orthogonal": parametrizations.orthogonal,
}


def normed(norm):
    """Three steps of SGD on a Linear whose weight is normed, from the state in `inputs`; the state and the output in evaluation mode then."""

    def run(inputs, options):
        rows, columns = inputs["bias"].shape[0], inputs["x"].shape[1]
        layer = norms[norm](torch.nn.Linear(columns, rows).to(inputs["x"].dtype), **named(options))
        start = {k: v for k, v in inputs.items() if k not in ("x", "target")}
        layer.load_state_dict(start)
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.mse_loss(layer(inputs["x"]), inputs["target"]).backward()
            optimizer.step()
        layer.eval()
        return {**{k: v.detach() for k, v in layer.state_dict().items()}, "y": layer(inputs["x"]).detach()}

    return run


def normed_case(norm, options, rows=5, columns=4):
    torch.manual_seed(7)
    layer = norms[norm](torch.nn.Linear(columns, rows), **named(options))
    inputs = {k: v.detach().clone() for k, v in layer.state_dict().items()}
    inputs["x"], inputs["target"] = torch.randn(6, columns), torch.randn(6, rows)
    return case(norm, norm, options, inputs, normed(norm))


def trajectory(make):
    """The parameter after each step, with the gradients given."""

    def run(inputs, options):
        param = torch.nn.Parameter(inputs["param"].clone())
        optimizer = make([param], **named(options))
        params = []
        for grad in inputs["grads"]:
            param.grad = grad.clone()
            optimizer.step()
            params.append(param.detach().clone())
        return {"params": torch.stack(params)}

    return run


def stepped_case(make, options, shape=(4, 5), steps=12):
    torch.manual_seed(11)
    inputs = {"param": torch.randn(shape), "grads": torch.randn(steps, *shape)}
    inputs["grads"][3].zero_()
    return case(make.__name__, make.__name__, options, inputs, trajectory(make))


def pdist(inputs, options):
    x = inputs["x"].clone().requires_grad_()
    y = F.pdist(x, options["p"])
    y.backward(inputs["grad"])
    return {"y": y.detach(), "gradX": x.grad}


def pdist_case(p):
    torch.manual_seed(13)
    x = torch.randn(6, 4)
    x[4] = x[1]
    return case("pdist", "pdist", {"p": p}, {"x": x, "grad": torch.randn(15)}, pdist)


def linear_cross_entropy_loss(inputs, options):
    rows, columns = inputs["linear.weight"].shape
    given = {k: inputs[k] for k in ("weight",) if k in inputs}
    criterion = torch.nn.LinearCrossEntropyLoss(columns, rows, **named(options), **given).to(inputs["x"].dtype)
    criterion.load_state_dict({k: v for k, v in inputs.items() if k not in ("x", "target", "weight")}, strict=False)
    x = inputs["x"].clone().requires_grad_()
    loss = criterion(x, inputs["target"])
    loss.sum().backward()
    gradients = {f"grad {k}": v.grad for k, v in criterion.named_parameters()}
    return {"loss": loss.detach(), "gradX": x.grad, **gradients}


def linear_cross_entropy_case(options, weighted):
    torch.manual_seed(17)
    inputs = {"x": torch.randn(7, 4), "target": torch.tensor([0, 2, 4, 1, 1, 3, 0]), "linear.weight": torch.randn(5, 4)}
    if options.get("bias"):
        inputs["linear.bias"] = torch.randn(5)
    if weighted:
        inputs["weight"] = torch.rand(5)
    return case("LinearCrossEntropyLoss", "LinearCrossEntropyLoss", options, inputs, linear_cross_entropy_loss)


steps = [
    (torch.optim.ASGD, {}),
    (torch.optim.ASGD, {"lr": 0.3, "lambd": 0.02, "alpha": 0.5, "t0": 4, "weightDecay": 0.1, "maximize": True}),
    (torch.optim.Rprop, {}),
    (torch.optim.Rprop, {"lr": 0.3, "etas": (0.25, 1.5), "stepSizes": (0.1, 0.5), "maximize": True}),
    (torch.optim.Adafactor, {}),
    (torch.optim.Adafactor, {"lr": 0.5, "beta2Decay": -0.5, "eps": (1e-2, 0.1), "d": 2, "weightDecay": 0.1, "maximize": True}),
]

cases = [
    *(pdist_case(p) for p in (2, 1, 0, 3, float("inf"))),
    linear_cross_entropy_case({}, False),
    linear_cross_entropy_case({"bias": True, "labelSmoothing": 0.2, "ignoreIndex": 1}, True),
    linear_cross_entropy_case({"bias": True, "reduction": "none"}, True),
    *(stepped_case(make, options) for make, options in steps),
    *(stepped_case(torch.optim.Adafactor, {"lr": 0.1}, shape) for shape in ((7,), (2, 3, 4), (6, 1), ())),
    *(normed_case(norm, {"dim": dim}) for norm in ("weightNorm", "parametrizations.weightNorm") for dim in (0, 1, None)),
    *(
        normed_case(norm, options)
        for norm in ("spectralNorm", "parametrizations.spectralNorm")
        for options in ({}, {"nPowerIterations": 3}, {"dim": 1})
    ),
    *(
        normed_case("parametrizations.orthogonal", {**options, **({} if trivial else {"useTrivialization": False})}, rows, columns)
        for rows, columns in ((4, 4), (5, 3), (3, 5))
        for options in ({}, {"orthogonalMap": "matrix_exp"}, {"orthogonalMap": "cayley"}, {"orthogonalMap": "householder"})
        for trivial in (True, False)
    ),
]

path = os.path.join(os.path.dirname(__file__), "fixtures", "names.json.gz")
with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
    file.write(json.dumps({"cases": cases}, separators=(",", ":")).encode())
print(len(cases), "cases,", os.path.getsize(path), "bytes")
