"""Makes encoders, imputer, joined and text.json.gz: what scikit-learn's encoders, imputer, pipelines and vectorizers learn and give. Run with a Python that has scikit-learn."""
import gzip
import itertools
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

# Gaps.
gaps = {
    "numbers": ([[1.0, nan, 5.0], [nan, nan, 7.0], [4.0, nan, 7.0], [4.0, nan, 1.5]], [[nan, 2.0, nan], [3.0, nan, nan]]),
    "full": ([[1.0, 2.0], [3.0, 2.0], [0.5, 9.0]], [[nan, 2.0]]),
    "marked": ([[-1.0, 2.0], [3.0, -1.0], [5.0, 2.0]], [[-1.0, -1.0], [0.0, 1.0]]),
    "strings": ([["b", "x"], ["a", None], ["a", "y"], [None, "x"]], [["c", None], [None, "q"]]),
}
imputers = []
for name, (x, other) in gaps.items():
    missing = {"marked": -1, "strings": None}.get(name, nan)
    x_, other_ = np.array(x, object if name == "strings" else np.float64), np.array(other, object if name == "strings" else np.float64)
    strategies = ("mostFrequent", "constant") if name == "strings" else ("mean", "median", "mostFrequent", "constant")
    for strategy, indicator, keep in itertools.product(strategies, (False, True), (False, True)):
        options = {"strategy": strategy, "addIndicator": indicator, "keepEmptyFeatures": keep}
        if strategy == "constant":
            options["fillValue"] = "?" if name == "strings" else 2.5
        imputer = SimpleImputer(**python(options), missing_values=missing).fit(x_)
        if name == "marked":
            options["missingValues"] = -1
        number = lambda rows: [[int(v) if isinstance(v, bool) else v for v in row] for row in plain(rows)]
        imputers.append({
            "input": name, "options": options, "x": plain(x), "other": plain(other), "statistics": plain(imputer.statistics_),
            "names": plain(imputer.get_feature_names_out()), "transformed": number(imputer.transform(x_)), "transformedOther": number(imputer.transform(other_)),
        })
write("imputer.json.gz", imputers)

# Parts side by side, and steps one after another.
rows = [[30.0, "Rome", "red fish", 1.0], [nan, "Oslo", "blue fish", 2.0], [50.0, "Rome", "one", 3.0], [41.0, None, "red red", 4.0], [22.5, "Bonn", "", 5.0]]
frame = np.array(rows, object)
joined = []
for threshold in (0, 0.3, 1):
    for remainder in ("drop", "passthrough", "scale"):
        words = Pipeline([("gaps", SimpleImputer(strategy="most_frequent", missing_values=None)), ("hot", OneHotEncoder(handle_unknown="ignore"))])
        numbers = Pipeline([("gaps", SimpleImputer(add_indicator=True)), ("scale", StandardScaler())])
        prepare = ColumnTransformer([("n", numbers, [0]), ("w", words, [1]), ("t", TfidfVectorizer(), 2)], sparse_threshold=threshold,
                                    remainder=MinMaxScaler() if remainder == "scale" else remainder)
        out = prepare.fit_transform(frame)
        joined.append({"threshold": threshold, "remainder": remainder, "sparse": bool(prepare.sparse_output_), "names": prepare.get_feature_names_out().tolist(),
                       "out": np.asarray(out.toarray() if hasattr(out, "toarray") else out, float).tolist()})
write("joined.json.gz", {"rows": plain(rows), "cases": joined})

