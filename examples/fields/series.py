"""Time series: the outlines of leaves, and MNIST-1D, as a CSV with a series a row, one step a column, and its label."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.datasets import ts_mnist1d, ts_osuleaf


def osuleaf(folder: Path) -> tuple[Path, Path]:
    """Write 200 outlines of 427 steps to train on and 242 to test on, as published: which of six trees."""
    return _written(folder, ts_osuleaf())


def mnist1d(folder: Path) -> tuple[Path, Path]:
    """Write 4,000 series of 40 steps to train on and 1,000 to test on: which of ten digits they are shapes of."""
    return _written(folder, ts_mnist1d())


def _written(folder: Path, parts: tuple[tuple[np.ndarray, np.ndarray], ...]) -> tuple[Path, Path]:
    paths = folder / "train.csv", folder / "test.csv"
    for path, (x, y) in zip(paths, parts, strict=True):
        frame = pd.DataFrame(x.reshape(len(x), -1), columns=[f"t{step}" for step in range(x.shape[1])])
        frame.assign(label=y).to_csv(path, index=False)
    return paths
