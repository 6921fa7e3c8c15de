"""Makes the files of this folder's `golden` with PyTorch and safetensors: `python test/io/golden.py`."""

import json
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn

here = pathlib.Path(__file__).parent / "golden"
here.mkdir(exist_ok=True)
torch.manual_seed(1)


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.scale = nn.Parameter(torch.ones(2))
        self.register_buffer("mean", torch.zeros(3))


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.ly1 = nn.Linear(4, 3)
        self.inner = Inner()
        self.heads = nn.ModuleDict({"mean": nn.Linear(3, 1), "spread": nn.Linear(3, 1, bias=False)})
        self.blocks = nn.ModuleList([nn.Linear(3, 3), nn.LayerNorm(3)])
        self.values = nn.ParameterList([torch.ones(2), torch.zeros(1)])


modules = {
    "sequential": nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Dropout(0.1), nn.Linear(3, 2, bias=False)),
    "custom": Outer(),
    "batch_norm": nn.BatchNorm1d(4),
    "batch_norm_plain": nn.BatchNorm1d(4, affine=False),
    "batch_norm_untracked": nn.BatchNorm1d(4, track_running_stats=False),
    "embedding": nn.Embedding(5, 3, padding_idx=0),
    "embedding_bag": nn.EmbeddingBag(5, 3),
    "layer_norm": nn.LayerNorm([2, 3]),
    "rms_norm": nn.RMSNorm(3),
    "group_norm": nn.GroupNorm(2, 4),
    "prelu": nn.PReLU(3),
    "bilinear": nn.Bilinear(2, 3, 4),
    "cross_entropy": nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0])),
    "bce": nn.BCEWithLogitsLoss(weight=torch.ones(2), pos_weight=torch.tensor([2.0, 3.0])),
}
modules["batch_norm"](torch.randn(6, 4))

names = {}
for name, module in modules.items():
    state = module.state_dict()
    names[name] = {key: [str(value.dtype).removeprefix("torch."), list(value.shape)] for key, value in state.items()}
(here / "names.json").write_text(json.dumps(names) + "\n")

save_file(modules["custom"].state_dict(), here / "custom.safetensors", metadata={"made": "by PyTorch", "é": "ü"})
save_file(modules["batch_norm"].state_dict(), here / "batch_norm.safetensors")
numbers = [0.0, -0.0, 1.0, -2.5, 65504.0, 2.0**-24, 2.0**-14, float("inf"), float("-inf"), float("nan"), 1 / 3]
save_file(
    {
        "f64": torch.tensor(numbers, dtype=torch.float64),
        "f32": torch.tensor(numbers),
        "f16": torch.tensor(numbers).half(),
        "bf16": torch.tensor(numbers).bfloat16(),
        "i64": torch.tensor([0, -1, 2**31 - 1, -(2**31)]),
        "i32": torch.tensor([0, -1, 2**31 - 1, -(2**31)], dtype=torch.int32),
        "i16": torch.tensor([0, -1, 2**15 - 1, -(2**15)], dtype=torch.int16),
        "i8": torch.tensor([0, -1, 127, -128], dtype=torch.int8),
        "u8": torch.tensor([0, 1, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(1.5),
        "empty": torch.zeros(0, 3),
        "__proto__": torch.tensor([7.0]),
        "too_large": torch.tensor([2**31]),
        "complex": torch.tensor([1j]),
    },
    here / "dtypes.safetensors",
)
