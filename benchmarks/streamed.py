"""A folder of images larger than what it may take of the memory: seconds and peak memory of an epoch, in arrays and in batches."""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIDE = 128
ENOUGH = "1TB"
"""A limit that is none."""


def measured(rows: int, limit: str) -> list[dict]:
    """Return a row for images that may take what there is, and one for images that may take no more than a limit.

    Args:
        rows: How many images there are.
        limit: As `Resources(memory=…)` takes it.
    """
    found = []
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), rows)
        for allowed in (ENOUGH, limit):
            context = multiprocessing.get_context("spawn")  # peaks of the other are not this process's
            with context.Pool(1) as pool:
                seconds, before, peak = pool.apply(_trained, (folder, allowed))
            found.append(
                {
                    "images": rows, "as arrays MB": rows * SIDE * SIDE * 3 * 4 / 1e6,
                    "may take": "all" if allowed == ENOUGH else allowed, "seconds": seconds,
                    "memory before MB": before / 1e6, "peak memory MB": peak / 1e6,
                }
            )  # fmt: skip
    return found


def write(folder: Path, rows: int) -> None:
    """Write images of noise in two classes, one of them lighter."""
    from PIL import Image

    chance = np.random.default_rng(0)
    for number in range(rows):
        name = ("dark", "light")[number % 2]
        (folder / name).mkdir(exist_ok=True)
        pixels = chance.integers(0, 160, (SIDE, SIDE, 3)) + 90 * (number % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{number:06}.jpg")


def _trained(folder: str, limit: str) -> tuple[float, int, int]:
    """Return seconds of reading and one trial of one epoch, and resident memory before and at its peak."""
    import keras

    import autoopt
    from autoopt import memory

    def model_fn() -> keras.Model:
        layers = [
            keras.Input((SIDE, SIDE, 3)),
            keras.layers.Conv2D(4, 3, 2, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1, "sigmoid"),
        ]
        model = keras.Sequential(layers)
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        return model

    before, started = memory.resident() or 0, time.perf_counter()
    with tempfile.TemporaryDirectory() as runs:
        autoopt.tune(
            model_fn, folder, max_trials=1, epochs=1, seed=0, verbose=0, search=autoopt.Search(confirm=0),
            resources=autoopt.Resources(memory=limit), directory=runs, logdir=Path(runs, "logs"),
        )  # fmt: skip
    unit = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - started, before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
