"""What the scripts that make golden numbers of metrics draw, each after generator.manual_seed, and how they write numbers and names."""
import math
import re

import torch

generator = torch.Generator()


def snake(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def value(v):
    return v if math.isfinite(v) else str(v).replace("nan", "NaN").replace("inf", "Infinity")


def normal(*shape):
    return torch.randn(*shape, generator=generator)


def uniform(*shape, steps=16):
    return torch.randint(0, steps + 1, shape, generator=generator) / steps


def classes(count, *shape):
    return torch.randint(0, count, shape, generator=generator)


def hiding(target, hidden):
    return torch.where(torch.rand(target.shape, generator=generator) < 0.25, torch.tensor(hidden), target)
