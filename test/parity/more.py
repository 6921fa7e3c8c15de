"""Makes fixtures/more.json.gz: golden numbers from PyTorch for what the first files do not have. Run with a Python that has torch."""
import gzip
import json
import os
import re

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


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of arXiv 2302.06675: PyTorch has none."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, maximize=False):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, (beta1, beta2) = group["lr"], group["betas"]
            for param in group["params"]:
                mean = self.state[param].setdefault("exp_avg", torch.zeros_like(param))
                grad = -param.grad if group["maximize"] else param.grad
                update = torch.sign(beta1 * mean + (1 - beta1) * grad)
                param.copy_(param - lr * (update + group["weight_decay"] * param))
                mean.copy_(beta2 * mean + (1 - beta2) * grad)


def trajectory(make):
    """The parameters after each step, with the gradients given."""

    def run(inputs, options):
        param = torch.nn.Parameter(inputs["param"].clone())
        names = {re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name): value for name, value in options.items()}
        optimizer = make([param], **names)
        params = []
        for grad in inputs["grads"]:
            param.grad = grad.clone()
            optimizer.step()
            params.append(param.detach().clone())
        return {"params": torch.stack(params)}

    return run


def randn(*shape, scale=1.0):
    return torch.randn(*shape, generator=generator) * scale


generator = torch.Generator().manual_seed(20)
cases = []
F = torch.nn.functional
for function in (F.selu, F.relu6, F.hardtanh, F.hardsigmoid, F.celu, F.softsign, F.logsigmoid, F.tanhshrink, F.softshrink, F.hardshrink):
    for shape in ([3, 7], [5, 33]):
        inputs = {"x": randn(*shape, scale=3.0), "grad": randn(*shape)}
        name = {"log_sigmoid": "logsigmoid"}.get(function.__name__, function.__name__)
        cases.append(case(f"{name} {shape[0]}x{shape[1]}", "activation", {"name": name}, inputs, activation(function)))
inputs = {"x": randn(5, 33), "grad": randn(5, 33)}
cases.append(case("threshold 5x33", "threshold", {}, inputs, activation(lambda x: F.threshold(x, 0.1, 20))))
for shape, over, weighted, eps in (([4, 8], [8], True, 1e-5), ([3, 65], [65], False, 1e-5), ([70, 3, 5], [3, 5], True, 0.25)):
    inputs = {"x": randn(*shape), "grad": randn(*shape), **({"weight": randn(*over)} if weighted else {})}
    name = f"rmsNorm {'x'.join(map(str, shape))} over {'x'.join(map(str, over))}"
    cases.append(case(name, "rmsNorm", {"normalizedShape": over, "eps": eps}, inputs, rms_norm))
for delta in (0.3, 2.0):
    inputs = {"x": randn(6, 5), "target": randn(6, 5)}
    cases.append(case(f"huber delta={delta}", "huber", {"reduction": "mean", "delta": delta}, inputs, huber))
for make, variants in (
    (torch.optim.Adagrad, [{"lr": 0.1, "lrDecay": 0.2, "weightDecay": 0.05}, {"initialAccumulatorValue": 0.3, "eps": 0.01, "maximize": True}]),
    (torch.optim.Adadelta, [{}, {"lr": 0.5, "rho": 0.6, "eps": 1e-3, "weightDecay": 0.05}, {"maximize": True}]),
    (torch.optim.Adamax, [{}, {"lr": 0.1, "betas": [0.4, 0.9], "eps": 0.01, "weightDecay": 0.05}, {"betas": [0.0, 0.0], "maximize": True}]),
    (
        torch.optim.RAdam,
        [
            {},
            {"lr": 0.1, "weightDecay": 0.05},
            {"lr": 0.1, "weightDecay": 0.05, "decoupledWeightDecay": True},
            {"lr": 0.01, "betas": [0.5, 0.9], "eps": 1e-3, "maximize": True},
        ],
    ),
    (Lion, [{}, {"lr": 0.01, "betas": [0.5, 0.9], "weightDecay": 0.1}, {"lr": 0.01, "maximize": True}]),
):
    for options in variants:
        inputs = {"param": randn(37), "grads": randn(12, 37)}
        name = f"{make.__name__} {' '.join(f'{k}={v}' for k, v in options.items())}".strip()
        cases.append(case(name, make.__name__, options, inputs, trajectory(make)))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "more.json.gz")
text = json.dumps({"reference": f"PyTorch {torch.__version__.split('+')[0]}", "cases": cases})
with open(path, "wb") as file:
    file.write(gzip.compress(text.encode(), mtime=0))
