"""Executor: runs jobs somewhere and hands back their outcomes."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from autoopt.engines import Verdict
from autoopt.records import Logs
from autoopt.worker import Job, Outcome

JobReport = Callable[[Job, int, Logs], Verdict]
"""Told (job, epoch, logs) after each epoch, in the process that searches."""


class Executor(ABC):
    """Runs jobs. Laws: every job is answered exactly once, failures come back, `close` is idempotent."""

    prepares: bool = False
    """Whether it makes good use of a second job that is submitted while one trains."""

    @abstractmethod
    def submit(self, job: Job) -> None:
        """Take a job; it may start at once or when `wait` is called."""

    @abstractmethod
    def wait(self, report: JobReport) -> Outcome:
        """Block until one submitted job has ended and return what became of it.

        Args:
            report: Called after each epoch of any running job.

        Raises:
            LookupError: No submitted job is unanswered.
        """

    @abstractmethod
    def drop(self) -> None:
        """Forget the jobs that were submitted and never waited for, and end the trainings that might have gone on."""

    @abstractmethod
    def close(self) -> None:
        """End whatever runs, drop what was never waited for, and free what is held; jobs may follow."""
