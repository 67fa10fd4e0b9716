"""All pairs of optimizer, schedule and initializer: does each train a small net at our default rate, without another program?"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras
from sklearn.datasets import load_digits

from autoopt import AutoHyperModel
from autoopt.axes.initialization import AS_WRITTEN, INITIALIZERS
from autoopt.axes.optimizer import ALGORITHMS
from autoopt.data import Dataset
from autoopt.engines import engine_named
from autoopt.recipe import Recipe
from autoopt.records import Objective, Trial
from autoopt.schedules import SHAPES
from autoopt.worker import Job, Worker

logger = logging.getLogger(__name__)

WANTED = 0.9
"""Validation accuracy on digits that every one of them is to reach."""

EPOCHS, EPOCHS_OF_GD = 30, 200
"""Gradient descent makes one step an epoch."""


@dataclass(frozen=True)
class Pairing:
    """One training: names of an optimizer, a schedule and an initializer."""

    optimizer: str
    schedule: str
    initializer: str

    @property
    def epochs(self) -> int:
        """How long it trains."""
        return EPOCHS_OF_GD if self.optimizer == "gd" else EPOCHS

    @property
    def recipe(self) -> Recipe:
        """What differs from a plain net: the rate is our default one."""
        found = Recipe().plus(
            optimizer=self.optimizer,
            schedule=self.schedule,
            learning_rate=ALGORITHMS[self.optimizer].default,
            full_batch=self.optimizer == "gd",
        )
        return found if self.initializer == AS_WRITTEN else found.plus(initializer=self.initializer)


def pairings(optimizers: Sequence[str] = tuple(ALGORITHMS)) -> Iterator[Pairing]:
    """Yield every pair of two of the three at least once: a Latin square of initializers over the other two."""
    initializers = (AS_WRITTEN, *INITIALIZERS)
    width = max(len(SHAPES), len(initializers))
    for row, optimizer in enumerate(optimizers):
        for column in range(width):
            schedule = list(SHAPES)[column % len(SHAPES)]
            yield Pairing(optimizer, schedule, initializers[(row + column) % len(initializers)])


def worker() -> Worker:
    """Return what trains a plain net of 64 hidden units on the digits."""
    x, y = load_digits(return_X_y=True)
    data = Dataset.of(((x / 16).astype("float32"), y), seed=0)

    def model_fn() -> keras.Model:
        layers = [keras.Input((64,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(10, "softmax")]
        return keras.Sequential(layers)

    return Worker(
        AutoHyperModel(model_fn, data=data), data, engine_named("auto"), Objective("val_accuracy", "max")
    )


def trained(work: Worker, pairing: Pairing, seed: int) -> Trial:
    """Train one of them to its end."""
    job = Job(1, pairing.recipe, {}, pairing.epochs, pairing.epochs, seed)
    found = work.run(job, lambda epoch, logs: "continue").trial
    logger.info("%s: %s", pairing, found.score)
    return found


def measured(optimizers: Sequence[str], seed: int) -> list[dict]:
    """Return one row an optimizer: its worst validation accuracy, where that was, and how many programs it took."""
    work, rows = worker(), []
    for optimizer in optimizers:
        found = {each: trained(work, each, seed) for each in pairings() if each.optimizer == optimizer}
        worst = min(found, key=lambda each: found[each].score or 0.0)
        rows.append(
            {
                "optimizer": optimizer,
                "trainings": len(found),
                "reached .90": sum((trial.score or 0.0) >= WANTED for trial in found.values()),
                "worst": found[worst].score or 0.0,
                "with": f"{worst.schedule}, {worst.initializer}",
                "programs": len({trial.program for trial in found.values()} - {None}) or None,
            }
        )
    return rows
