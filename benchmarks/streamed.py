"""Rows larger than what they may take of the memory: seconds of an epoch beside those of the same rows in memory, and peak memory."""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import table

SIDE = 128
ENOUGH = "1TB"
"""A limit that is none."""

COLUMNS = 30
EPOCHS = 3
"""That are timed of each, the two in turn; the fastest counts."""


def epochs(rows: int, images: bool, limit: str, sizes: Sequence[int]) -> list[dict]:
    """Return a row for each batch size: seconds of an epoch in memory and of one that is read, by the same starter.

    Args:
        rows: How many rows there are; a fifth validates.
        images: Whether these are images, and not a table.
        limit: What may be taken by those that are read, as `Resources(memory=…)` takes it.
        sizes: Examples a batch.
    """
    import autoopt

    with tempfile.TemporaryDirectory() as folder:
        path, said = Path(folder), {} if images else {"target": "target"}
        if images:
            write(path, rows)
        else:
            path = path / "table.csv"
            table.write(path, rows, COLUMNS)
        sets = [autoopt.Dataset.of(path, **said, test_split=0, memory=each) for each in (ENOUGH, limit)]
        return [
            {"rows": rows, "of": "images" if images else "a table", "batch": size, **_beside(sets, size)}
            for size in sizes
        ]


def _beside(sets: Sequence[Any], size: int) -> dict:
    """Return seconds of an epoch of each data set, of a pass over what is read, and by what was trained."""
    import keras_tuner

    from autoopt import starters
    from autoopt.engines import Assignment, candidate_of, engine_named

    fittings = []
    for data in sets:
        model = starters.for_data("auto", data)(keras_tuner.HyperParameters())
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        assignment = Assignment(data.train, data.validation, size, EPOCHS + 1, seed=0)
        fittings.append(engine_named("auto").fitting(candidate_of(model), assignment))
        fittings[-1].epoch(0)  # compiles
    seconds: list[list[float]] = [[], []]
    for number in range(1, EPOCHS + 1):
        for fitting, found in zip(fittings, seconds, strict=True):
            started = time.perf_counter()
            fitting.epoch(number)
            found.append(time.perf_counter() - started)
    train = sets[1].train
    started = time.perf_counter()
    for _ in train.blocks(train.shuffled(np.random.default_rng(0)), train.at_once, lambda some: None):
        pass
    return {
        "in memory, seconds": min(seconds[0]), "read, seconds": min(seconds[1]),
        "reading alone, seconds": time.perf_counter() - started, "engine": fittings[1].engine,
    }  # fmt: skip


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
