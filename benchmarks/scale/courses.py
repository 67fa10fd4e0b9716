"""Courses: how long trainings take, measured or made up, and what they score."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autoopt.records import Logs
from autoopt.worker import Job
from benchmarks.suggest import made_up_score

EPOCHS = 30
"""Of each trial that is not ended early."""

DIGITS = (
    0.0832, 0.0342, 0.0362, 0.0533, 0.0228, 0.0134, 0.1024, 0.009, 0.0268, 0.0186, 0.0229, 0.0047, 0.0076, 0.0088, 0.0054,
    0.0127, 0.0101, 0.0081, 0.0113, 0.008, 0.0047, 0.0045, 0.0094, 0.0101, 0.0057, 0.0054, 0.0095, 0.0063, 0.0071, 0.0062,
    0.0184, 0.0074, 0.0101, 0.014, 0.008, 0.0056, 0.0127, 0.0131, 0.0091, 0.0058, 0.0174, 0.0055, 0.0109, 0.0185, 0.0062,
    0.0087, 0.0054, 0.0079, 0.0062, 0.0098, 0.0182, 0.0127, 0.0077, 0.0087, 0.0059, 0.0057, 0.0069, 0.0048, 0.0061, 0.0064,
)  # fmt: skip
"""Seconds of an epoch of every trial of a search on `examples/digits.py`: 60 trials, 30 epochs, seed 0, 2 cores."""

COMPILING = 2.05
"""Median seconds of those that compiled."""

WEIGHTS: Sequence[np.ndarray] = (np.zeros((64, 64), "float32"), np.zeros((64, 10), "float32"))
"""Of each trial: as many as a small net has."""

Seconds = tuple[float, float]
"""That compile, and of an epoch."""


@dataclass(frozen=True)
class Course:
    """How one training goes.

    Attributes:
        compiling: Seconds before its first epoch, where the worker has no program for it.
        epoch: Seconds of each.
        score: That it comes to.
        slack: By how much its first epoch is below that.
    """

    compiling: float
    epoch: float
    score: float
    slack: float = 0.3

    def logs(self, epoch: int) -> Logs:
        """Return what an epoch reports, from 0."""
        reached = self.score - self.slack * math.exp(-epoch / 5)
        return {
            "loss": 1.0 - reached,
            "accuracy": reached,
            "val_loss": 1.0 - reached,
            "val_accuracy": reached,
        }


def of_digits(chance: random.Random) -> Seconds:
    """Return what one that was measured takes."""
    return COMPILING, chance.choice(DIGITS)


def half_a_minute(chance: random.Random) -> Seconds:
    """Return what takes 20 to 40 s."""
    return 0.0, chance.uniform(20.0, 40.0) / EPOCHS


def minutes(chance: random.Random) -> Seconds:
    """Return what takes 30 s to 10 min, each size as often as its double."""
    return 0.0, 30.0 * 20.0 ** chance.random() / EPOCHS


KINDS: Mapping[str, Callable[[random.Random], Seconds]] = {
    "digits": of_digits,
    "30 s": half_a_minute,
    "30 s to 10 min": minutes,
}


def mean_seconds(kind: str) -> float:
    """Return the mean seconds of trials that nothing ends early and that all compile."""
    chance = random.Random(0)
    drawn = [KINDS[kind](chance) for _ in range(1_000)]
    return sum(compiling + EPOCHS * epoch for compiling, epoch in drawn) / len(drawn)


def course(kind: str, job: Job) -> Course:
    """Return how the training of a job goes, the same each time."""
    chance = random.Random(f"{job.seed} {job.number}")
    compiling, epoch = KINDS[kind](chance)
    return Course(compiling, epoch, made_up_score(job.values, chance))
