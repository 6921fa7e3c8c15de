"""Makes scalers.json.gz: what scikit-learn's scalers learn and give. Run with a Python that has scikit-learn."""
import gzip
import json
import os
import warnings

import numpy as np
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

warnings.filterwarnings("ignore")
here = os.path.dirname(os.path.abspath(__file__))
nan = float("nan")


def plain(value):
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value.tolist()]
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return None if isinstance(value, float) and np.isnan(value) else value


rng = np.random.default_rng(3)
inputs = {
    "draws": np.float32(rng.normal([3, -200, 0.01], [1, 30, 0.001], (20, 3))),
    "gaps": np.float32([[1, nan, 5, nan], [2, 7, 5, nan], [nan, 9, 5, nan], [4, 9, nan, nan], [100, 9, 5, nan]]),
    "one row": np.float32([[3, -2]]),
    "constant": np.float32([[0.1, 1e6], [0.1, 1e6], [0.1, 1e6 + 1]]),
    "ties": np.float32([[1, 2], [1, 2], [1, 2], [9, 3], [1, 4], [0, 2]]),
}
cases = []
for kind, cls, attributes, variants in [
    ("StandardScaler", StandardScaler, {"mean": "mean_", "var": "var_", "scale": "scale_"},
     [{}, {"withMean": False}, {"withStd": False}, {"withMean": False, "withStd": False}]),
    ("MinMaxScaler", MinMaxScaler,
     {"dataMin": "data_min_", "dataMax": "data_max_", "dataRange": "data_range_", "scale": "scale_", "min": "min_"},
     [{}, {"featureRange": [-1, 3]}, {"clip": True}]),
    ("RobustScaler", RobustScaler, {"center": "center_", "scale": "scale_"},
     [{}, {"withCentering": False}, {"withScaling": False}, {"quantileRange": [10, 95]},
      {"unitVariance": True}, {"quantileRange": [1, 99.5], "unitVariance": True}]),
]:
    names = {"withMean": "with_mean", "withStd": "with_std", "featureRange": "feature_range", "withCentering": "with_centering",
             "withScaling": "with_scaling", "quantileRange": "quantile_range", "unitVariance": "unit_variance"}
    for options in variants:
        made = {names.get(k, k): tuple(v) if isinstance(v, list) else v for k, v in options.items()}
        for name, x in inputs.items():
            scaler = cls(**made).fit(x.astype(np.float64))
            learned = {ours: getattr(scaler, theirs) for ours, theirs in attributes.items()}
            other = (x * 1.5 + 1).astype(np.float32)
            cases.append({
                "kind": kind, "options": options, "input": name, "learned": {k: plain(v) for k, v in learned.items() if v is not None},
                "x": plain(x), "transformed": plain(scaler.transform(x.astype(np.float64))), "other": plain(other),
                "transformedOther": plain(scaler.transform(other.astype(np.float64))),
            })
with open(os.path.join(here, "scalers.json.gz"), "wb") as file:
    file.write(gzip.compress(json.dumps(cases).encode(), mtime=0))
