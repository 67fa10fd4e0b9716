"""What TensorBoard's logs cost: time a trial, pictures by themselves, and disk."""

import random
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner

from autoopt import AutoHyperModel
from autoopt.data import Dataset
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.records import (
    EpochEnded,
    Objective,
    SearchEnded,
    SearchStarted,
    Trial,
    TrialEnded,
    TrialStarted,
    Weighed,
)
from autoopt.reports import TensorBoard
from autoopt.search import explore
from autoopt.surgery import diagram
from benchmarks.runs import example

OBJECTIVE = Objective("val_accuracy", "max")
KEYS = ("loss", "accuracy", "val_loss", "val_accuracy")


def measured(counts: Sequence[int], epochs: int) -> list[dict]:
    """Return a row for each number of trials: milliseconds a trial, seconds at the start and for the pictures, and disk.

    The trials are made up: hyperparameters are drawn of the full space of the digits example. What is timed is the
    sink by itself; a search hands over to a thread, and waits for it at its end alone.

    Args:
        counts: Trials of a search.
        epochs: Of each.
    """
    defined = example("digits")
    hypermodel = AutoHyperModel(defined.model_fn, data=Dataset.of(defined.data(), seed=0))
    space, nodes = explore(hypermodel), diagram(defined.model_fn())
    rows = []
    for count in counts:
        chance = random.Random(0)
        trials = [_trial(number, epochs, hypermodel, chance) for number in range(count)]
        with tempfile.TemporaryDirectory() as folder:
            rows.append(_row(Path(folder), trials, space, nodes))
    return rows


def _trial(number: int, epochs: int, hypermodel: AutoHyperModel, chance: random.Random) -> Trial:
    hp = AskingHyperParameters(
        lambda asked: asked.random_sample(chance.randrange(2**31)) if number else asked.default
    )
    hypermodel.draw(hp)
    history = {key: [chance.random() for _ in range(epochs)] for key in KEYS}
    best = max(range(epochs), key=history["val_accuracy"].__getitem__)
    return Trial(
        number, "completed", history["val_accuracy"][best], dict(hp.values), history, best, 1.0, 2.0,
        program=number // 4, costs={"compile": 1.0, "train": 1.0, "evaluate": 0.1},
    )  # fmt: skip


def _row(folder: Path, trials: Sequence[Trial], space: keras_tuner.HyperParameters, nodes: Any) -> dict:
    sink, began = TensorBoard(folder / "run"), time.perf_counter()
    sink(SearchStarted("run", OBJECTIVE, space, KEYS, trials[0].epochs, len(trials), None, nodes=nodes))
    started = time.perf_counter() - began
    each = [_seconds(sink, trial) for trial in trials]
    seconds, work = [wall for wall, _ in each], [cpu for _, cpu in each]
    sink(Weighed(_shares(trials[-1].hyperparameters)))
    before = time.perf_counter()
    sink(SearchEnded(trials[0], "all trials are done", nodes=nodes))
    ended = time.perf_counter() - before
    sink.close()
    return {
        "trials": len(trials),
        "ms a trial": 1e3 * statistics.fmean(seconds),
        "CPU ms a trial": 1e3 * statistics.fmean(work),
        "CPU ms of the last tenth": 1e3 * statistics.fmean(work[-max(len(work) // 10, 1) :]),
        "ms at most": 1e3 * max(seconds),
        "s to start": started,
        "s to end, with pictures": ended,
        "MB": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6,
    }


def _seconds(sink: TensorBoard, trial: Trial) -> tuple[float, float]:
    """Return what it takes to tell one trial, its start, each of its epochs, and its end: seconds, and those of the CPU."""
    began, worked = time.perf_counter(), time.process_time()
    sink(TrialStarted(trial.number, trial.hyperparameters))
    for epoch in range(trial.epochs):
        sink(EpochEnded(trial.number, epoch, {key: row[epoch] for key, row in trial.history.items()}))
    sink(TrialEnded(trial))
    return time.perf_counter() - began, time.process_time() - worked


def _shares(names: Mapping[str, Any]) -> dict[str, float]:
    return {name: 1.0 / len(names) for name in names}
