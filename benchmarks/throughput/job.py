"""Job and Measured: what a measuring process is asked, and what it answers. JSON both ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from benchmarks.fresh import Told

Candidate = Mapping[str, Any]
"""Hyperparameter name, as autoopt calls it, to value."""


@dataclass(frozen=True)
class Job(Told):
    """One tuner, measured once.

    Attributes:
        problem: A name of `benchmarks.throughput.problems`.
        tuner: A name of `benchmarks.throughput.tuners`; `"draw"` only draws the candidates.
        backend: Keras's.
        seed: Of the candidates and of the search.
        epochs: Epochs a trial.
        trials: How many, None where the budget ends the search.
        budget: Of the whole search, as `autoopt.tune` takes it, or None.
        candidates: What to try, in this order, the user's own model first; None leaves that to the tuner.
        folder: Where the tuner may write.
        profile: Whether autoopt's own account of its time is wanted.
        memory: Whether resident memory is read as each trial starts.
    """

    problem: str
    tuner: str
    backend: str
    seed: int
    epochs: int
    trials: int | None = None
    budget: str | None = None
    candidates: Sequence[Candidate] | None = None
    folder: str = ""
    profile: bool = False
    memory: bool = False


@dataclass(frozen=True)
class Measured(Told):
    """What came out of a job.

    Attributes:
        seconds: Wall time of the whole search, compiling included; starting the process, loading frameworks
            and data are not.
        trials: Trials that trained every epoch.
        score: Mean over those trials of the best epoch's validation accuracy: who skips work shows here.
        profile: `autoopt.Result.profile()`, where wanted.
        memory: Resident megabytes of the process and its children as each trial started, where wanted.
    """

    seconds: float
    trials: int
    score: float | None
    profile: Mapping[str, float] | None = None
    memory: Sequence[float] = ()

    @classmethod
    def of(
        cls, job: Job, seconds: float, histories: Sequence[Mapping[str, Sequence[float]]], **more: Any
    ) -> Self:
        """Return what was measured, once every candidate has trained every epoch.

        Args:
            job: What was asked.
            seconds: Of the search.
            histories: Keras's history of each trial.
            **more: Further fields.

        Raises:
            RuntimeError: A candidate is missing, or was cut short: the times could not be compared.
        """
        best = [
            max(history["val_accuracy"])
            for history in histories
            if len(history.get("val_accuracy", ())) == job.epochs
        ]
        if job.candidates is not None and len(best) != len(job.candidates):
            raise RuntimeError(
                f"{job.tuner} on {job.backend} trained {len(best)} trials of {job.epochs} epochs; "
                f"{len(job.candidates)} were asked for. See the trials' errors."
            )
        return cls(seconds, len(best), sum(best) / len(best) if best else None, **more)
