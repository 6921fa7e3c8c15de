"""The numbers of data.mjs in NumPy: the same hash, the same data, weights and digests."""
import math

import numpy as np


def hashed(i, seed):
    x = i + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    x = (x ^ x >> np.uint32(16)) * np.uint32(0x7FEB352D)
    x = (x ^ x >> np.uint32(15)) * np.uint32(0x846CA68B)
    return x ^ x >> np.uint32(16)


def unit(n, seed, start=0, stride=1):
    i = np.arange(n, dtype=np.uint32) * np.uint32(stride) + np.uint32(start)
    return (hashed(i, seed).astype(np.float64) + 0.5) / 2.0**32


def normal(n, seed):
    return (np.sqrt(-2 * np.log(unit(n, seed, 0, 2))) * np.cos(2 * math.pi * unit(n, seed, 1, 2))).astype(np.float32)


def labels(n, classes, seed):
    return (hashed(np.arange(n, dtype=np.uint32), seed) % np.uint32(classes)).astype(np.int32)


def linear(inputs, outputs, layer):
    """weight [out, in] and bias [out], uniform within 1/sqrt(in)."""
    bound = 1 / math.sqrt(inputs)
    uniform = lambda n, seed: ((2 * unit(n, seed) - 1) * bound).astype(np.float32)
    return uniform(inputs * outputs, 100 + layer).reshape(outputs, inputs), uniform(outputs, 200 + layer)


def network(widths):
    return [linear(i, o, layer) for layer, (i, o) in enumerate(zip(widths, widths[1:]))]


def values(trial, count):
    """x [count, in], y [count]: random, or from the trial's file."""
    width, classes = trial["layers"][0], trial["layers"][-1]
    if "file" not in trial:
        return normal(count * width, 1).reshape(count, width), labels(count, classes, 2)
    x = np.fromfile(trial["file"], "<f4", count * width).reshape(count, width)
    return x, np.fromfile(trial["file"], "<i4", count, offset=x.nbytes)


def batches(trial):
    """x [batches, batch, in], y [batches, batch]"""
    count, batch = trial["batches"], trial["batch"]
    x, y = values(trial, count * batch)
    return x.reshape(count, batch, -1), y.reshape(count, batch)


def rows(trial):
    """x [rows, in], y [rows]"""
    return values(trial, trial["rows"])


def digest(values, scale=1.0):
    """The summary of a large result that is checked: the mean of its magnitudes and four elements, all times `scale`."""
    values = np.asarray(values, dtype=np.float64).ravel()
    at = hashed(np.arange(4, dtype=np.uint32), 3) % np.uint32(values.size)
    return [float(np.abs(values).mean() * scale), *(float(values[i] * scale) for i in at)]
