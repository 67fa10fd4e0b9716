"""How long a suggestion takes, with so many finished trials behind it, over the full space of the digits example."""

import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner

from autoopt import AutoHyperModel
from autoopt.data import Dataset
from autoopt.records import Objective
from autoopt.search import AHEAD, OptunaOracle, explore, fitting
from autoopt.storage import Journal
from benchmarks.runs import example

COUNTS = (100, 300, 1_000)
SUGGESTIONS = 20
OBJECTIVE = Objective("val_accuracy", "max")

Taken = tuple[float, float]
"""Seconds by the clock, and of this thread on a processor: on a busy machine the second says more."""


def measured(counts: Sequence[int], suggestions: int) -> list[dict]:
    """Return a row for each number of finished trials: milliseconds of a suggestion, median and worst.

    A suggestion is what a search waits for: the trial is created, its recipe drawn. The trials are made up: their
    scores depend on what was drawn, so that the sampler has something to learn.

    Args:
        counts: Finished trials before those that are timed, rising.
        suggestions: How many are timed.
    """
    defined = example("digits")
    dataset = Dataset.of(defined.data(), seed=0)
    hypermodel = AutoHyperModel(defined.model_fn, data=dataset)
    with tempfile.TemporaryDirectory() as folder:
        seconds = _suggested(Path(folder, "journal.log"), hypermodel, dataset)
        found: list[Taken] = []
        rows = []
        for count in counts:
            while len(found) < count + suggestions:
                found.append(next(seconds))
            rows.append(_row(count, found[count : count + suggestions]))
    return rows


def _row(trials: int, taken: Sequence[Taken]) -> dict:
    return {
        "finished trials": trials,
        "median ms": 1e3 * statistics.median(wall for wall, _ in taken),
        "worst ms": 1e3 * max(wall for wall, _ in taken),
        "median ms of CPU": 1e3 * statistics.median(own for _, own in taken),
    }


def _suggested(path: Path, hypermodel: AutoHyperModel, dataset: Dataset) -> Iterator[Taken]:
    """Yield what was taken by one suggestion after the other, each trial ended before the next."""
    oracle = OptunaOracle(
        keras_tuner.Objective(OBJECTIVE.name, OBJECTIVE.direction), seed=0, journal=Journal(path, OBJECTIVE),
        usual=fitting(explore(hypermodel)), examples=dataset.validation.n, ahead=AHEAD,
    )  # fmt: skip
    chance = random.Random(0)
    while True:
        started, own = time.perf_counter(), time.thread_time()
        trial = oracle.create_trial("benchmark")
        hypermodel.draw(trial.hyperparameters)
        yield time.perf_counter() - started, time.thread_time() - own
        score = made_up_score(trial.hyperparameters.values, chance)
        oracle.update_trial(trial.trial_id, {OBJECTIVE.name: score})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)


def made_up_score(values: Mapping[str, Any], chance: random.Random) -> float:
    """Return a made-up accuracy: the nearer the rate is to 0.005 and the wider the net, the better."""
    rate = values.get("optimizer/learning_rate", 1e-2)
    width = max((value for name, value in values.items() if name.endswith("/width")), default=1.0)
    return 0.9 + 0.01 * min(width, 4.0) - 0.5 * abs(rate - 5e-3) + chance.gauss(0.0, 0.005)
