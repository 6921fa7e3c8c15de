"""Makes more.json.gz: golden numbers from torchmetrics for metrics of values, of other metrics, at one point of a curve, of rankings, of tables and of distributions.
Run with a Python that has torchmetrics."""
import gzip
import importlib
import itertools
import json
import math
import os
import warnings

import torch
import torchmetrics
import torchmetrics.classification
import torchmetrics.regression
import torchmetrics.retrieval
import torchmetrics.text
import torchmetrics.wrappers
from draws import classes, generator, hiding, normal, snake, uniform, value

warnings.simplefilter("ignore")
# LogAUC has an interpolation that sorts points of the same rate at will and divides by 0 between them; that of the package itself does neither.
logauc = importlib.import_module("torchmetrics.functional.classification.logauc")
logauc.interp = importlib.import_module("torchmetrics.utilities.compute").interp
generator.manual_seed(18)
cases = []
spaces = (torchmetrics.regression, torchmetrics.retrieval, torchmetrics.wrappers, torchmetrics.text, torchmetrics, torchmetrics.classification)


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


def add(kind, args, updates, double=True, shape=None, parts=None):
    """updates: of each its arguments, the last a record where it names some. double: torchmetrics in float64 is the truth. shape: ours, where theirs is another; parts: the names of several figures."""
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
    if parts is not None:
        expected = dict(zip(parts, expected.values()))
    if shape is not None:
        expected["value"]["shape"] = shape
    given = [[{k: golden(v) for k, v in one.items()} if isinstance(one, dict) else golden(one) for one in update] for update in updates]
    # Of wrappers it is that of the metric in them; torchmetrics does not say it.
    better = (build(*args[0]) if isinstance(args[0], list) else metric).higher_is_better
    cases.append({"kind": kind, "args": list(args), "higherIsBetter": better, "isTruth": double, "updates": given, "expected": expected})


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

# One point of a curve, and the area under its start.
hidden = {"ignoreIndex": -1}
problems = [
    ({"task": "binary"}, [[uniform(41), classes(2, 41)], [uniform(7), classes(2, 7)]]),
    ({"task": "binary"}, [[normal(300) * 2, classes(2, 300)]]),
    ({"task": "binary"}, [[uniform(20), torch.ones(20, dtype=torch.int64)]]),
    ({"task": "binary"}, [[uniform(20), torch.zeros(20, dtype=torch.int64)]]),
    ({"task": "binary", **hidden}, [[uniform(40), hiding(classes(2, 40), -1)]]),
    ({"task": "binary"}, [[torch.tensor([0.25, 0.75]), torch.tensor([0, 1])]]),
    ({"task": "multiclass", "numClasses": 3}, [[normal(50, 3), classes(3, 50)], [normal(9, 3), classes(3, 9)]]),
    ({"task": "multiclass", "numClasses": 3, **hidden}, [[normal(50, 3), hiding(classes(3, 50), -1)]]),
    ({"task": "multilabel", "numLabels": 3}, [[uniform(30, 3), classes(2, 30, 3)]]),
    ({"task": "multilabel", "numLabels": 3, **hidden}, [[uniform(30, 3), hiding(classes(2, 30, 3), -1)]]),
]
parts = {"PrecisionAtFixedRecall": ("minRecall", "precision"), "RecallAtFixedPrecision": ("minPrecision", "recall")}
parts |= {"SpecificityAtSensitivity": ("minSensitivity", "specificity"), "SensitivityAtSpecificity": ("minSpecificity", "sensitivity")}
for options, batches in problems:
    for thresholds in ({}, {"thresholds": 11}, {"thresholds": [0.0, 0.125, 0.5, 0.8, 1.0]}):
        for kind, (condition, figure) in parts.items():
            for least in (0.0, 0.3, 0.5, 0.9, 1.0):
                if least > 0 or not thresholds:
                    add(kind, [{**options, **thresholds, condition: least}], batches, double=False, parts=(figure, "threshold"))
        for more in ({}, {"fprRange": [0.1, 1.0]}, {"fprRange": [0.05, 0.5], "average": "macro"}):
            # In float64 torchmetrics compares rates of both types.
            own = {k: v for k, v in more.items() if k != "average" or options["task"] != "binary"}
            # Without targets 0 it has the mean of the last two points.
            if not bool((batches[0][1] == 1).all()):
                add("LogAUC", [{**options, **thresholds, **own}], batches, double=False)

# Rankings. Which of equal scores stands first torchmetrics does not say.
def ranked(targets, scale=1.0):
    scores = (torch.randperm(60, generator=generator) - 20) / 40 * scale
    return [[scores[:25], targets[:25], {"indexes": classes(5, 25)}], [scores[25:], targets[25:], {"indexes": classes(6, 35)}]]


queries = [({}, ranked(classes(2, 60))), ({}, ranked((uniform(60) < 0.1).long())), ({}, ranked((uniform(60) < 0.9).long()))]
queries.append((hidden, ranked(hiding(classes(2, 60), -1))))
for kind in ("MAP", "Precision", "Recall", "HitRate", "FallOut", "RPrecision", "AUROC"):
    more = [{}, {"emptyTargetAction": "pos"}, {"emptyTargetAction": "skip"}, {"emptyTargetAction": "neg"}]
    more += [{"aggregation": aggregation} for aggregation in ("median", "min", "max")]
    more += [{"topK": k} for k in (1, 3, 50)] if kind != "RPrecision" else []
    more += [{"topK": k, "adaptiveK": True} for k in (3, 50)] if kind == "Precision" else []
    more += [{"maxFpr": 0.5}, {"maxFpr": 0.3, "topK": 5}] if kind == "AUROC" else []
    for (options, batches), own in itertools.product(queries, more):
        add(f"Retrieval{kind}", [{**options, **own}], batches, double=False)

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

