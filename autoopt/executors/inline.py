"""The executor that trains in this very process, one job after the other."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import keras

from autoopt.executors.executor import Executor, JobReport
from autoopt.worker import Job, Outcome, Prepared, Worker


class InlineExecutor(Executor):
    """Runs each job when its outcome is waited for; the next one is compiled meanwhile, in a thread.

    Args:
        worker: What trains.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._jobs: deque[Job] = deque()
        self._ready: dict[int, Future[Prepared]] = {}
        self._thread: ThreadPoolExecutor | None = None
        self.prepares = worker.prepares

    def submit(self, job: Job) -> None:
        """Keep a job until `wait`."""
        self._jobs.append(job)

    def wait(self, report: JobReport) -> Outcome:
        """Run the oldest job to its end."""
        if not self._jobs:
            raise LookupError("no job is waiting")
        job = self._jobs.popleft()
        ready = self._ready.pop(id(job), None)
        if self.prepares and self._jobs:
            self._prepare(self._jobs[0])
        return self._worker.run(
            job, lambda epoch, logs: report(job, epoch, logs), None if ready is None else ready.result
        )

    def close(self) -> None:
        """Drop the jobs that were never waited for."""
        self._jobs.clear()
        self._ready.clear()
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
            self._thread = None

    def _prepare(self, job: Job) -> None:
        """Begin to build and compile a job while another one trains."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="autoopt-prepare")
        policy = keras.config.dtype_policy()

        def prepared() -> Prepared:
            keras.config.set_dtype_policy(policy)  # Keras keeps one for each thread
            return self._worker.prepare(job)

        self._ready[id(job)] = self._thread.submit(prepared)
