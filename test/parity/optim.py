"""Makes fixtures/optim.json.gz: trajectories of optimizers from PyTorch. Run with a Python that has torch."""
import gzip
import json
import math
import os
import re

import torch


def golden(tensor):
    return {"shape": list(tensor.shape), "dtype": "float32", "data": [float(v) for v in tensor.flatten()]}


def error(own, truth):
    return float((own.double() - truth.double()).abs().max())


def named(options):
    return {re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name): value for name, value in options.items()}


def trajectory(make, inputs, options):
    """The parameter after each step, with the gradients given."""
    param = torch.nn.Parameter(inputs["param"].clone())
    optimizer = make([param], **named(options))
    params = []
    for grad in inputs["grads"]:
        param.grad = grad.clone()
        optimizer.step()
        params.append(param.detach().clone())
    return torch.stack(params)


def case(name, kind, options, inputs, truth, own):
    """`truth` is in float64, `own` what another gets that calculates as is allowed."""
    return {
        "name": name,
        "kind": kind,
        "options": options,
        "inputs": {k: golden(v) for k, v in inputs.items()},
        "expected": {"params": golden(truth)},
        "torch32_error": {"params": error(own, truth)},
    }


def of_torch(make, options, inputs):
    doubles = {k: v.double() for k, v in inputs.items()}
    truth, own = trajectory(make, doubles, options), trajectory(make, inputs, options)
    name = f"{make.__name__} {' '.join(f'{k}={v}' for k, v in options.items())}".strip()
    return case(name, make.__name__, options, inputs, truth, own)


class Muon(torch.optim.Optimizer):
    """torch.optim.Muon, but that Newton-Schulz is in the type of the parameter, where PyTorch rounds to bfloat16."""

    def __init__(
        self,
        params,
        lr=1e-3,
        weight_decay=0.1,
        momentum=0.95,
        nesterov=True,
        ns_coefficients=(3.4445, -4.7750, 2.0315),
        eps=1e-7,
        ns_steps=5,
        adjust_lr_fn=None,
    ):
        names = ("lr", "weight_decay", "momentum", "nesterov", "ns_coefficients", "eps", "ns_steps", "adjust_lr_fn")
        given = (lr, weight_decay, momentum, nesterov, ns_coefficients, eps, ns_steps, adjust_lr_fn)
        super().__init__(params, dict(zip(names, given)))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            a, b, c = group["ns_coefficients"]
            for param in group["params"]:
                buffer = self.state[param].setdefault("momentum_buffer", torch.zeros_like(param))
                buffer.lerp_(param.grad, 1 - group["momentum"])
                x = param.grad.lerp(buffer, group["momentum"]) if group["nesterov"] else buffer.clone()
                rows, columns = param.shape
                x = x.T if rows > columns else x
                x = x / x.norm().clamp(min=group["eps"])
                for _ in range(group["ns_steps"]):
                    gram = x @ x.T
                    x = a * x + (b * gram + c * gram @ gram) @ x
                x = x.T if rows > columns else x
                ratio = 0.2 * math.sqrt(max(rows, columns)) if group["adjust_lr_fn"] == "match_rms_adamw" else math.sqrt(max(1, rows / columns))
                param.mul_(1 - group["lr"] * group["weight_decay"])
                param.add_(x, alpha=-group["lr"] * ratio)


def randn(*shape, scale=1.0):
    return torch.randn(*shape, generator=generator) * scale


generator = torch.Generator().manual_seed(21)
cases = []
for options in (
    {},
    {"lr": 0.1, "weightDecay": 0.05},
    {"lr": 0.1, "weightDecay": 0.05, "decoupledWeightDecay": True},
    {"lr": 0.01, "betas": [0.5, 0.9], "eps": 1e-3, "momentumDecay": 0.5, "maximize": True},
    {"lr": 0.01, "betas": [0.0, 0.0], "momentumDecay": 0.0},
):
    cases.append(of_torch(torch.optim.NAdam, options, {"param": randn(37), "grads": randn(12, 37)}))
for shape, options in (
    ((5, 9), {}),
    ((9, 5), {"lr": 0.1}),
    ((6, 6), {"lr": 0.1, "momentum": 0.5, "nesterov": False, "weightDecay": 0.0}),
    ((1, 7), {"lr": 0.1, "adjustLrFn": "match_rms_adamw"}),
    ((7, 4), {"lr": 0.1, "nsSteps": 2, "nsCoefficients": [2.0, -1.5, 0.5], "eps": 100.0, "momentum": 0.0}),
):
    inputs = {"param": randn(*shape), "grads": randn(6, *shape)}
    doubles = {k: v.double() for k, v in inputs.items()}
    name = f"Muon {shape[0]}x{shape[1]} {' '.join(f'{k}={v}' for k, v in options.items())}".strip()
    truth = trajectory(Muon, doubles, options)
    cases.append(case(name, "Muon", options, inputs, truth, trajectory(Muon, inputs, options)))
    # What PyTorch itself gets, rounded to bfloat16 in between, and how far that is from the truth.
    own = trajectory(torch.optim.Muon, inputs, options)
    cases.append(case(f"{name}, in PyTorch", "Muon in bfloat16", options, inputs, own, truth))

# The function of Rosenbrock in pairs, from the same place each time: the parameter after each step, and the counts.
def rosenbrock(x):
    a, b = x[0::2], x[1::2]
    return (100 * (b - a * a) ** 2 + (1 - a) ** 2).sum()


def bowl(x):
    return (torch.arange(1, len(x) + 1) * (x - 1) ** 2).sum() / 2


def minimized(function, inputs, options, steps):
    x = torch.nn.Parameter(inputs["param"].clone())
    optimizer = torch.optim.LBFGS([x], **named(options))

    def closure():
        optimizer.zero_grad()
        loss = function(x)
        loss.backward()
        return loss

    params, counts = [], []
    for _ in range(steps):
        optimizer.step(closure)
        params.append(x.detach().clone())
        state = optimizer.state[x]
        counts.append([state["func_evals"], state["n_iter"]])
    return torch.stack(params), counts


for function, size, steps, options in (
    (bowl, 5, 3, {"lr": 0.5, "maxIter": 3}),
    (bowl, 5, 3, {"maxIter": 3, "lineSearchFn": "strong_wolfe"}),
    (bowl, 8, 2, {"lr": 0.3, "maxIter": 6, "historySize": 2}),
    (bowl, 8, 3, {"maxIter": 8, "maxEval": 4, "lineSearchFn": "strong_wolfe"}),
    (rosenbrock, 2, 4, {"maxIter": 3, "lineSearchFn": "strong_wolfe"}),
    (rosenbrock, 4, 3, {"lr": 0.001, "maxIter": 4}),
    (rosenbrock, 2, 3, {"lr": 30.0, "maxIter": 4, "lineSearchFn": "strong_wolfe"}),
):
    inputs = {"param": randn(size)}
    truth, counts = minimized(function, {"param": inputs["param"].double()}, options, steps)
    own, own_counts = minimized(function, inputs, options, steps)
    assert counts == own_counts, (function, options, counts, own_counts)
    name = f"LBFGS {function.__name__} {' '.join(f'{k}={v}' for k, v in options.items())}"
    cases.append({**case(name, "LBFGS", options, inputs, truth, own), "function": function.__name__, "counts": counts})

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "optim.json.gz")
text = json.dumps({"reference": f"PyTorch {torch.__version__.split('+')[0]}", "cases": cases})
with open(path, "wb") as file:
    file.write(gzip.compress(text.encode(), mtime=0))
