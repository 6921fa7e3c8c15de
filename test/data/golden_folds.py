"""Writes folds.json.gz: the folds that scikit-learn deals without shuffling, for random classes and groups.

    python test/data/golden_folds.py
"""

import gzip
import json
import pathlib
import warnings

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)


def folds_of(splitter, n, y, groups):
    found = [[int(row) for row in test] for _, test in splitter.split(np.zeros(n), y, groups)]
    fold_of = np.empty(n, int)
    for fold, rows in enumerate(found):
        fold_of[rows] = fold
    return fold_of.tolist()


cases = []
for _ in range(60):
    folds = int(rng.integers(2, 6))
    n = int(rng.integers(4 * folds, 60))
    classes = int(rng.integers(2, 5))
    y = rng.permutation(rng.choice(classes, n, p=rng.dirichlet(np.full(classes, 2.0))))
    groups = rng.integers(0, max(3 * folds, n // 3), n)
    if len(np.unique(y)) < 2 or np.bincount(y).max() < folds or len(np.unique(groups)) < folds:
        continue
    cases.append(
        {
            "folds": folds,
            "classes": y.tolist(),
            "groups": groups.tolist(),
            "plain": folds_of(KFold(folds), n, None, None),
            "stratified": folds_of(StratifiedKFold(folds), n, y, None),
            "grouped": folds_of(GroupKFold(folds), n, None, groups),
            "both": folds_of(StratifiedGroupKFold(folds), n, y, groups),
        }
    )
path = pathlib.Path(__file__).with_name("folds.json.gz")
path.write_bytes(gzip.compress(json.dumps(cases, separators=(",", ":")).encode(), mtime=0))
print(len(cases), path.stat().st_size)
