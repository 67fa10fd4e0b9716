"""Plan: which trainings a trial consists of, and what its score is the mean of."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autoopt.records import Trial
from autoopt.worker import Job


class Plan(ABC):
    """Which trainings a trial consists of, one after the other."""

    @abstractmethod
    def jobs(self, job: Job) -> Sequence[Job]:
        """Return the trainings of a job; those after the first have an `execution`."""

    @abstractmethod
    def hopeless(self, job: Job, scores: Sequence[float]) -> bool:
        """Say, after each training but the last, whether the others are not worth it.

        Args:
            job: The trial's.
            scores: Of its trainings so far.
        """

    @abstractmethod
    def told(self, trial: Trial, scores: Sequence[float], best: int, wanted: int) -> Trial:
        """Return a trial with what the plan adds to it: what its score is the mean of.

        Args:
            trial: With the mean score; its note says why it ended early, where it did.
            scores: Of the trainings that it has.
            best: Which of them has the weights that are kept.
            wanted: How many there were to be.
        """


@dataclass(frozen=True)
class Executions(Plan):
    """Trainings that differ in their seeds; confirmation runs are repeats already, and run once.

    Attributes:
        count: How many a trial.
    """

    count: int

    def jobs(self, job: Job) -> Sequence[Job]:
        """Return the executions."""
        return [replace(job, execution=execution) for execution in range(1 if job.repeat else self.count)]

    def hopeless(self, job: Job, scores: Sequence[float]) -> bool:
        """Say that all are worth it: the first alone is compared, epoch by epoch."""
        return False

    def told(self, trial: Trial, scores: Sequence[float], best: int, wanted: int) -> Trial:
        """Add the scores to the note."""
        count = counted(len(scores), wanted)
        return replace(trial, note=f"{trial.note}The mean of {count} executions: {listed(scores)}.")


def counted(found: int, wanted: int) -> str:
    """Return how many there are of those that were asked for."""
    return f"{found}" if found == wanted else f"{found} of {wanted}"


def listed(scores: Sequence[float]) -> str:
    """Return scores one after the other."""
    return ", ".join(f"{score:.6g}" for score in scores)
