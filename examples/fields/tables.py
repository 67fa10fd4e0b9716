"""Tables: who leaves a telephone company, numbers and words in one CSV; and how strong concrete gets, a number."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.datasets import codes, cut, reg_concrete
from benchmarks.datasets.package import rdataset

MIXTURE = [
    "cement", "blast_furnace_slag", "fly_ash", "water", "superplasticizer", "coarse_aggregate", "fine_aggregate", "age",
]  # fmt: skip


def churn(folder: Path) -> tuple[Path, Path]:
    """Write 4,000 customers to train on and 1,000 to test on."""
    whole = rdataset("modeldata", "mlc_churn")
    paths = folder / "train.csv", folder / "test.csv"
    parts = cut(np.arange(len(whole)), codes(whole["churn"].to_numpy(str)), 0.2)
    for path, (rows, _) in zip(paths, parts, strict=True):
        whole.iloc[rows].to_csv(path, index=False)
    return paths


def concrete(folder: Path) -> tuple[Path, Path]:
    """Write 828 samples to train on and 202 of other mixtures to test on."""
    paths = folder / "train.csv", folder / "test.csv"
    for path, (x, strength) in zip(paths, reg_concrete(), strict=True):
        pd.DataFrame(x, columns=MIXTURE).assign(compressive_strength=strength).to_csv(path, index=False)
    return paths
