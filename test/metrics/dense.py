"""Makes dense.json.gz: golden numbers from torchmetrics for metrics of numbers, of distributions, and of classes that other golden files do not have. Run with a
Python that has torchmetrics."""
import gzip
import itertools
import json
import math
import os
import warnings

import torch
import torchmetrics
import torchmetrics.regression
from draws import classes, generator, hiding, normal, snake, uniform, value

warnings.simplefilter("ignore")
generator.manual_seed(11)
datasets = {}
cases = []


def golden(t):
    return {"shape": list(t.shape), "dtype": "float32" if t.is_floating_point() else "int32", "data": [value(v) for v in t.flatten().tolist()]}


def dataset(name, preds, target, sizes=None):
    sizes = sizes or [1, 5, len(preds) - 6]
    assert sum(sizes) == len(preds)
    datasets[name] = {"preds": preds, "target": target, "sizes": sizes}


def run(kind, options, data, double):
    where = torchmetrics.regression if hasattr(torchmetrics.regression, kind) else torchmetrics
    metric = getattr(where, kind)(**{snake(k): v for k, v in options.items()})
    if double:
        metric = metric.set_dtype(torch.float64)
    begin = 0
    for size in data["sizes"]:
        rows = [data[name][begin : begin + size] for name in ("preds", "target")]
        metric.update(*(t.double() if double and t.is_floating_point() else t for t in rows))
        begin += size
    return metric.compute(), metric.higher_is_better


def add(kind, name, options=None, double=True):
    """double: torchmetrics in float64 is the truth."""
    options = options or {}
    torch.set_default_dtype(torch.float64 if double else torch.float32)
    truth, better = run(kind, options, datasets[name], double)
    torch.set_default_dtype(torch.float32)
    # torchmetrics has a list of one figure for some that are one figure alone, and one figure for a list of one sample.
    is_list = options.get("reduction") == "none" or options.get("multidimAverage") == "samplewise"
    shape = (list(truth.shape) or [1]) if is_list else [] if truth.numel() == 1 else list(truth.shape)
    cases.append({"kind": kind, "options": options, "dataset": name, "higherIsBetter": better, "isTruth": double, "expected": golden(truth.reshape(shape))})


dataset("numbers", normal(40), normal(40))
dataset("far", normal(40) + 100, normal(40) + 100)
dataset("near", *(lambda t: (t + normal(40) / 1000, t))(normal(40)))
dataset("outputs", normal(30, 3), normal(30, 3) * 3 + 1)
dataset("column", normal(20, 1), normal(20, 1))
dataset("one output", normal(20), normal(20))
dataset("matrices", normal(10, 2, 3), normal(10, 2, 3))
dataset("ties", uniform(50, steps=6), uniform(50, steps=4))
dataset("tied outputs", uniform(24, 2, steps=5), uniform(24, 2, steps=3))
dataset("positive", normal(40).exp(), normal(40).exp())
dataset("some zero", normal(40).exp(), normal(40).exp() * classes(2, 40))
dataset("any targets", normal(40).exp(), normal(40))
dataset("constant targets", normal(12), torch.full((12,), 0.5))
dataset("equal", torch.full((8,), 0.5), torch.full((8,), 0.5), [8])
dataset("zero targets", torch.tensor([1.0, 2.0, -1.0]), torch.zeros(3), [3])
dataset("alone", torch.tensor([1.5]), torch.tensor([2.0]), [1])
dataset("two", torch.tensor([1.5, 1.0]), torch.tensor([2.0, 3.0]), [2])
dataset("reverse", torch.arange(9.0), -torch.arange(9.0))
dataset("with NaN", torch.tensor([1.0, math.nan, 2.0]), torch.tensor([1.0, 2.0, 3.0]), [3])
dataset("NaN target", torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, math.nan, 2.0]), [3])
dataset("with Infinity", torch.tensor([1.0, math.inf, 2.0]), torch.tensor([1.0, 2.0, 3.0]), [3])

lists = ("numbers", "far", "near", "column", "ties", "constant targets", "equal", "zero targets", "alone", "two", "reverse", "with NaN", "NaN target")
for name in (*lists, "with Infinity"):
    add("LogCoshError", name)
for name in (*lists, "matrices", "with Infinity"):
    for p in (1, 1.5, 2, 7):
        add("MinkowskiDistance", name, {"p": p})
    add("WeightedMeanAbsolutePercentageError", name)
    for normalization in ("mean", "range", "std", "l2"):
        add("NormalizedRootMeanSquaredError", name, {"normalization": normalization})
    add("TweedieDevianceScore", name)
for name in ("outputs", "tied outputs"):
    count = datasets[name]["preds"].shape[1]
    add("LogCoshError", name, {"numOutputs": count})
    add("ConcordanceCorrCoef", name, {"numOutputs": count})
    for squared in (True, False):
        add("RelativeSquaredError", name, {"numOutputs": count, "squared": squared})
    for normalization in ("mean", "range", "std", "l2"):
        add("NormalizedRootMeanSquaredError", name, {"normalization": normalization, "numOutputs": count})
    for variant in "abc":
        add("KendallRankCorrCoef", name, {"numOutputs": count, "variant": variant}, double=False)
# Columns make torchmetrics' RelativeSquaredError, ConcordanceCorrCoef and KendallRankCorrCoef fail, or their figures lists.
for name in ("numbers", "far", "near", "one output", "ties", "two", "reverse", "with NaN", "NaN target"):
    for squared in (True, False):
        add("RelativeSquaredError", name, {"squared": squared})
for name in ("constant targets", "equal", "zero targets", "alone"):
    add("RelativeSquaredError", name, double=False)
