"""The executor that trains each trial in a worker process from the first on: what ends that costs one trial."""

import logging
from collections import deque
from collections.abc import Sequence

from autoopt import memory
from autoopt.errors import UsageError
from autoopt.executors.executor import Began, Executor, JobReport, Over, never, unheard
from autoopt.executors.numbers import ProgramNumbers
from autoopt.executors.process import ProcessExecutor, Unsendable
from autoopt.executors.recycling import ROOM, RecyclingExecutor, allowance, objection
from autoopt.spelling import named, spelled
from autoopt.worker import Duties, Job, Outcome, Worker

logger = logging.getLogger(__name__)


class IsolatingExecutor(Executor):
    """Runs each job in one worker process; a fresh one follows one that died, or has grown past its limit.

    It is told of one job at a time, and prepares none while another trains: whose fault an end is would not be known.

    Args:
        duties: What the process is told.
        limit: Bytes in memory past which a fresh process follows; None for no limit.
    """

    def __init__(self, duties: Duties, limit: int | None) -> None:
        self._duties, self._limit = duties, limit
        self._process = ProcessExecutor(duties)
        self._jobs: deque[Job] = deque()
        self._numbers = ProgramNumbers()

    def begin(self) -> None:
        """Start the worker process.

        Raises:
            UsageError: There can be none.
        """
        try:
            if reason := objection(self._duties):
                raise Unsendable(reason)
            self._process.begin()
        except Unsendable as error:
            raise UsageError(
                f"{spelled('isolate', True)} was given, and no trial can be trained in a worker process: {error}. Expected "
                "arrays, and a model function and callbacks that can be sent to another process. Pass such ones, or "
                f"leave {named('isolate')} out: trials run in this process then."
            ) from error

    def submit(self, job: Job) -> None:
        """Keep a job until `wait`."""
        self._jobs.append(job)

    def wait(self, report: JobReport, began: Began = unheard, over: Over = never) -> Outcome:
        """Run the oldest job to its end."""
        if not self._jobs:
            raise LookupError("no job is waiting")
        if self._process.pid is None:
            self._numbers.begin()
        self._process.submit(self._jobs.popleft())
        outcome = self._numbers.told_apart(self._process.wait(report, began), elsewhere=True)
        resident = self._process.resident
        if self._process.pid is not None and resident is not None and self._has_grown(resident):
            logger.info("The worker process has %s in memory: a fresh one follows.", memory.spoken(resident))
            self._process.end()
        return outcome

    def recall(self) -> Sequence[Job]:
        """Take back all jobs: the process knows none that is not waited for."""
        jobs = list(self._jobs)
        self._jobs.clear()
        return jobs

    def drop(self) -> None:
        """Forget the jobs."""
        self._jobs.clear()
        self._process.drop()

    def close(self) -> None:
        """End the worker process, and drop the jobs that were never waited for."""
        self._jobs.clear()
        self._process.close()

    def _has_grown(self, resident: int) -> bool:
        return self._limit is not None and resident > allowance(self._limit, self._process.started_with, ROOM)


def executor_of(worker: Worker, duties: Duties, limit: int | None, isolated: bool) -> Executor:
    """Return where jobs run; whoever asks closes it.

    Args:
        worker: What trains in this process.
        duties: The same, as a worker process is told.
        limit: Bytes in memory past which trials leave a process; None for no limit.
        isolated: Whether all run in a worker process.

    Raises:
        UsageError: They are to, and cannot.
    """
    if not isolated:
        return RecyclingExecutor(worker, duties, limit)
    executor = IsolatingExecutor(duties, limit)
    executor.begin()
    return executor
