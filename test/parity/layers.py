"""Makes fixtures/layers.json.gz: golden numbers from PyTorch for layers of several parts. Run with a Python that has torch."""
import gzip
import json
import os

import torch

F = torch.nn.functional


def golden(tensor):
    dtype = "float32" if tensor.is_floating_point() else "int32"
    return {"shape": list(tensor.shape), "dtype": dtype, "data": [float(v) if dtype == "float32" else int(v) for v in tensor.flatten()]}


def results(function, inputs, options):
    """y, and the gradient of each float input but grad for the gradient of y that is called grad."""
    leaves = {k: v.clone().requires_grad_(v.is_floating_point() and k != "grad") for k, v in inputs.items()}
    y, more = function({k: v for k, v in leaves.items() if k != "grad"}, options)
    y.backward(leaves["grad"])
    learned = [k for k, v in leaves.items() if v.requires_grad]
    gradients = {f"grad{k[0].upper()}{k[1:]}": torch.zeros_like(leaves[k]) if leaves[k].grad is None else leaves[k].grad for k in learned}
    return {"y": y.detach(), **{k: v.detach() for k, v in gradients.items()}, **more}


def case(kind, options, inputs, function, note=""):
    """Run in float64 for the truth and in float32 for PyTorch's own error."""
    truth = results(function, {k: v.double() if v.is_floating_point() else v for k, v in inputs.items()}, options)
    own = results(function, inputs, options)
    shapes = " ".join("x".join(map(str, v.shape)) or "scalar" for k, v in inputs.items() if k != "grad")
    said = " ".join(f"{k}={v}" for k, v in options.items())
    return {
        "name": " ".join(part for part in (kind, shapes, said, note) if part),
        "kind": kind,
        "options": options,
        "inputs": {k: golden(v) for k, v in inputs.items()},
        "expected": {k: golden(v) for k, v in truth.items()},
        "torch32_error": {k: float((own[k].double() - v).abs().max()) for k, v in truth.items()},
    }


def plain(function):
    return lambda inputs, options: (function(inputs, options), {})


def embedding(inputs, o):
    weight = inputs["weight"]
    # A copy that is changed in place before it is used: PyTorch changes the table itself, of which a gradient is wanted.
    table = weight.detach().clone()
    if "maxNorm" in o:
        F.embedding(inputs["index"], table, None, o["maxNorm"], o.get("normType", 2.0))
    used = weight + (table - weight.detach())
    y = F.embedding(inputs["index"], used, o.get("paddingIdx"), scale_grad_by_freq=o.get("scaleGradByFreq", False))
    return y, {"table": table}


def embedding_bag(inputs, o):
    y = F.embedding_bag(
        inputs["index"],
        inputs["weight"],
        inputs.get("offsets"),
        mode=o["mode"],
        per_sample_weights=inputs.get("perSampleWeights"),
        include_last_offset=o.get("includeLastOffset", False),
        padding_idx=o.get("paddingIdx"),
    )
    return y, {}


def randn(*shape, scale=1.0):
    return torch.randn(*shape, generator=generator) * scale


def ints(most, *shape):
    return torch.randint(most, shape, generator=generator, dtype=torch.int32)


generator = torch.Generator().manual_seed(7)
cases = []
for x, w in (([5, 7], [1]), ([4, 3], [3]), ([2, 3, 4, 2], [3]), ([6], [1])):
    inputs = {"x": randn(*x), "weight": randn(*w), "grad": randn(*x)}
    cases.append(case("prelu", {}, inputs, plain(lambda i, o: F.prelu(i["x"], i["weight"]))))
for x, dim in (([4, 6], -1), ([4, 6], 0), ([2, 4, 3], 1)):
    shape = list(x)
    shape[dim] //= 2
    cases.append(case("glu", {"dim": dim}, {"x": randn(*x), "grad": randn(*shape)}, plain(lambda i, o: F.glu(i["x"], o["dim"]))))
for x, dim in (([4, 6], 1), ([4, 6], 0)):
    cases.append(case("softmin", {"dim": dim}, {"x": randn(*x), "grad": randn(*x)}, plain(lambda i, o: F.softmin(i["x"], o["dim"]))))
inputs = {"x": randn(5, 7), "grad": randn(5, 7)}
rrelu = plain(lambda i, o: F.rrelu(i["x"], o["lower"], o["upper"], False))
cases.append(case("rrelu", {"lower": 0.1, "upper": 0.6}, inputs, rrelu))
for lead, in1, in2, out, biased in (([6], 3, 4, 5, True), ([2, 3], 7, 2, 1, False), ([1], 1, 1, 1, True), ([40], 17, 9, 6, True), ([], 3, 2, 4, True)):
    inputs = {"x1": randn(*lead, in1), "x2": randn(*lead, in2), "weight": randn(out, in1, in2), "grad": randn(*lead, out)}
    if biased:
        inputs["bias"] = randn(out)
    cases.append(case("bilinear", {}, inputs, plain(lambda i, o: F.bilinear(i["x1"], i["x2"], i["weight"], i.get("bias")))))
