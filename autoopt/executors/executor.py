"""Executor: runs jobs somewhere and hands back their outcomes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from autoopt.engines import Verdict
from autoopt.records import Logs
from autoopt.worker import Job, Outcome

JobReport = Callable[[Job, int, Logs], Verdict]
"""Told (job, epoch, logs) after each epoch, in the process that searches."""

Began = Callable[[Job], None]
"""Told each job as it begins, before any of its epochs."""

Over = Callable[[], bool]
"""Says whether all jobs that run are to end after the epoch in which they are."""


class NoneBegun(Exception):
    """All is to end, and no job has begun that could: those that wait are for `recall`."""


def unheard(job: Job) -> None:
    """Take no note of a job that begins."""


def never() -> bool:
    """Let all jobs run to their end."""
    return False


class Executor(ABC):
    """Runs jobs. Laws: every job is answered exactly once, failures come back, `close` is idempotent."""

    prepares: bool = False
    """Whether it makes good use of a second job that is submitted while one trains."""

    slots: int = 1
    """How many jobs run at once; outcomes come as jobs end, in any order."""

    @abstractmethod
    def submit(self, job: Job) -> None:
        """Take a job; it may start at once or when `wait` is called."""

    @abstractmethod
    def wait(self, report: JobReport, began: Began = unheard, over: Over = never) -> Outcome:
        """Block until one submitted job has ended and return what became of it: the oldest, or whichever ends first.

        Args:
            report: Called after each epoch of any running job. Where several run at once, its verdict reaches the job
                before a later epoch, not always the next one: no training waits for it.
            began: Called as a job begins.
            over: Asked now and then while nothing is told, where verdicts arrive late.

        Raises:
            LookupError: No submitted job is unanswered.
            NoneBegun: `over` says so, and every submitted job waits.
        """

    @abstractmethod
    def recall(self) -> Sequence[Job]:
        """Take back and return the jobs that have not begun; those that have are still waited for."""

    @abstractmethod
    def drop(self) -> None:
        """Forget the jobs that were submitted and never waited for, and end the trainings that might have gone on."""

    @abstractmethod
    def close(self) -> None:
        """End whatever runs, drop what was never waited for, and free what is held; jobs may follow."""
