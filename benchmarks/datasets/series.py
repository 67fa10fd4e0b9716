"""Series over time, (rows, time, dimensions)."""

import numpy as np

from benchmarks.datasets.cut import Arrays
from benchmarks.datasets.package import aeon


def ts_mnist1d() -> tuple[Arrays, Arrays]:
    """Return MNIST-1D, 40 values: 4,000 to train and 1,000 to test, drawn as its authors did."""
    from mnist1d.data import get_dataset_args, make_dataset

    made = make_dataset(get_dataset_args())

    def part(ending: str) -> Arrays:
        return made[f"x{ending}"].astype("float32")[..., np.newaxis], made[f"y{ending}"].astype("int64")

    return part(""), part("_test")


def ts_italy() -> tuple[Arrays, Arrays]:
    """Return a day's demand for electricity, 24 hours, winter or summer; 67 and 1,029 as published."""
    return aeon("ItalyPowerDemand")


def ts_gunpoint() -> tuple[Arrays, Arrays]:
    """Return where a hand is that draws a gun, or points; 150 steps, 50 and 150 as published."""
    return aeon("GunPoint")


def ts_basic_motions() -> tuple[Arrays, Arrays]:
    """Return a watch's accelerometer and gyroscope, 100 steps of 6, 4 motions; 40 and 40 as published."""
    return aeon("BasicMotions")


def ts_osuleaf() -> tuple[Arrays, Arrays]:
    """Return outlines of leaves as series of 427 steps, 6 trees; 200 and 242 as published."""
    return aeon("OSULeaf")
