# What bench/precision-steps.mjs measures, in PyTorch: reads lines "MODE KIND THREADS BATCH SIZES..." and answers each with a line of JSON.
import json
import sys

import torch
from blocks import measured
from torch import nn

torch.set_flush_denormal(True)
steps = {}


def step_of(mode, kind, batch, sizes):
    torch.manual_seed(1)
    layers = [layer for i, size in enumerate(sizes[1:]) for layer in (nn.Linear(sizes[i], size), nn.ReLU())]
    model = nn.Sequential(*layers[:-1])
    x, y = torch.randn(batch, sizes[0]), torch.randint(0, sizes[-1], (batch,))
    autocast = mode == "autocast"
    if kind == "infer":
        model.eval()

        def infer():
            with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
                return model(x)

        return infer
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    criterion = nn.CrossEntropyLoss()

    def train():
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()

    return train


for line in sys.stdin:
    mode, kind, threads, batch, *sizes = line.split()
    torch.set_num_threads(int(threads))
    torch.set_float32_matmul_precision("medium" if mode == "medium" else "highest")
    if line not in steps:
        steps[line] = step_of(mode, kind, int(batch), [int(size) for size in sizes])
    print(json.dumps(measured(steps[line])), flush=True)
