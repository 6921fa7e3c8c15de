"""Reads a safetensors file with PyTorch, writes what it holds as JSON, and the file again under the second name: `python read.py in out`."""

import json
import sys

from safetensors import safe_open
from safetensors.torch import load_file, save_file

tensors = load_file(sys.argv[1])
with safe_open(sys.argv[1], framework="pt") as opened:
    metadata = opened.metadata()
save_file(tensors, sys.argv[2], metadata)
print(json.dumps({"metadata": metadata, "tensors": {k: [str(v.dtype), list(v.shape), v.flatten().tolist()] for k, v in tensors.items()}}))
