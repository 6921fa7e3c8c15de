"""Makes more.json.gz: golden numbers from torchmetrics for metrics of values, of other metrics, at one point of a curve, of rankings, of tables and of distributions.
Run with a Python that has torchmetrics."""
import gzip
import json
import math
import os
import re
import warnings

import torch
import torchmetrics
import torchmetrics.classification
import torchmetrics.regression
import torchmetrics.retrieval
import torchmetrics.text
import torchmetrics.wrappers

warnings.simplefilter("ignore")
generator = torch.Generator().manual_seed(18)
cases = []
spaces = (torchmetrics.regression, torchmetrics.retrieval, torchmetrics.wrappers, torchmetrics.text, torchmetrics, torchmetrics.classification)


def snake(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def value(v):
    return v if math.isfinite(v) else str(v).replace("nan", "NaN").replace("inf", "Infinity")


def golden(t):
    if not isinstance(t, torch.Tensor):
        return value(t)
    return {"shape": list(t.shape), "dtype": "float32" if t.is_floating_point() else "int32", "data": [value(v) for v in t.flatten().tolist()]}


def results(given):
    """What compute() gives as a record of tensors."""
    if isinstance(given, dict):
        # Their names of classes begin with that of the task.
        return {k.removeprefix("multiclass"): golden(torch.as_tensor(v)) for k, v in given.items()}
    if isinstance(given, tuple):
        return {str(i): golden(torch.as_tensor(v)) for i, v in enumerate(given)}
    return {"value": golden(given if isinstance(given, torch.Tensor) else torch.zeros(0))}


def build(kind, *args):
    """args: options last, metrics as [kind, options]."""
    *first, options = args or ({},)
    first = [build(*arg) if isinstance(arg, list) else arg for arg in first]
    space = next(space for space in spaces if hasattr(space, kind))
    return getattr(space, kind)(*first, **{snake(k): v for k, v in options.items()})


def widened(given, double):
    return given.double() if double and isinstance(given, torch.Tensor) and given.is_floating_point() else given


def add(kind, args, updates, double=True, shape=None):
    """updates: of each its arguments, the last a record where it names some. double: torchmetrics in float64 is the truth. shape: ours, where theirs is another."""
    torch.set_default_dtype(torch.float64 if double else torch.float32)
    metric = build(kind, *args)
    if double:
        metric = metric.set_dtype(torch.float64)
    for update in updates:
        named = update[-1] if isinstance(update[-1], dict) else {}
        positional = [widened(given, double) for given in update if not isinstance(given, dict)]
        metric.update(*positional, **named)
    expected = results(metric.compute())
    torch.set_default_dtype(torch.float32)
    if shape is not None:
        expected["value"]["shape"] = shape
    given = [[{k: golden(v) for k, v in one.items()} if isinstance(one, dict) else golden(one) for one in update] for update in updates]
    # Of wrappers it is that of the metric in them; torchmetrics does not say it.
    better = (build(*args[0]) if isinstance(args[0], list) else metric).higher_is_better
    cases.append({"kind": kind, "args": list(args), "higherIsBetter": better, "isTruth": double, "updates": given, "expected": expected})


def normal(*shape):
    return torch.randn(*shape, generator=generator)


def uniform(*shape, steps=16):
    return torch.randint(0, steps + 1, shape, generator=generator) / steps


def classes(count, *shape):
    return torch.randint(0, count, shape, generator=generator)


def hiding(target, hidden):
    return torch.where(torch.rand(target.shape, generator=generator) < 0.25, torch.tensor(hidden), target)


nan = math.nan
values = [[1.5], [normal(4)], [-2.0], [normal(2, 3)], [normal(3)], [7.25], [normal(5)]]
holes = [[torch.tensor([1.0, nan, 3.0])], [nan], [torch.tensor([nan])], [torch.tensor([[2.0, nan], [nan, 8.0]])]]
for kind in ("MinMetric", "MaxMetric", "SumMetric", "RunningMean", "RunningSum"):
    for options in ({}, {"window": 2}, {"window": 50}) if kind.startswith("Running") else ({},):
        add(kind, [options], values)
        for strategy in ("ignore", "disable", 0.5):
            add(kind, [{**options, "nanStrategy": strategy}], holes)
for rows in ([[1.5], [normal(4)], [-2.0]], [[normal(2, 3)], [normal(1, 3)]], [[normal(4)]]):
    add("CatMetric", [{}], rows)
for strategy in ("ignore", 0.5):
    add("CatMetric", [{"nanStrategy": strategy}], holes[:3])

numbers = [[normal(n), normal(n)] for n in (1, 5, 4, 20)]
pairs = [[normal(n, 3), normal(n, 3)] for n in (2, 5, 13)]
missing = [[torch.where(uniform(8, 3) < 0.3, torch.tensor(nan), normal(8, 3)), torch.where(uniform(8, 3) < 0.3, torch.tensor(nan), normal(8, 3))]]
task = {"task": "multiclass", "numClasses": 3}
scores = [[normal(n, 3), classes(3, n)] for n in (2, 9, 20)]
for window in (1, 2, 3, 9):
    add("Running", [["MeanSquaredError", {}], {"window": window}], numbers)
    add("Running", [["R2Score", {}], {"window": window}], numbers)
    add("Running", [["Accuracy", {**task, "average": "none"}], {"window": window}], scores, double=False)
add("MinMaxMetric", [["MeanSquaredError", {}], {}], numbers)
for options in ({}, {"labels": ["a", "b", "c"]}, {"prefix": "p-"}, {"labels": ["a", "b", "c"], "postfix": "-of"}, {"prefix": "p-", "postfix": "-of"}):
    add("ClasswiseWrapper", [["Recall", {**task, "average": "none"}], options], scores, double=False)
for kind in ("R2Score", "MeanSquaredError", "MeanAbsoluteError", "PearsonCorrCoef"):
    add("MultioutputWrapper", [[kind, {}], 3, {}], pairs)
    add("MultioutputWrapper", [[kind, {}], 3, {}], missing)
add("MultioutputWrapper", [["MeanSquaredError", {}], 3, {"removeNans": False}], missing)
add("MultioutputWrapper", [["MeanSquaredError", {"numOutputs": 4}], 3, {"outputDim": 1}], [[normal(6, 3, 4), normal(6, 3, 4)]])
add("MultioutputWrapper", [["MeanSquaredError", {"numOutputs": 1}], 3, {"squeezeOutputs": False}], pairs)

# What a BootStrapper makes of the figures of its copies.
figures = normal(8)
bootstrap = {"figures": golden(figures), "mean": golden(figures.mean()), "std": golden(figures.std())}
bootstrap["quantile"] = golden(torch.quantile(figures, torch.tensor([0.05, 0.5, 0.95])))

# Rounds of a MetricTracker.
rounds = [[normal(6), normal(6)] for _ in range(4)]
trackers = []
torch.set_default_dtype(torch.float64)
for kind in ("MeanSquaredError", "R2Score"):
    tracker = torchmetrics.wrappers.MetricTracker(build(kind).set_dtype(torch.float64))
    for preds, target in rounds:
        tracker.increment()
        tracker.update(preds.double(), target.double())
    best, step = tracker.best_metric(return_step=True)
    trackers.append({"kind": kind, "all": golden(tracker.compute_all()), "best": best, "step": step})
torch.set_default_dtype(torch.float32)

if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "more.json.gz")
    others = {"bootstrap": bootstrap, "rounds": [[golden(t) for t in pair] for pair in rounds], "trackers": trackers}
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
        file.write(json.dumps({"cases": cases, **others}).encode())
    print(len(cases), "cases", os.path.getsize(path), "bytes")
