"""PyTorch. Modes: eager (Adam as constructed by default), fused (Adam(fused=True)), compile (the whole step, forward to Adam, as
one torch.compile graph with the C++ wrapper, and guards skipped after warm-up: the least dispatch PyTorch offers)."""
import os

import data
from protocol import Unavailable, job, serve

mode, threads = job["mode"], job["threads"]
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

torch.set_num_threads(threads)
if job.get("flush"):
    torch.set_flush_denormal(True)


def compiled(fn):
    # dynamic=False: one graph for each shape (an epoch has two, because the last batch is smaller) instead of one for all shapes
    return torch.compile(fn, fullgraph=True, dynamic=False, options={"cpp_wrapper": True})


def skip_guards():
    """For use once every shape has been compiled."""
    torch.compiler.set_stance(skip_guard_eval_unsafe=True)


def model(trial):
    activation = {"relu": nn.ReLU, "tanh": nn.Tanh}.get(trial.get("activation"))
    modules = []
    for i, (weight, bias) in enumerate(data.network(trial["layers"])):
        layer = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
        modules += [activation(), layer] if i and activation else [layer]
    return nn.Sequential(*modules, *([nn.Softmax(dim=1)] if trial.get("softmax") else []))


def adam(params, options):
    return torch.optim.Adam(
        params,
        lr=options["lr"],
        betas=(options["beta1"], options["beta2"]),
        eps=options["eps"],
        fused=True if mode == "fused" else None,
    )


def adam_in_place(options, t, params, ms, vs, grads):
    t.add_(1)
    rate = options["lr"] / (1 - options["beta1"] ** t)
    scale = (1 - options["beta2"] ** t).sqrt()
    for p, m, v, g in zip(params, ms, vs, grads):
        m.lerp_(g, 1 - options["beta1"])
        v.mul_(options["beta2"]).addcmul_(g, g, value=1 - options["beta2"])
        p.sub_(rate * m / (v.sqrt() / scale + options["eps"]))


def whole_step(trial):
    params = [torch.from_numpy(a) for layer in data.network(trial["layers"]) for a in layer]
    ms, vs = ([torch.zeros_like(p) for p in params] for _ in range(2))
    t = torch.zeros(())

    activation = {"relu": F.relu, "tanh": torch.tanh}.get(trial.get("activation"), lambda x: x)

    def loss_of(params, x, y):
        for i in range(0, len(params), 2):
            x = F.linear(activation(x) if i else x, params[i], params[i + 1])
        return F.cross_entropy(x.softmax(1) if trial.get("softmax") else x, y)

    @compiled
    def whole(params, ms, vs, t, x, y):
        grads, loss = torch.func.grad_and_value(loss_of)(params, x, y)
        adam_in_place(trial["adam"], t, params, ms, vs, grads)
        return loss

    def step(x, y):
        with torch.no_grad():
            return whole(params, ms, vs, t, x, y)

    def restart():
        for p, first in zip(params, (a for layer in data.network(trial["layers"]) for a in layer)):
            p.copy_(torch.from_numpy(first))
        for kept in (*ms, *vs, t):
            kept.zero_()

    step.restart = restart
    return step


