"""How long it takes to open a run of so many trials: to read it, and to go on with it."""

import gc
import random
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import keras_tuner

from autoopt import AutoHyperModel, memory
from autoopt.data import Dataset
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.records import Objective, Trial
from autoopt.search import AHEAD, OptunaOracle, explore
from autoopt.storage import Journal
from benchmarks.runs import example

OBJECTIVE = Objective("val_accuracy", "max")
KEYS = ("loss", "accuracy", "val_loss", "val_accuracy")
EPOCHS = 50


def measured(counts: Sequence[int]) -> list[dict]:
    """Return a row for each number of trials: size of the journal, seconds to read it and to go on, memory taken.

    The trials are made up: hyperparameters are drawn of the full space of the digits example, and each has 50 epochs
    of four metrics.

    Args:
        counts: Trials of a run.
    """
    defined = example("digits")
    dataset = Dataset.of(defined.data(), seed=0)
    hypermodel = AutoHyperModel(defined.model_fn, data=dataset)
    space = explore(hypermodel)
    rows = []
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "journal.log")
            _fill(path, hypermodel, count)
            rows.append(_row(path, count, space))
    return rows


def _fill(path: Path, hypermodel: AutoHyperModel, count: int) -> None:
    """Write a journal as a search does: each epoch is reported, and each trial closed with its whole record."""
    journal, chance = Journal(path, OBJECTIVE), random.Random(0)
    for _ in range(count):
        number = journal.open()
        hp = AskingHyperParameters(partial(journal.suggest, number))
        hypermodel.draw(hp)
        history = {key: [chance.random() for _ in range(EPOCHS)] for key in KEYS}
        for epoch, score in enumerate(history["val_accuracy"]):
            journal.report(number, epoch, score)
        best = max(range(EPOCHS), key=history["val_accuracy"].__getitem__)
        values, score = dict(hp.values), history["val_accuracy"][best]
        journal.close(Trial(number, "completed", score, values, history, best, 1.0, 2.0, engine="made up"))


def _row(path: Path, count: int, space: keras_tuner.HyperParameters) -> dict:
    gc.collect()
    before, started = memory.resident() or 0, time.perf_counter()
    trials = Journal(path, OBJECTIVE, read_only=True).trials()
    read = time.perf_counter()
    journal = Journal(path, OBJECTIVE)
    oracle = OptunaOracle(
        keras_tuner.Objective(OBJECTIVE.name, OBJECTIVE.direction), seed=0, journal=journal, ahead=AHEAD, space=space
    )  # fmt: skip
    opened = time.perf_counter()
    assert len(trials) == len(oracle.trials) == count
    return {
        "trials": count,
        "journal MB": path.stat().st_size / 1e6,
        "seconds to read": read - started,
        "seconds to go on": opened - read,
        "memory MB": ((memory.resident() or 0) - before) / 1e6,
    }