for a, b, dim, y in (([4, 5], [4, 5], 1, [4]), ([4, 5], [4, 5], 0, [5]), ([2, 3, 4], [3, 4], -1, [2, 3]), ([1, 5], [4, 5], 1, [4])):
    inputs = {"x1": randn(*a), "x2": randn(*b), "grad": randn(*y)}
    cases.append(case("cosineSimilarity", {"dim": dim, "eps": 1e-8}, inputs, plain(lambda i, o: F.cosine_similarity(i["x1"], i["x2"], o["dim"], o["eps"]))))
x1, x2 = randn(3, 4), randn(3, 4)
x1[1] = 0
inputs = {"x1": x1, "x2": x2, "grad": randn(3)}
cases.append(case("cosineSimilarity", {"dim": 1, "eps": 0.01}, inputs, plain(lambda i, o: F.cosine_similarity(i["x1"], i["x2"], o["dim"], o["eps"])), "with zeros"))


def distance(i, o):
    p = float(o["p"])
    return F.pairwise_distance(i["x1"], i["x2"], p, o["eps"], o["keepdim"])


for p in (2, 1, 3, 1.5, 0.5, 0, "inf"):
    inputs = {"x1": randn(4, 6), "x2": randn(4, 6), "grad": randn(4)}
    cases.append(case("pairwiseDistance", {"p": p, "eps": 1e-6, "keepdim": False}, inputs, plain(distance)))
x1 = randn(3, 4)
for p in (2, 1, 3):
    inputs = {"x1": x1, "x2": x1.clone(), "grad": randn(3, 1)}
    cases.append(case("pairwiseDistance", {"p": p, "eps": 0.0, "keepdim": True}, inputs, plain(distance), "of equals"))
group_norm = plain(lambda i, o: F.group_norm(i["x"], o["numGroups"], i.get("weight"), i.get("bias"), o["eps"]))
for x, groups, weighted, biased, eps in (([3, 6], 2, True, True, 1e-5), ([2, 4, 5], 4, True, True, 1e-5), ([2, 6, 3, 5], 1, True, False, 0.1), ([3, 8, 2], 4, False, False, 1e-5)):
    inputs = {"x": randn(*x), "grad": randn(*x)}
    if weighted:
        inputs["weight"] = randn(x[1])
    if biased:
        inputs["bias"] = randn(x[1])
    cases.append(case("groupNorm", {"numGroups": groups, "eps": eps}, inputs, group_norm))
for index, options in (
    ([9], {}),
    ([3, 4], {"paddingIdx": 2}),
    ([2, 3, 2], {"paddingIdx": -1, "scaleGradByFreq": True}),
    ([7], {"maxNorm": 1.0}),
    ([7], {"maxNorm": 1.5, "normType": 1.0}),
    ([5], {"maxNorm": 0.7, "normType": 3.0}),
):
    inputs = {"index": ints(6, *index), "weight": randn(6, 5), "grad": randn(*index, 5)}
    cases.append(case("embedding", options, inputs, embedding))
offsets = torch.tensor([0, 2, 2, 5], dtype=torch.int32)
for mode in ("sum", "mean", "max"):
    for options in ({}, {"paddingIdx": 1}, {"paddingIdx": -1, "includeLastOffset": True}):
        # What PyTorch makes of a last offset that is not the end of the index depends on the mode and on padding_idx.
        begins = torch.tensor([0, 2, 2, 5, 8], dtype=torch.int32) if "includeLastOffset" in options else offsets
        inputs = {"index": ints(5, 8), "weight": randn(5, 3), "offsets": begins, "grad": randn(4, 3)}
        cases.append(case("embeddingBag", {"mode": mode, **options}, inputs, embedding_bag))
    for options in ({}, {"paddingIdx": 0}):
        inputs = {"index": ints(5, 4, 6), "weight": randn(5, 3), "grad": randn(4, 3)}
        cases.append(case("embeddingBag", {"mode": mode, **options}, inputs, embedding_bag))
for inputs in (
    {"index": ints(5, 4, 6), "weight": randn(5, 3), "perSampleWeights": randn(4, 6), "grad": randn(4, 3)},
    {"index": ints(5, 8), "weight": randn(5, 3), "offsets": offsets, "perSampleWeights": randn(8), "grad": randn(4, 3)},
):
    for options in ({}, {"paddingIdx": 3}):
        cases.append(case("embeddingBag", {"mode": "sum", **options}, inputs, embedding_bag))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "layers.json.gz")
text = json.dumps({"reference": f"PyTorch {torch.__version__.split('+')[0]}", "cases": cases})
with open(path, "wb") as file:
    file.write(gzip.compress(text.encode(), mtime=0))
