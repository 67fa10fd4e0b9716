"""Job and Measured: what a measuring process is asked, and what it answers. JSON both ways."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from benchmarks.fresh import Told

Curve = Sequence[tuple[float, float]]
"""Seconds since the search was called, and the best validation score by then; a point wherever it rises."""


@dataclass(frozen=True)
class Job(Told):
    """One tuner, measured once.

    Attributes:
        task: A name of `benchmarks.quality.tasks.TASKS`.
        tuner: A name of `benchmarks.quality.tuners.HOMES`.
        budget: Seconds of the whole search.
        seed: Of the search.
        epochs: Most epochs a trial, None as the task has it.
        folder: Where the tuner may write.
    """

    task: str
    tuner: str
    budget: float
    seed: int
    epochs: int | None = None
    folder: str = ""


@dataclass(frozen=True)
class Measured(Told):
    """What came out of a job.

    Attributes:
        seconds: Wall time of the whole search; starting the process, loading frameworks and data are not in it.
        trials: Trials that were begun.
        curve: The best validation score so far.
        validation: That of the model which was returned.
        test: Share of the test part that it gets right.
        tested: Examples of the test part.
    """

    seconds: float
    trials: int
    curve: Curve
    validation: float
    test: float
    tested: int


@dataclass(frozen=True)
class Run:
    """A job and its answer."""

    job: Job
    measured: Measured

    def to_plain(self) -> dict:
        """Return both as JSON knows them."""
        job = {name: value for name, value in vars(self.job).items() if name != "folder"}
        return {"job": job, "measured": dataclasses.asdict(self.measured)}

    @classmethod
    def from_plain(cls, plain: dict) -> Self:
        """Read what `to_plain` gave."""
        return cls(Job(**plain["job"]), Measured(**plain["measured"]))