# Texts.
texts = {
    "corpus": ["This is the first document.", "This document is the second document.", "And this is the third one.", "Is this the first document?"],
    "scripts": [
        "Zoë's café — naïve façade, ÅNGSTRÖM", "Ελληνικά ΣΊΣΥΦΟΣ ψυχή", "日本語 のテキスト 東京", "\u00bd x\u00b2 42 ٣٤ Ⅻ", "हिन्दी भाषा e\u0301te\u0301 cafe\u0301",
        "İstanbul STRASSE straße ﬁn snake_case __init__ a_b", "\U0001f600 \U0001d49c\U0001d49e test \uffe0\uffe0 tést", "", "don't e-mail re-run 3.14",
    ],
    "spaces": ["a  b\t\tc", "ab  cd\n\n ef", "\u2003x\u3000y \x1c z\x85w", " ", "one\x1ftwo\xa0\xa0three"],
    "words": [" ".join(f"w{int(i)}" for i in np.minimum(np.random.default_rng(i).geometric(0.12, 30), 25)) for i in range(12)],
}
others = ["this is a new document", "w1 w2 w2 w30", "東京 café", ""]
variants = [
    {}, {"binary": True}, {"lowercase": False}, {"stripAccents": "ascii"}, {"stripAccents": "unicode"}, {"ngramRange": [1, 2]},
    {"ngramRange": [2, 3], "stopWords": ["is", "the", "w1", "a_b"]}, {"analyzer": "char", "ngramRange": [1, 3]}, {"analyzer": "char", "ngramRange": [3, 3]},
    {"analyzer": "charWb", "ngramRange": [2, 4]}, {"analyzer": "charWb", "ngramRange": [6, 9]}, {"minDf": 2}, {"maxDf": 0.5}, {"minDf": 0.2, "maxDf": 3},
    {"maxFeatures": 3, "stripAccents": "unicode"}, {"tokenPattern": "(?u)\\b\\w+\\b"}, {"tokenPattern": "[\\w'-]+"}, {"tokenPattern": "(\\w)\\w*"},
    {"tokenPattern": "\\S+"}, {"tokenPattern": "\\b[^\\s\\d]+\\b"}, {"vocabulary": ["document", "w2", "first", "東京", "café"]},
]
vectors = []
for options in variants:
    for name, documents in texts.items():
        given = python(options)
        try:
            counter = CountVectorizer(**given).fit(documents)
        except ValueError:
            vectors.append({"kind": "CountVectorizer", "options": options, "input": name, "terms": None})
            continue
        if options.get("maxFeatures"):
            # Which of equally frequent terms are kept is by chance there.
            totals = np.asarray(CountVectorizer(**{**given, "max_features": None}).fit_transform(documents).sum(axis=0)).ravel()
            totals = np.sort(totals)[::-1]
            if len(totals) > 3 and totals[2] == totals[3]:
                continue
        terms = counter.get_feature_names_out().tolist()
        count = lambda m: [m.indptr.tolist(), m.indices.tolist(), m.data.tolist()]
        vectors.append({"kind": "CountVectorizer", "options": options, "input": name, "terms": terms,
                        "transformed": count(counter.transform(documents)), "other": count(counter.transform(others))})
for options in [
    {}, {"norm": "l1"}, {"norm": None}, {"useIdf": False}, {"smoothIdf": False}, {"sublinearTf": True}, {"norm": None, "sublinearTf": True, "smoothIdf": False},
    {"analyzer": "charWb", "ngramRange": [1, 2], "minDf": 3}, {"binary": True, "maxDf": 0.7}, {"vocabulary": ["w2", "w30", "w1", "document"], "norm": "l1"},
]:
    for name in ("corpus", "words"):
        weigher = TfidfVectorizer(**python(options)).fit(texts[name])
        count = lambda m: [m.indptr.tolist(), m.indices.tolist(), m.data.tolist()]
        vectors.append({"kind": "TfidfVectorizer", "options": options, "input": name, "terms": weigher.get_feature_names_out().tolist(),
                        "idf": weigher.idf_.tolist() if options.get("useIdf", True) else [],
                        "transformed": count(weigher.transform(texts[name])), "other": count(weigher.transform(others))})
write("text.json.gz", {"texts": texts, "others": others, "cases": vectors})
