# What bench/sparse-tables.mjs measures, in PyTorch: reads lines "OPTIMIZER WORDS SPARSE BAGS EACH COLUMNS" and answers each with a line of JSON.
import json
import sys

import torch
from blocks import measured
from torch import nn

torch.set_num_threads(1)
torch.set_flush_denormal(True)
torch.manual_seed(1)


def optimizer_of(name, parameters, sparse):
    if name == "SGD":
        return torch.optim.SGD(parameters, lr=0.01)
    if name == "Adagrad":
        return torch.optim.Adagrad(parameters)
    return torch.optim.SparseAdam(parameters) if sparse else torch.optim.Adam(parameters, fused=True)


def step_of(name, words, sparse, bags, each, columns):
    model = nn.EmbeddingBag(words, columns, mode="sum", sparse=sparse)
    optimizer = optimizer_of(name, list(model.parameters()), sparse)
    criterion = nn.MSELoss()
    batches = [torch.randint(0, words, (bags, each)) for _ in range(64)]
    target = torch.zeros(bags, columns)
    at = 0

    def step():
        nonlocal at
        optimizer.zero_grad()
        criterion(model(batches[at % 64]), target).backward()
        optimizer.step()
        at += 1

    return step


for line in sys.stdin:
    name, *numbers = line.split()
    words, sparse, *shape = (int(x) for x in numbers)
    print(json.dumps(measured(step_of(name, words, sparse == 1, *shape))), flush=True)
