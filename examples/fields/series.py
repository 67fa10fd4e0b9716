"""Time series: the outlines of leaves, and MNIST-1D. Arrays (rows, steps, 1) in .npz files that hold x and y."""

from pathlib import Path

import numpy as np

from benchmarks.datasets import ts_mnist1d, ts_osuleaf


def osuleaf(folder: Path) -> tuple[Path, Path]:
    """Write 200 outlines of 427 steps to train on and 242 to test on, as published: which of six trees."""
    return _written(folder, ts_osuleaf())


def mnist1d(folder: Path) -> tuple[Path, Path]:
    """Write 4,000 series of 40 steps to train on and 1,000 to test on: which of ten digits they are shapes of."""
    return _written(folder, ts_mnist1d())


def _written(folder: Path, parts: tuple[tuple[np.ndarray, np.ndarray], ...]) -> tuple[Path, Path]:
    paths = folder / "train.npz", folder / "test.npz"
    for path, (x, y) in zip(paths, parts, strict=True):
        np.savez(path, x=x, y=y)
    return paths
