"""Makes encoders.json.gz, imputer.json.gz and text.json.gz: what scikit-learn's encoders, imputer and vectorizers learn and give. Run with a Python that has scikit-learn."""
import gzip
import json
import os
import re
import warnings

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

warnings.filterwarnings("ignore")
here = os.path.dirname(os.path.abspath(__file__))
nan = float("nan")


def plain(value):
    if value is None:
        return None
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return None if isinstance(value, float) and value != value else value


def write(name, value):
    with open(os.path.join(here, name), "wb") as file:
        file.write(gzip.compress(json.dumps(value).encode(), mtime=0))


def python(options):
    """The options by Python's names."""
    snake = lambda text: re.sub("[A-Z]", lambda m: "_" + m[0].lower(), text)
    given = {}
    for name, value in options.items():
        if name in ("handleUnknown", "drop", "strategy", "analyzer") and isinstance(value, str):
            value = snake(value)
        if name in ("ngramRange",):
            value = tuple(value)
        if name == "maxDf" and value == 1:
            value = 1.0
        if name in ("unknownValue", "missingValues", "encodedMissingValue") and value == "NaN":
            value = nan
        given[snake(name)] = value
    return given


# Encoders.
tables = {
    "strings": ([["b", "x"], ["a", "y"], ["b", "x"], ["c", "y"], ["d", "x"], ["b", "z"]], [["c", "x"], ["q", "y"], ["b", "z"]]),
    "code points": ([["\U0001f600"], ["\uffe0"], ["z"], ["Z"]], [["\uffe0"], ["-"]]),
    "numbers": ([[3.0, 1.0], [-1.0, 2.0], [nan, 1.0], [3.0, nan], [7.0, 1.0]], [[nan, 2.0], [8.0, 1.0]]),
    "one row": ([["a", "b"]], [["a", "b"], ["b", "a"]]),
    "gaps": ([["a"], [nan], ["b"], ["a"], ["c"], ["c"], ["d"]], [[nan], ["a"], ["q"], ["b"]]),
}
encoders = []
known = {"handleUnknown": "useEncodedValue", "unknownValue": -1}
for kind, cls, variants in [
    ("OrdinalEncoder", OrdinalEncoder, [
        known, {**known, "unknownValue": "NaN"}, {**known, "encodedMissingValue": -7}, {**known, "minFrequency": 2},
        {**known, "minFrequency": 0.4, "encodedMissingValue": -2}, {**known, "maxCategories": 2}, {**known, "maxCategories": 1},
        {**known, "maxCategories": 3, "minFrequency": 2},
    ]),
    ("OneHotEncoder", OneHotEncoder, [
        {"handleUnknown": "infrequentIfExist"}, {"handleUnknown": "infrequentIfExist", "minFrequency": 2},
        {"handleUnknown": "infrequentIfExist", "minFrequency": 0.4, "drop": "first"},
        {"handleUnknown": "infrequentIfExist", "maxCategories": 2, "drop": "ifBinary"},
        {"handleUnknown": "infrequentIfExist", "maxCategories": 1}, {"handleUnknown": "ignore", "maxCategories": 3},
        {"handleUnknown": "ignore", "maxCategories": 3, "minFrequency": 2, "drop": "first"},
    ]),
]:
    for options in variants:
        for name, (x, other) in tables.items():
            dtype = np.float64 if name == "numbers" else object
            x_, other_ = np.array(x, dtype), np.array(other, dtype)
            extra = {"sparse_output": False} if kind == "OneHotEncoder" else {}
            encoder = cls(**python(options), **extra).fit(x_)
            out = encoder.transform(other_)
            try:
                back = plain(encoder.inverse_transform(out.copy()))
            except (ValueError, IndexError):
                back = None
            encoders.append({
                "kind": kind, "options": options, "input": name, "x": plain(x), "other": plain(other),
                "categories": plain([c.tolist() for c in encoder.categories_]),
                "infrequent": plain(encoder.infrequent_categories_) if encoder._infrequent_enabled else None,
                "dropIdx": plain(getattr(encoder, "drop_idx_", None)), "names": plain(encoder.get_feature_names_out()),
                "transformed": plain(encoder.transform(x_)), "transformedOther": plain(out), "back": back,
            })
write("encoders.json.gz", encoders)
