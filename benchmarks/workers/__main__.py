"""One search of fixed trials in this process: reads what to do from standard input, writes when its trials ran."""

import itertools
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
from sklearn.datasets import load_digits

import autoopt
from autoopt.records import TrialStarted
from autoopt.worker import Worker
from benchmarks.fresh import Told

WIDTHS, DEPTHS = (0.5, 1.0, 2.0, 4.0), (1, 2)
"""Of eight structures."""

RATES = (0.0003, 0.0006, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.006, 0.008, 0.01)


@dataclass(frozen=True)
class Asked(Told):
    """What a process is to do.

    Attributes:
        workers: How many trials at once.
        first: Place of its first trial among all.
        every: It takes every so many-th from there.
        trials: How many there are in all.
        epochs: Of each.
    """

    workers: int
    first: int
    every: int
    trials: int
    epochs: int


@dataclass(frozen=True)
class Ran(Told):
    """When trials ran.

    Attributes:
        startup: Seconds from the call to the first trial.
        spans: Of each trial where it ran, and from when to when, UTC seconds.
    """

    startup: float
    spans: Sequence[tuple[str, float, float]]


def model_fn() -> keras.Model:
    """Return a small dense net for the digits."""
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(32, "relu"), layers.Dense(32, "relu"), layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def points(trials: int) -> list[dict]:
    """Return so many points of eight structures, each with settings of its own, as a search might come upon them."""
    grid = itertools.product(RATES, WIDTHS, DEPTHS)
    named = ("optimizer/learning_rate", "structure/dense/width", "structure/dense/depth")
    return [dict(zip(named, values, strict=True)) for values in itertools.islice(grid, trials)]


def ran(asked: Asked, folder: str) -> Ran:
    """Search and return when each trial ran."""
    x, y = load_digits(return_X_y=True)
    mine = points(asked.trials)[asked.first :: asked.every]
    begun: list[float] = []
    search = autoopt.Search(start=mine, pruner="none", confirm=0)
    called = time.time()
    result = autoopt.tune(
        model_fn, (x / 16, y), epochs=asked.epochs, max_trials=len(mine) + 1, workers=asked.workers, seed=0, search=search,
        sinks=[lambda event: begun.append(time.time()) if isinstance(event, TrialStarted) else None],
        directory=Path(folder, "runs"), logdir=Path(folder, "logs"), verbose=0,
    )  # fmt: skip
    where = f"process {asked.first}"
    spans = [
        (trial.engine.rpartition(", on ")[2] if asked.workers > 1 else where, trial.started, trial.finished or 0.0)
        for trial in result.trials
    ]  # fmt: skip
    return Ran(begun[0] - called, spans)


if __name__ == "__main__":
    question = Asked.from_json(sys.stdin.read())
    # Workers compile nothing ahead, so neither does what they are compared with.
    Worker.prepares = False  # type: ignore[assignment,method-assign]
    with tempfile.TemporaryDirectory() as scratch:
        Path(sys.argv[1]).write_text(ran(question, scratch).to_json())
