"""Makes fixtures/torchmetrics.json.gz: golden numbers of metrics. Run with a Python that has torch, torchmetrics and scikit-learn."""
import gzip
import json
import os
import re
import warnings

import sklearn
import sklearn.metrics
import torch
import torchmetrics
import torchmetrics.retrieval

warnings.simplefilter("ignore")
generator = torch.Generator().manual_seed(28)
datasets = {}
cases = []


def golden(tensor):
    tensor = tensor.detach()
    is_float = tensor.is_floating_point()
    data = [float(v) if is_float else int(v) for v in tensor.flatten()]
    data = [v if v == v and abs(v) != float("inf") else str(v).replace("nan", "NaN").replace("inf", "Infinity") for v in data]
    data = [float(f"{v:.10g}") if isinstance(v, float) else v for v in data]
    return {"shape": list(tensor.shape), "dtype": "float32" if is_float else "int32", "data": data}


def dataset(name, preds, target, sizes=None, **more):
    """sizes: the rows of each update."""
    sizes = sizes or [1, 5, len(preds) - 6]
    assert sum(sizes) == len(preds)
    datasets[name] = {"preds": preds, "target": target, "sizes": sizes, **more}


def snake(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def run(make, data, dtype=torch.float32):
    metric = make().set_dtype(dtype) if dtype == torch.float64 else make()
    begin = 0
    for size in data["sizes"]:
        rows = slice(begin, begin + size)
        preds, target = (t if t.is_floating_point() else t.long() for t in (data["preds"][rows], data["target"][rows]))
        if dtype == torch.float64:
            preds, target = (t.double() if t.is_floating_point() else t for t in (preds, target))
        more = {"indexes": data["indexes"][rows].long()} if "indexes" in data else {}
        metric.update(preds, target, **more)
        begin += size
    return metric.compute()


def add(kind, name, options, doubles=False):
    """doubles: torchmetrics in float64 is the truth, and its float32 result has an error."""
    where = torchmetrics.retrieval if kind.startswith("Retrieval") else torchmetrics.classification if kind == "EER" else torchmetrics
    make = lambda: getattr(where, kind)(**{snake(k): v for k, v in options.items()})
    own = run(make, datasets[name])
    case = {"name": f"{kind} {json.dumps(options)} of {name}", "kind": kind, "options": options, "dataset": name, "inputs": {}}
    parts = {"ROC": ["fpr", "tpr", "thresholds"], "PrecisionRecallCurve": ["precision", "recall", "thresholds"]}.get(kind)
    if parts is None:
        truth = own
        if doubles:
            torch.set_default_dtype(torch.float64)
            truth = run(make, datasets[name], torch.float64)
            torch.set_default_dtype(torch.float32)
            case["torch32_error"] = {"value": float((own.double() - truth).abs().nan_to_num().max())}
        # Some of MatthewsCorrCoef's values are integers.
        case["expected"] = {"value": golden(truth if truth.is_floating_point() or kind == "ConfusionMatrix" else truth.float())}
    elif options["task"] == "binary":
        case["expected"] = {part: golden(value) for part, value in zip(parts, own)}
    else:
        size = len(own[0])
        each = [value if isinstance(value, list) or value.ndim > 1 else [value] * size for value in own]
        case["expected"] = {f"{part}{i}": golden(values[i]) for part, values in zip(parts, each) for i in range(size)}
    cases.append(case)


def uniform(*shape, steps=16):
    """Probabilities with many ties."""
    return torch.randint(0, steps + 1, shape, generator=generator) / steps


def logits(*shape):
    return torch.randint(-24, 25, shape, generator=generator) / 8


def normal(*shape):
    return torch.randn(*shape, generator=generator)


def classes(count, *shape):
    return torch.randint(0, count, shape, generator=generator, dtype=torch.int32)


def ignoring(target, value):
    chosen = torch.rand(target.shape, generator=generator) < 0.25
    return torch.where(chosen, torch.tensor(value, dtype=torch.int32), target)


dataset("binary ties", uniform(41), classes(2, 41))
dataset("binary logits", logits(37), classes(2, 37))
dataset("binary labels", classes(2, 30), classes(2, 30))
dataset("binary ignored", uniform(40), ignoring(classes(2, 40), -1))
dataset("binary one class ignored", uniform(40), classes(2, 40))
dataset("binary many dimensions", uniform(12, 2, 3), classes(2, 12, 2, 3))
dataset("binary all ones", uniform(20), torch.ones(20, dtype=torch.int32))
dataset("binary all zeros", uniform(20), torch.zeros(20, dtype=torch.int32))
dataset("binary right", torch.tensor([0.9, 0.1, 0.8, 0.2, 0.7, 0.1, 0.9]), torch.tensor([1, 0, 1, 0, 1, 0, 1], dtype=torch.int32))
dataset("binary wrong", torch.tensor([0.1, 0.9, 0.2, 0.8, 0.1, 0.9, 0.3]), torch.tensor([1, 0, 1, 0, 1, 0, 1], dtype=torch.int32))
# Only ignored scores are no probabilities: whether the others are logits then differs between torchmetrics' metrics.
dataset("binary ignored logits", torch.tensor([0.25, 0.75, 3.0, 0.125]), torch.tensor([0, 1, -1, 1], dtype=torch.int32), [4])

dataset("multiclass scores", normal(45, 4) * 2, classes(4, 45))
dataset("multiclass ties", uniform(40, 4), classes(4, 40))
dataset("multiclass labels", classes(4, 35), classes(4, 35))
dataset("multiclass absent", torch.cat([normal(30, 3), torch.full((30, 1), -9.0)], 1), classes(3, 30))
dataset("multiclass never a target", normal(30, 4), classes(3, 30))
dataset("multiclass ignored", normal(40, 4), ignoring(classes(4, 40), -1))
dataset("multiclass one ignored", normal(40, 4), classes(4, 40))
dataset("multiclass many dimensions", normal(9, 4, 5), ignoring(classes(4, 9, 5), -1), [2, 3, 4])
dataset("multiclass two classes", normal(30, 2), classes(2, 30))

dataset("multilabel ties", uniform(30, 3), classes(2, 30, 3))
dataset("multilabel logits", logits(30, 3), classes(2, 30, 3))
dataset("multilabel ignored", uniform(30, 3), ignoring(classes(2, 30, 3), -1))
dataset("multilabel many dimensions", uniform(8, 3, 4), ignoring(classes(2, 8, 3, 4), -1), [3, 5])
dataset("multilabel absent", uniform(20, 3), classes(2, 20, 3) * torch.tensor([1, 0, 1], dtype=torch.int32))
dataset("multilabel ignored logits", torch.tensor([[0.25, 0.75, 3.0], [0.5, 0.125, 0.25]]), torch.tensor([[0, 1, -1], [1, 0, 1]], dtype=torch.int32), [2])

ignored = {"binary ignored": -1, "binary one class ignored": 0, "binary ignored logits": -1, "multiclass ignored": -1}
ignored |= {"multiclass one ignored": 2, "multiclass many dimensions": -1, "multilabel ignored": -1, "multilabel many dimensions": -1}
ignored |= {"multilabel ignored logits": -1}
for name in list(datasets):
    task = name.split(" ")[0]
    size = 2 if name.endswith("two classes") else 4
    base = {"task": task, **({"numClasses": size} if task == "multiclass" else {}), **({"numLabels": 3} if task == "multilabel" else {})}
    if name in ignored:
        base["ignoreIndex"] = ignored[name]
    averages = [{}] if task == "binary" else [{"average": average} for average in ("micro", "macro", "weighted", "none")]
    with_scores = datasets[name]["preds"].is_floating_point()
    # Which of equal scores torch.topk takes is not said.
    has_top = task == "multiclass" and with_scores and not name.endswith("ties")
    for average in averages:
        for kind in ("Accuracy", "Precision", "Recall", "F1Score", "FBetaScore", "Specificity"):
            beta = {"beta": 0.5} if kind == "FBetaScore" else {}
            add(kind, name, {**base, **average, **beta})
            if has_top and average["average"] in ("macro", "none"):
                add(kind, name, {**base, **average, **beta, "topK": 2})
    if task != "multiclass":
        for kind in ("Accuracy", "Recall", "Specificity"):
            add(kind, name, {**base, "threshold": 0.3, "average": "macro"})
    for normalize in ("none", "true", "pred", "all"):
        add("ConfusionMatrix", name, {**base, "normalize": normalize})
    add("MatthewsCorrCoef", name, base)
    if task != "multilabel":
        for weights in ("none", "linear", "quadratic"):
            add("CohenKappa", name, {**base, "weights": weights}, True)
    if not with_scores:
        continue
    if task != "multilabel":
        for norm in ("l1", "l2", "max"):
            for bins in (15, 4):
                add("CalibrationError", name, {**base, "nBins": bins, "norm": norm})
    for thresholds in ({}, {"thresholds": 5}, {"thresholds": 11}, {"thresholds": [0.0, 0.125, 0.5, 0.8, 1.0]}):
        add("ROC", name, {**base, **thresholds})
        add("PrecisionRecallCurve", name, {**base, **thresholds})
        for average in [{}] if task == "binary" else averages[1 if task == "multiclass" else 0 :]:
            add("AUROC", name, {**base, **thresholds, **average})
            add("AveragePrecision", name, {**base, **thresholds, **average})
        add("EER", name, {**base, **thresholds})
        if task == "binary":
            for max_fpr in (0.1, 0.5):
                add("AUROC", name, {**base, **thresholds, "maxFpr": max_fpr})
add("ROC", "binary ties", {"task": "binary", "thresholds": 100})
add("PrecisionRecallCurve", "binary logits", {"task": "binary", "thresholds": 37})

dataset("numbers", normal(50), normal(50))
dataset("whole numbers", classes(9, 30).float(), classes(9, 30).float())
dataset("related numbers", normal(40) * 0.3 + torch.arange(40) / 8, torch.arange(40) / 8)
dataset("outputs", normal(40, 3) + torch.tensor([0.0, 5.0, -3.0]), normal(40, 3) * torch.tensor([1.0, 4.0, 0.5]))
dataset("far numbers", normal(60) + 1000, normal(60) + 1000)
dataset("constant targets", normal(20), torch.full((20,), 2.5))
dataset("constant error", torch.arange(20) / 4 + 1, torch.arange(20) / 4)
dataset("right numbers", torch.arange(20) / 4, torch.arange(20) / 4)
dataset("a column", normal(30, 1), normal(30, 1))
dataset("an outlier", torch.cat([torch.zeros(99), torch.tensor([8.0])]), torch.cat([normal(99), torch.tensor([30.0])]))
for name in list(datasets)[-10:]:
    several = {"numOutputs": 3} if name == "outputs" else {}
    for options in ({}, {"squared": False}):
        add("MeanSquaredError", name, {**several, **options}, True)
    add("MeanAbsoluteError", name, several, True)
    add("MeanAbsolutePercentageError", name, {}, True)
    for multioutput in ("uniform_average", "variance_weighted", "raw_values"):
        if name in ("constant targets", "right numbers") and multioutput == "variance_weighted":
            continue
        add("ExplainedVariance", name, {"multioutput": multioutput}, True)
        add("R2Score", name, {"multioutput": multioutput}, True)
        add("R2Score", name, {"multioutput": multioutput, "adjusted": 4}, True)
    add("R2Score", name, {"adjusted": 200}, True)
    add("PearsonCorrCoef", name, several, True)
    add("SpearmanCorrCoef", name, several, True)

indexes = classes(6, 50)
dataset("queries", uniform(50), classes(2, 50), indexes=indexes)
dataset("queries without ties", normal(50), classes(2, 50), indexes=indexes)
dataset("graded queries", uniform(50), classes(5, 50), indexes=indexes)
dataset("empty queries", normal(50), classes(2, 50) * (indexes % 3 != 0).int(), indexes=indexes)
dataset("queries ignored", normal(50), ignoring(classes(2, 50), -1), indexes=indexes)
for name in list(datasets)[-5:]:
    base = {"ignoreIndex": -1} if name == "queries ignored" else {}
    for kind in ("RetrievalNormalizedDCG", "RetrievalMRR"):
        if kind == "RetrievalMRR" and name in ("queries", "graded queries"):
            continue  # which of equal scores torch.topk takes is not said
        for options in ({}, {"topK": 1}, {"topK": 3}, {"topK": 50}, {"emptyTargetAction": "pos"}, {"emptyTargetAction": "skip"}):
            add(kind, name, {**base, **options}, True)
        for aggregation in ("median", "min", "max"):
            add(kind, name, {**base, "aggregation": aggregation}, True)

for target, preds, options in (
    (classes(3, 40), classes(3, 40), {"classes": ["cat", "dog", "guinea pig of the house"]}),
    (classes(3, 40), classes(3, 40), {}),
    (classes(2, 16), classes(4, 16), {"classes": ["a", "b", "c", "d", "e"], "digits": 4}),
    (torch.tensor([7, 7, -2]), torch.tensor([7, 3, -2]), {"digits": 3}),
    (torch.tensor([0, 0, 0, 0, 0, 0, 0, 0, 1]), torch.tensor([0, 1, 1, 1, 1, 1, 1, 1, 1]), {}),
):
    named = {"target_names": options["classes"], "labels": range(len(options["classes"]))} if "classes" in options else {}
    text = sklearn.metrics.classification_report(target, preds, digits=options.get("digits", 2), zero_division=0, **named)
    inputs = {"preds": golden(preds.int()), "target": golden(target.int())}
    name = f"classificationReport {json.dumps(options)} {len(cases)}"
    cases.append({"name": name, "kind": "classificationReport", "options": options, "inputs": inputs, "expected": {}, "text": text})

inputs = {
    name: {**{k: golden(data[k]) for k in ("preds", "target", "indexes") if k in data}, "updateSizes": data["sizes"]}
    for name, data in datasets.items()
}
reference = f"torchmetrics {torchmetrics.__version__}, PyTorch {torch.__version__.split('+')[0]}, scikit-learn {sklearn.__version__}"
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "torchmetrics.json.gz")
text = json.dumps({"reference": reference, "inputs": inputs, "cases": cases}, separators=(",", ":"))
with open(path, "wb") as file:
    file.write(gzip.compress(text.encode(), 9, mtime=0))
print(len(cases), "cases", os.path.getsize(path), "bytes")