def step_of(trial):
    if mode == "compile":
        return whole_step(trial)
    network, criterion = model(trial), nn.CrossEntropyLoss()
    optimizer = adam(network.parameters(), trial["adam"])

    def step(x, y):
        optimizer.zero_grad()
        loss = criterion(network(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def tensors_of(trial):
    return [(torch.from_numpy(x), torch.from_numpy(y).long()) for x, y in zip(*data.batches(trial))]


def train(trial):
    batches = tensors_of(trial)
    step, at = step_of(trial), 0

    def run(n):
        nonlocal at
        for _ in range(n):
            loss = step(*batches[at % len(batches)])
            at += 1
        return loss.item()

    check = [run(1) for _ in range(5)]
    if mode == "compile":
        skip_guards()
    return torch.__version__, check, run


def training(trial):
    batches = tensors_of(trial)
    step = step_of(trial)
    if mode == "compile":
        step(*batches[0])
        skip_guards()

    def begin():
        nonlocal step
        if mode == "compile":
            step.restart()
        else:
            step = step_of(trial)

        def run(epochs):
            for _ in range(epochs - 1):
                for batch in batches:
                    step(*batch)
            return sum(step(*batch).item() for batch in batches) / len(batches)

        return run

    return torch.__version__, None, begin


def epoch(trial):
    x, y = data.rows(trial)
    dataset, batch = TensorDataset(torch.from_numpy(x), torch.from_numpy(y).long()), trial["batch"]
    # batch_size=None with a batch sampler indexes whole batches at once, the fastest loading that torch.utils.data documents
    loader = DataLoader(dataset, sampler=BatchSampler(RandomSampler(dataset), batch, drop_last=False), batch_size=None)
    step = step_of(trial)

    def run(n):
        for _ in range(n):
            for rows in loader:
                loss = step(*rows)
        return loss.item()

    check = [step(*dataset[i * batch : (i + 1) * batch]).item() for i in range(5)]
    if mode == "compile":
        run(1)
        skip_guards()
    return torch.__version__, check, run


def infer(trial):
    xs, _ = data.batches(trial)
    inputs, network, at = [torch.from_numpy(x) for x in xs], model(trial).eval(), 0
    forward = compiled(network) if mode == "compile" else network

    def run(n):
        nonlocal at
        with torch.inference_mode():
            for _ in range(n):
                y = forward(inputs[at % len(inputs)])
                at += 1
        return y[0, 0].item()

    with torch.inference_mode():
        check = data.digest(forward(inputs[0]))
    if mode == "compile":
        skip_guards()
    return torch.__version__, check, run


def linear(trial):
    if mode != "eager":
        raise Unavailable  # as in mode eager
    x = torch.from_numpy(data.normal(trial["rows"] * trial["in"], 1).reshape(trial["rows"], -1))
    weight, bias = (torch.from_numpy(a) for a in data.linear(trial["in"], trial["out"], 0))
    out = torch.empty(trial["rows"], trial["out"])

    def run(n):
        for _ in range(n):
            torch.addmm(bias, x, weight.t(), out=out)
        return out[0, 0].item()

    run(1)
    return torch.__version__, data.digest(out), run


def cross_entropy(trial):
    if mode == "fused":
        raise Unavailable  # as in mode eager
    rows, classes = trial["rows"], trial["classes"]
    logits = torch.from_numpy(data.normal(rows * classes, 1).reshape(rows, classes)).requires_grad_()
    target = torch.from_numpy(data.labels(rows, classes, 2)).long()
    if mode == "compile":
        function = compiled(lambda z, y: torch.func.grad_and_value(F.cross_entropy)(z, y))
        logits = logits.detach()
    else:

        def function(z, y):
            z.grad = None
            loss = F.cross_entropy(z, y)
            loss.backward()
            return z.grad, loss.detach()

    def run(n):
        for _ in range(n):
            grad, loss = function(logits, target)
        return loss.item()

    grad, loss = function(logits, target)
    if mode == "compile":
        skip_guards()
    return torch.__version__, [loss.item(), *data.digest(grad, rows * classes)], run


def adam_step(trial):
    n, options = trial["parameters"], trial["adam"]
    param = torch.zeros(n, requires_grad=mode != "compile")
    grads, steps = [torch.from_numpy(data.normal(n, seed)) for seed in (1, 2)], 0
    if mode == "compile":
        m, v, t = torch.zeros(n), torch.zeros(n), torch.zeros(())
        update = compiled(lambda p, m, v, t, g: adam_in_place(options, t, [p], [m], [v], [g]))
        step = lambda grad: update(param, m, v, t, grad)
    else:
        optimizer = adam([param], options)

        def step(grad):
            param.grad = grad
            optimizer.step()

    def run(n):
        nonlocal steps
        for _ in range(n):
            steps += 1
            step(grads[steps % 2])
        return param[0].item()

    run(5)
    if mode == "compile":
        skip_guards()
    return torch.__version__, data.digest(param.detach(), 1 / options["lr"]), run


serve(
    {
        "train": train,
        "training": training,
        "epoch": epoch,
        "infer": infer,
        "linear": linear,
        "crossEntropy": cross_entropy,
        "adam": adam_step,
    }
)