for name in ("numbers", "far", "near", "one output", "ties", "two", "reverse", "with NaN", "constant targets", "equal", "alone"):
    add("ConcordanceCorrCoef", name)
for name in ("numbers", "near", "one output", "ties", "two", "reverse", "constant targets", "equal", "alone", "with Infinity"):
    for variant in "abc":
        add("KendallRankCorrCoef", name, {"variant": variant}, double=False)
for power in (1, 1.5, 2, 3, 2.5):
    add("TweedieDevianceScore", "positive", {"power": power})
for power in (1, 1.25):
    add("TweedieDevianceScore", "some zero", {"power": power})
for power in (-1, -0.5):
    add("TweedieDevianceScore", "any targets", {"power": power})

dataset("probabilities", uniform(20, 4) + 0.125, uniform(20, 4) + 0.25)
dataset("none in p", uniform(20, 4, steps=2) + torch.eye(4).repeat(5, 1), uniform(20, 4) + 0.25)
dataset("none in q", torch.tensor([[0.5, 0.5], [0.25, 0.75]]), torch.tensor([[1.0, 0.0], [0.5, 0.5]]), [2])
dataset("nothing", torch.tensor([[0.0, 0.0], [0.25, 0.75]]), torch.tensor([[0.5, 0.5], [0.5, 0.5]]), [2])
dataset("logarithms", normal(20, 4).log_softmax(1), normal(20, 4).log_softmax(1))
dataset("logarithms of 0", torch.tensor([[-math.inf, 0.0]]), torch.tensor([[-1.0, -0.5]]), [1])
for name, reduction in itertools.product(("probabilities", "none in p", "none in q", "nothing", "logarithms", "logarithms of 0"), ("mean", "sum", "none")):
    add("KLDivergence", name, {"logProb": name.startswith("logarithms"), "reduction": reduction})

dataset("binary probabilities", uniform(40), classes(2, 40))
dataset("binary logits", normal(40) * 2, classes(2, 40))
dataset("binary ignored", uniform(40), hiding(classes(2, 40), -1))
dataset("binary ignored logits", torch.tensor([0.25, 0.75, 3.0, 0.125]), torch.tensor([0, 1, -1, 1]), [4])
dataset("binary dimensions", uniform(12, 2, 3), classes(2, 12, 2, 3))
dataset("multiclass probabilities", normal(40, 4).softmax(1), classes(4, 40))
dataset("multiclass logits", normal(40, 4) * 2, classes(4, 40))
dataset("multiclass never a target", normal(30, 4), classes(3, 30))
# torchmetrics' HingeLoss fails where a whole batch is ignored.
dataset("multiclass ignored", normal(40, 4), hiding(classes(4, 40), -1), [6, 34])
dataset("multiclass one ignored", normal(40, 4), classes(4, 40))
dataset("multiclass dimensions", normal(9, 4, 3), hiding(classes(4, 9, 3), -1), [2, 3, 4])
near = classes(4, 12, 2, 2)
dataset("multiclass labels", torch.where(classes(8, 12, 2, 2) == 0, classes(4, 12, 2, 2), near), near)
dataset("multilabel probabilities", uniform(30, 3), classes(2, 30, 3))
dataset("multilabel logits", normal(30, 3), classes(2, 30, 3))
dataset("multilabel ignored", uniform(30, 3), hiding(classes(2, 30, 3), -1))
dataset("multilabel dimensions", uniform(8, 3, 4), hiding(classes(2, 8, 3, 4), -1), [3, 5])
dataset("multilabel one ignored", uniform(30, 3), classes(2, 30, 3))
dataset("multilabel ignored logits", torch.tensor([[0.25, 0.75, 3.0], [0.5, 0.125, 0.25]]), torch.tensor([[0, 1, -1], [1, 0, 1]]), [2])
ignored = lambda name: {"ignoreIndex": 1 if "one ignored" in name else -1} if "ignored" in name or name == "multiclass dimensions" or name == "multilabel dimensions" else {}
for name in [name for name in datasets if name.split(" ")[0] in ("binary", "multiclass", "multilabel")]:
    task = name.split(" ")[0]
    base = {"task": task, **({"numClasses": 4} if task == "multiclass" else {}), **({"numLabels": 3} if task == "multilabel" else {}), **ignored(name)}
    averages = [{}] if task == "binary" else [{"average": average} for average in ("micro", "macro", "weighted", "none")]
    has_scores = datasets[name]["preds"].is_floating_point()
    for average in averages:
        add("NegativePredictiveValue", name, {**base, **average}, double=False)
        if task == "multiclass" and has_scores:
            add("NegativePredictiveValue", name, {**base, **average, "topK": 2}, double=False)
        if datasets[name]["target"].ndim > (2 if task == "multilabel" else 1):
            add("NegativePredictiveValue", name, {**base, **average, "multidimAverage": "samplewise"}, double=False)
    if task != "binary":
        add("ExactMatch", name, base, double=False)
        if task == "multilabel":
            add("ExactMatch", name, {**base, "threshold": 0.25}, double=False)
        if datasets[name]["target"].ndim > (2 if task == "multilabel" else 1):
            add("ExactMatch", name, {**base, "multidimAverage": "samplewise"}, double=False)
    if task != "multilabel" and has_scores:
        for squared, mode in itertools.product((False, True), ("crammer-singer", "one-vs-all")):
            add("HingeLoss", name, {**base, "squared": squared, "multiclassMode": mode}, double=False)

if __name__ == "__main__":
    batches = {name: {"preds": golden(d["preds"]), "target": golden(d["target"]), "sizes": d["sizes"]} for name, d in datasets.items()}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dense.json.gz")
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
        file.write(json.dumps({"datasets": batches, "cases": cases}).encode())
