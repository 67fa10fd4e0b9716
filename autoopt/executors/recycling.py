"""The executor that trains in this process as long as there is memory for it, and then in worker processes.

What frameworks leave behind of each program cannot be freed: only the end of a process frees it.
"""

import logging
from collections import deque
from collections.abc import Sequence

import keras

from autoopt import memory
from autoopt.data import Part
from autoopt.executors.executor import Began, Executor, JobReport, Over, never, unheard
from autoopt.executors.inline import InlineExecutor
from autoopt.executors.numbers import ProgramNumbers
from autoopt.executors.process import ProcessExecutor, Unsendable
from autoopt.worker import Duties, Job, Outcome, Worker

logger = logging.getLogger(__name__)

FRAMEWORK = 2**30
"""Bytes that a fresh worker process may take before it has any data."""

ROOM = 2**28
"""Bytes by which a worker process may always grow: a limit below what it starts with would end it each trial."""


class RecyclingExecutor(Executor):
    """Runs each job when its outcome is waited for, where there is memory for it.

    Args:
        worker: What trains in this process.
        duties: The same, as a worker process is told.
        limit: Bytes in memory past which trials leave a process; None leaves them here.
        room: Bytes by which a worker process may always grow.
    """

    def __init__(self, worker: Worker, duties: Duties, limit: int | None, room: int = ROOM) -> None:
        self._inline = InlineExecutor(worker)
        self._duties, self._process = duties, ProcessExecutor(duties)
        self._limit, self._room = limit, room
        self._jobs: deque[Job] = deque()
        self._place: Executor = self._inline
        self._handed = 0
        self._moved = self._stays = False
        self._allowance = 0
        self._numbers = ProgramNumbers()
        self.prepares = worker.prepares

    def submit(self, job: Job) -> None:
        """Keep a job until `wait`."""
        self._jobs.append(job)

    def wait(self, report: JobReport, began: Began = unheard, over: Over = never) -> Outcome:
        """Run the oldest job to its end."""
        if not self._jobs:
            raise LookupError("no job is waiting")
        self._go_to(self._process if self._moves_on() else self._inline)
        for job in list(self._jobs)[self._handed :]:
            self._place.submit(job)
        self._handed = len(self._jobs)
        try:
            outcome = self._place.wait(report, began)
            outcome = self._numbers.told_apart(outcome, self._place is self._process)
        finally:
            self._jobs.popleft()
            self._handed -= 1
        resident = self._process.resident
        if self._process.pid is not None and resident is not None and resident > self._allowance:
            logger.info("The worker process has %s in memory: a fresh one follows.", memory.spoken(resident))
            self._go_to(self._inline)
        return outcome

    def recall(self) -> Sequence[Job]:
        """Take back all jobs, those that were handed over included."""
        jobs, self._handed = list(self._jobs), 0
        self._jobs.clear()
        self._place.recall()
        return jobs

    def drop(self) -> None:
        """Forget the jobs, those that were handed over included."""
        self._jobs.clear()
        self._handed = 0
        self._place.drop()

    def close(self) -> None:
        """End the worker process, and drop the jobs that were never waited for."""
        self._jobs.clear()
        self._handed = 0
        self._inline.close()
        self._process.close()

    def _go_to(self, place: Executor) -> None:
        """Have the jobs that follow run elsewhere; what was handed over already is taken back."""
        if place is not self._place:
            self._place.close()
            self._place, self._handed = place, 0
            self._numbers.begin()

    def _moves_on(self) -> bool:
        """Whether the next job goes to the worker process, which is then there."""
        if self._process.pid is not None:
            return True
        if self._stays or not (self._moved or self._past_limit()):
            return False
        try:
            self._begin()
        except Unsendable as error:
            self._stays = True
            logger.warning(
                "This process has %s in memory, more than its limit of %s, and trials stay in it all the same: %s.",
                memory.spoken(memory.resident() or 0), memory.spoken(self._limit or 0), error,
            )  # fmt: skip
        return not self._stays

    def _past_limit(self) -> bool:
        resident = memory.resident()
        return self._limit is not None and resident is not None and resident > self._limit

    def _begin(self) -> None:
        """Start a worker process.

        Raises:
            Unsendable: It would be no help, or cannot be.
        """
        reason = objection(self._duties)
        if reason:
            raise Unsendable(reason)
        self._process.begin()
        self._numbers.begin()
        self._allowance = allowance(self._limit or 0, self._process.resident or 0, self._room)
        if not self._moved:
            logger.info(
                "Trials go on in a fresh process: this one has %s in memory, more than its limit of %s.",
                memory.spoken(memory.resident() or 0), memory.spoken(self._limit or 0),
            )  # fmt: skip
        self._moved = True


def allowance(limit: int, start: int, room: int) -> int:
    """Return the bytes to which a worker process may grow.

    Args:
        limit: Past which trials leave a process.
        start: What it began with.
        room: By which it may always grow.
    """
    left = memory.available()
    # The process that searches keeps what it has: beside it, a worker process may take half of what is left.
    most = limit if left is None else min(limit, start + left // 2)
    return max(most, start + room)


def objection(duties: Duties) -> str:
    """Return why a worker process would be no help, as the end of a sentence; empty where it would be."""
    parts = (duties.dataset.train, duties.dataset.validation)
    arrays = [part for part in parts if isinstance(part, Part)]
    if len(arrays) < len(parts):
        return "the data comes batch by batch, and where it comes from cannot be sent to another process"
    backend = keras.backend.backend()
    if backend != "torch" and any(not name.startswith("cpu") for name in keras.distribution.list_devices()):
        return f"{backend} has taken the accelerator's memory for this process"
    held = sum(array.nbytes for part in arrays for array in keras.tree.flatten((part.x, part.y)))
    needed, left = FRAMEWORK + memory.COPIES * held, memory.available()
    if left is not None and left < needed:
        return f"another process would take {memory.spoken(needed)}, and only {memory.spoken(left)} is left"
    return ""
