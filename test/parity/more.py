"""Makes fixtures/more.json.gz: golden numbers from PyTorch for what the first files do not have. Run with a Python that has torch."""
import gzip
import json
import os

import torch


def golden(tensor):
    return {"shape": list(tensor.shape), "dtype": "float32", "data": [float(v) for v in tensor.flatten()]}


def case(name, kind, options, inputs, function):
    """function(inputs) gives results by name; it is run in float64 for the truth and in float32 for PyTorch's own error."""
    truth = function({k: v.double() for k, v in inputs.items()}, options)
    own = function(inputs, options)
    return {
        "name": name,
        "kind": kind,
        "options": options,
        "inputs": {k: golden(v) for k, v in inputs.items()},
        "expected": {k: golden(v) for k, v in truth.items()},
        "torch32_error": {k: float((own[k].double() - v).abs().max()) for k, v in truth.items()},
    }


def activation(function):
    def run(inputs, _):
        x = inputs["x"].clone().requires_grad_()
        y = function(x)
        y.backward(inputs["grad"])
        return {"y": y.detach(), "gradX": x.grad}

    return run


def rms_norm(inputs, options):
    x = inputs["x"].clone().requires_grad_()
    weight = inputs["weight"].clone().requires_grad_() if "weight" in inputs else None
    y = torch.nn.functional.rms_norm(x, options["normalizedShape"], weight, options["eps"])
    y.backward(inputs["grad"])
    results = {"y": y.detach(), "gradX": x.grad}
    return results if weight is None else {**results, "gradWeight": weight.grad}


def huber(inputs, options):
    x = inputs["x"].clone().requires_grad_()
    loss = torch.nn.functional.huber_loss(x, inputs["target"], reduction=options["reduction"], delta=options["delta"])
    loss.backward()
    return {"loss": loss.detach(), "gradX": x.grad}


def randn(*shape, scale=1.0):
    return torch.randn(*shape, generator=generator) * scale


generator = torch.Generator().manual_seed(20)
cases = []
for shape in ([3, 7], [5, 33]):
    inputs = {"x": randn(*shape, scale=3.0), "grad": randn(*shape)}
    cases.append(case(f"selu {shape[0]}x{shape[1]}", "selu", {}, inputs, activation(torch.nn.functional.selu)))
for shape, over, weighted, eps in (([4, 8], [8], True, 1e-5), ([3, 65], [65], False, 1e-5), ([70, 3, 5], [3, 5], True, 0.25)):
    inputs = {"x": randn(*shape), "grad": randn(*shape), **({"weight": randn(*over)} if weighted else {})}
    name = f"rmsNorm {'x'.join(map(str, shape))} over {'x'.join(map(str, over))}"
    cases.append(case(name, "rmsNorm", {"normalizedShape": over, "eps": eps}, inputs, rms_norm))
for delta in (0.3, 2.0):
    inputs = {"x": randn(6, 5), "target": randn(6, 5)}
    cases.append(case(f"huber delta={delta}", "huber", {"reduction": "mean", "delta": delta}, inputs, huber))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "more.json.gz")
text = json.dumps({"reference": f"PyTorch {torch.__version__.split('+')[0]}", "cases": cases})
with open(path, "wb") as file:
    file.write(gzip.compress(text.encode(), mtime=0))
