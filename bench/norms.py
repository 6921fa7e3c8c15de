# The measurements of bench/norms.mjs in PyTorch: reads lines "KIND ROWS COLUMNS" and answers each with a line of JSON.
import json
import sys

import torch
from blocks import measured
from torch import nn

torch.set_num_threads(1)
torch.set_flush_denormal(True)
torch.manual_seed(1)
WORDS = 10_000
MAKERS = {
    "LayerNorm": nn.LayerNorm,
    "RMSNorm": nn.RMSNorm,
    "BatchNorm1d": nn.BatchNorm1d,
    "Softmax": lambda _: nn.Softmax(-1),
}


def step_of(kind, rows, columns):
    dy = torch.rand(rows, columns) * 2 - 1
    if kind.startswith("Embedding"):
        table = nn.Embedding(WORDS, columns, sparse="sparse" in kind)
        index = torch.randint(0, WORDS, (rows,))

        def step():
            table.zero_grad()
            table(index).backward(dy)
            if "coalesced" in kind:
                table.weight.grad.coalesce()

        return step
    layer = MAKERS[kind](columns)
    x = (torch.rand(rows, columns) * 2 - 1 + torch.rand(rows, columns)).requires_grad_()

    def step():
        x.grad = None
        layer.zero_grad()
        layer(x).backward(dy)

    return step


for line in sys.stdin:
    kind, rows, columns = line.split()
    print(json.dumps(measured(step_of(kind, int(rows), int(columns)))), flush=True)
