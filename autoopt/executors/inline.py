"""The executor that trains in this very process, one job after the other."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from autoopt.executors.executor import Began, Executor, JobReport, Over, never, unheard
from autoopt.executors.surroundings import of_this_thread
from autoopt.worker import Job, Outcome, Prepared, Worker


class InlineExecutor(Executor):
    """Runs each job when its outcome is waited for; those that wait are compiled meanwhile, in a thread.

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

    def wait(self, report: JobReport, began: Began = unheard, over: Over = never) -> Outcome:
        """Run the oldest job to its end."""
        if not self._jobs:
            raise LookupError("no job is waiting")
        job = self._jobs.popleft()
        began(job)
        ready = self._ready.pop(id(job), None)
        for waiting in self._jobs if self.prepares else ():
            if id(waiting) not in self._ready:
                self._prepare(waiting)
        return self._worker.run(
            job, lambda epoch, logs: report(job, epoch, logs), None if ready is None else ready.result
        )

    def recall(self) -> Sequence[Job]:
        """Take back all jobs: none runs unless it is waited for."""
        jobs = list(self._jobs)
        self._forget()
        return jobs

    def drop(self) -> None:
        """Forget the jobs; one that is being prepared is prepared in vain."""
        self._forget()
        self._worker.paused.clear()

    def close(self) -> None:
        """Forget the jobs, and end the thread."""
        self.drop()
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
            self._thread = None

    def _forget(self) -> None:
        self._jobs.clear()
        for ready in self._ready.values():
            ready.cancel()
        self._ready.clear()

    def _prepare(self, job: Job) -> None:
        """Begin to build and compile a job while others train, one after the other."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="autoopt-prepare")
        take_over = of_this_thread()

        def prepared() -> Prepared:
            take_over()
            return self._worker.prepare(job)

        self._ready[id(job)] = self._thread.submit(prepared)
