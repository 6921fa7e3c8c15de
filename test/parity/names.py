"""Makes fixtures/names.json.gz: golden numbers from PyTorch for normed weights and further layers. Run with a Python that has torch."""
import gzip
import json
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
        "options": options,
        "inputs": {k: golden(v) for k, v in inputs.items()},
        "expected": {k: golden(v) for k, v in truth.items()},
        "torch32_error": {k: float((own[k].double() - v.double()).abs().max()) for k, v in truth.items()},
    }


norms = {
    "weightNorm": weight_norm,
    "parametrizations.weightNorm": parametrizations.weight_norm,
    "spectralNorm": spectral_norm,
    "parametrizations.spectralNorm": parametrizations.spectral_norm,
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


cases = [
    *(normed_case(norm, {"dim": dim}) for norm in ("weightNorm", "parametrizations.weightNorm") for dim in (0, 1, None)),
    *(
        normed_case(norm, options)
        for norm in ("spectralNorm", "parametrizations.spectralNorm")
        for options in ({}, {"nPowerIterations": 3}, {"dim": 1})
    ),
]

path = os.path.join(os.path.dirname(__file__), "fixtures", "names.json.gz")
with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
    file.write(json.dumps({"cases": cases}, separators=(",", ":")).encode())
print(len(cases), "cases,", os.path.getsize(path), "bytes")
