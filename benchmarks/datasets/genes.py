"""Genomics: bases of DNA, and how active genes are."""

import numpy as np
import pandas as pd

from benchmarks.datasets.cut import Arrays, codes, cut
from benchmarks.datasets.package import keel, located

BASES = np.array(list("ACGT"))


def gen_splice() -> tuple[Arrays, Arrays]:
    """Return primate splice junctions, 60 bases one-hot, 3 classes; a fifth tests. Exact duplicates are dropped.

    A base that is not known (N, D, R, S) is all zeros.
    """
    rows = keel("splice").drop_duplicates()
    letters = rows.iloc[:, :60].to_numpy(str)
    x = (letters[..., np.newaxis] == BASES).astype("float32")
    return cut(x, codes(rows.iloc[:, 60].to_numpy(str)), 0.2)


def gen_khan() -> tuple[Arrays, Arrays]:
    """Return Khan's tumours of 2001: 2,308 genes, 4 kinds; 63 train and 20 test, as published."""

    def values(name: str) -> np.ndarray:
        return pd.read_csv(located("ISLP") / "data" / f"Khan_{name}.csv").to_numpy()

    train, tests = (
        (values(f"x{part}").astype("float32"), values(f"y{part}")[:, -1].astype("int64") - 1)
        for part in ("train", "test")
    )
    return train, tests
