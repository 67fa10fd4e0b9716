"""Tables: of numbers, of numbers and words, and one whose target is a number."""

import zlib

import numpy as np
import pandas as pd

from benchmarks.datasets.cut import Arrays, codes, cut
from benchmarks.datasets.package import keel, rdataset


def tab_cells() -> tuple[Arrays, Arrays]:
    """Return Hill's cells of 2007: 56 numbers, well segmented or not; cut as published, 1,009 and 1,010."""
    frame = rdataset("modeldata", "cells")
    x, y = frame.drop(columns=["case", "class"]).to_numpy("float32"), codes(frame["class"].to_numpy(str))
    train = (frame["case"] == "Train").to_numpy()
    return (x[train], y[train]), (x[~train], y[~train])


def tab_churn() -> tuple[Arrays, Arrays]:
    """Return who left a telephone company, 14 %: 15 numbers, and 4 columns of words one-hot; a fifth tests."""
    frame = rdataset("modeldata", "mlc_churn")
    x = frame.drop(columns="churn")
    numbers = x.select_dtypes("number")
    words = pd.get_dummies(x.drop(columns=numbers.columns).astype("object"), dtype="float32")
    joined = pd.concat([numbers.astype("float32"), words], axis=1).to_numpy("float32")
    return cut(joined, codes(frame["churn"].to_numpy(str)), 0.2)


def tab_satimage() -> tuple[Arrays, Arrays]:
    """Return Statlog Landsat: 36 numbers, 6 kinds of ground; 4,435 to train and 2,000 to test, as in the original.

    KEEL has shuffled the rows, so which ones are in which part is not the original's.
    """
    values = keel("satimage").to_numpy()
    return cut(values[:, :-1].astype("float32"), codes(values[:, -1].astype(int)), 2_000 / 6_435)


def reg_concrete() -> tuple[Arrays, Arrays]:
    """Return how strong concrete is, in MPa, by 8 numbers: no mixture is in both parts, whatever its age."""
    frame = rdataset("modeldata", "concrete")
    x, y = frame.drop(columns="compressive_strength"), frame["compressive_strength"].to_numpy("float32")
    mixtures = x.drop(columns="age").round(3).astype(str).agg("|".join, axis=1)
    tests = np.array([zlib.crc32(mixture.encode()) % 5 == 0 for mixture in mixtures])
    rows = x.to_numpy("float32")
    return (rows[~tests], y[~tests]), (rows[tests], y[tests])
