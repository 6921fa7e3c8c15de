"""Makes samplewise.json.gz: golden numbers from torchmetrics for figures of each sample, and for the metrics StatScores, HammingDistance and JaccardIndex. Run with a
Python that has torchmetrics."""
import gzip
import itertools
import json
import math
import os

import torch
import torchmetrics

generator = torch.Generator().manual_seed(7)
cases = []


def scores(*shape):
    return (torch.rand(shape, generator=generator) * 64).round() / 64


def classes(top, *shape):
    return torch.randint(0, top, shape, generator=generator)


def golden(t):
    return {"shape": list(t.shape), "dtype": "float32" if t.is_floating_point() else "int32", "data": t.flatten().tolist()}


def value(v):
    return v if math.isfinite(v) else "NaN"


kinds = ("StatScores", "HammingDistance", "Accuracy", "Precision", "Recall", "F1Score", "FBetaScore", "Specificity")
names = {"numClasses": "num_classes", "numLabels": "num_labels", "ignoreIndex": "ignore_index", "multidimAverage": "multidim_average", "topK": "top_k"}
averages = ("micro", "macro", "weighted", "none")
problems = []
for ignore in (None, -1, 1):
    more = {} if ignore is None else {"ignoreIndex": ignore}
    hide = lambda t: t if ignore != -1 else torch.where(classes(5, *t.shape) == 0, -1, t)
    problems.append(({"task": "binary", **more}, [(scores(3, 4), hide(classes(2, 3, 4))), (scores(2, 4), hide(classes(2, 2, 4)))]))
    of = {"task": "multiclass", "numClasses": 4, **more}
    problems.append((of, [(classes(4, 3, 5), hide(classes(3, 3, 5))), (classes(4, 2, 5), hide(classes(4, 2, 5)))]))
    if ignore is None:
        problems.append(({**of, "topK": 2}, [(torch.rand(3, 4, 5, generator=generator), classes(4, 3, 5))]))
    problems.append((of, [(scores(3, 4, 2), hide(classes(4, 3, 2)))]))
    problems.append(({"task": "multilabel", "numLabels": 3, **more}, [(scores(3, 3, 4), hide(classes(2, 3, 3, 4))), (scores(2, 3, 4), hide(classes(2, 2, 3, 4)))]))
problems.append(({"task": "multilabel", "numLabels": 3}, [(scores(2, 3, 4), classes(2, 2, 3, 4) * 0)]))

for (place, (options, batches)), kind, multidim in itertools.product(enumerate(problems), kinds, ("samplewise", "global")):
    if multidim == "global" and kind not in ("StatScores", "HammingDistance"):
        continue
    for average in ("micro",) if options["task"] == "binary" else averages:
        every = {**options, "average": average, "multidimAverage": multidim, **({"beta": 2.0} if kind == "FBetaScore" else {})}
        metric = getattr(torchmetrics, kind)(**{names.get(k, k): v for k, v in every.items()})
        for preds, target in batches:
            metric.update(preds, target)
        result = metric.compute()
        expected = {"shape": list(result.shape), "dtype": "float32" if result.is_floating_point() else "int32", "data": [value(v) for v in result.flatten().tolist()]}
        cases.append({"kind": kind, "options": every, "problem": place, "expected": expected})

for (place, (options, batches)), average in itertools.product(enumerate(problems), averages):
    if "topK" in options or (options["task"] == "binary" and average != "micro"):
        continue
    for zero in (0, 1):
        every = {**options, "average": average}
        metric = torchmetrics.JaccardIndex(**{names.get(k, k): v for k, v in every.items()}, zero_division=zero)
        for preds, target in batches:
            metric.update(preds, target)
        result = metric.compute()
        expected = {"shape": list(result.shape), "dtype": "float32", "data": [value(v) for v in result.flatten().tolist()]}
        cases.append({"kind": "JaccardIndex", "options": {**every, "zeroDivision": zero}, "problem": place, "expected": expected})

if __name__ == "__main__":
    batches = [[{"preds": golden(p), "target": golden(t)} for p, t in given] for _, given in problems]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "samplewise.json.gz")
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
        file.write(json.dumps({"problems": batches, "cases": cases}).encode())
