"""Makes categories.json: what scikit-learn's OneHotEncoder gives. Run with a Python that has scikit-learn."""
import json
import os
import warnings

import numpy as np
from sklearn.preprocessing import OneHotEncoder

warnings.filterwarnings("ignore")
here = os.path.dirname(os.path.abspath(__file__))
nan = float("nan")
inputs = {
    "strings": ([["b", "x"], ["a", "y"], ["b", "x"], ["c", "y"]], [["c", "x"], ["q", "y"]]),
    "code points": ([["\U0001f600"], ["\uffe0"], ["z"], ["Z"]], [["\uffe0"], ["-"]]),
    "numbers": ([[3.0, 1.0], [-1.0, 2.0], [nan, 1.0]], [[nan, 2.0], [7.0, 1.0]]),
    "missing": ([["a"], [None], ["b"]], [[None], ["a"]]),
    "one row": ([["a", "b"]], [["a", "b"], ["b", "a"]]),
}
cases = []
for name, (x, other) in inputs.items():
    dtype = np.float64 if name == "numbers" else object
    x_, other_ = np.array(x, dtype), np.array(other, dtype)
    for options in [{"handleUnknown": "ignore"}, {"handleUnknown": "ignore", "drop": "first"}, {"handleUnknown": "ignore", "drop": "ifBinary"}]:
        drop = {"ifBinary": "if_binary"}.get(options.get("drop"), options.get("drop"))
        encoder = OneHotEncoder(handle_unknown="ignore", drop=drop, sparse_output=False).fit(x_)
        gaps = lambda rows: [[None if isinstance(v, float) and v != v else v for v in row] for row in rows]
        cases.append({
            "input": name, "options": options, "x": gaps(x), "other": gaps(other), "categories": gaps([c.tolist() for c in encoder.categories_]),
            "dropIdx": None if encoder.drop_idx_ is None else encoder.drop_idx_.tolist(),
            "transformed": encoder.transform(x_).tolist(), "transformedOther": encoder.transform(other_).tolist(),
            "back": gaps(encoder.inverse_transform(encoder.transform(other_)).tolist()) if encoder.transform(x_).shape[1] else None,
        })
with open(os.path.join(here, "categories.json"), "w") as file:
    json.dump(cases, file)
    file.write("\n")