# Vectors, distributions, sequences, forecasts.
for reduction in ("sum", "mean", "none"):
    # In float32 whatever it is given. Vectors near each other have similarities without digits that cancel.
    vectors = [[base + normal(n, 3) / 8, base] for n in (1, 7) for base in [normal(n, 3) + 3]]
    add("CosineSimilarity", [{"reduction": reduction}], vectors, double=False)
    for log_prob in (False, True):
        shares = [[torch.softmax(normal(n, 5), 1), torch.softmax(normal(n, 5), 1)] for n in (1, 9)]
        if log_prob:
            shares = [[p.log(), q.log()] for p, q in shares]
        add("JensenShannonDivergence", [{"logProb": log_prob, "reduction": reduction}], shares)
    add("JensenShannonDivergence", [{"reduction": reduction}], [[torch.tensor([[1.0, 0, 3], [2, 2, 0]]), torch.tensor([[0.0, 2, 2], [1, 1, 0]])]])
words = [[normal(2, 4, 6) * 3, classes(6, 2, 4)], [normal(3, 1, 6), classes(6, 3, 1)]]
add("Perplexity", [{}], words)
for hidden_word in (-100, 2):
    add("Perplexity", [{"ignoreIndex": hidden_word}], [[preds, hiding(target, hidden_word)] for preds, target in words])
for dim in ({}, {"keepSequenceDim": 0}, {"keepSequenceDim": 1}, {"keepSequenceDim": 2}):
    for threshold in (0.5, 0.25):
        add("CriticalSuccessIndex", [{"threshold": threshold, **dim}], [[uniform(3, 4, 2), uniform(3, 4, 2)], [uniform(2, 4, 3), uniform(2, 4, 3)]])
add("CriticalSuccessIndex", [{"threshold": 2.0}], [[uniform(9), uniform(9)]])
add("ContinuousRankedProbabilityScore", [{}], [[normal(7, 5), normal(7)], [normal(2, 5), normal(2)]], shape=[])
add("ContinuousRankedProbabilityScore", [{}], [[normal(3, 2), normal(3)]], shape=[])

# Rankings of labels, whose scores differ.
def label_scores(*shape):
    count = math.prod(shape)
    return (torch.randperm(count, generator=generator) / count).reshape(shape)


for options, change in (({}, lambda target: target), (hidden, lambda target: hiding(target, -1))):
    for shapes in ([(9, 4), (1, 4)], [(3, 4, 5)]):
        for kind in ("MultilabelCoverageError", "MultilabelRankingAveragePrecision", "MultilabelRankingLoss"):
            batches = [[label_scores(*shape) * scale, change(classes(2, *shape))] for shape, scale in zip(shapes, (1, 9))]
            # Of precisions it has float32 alone.
            add(kind, [{"numLabels": 4, **options}], batches, double=not kind.endswith("Precision"))
equal = [[uniform(30, 4, steps=3), classes(2, 30, 4)]]
for kind in ("MultilabelCoverageError", "MultilabelRankingAveragePrecision"):
    add(kind, [{"numLabels": 4}], equal, double=not kind.endswith("Precision"))
for kind in ("MultilabelCoverageError", "MultilabelRankingAveragePrecision", "MultilabelRankingLoss"):
    add(kind, [{"numLabels": 3}], [[label_scores(2, 3), torch.tensor([[0, 0, 0], [1, 1, 1]])]])

# Categories.
def categories(count, n):
    target = classes(count, n)
    return [torch.where(uniform(n) < 0.5, target, classes(count, n)).float(), target.float()]


def with_gaps(pair):
    return [torch.where(uniform(len(series)) < 0.1, torch.tensor(nan), series) for series in pair]


for kind in ("CramersV", "TschuprowsT", "TheilsU", "PearsonsContingencyCoefficient"):
    for own in ({}, {"biasCorrection": False}) if kind in ("CramersV", "TschuprowsT") else ({},):
        for count in (2, 3, 5):
            add(kind, [{"numClasses": count, **own}], [categories(count, 40), categories(count, 9)])
        add(kind, [{"numClasses": 7, **own}], [categories(4, 50)])
        add(kind, [{"numClasses": 2, **own}], [[torch.tensor([0, 1, 0, 1]), torch.tensor([0, 1, 1, 0])]])
        add(kind, [{"numClasses": 3, **own}], [[torch.zeros(5), torch.tensor([0.0, 1, 2, 1, 1])]])
        add(kind, [{"numClasses": 3, **own}], [[normal(30, 3), normal(30, 3)]])
        for gaps in ({}, {"nanReplaceValue": 2.0}, {"nanStrategy": "drop"}):
            add(kind, [{"numClasses": 3, **own, **gaps}], [with_gaps(categories(3, 60))])
add("FleissKappa", [{}], [[torch.bincount(classes(4, 6), minlength=4)[None]] for _ in range(9)])
add("FleissKappa", [{}], [[classes(5, 20, 3)], [classes(5, 4, 3)]])
add("FleissKappa", [{}], [[torch.tensor([[5, 0, 0], [0, 5, 0], [0, 0, 5]])]])
add("FleissKappa", [{"mode": "probs"}], [[torch.softmax(normal(20, 4, 6), 1)], [torch.softmax(normal(3, 4, 6), 1)]])

if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "more.json.gz")
    others = {"bootstrap": bootstrap, "rounds": [[golden(t) for t in pair] for pair in rounds], "trackers": trackers}
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
        file.write(json.dumps({"cases": cases, **others}).encode())
    print(len(cases), "cases", os.path.getsize(path), "bytes")
