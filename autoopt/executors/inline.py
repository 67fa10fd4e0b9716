"""The executor that trains in this very process, one job after the other."""

from collections import deque

from autoopt.executors.executor import Executor, JobReport
from autoopt.worker import Job, Outcome, Worker


class InlineExecutor(Executor):
    """Runs each job when its outcome is waited for.

    Args:
        worker: What trains.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._jobs: deque[Job] = deque()

    def submit(self, job: Job) -> None:
        """Keep a job until `wait`."""
        self._jobs.append(job)

    def wait(self, report: JobReport) -> Outcome:
        """Run the oldest job to its end."""
        if not self._jobs:
            raise LookupError("no job is waiting")
        job = self._jobs.popleft()
        return self._worker.run(job, lambda epoch, logs: report(job, epoch, logs))

    def close(self) -> None:
        """Drop the jobs that were never waited for."""
        self._jobs.clear()
