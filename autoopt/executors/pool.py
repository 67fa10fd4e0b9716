"""The executor that runs several jobs at once, each as soon as one of its workers is free."""

import logging
import queue
import time
from collections.abc import Sequence

from autoopt.errors import SearchError, UsageError
from autoopt.executors.crew import STARTS, Begun, Broken, Crew, Gone, failed
from autoopt.executors.dispatch import Ticket
from autoopt.executors.executor import Began, Executor, JobReport, NoneBegun, Over, never, unheard
from autoopt.executors.fleet import Fleet
from autoopt.executors.messages import Reported
from autoopt.spelling import named, typed
from autoopt.worker import Job, Outcome

logger = logging.getLogger(__name__)

EVERY = 0.2
"""Seconds after which it is asked whether all is over."""

PATIENCE = 300.0
"""Seconds in which the first worker has to be ready: a cluster may have to fetch a machine."""


class PoolExecutor(Executor):
    """Runs jobs at once on the workers of a fleet. No training waits for a verdict: it may come an epoch late.

    Args:
        fleet: Has been opened.
        deadline: When the time of the search is over, in seconds since 1970; None where that is open. A worker has to be
            ready by then. What is asked for later has only to be finished, and is not held to it.
    """

    def __init__(self, fleet: Fleet, deadline: float | None = None) -> None:
        self._fleet = fleet
        self._deadline = deadline
        self.slots = fleet.slots
        self._crew: Crew | None = None
        self._unanswered: set[int] = set()
        self._asked = 0.0

    def begin(self) -> Crew:
        """Start the workers, unless they run, and wait until one is ready; the others may come later.

        Raises:
            UsageError: None can take up its duties.
            SearchError: They cannot be reached any more.
        """
        if self._crew is None:
            self._fleet.open()
            self._crew = Crew(self._fleet)
            self._await_one(self._crew)
        _check(self._crew)
        return self._crew

    def _await_one(self, crew: Crew) -> None:
        """Wait until a worker is ready; end all where none is in time."""
        started, left = time.monotonic(), (self._deadline or 0.0) - time.time()
        is_short = 0 < left < PATIENCE
        patience = left if is_short else PATIENCE
        while not crew.is_ready:
            if not crew.is_hopeful or time.monotonic() > started + patience:
                reason = (crew.broken and _named(crew.broken)) or crew.refusal
                self.close()
                raise UsageError(self._none_started(reason or _late(patience, is_short))) from crew.broken
            time.sleep(0.01)

    def _none_started(self, reason: str) -> str:
        return (
            f"Trials were to run on {self.slots} workers, and none can be started: {reason}. Expected workers that take up the "
            f"model function, callbacks and arrays. Pass such ones, or leave {named('workers')} out: trials run in this process then."
        )

    def submit(self, job: Job) -> None:
        """Take a job; it begins as soon as a worker is free."""
        self._unanswered.add(self.begin().add(job).serial)

    def wait(self, report: JobReport, began: Began = unheard, over: Over = never) -> Outcome:
        """Follow the jobs that run until one has ended.

        Raises:
            SearchError: No worker is left, or none can be reached any more.
        """
        crew = self._crew
        if not self._unanswered or crew is None:
            raise LookupError("no job is waiting")
        while True:
            self._stop_all_if(over, crew)
            try:
                ticket, news = crew.news.get(timeout=EVERY)
            except queue.Empty:
                continue
            if isinstance(news, Broken):
                _check(crew)
            if ticket is None or isinstance(news, Gone):
                raise SearchError(
                    f"No worker is left: each ended {STARTS} times in a row before it was ready ({crew.refusal}). What was "
                    f"found is kept. See to the machines, and go on with {typed('resume=True', 'autoopt resume RUN')}."
                )
            if ticket.serial not in self._unanswered:
                continue
            if isinstance(news, Begun):
                began(ticket.job)
            elif isinstance(news, Reported):
                self._judge(ticket, news, report, crew)
            else:
                self._unanswered.remove(ticket.serial)
                return failed(ticket, ticket.raised) if ticket.raised else news

    def recall(self) -> Sequence[Job]:
        """Take back the jobs that no worker has been told of."""
        back = [] if self._crew is None else self._crew.recall()
        self._unanswered -= {ticket.serial for ticket in back}
        return [ticket.job for ticket in back]

    def drop(self) -> None:
        """Forget the jobs; those that run end after their epoch."""
        self._unanswered.clear()
        if self._crew is not None:
            self._crew.drop()

    def close(self) -> None:
        """End all workers, and drop the jobs that were never waited for."""
        self._unanswered.clear()
        if self._crew is None:
            self._fleet.close()
        else:
            self._crew.close()
        self._crew = None

    def _stop_all_if(self, over: Over, crew: Crew) -> None:
        """Have all jobs end that run, where all is over: not all of them may tell an epoch soon.

        Raises:
            NoneBegun: None runs.
        """
        now = time.monotonic()
        if now < self._asked + EVERY:
            return
        self._asked = now
        if over() and not crew.stop() and crew.news.empty():
            raise NoneBegun

    def _judge(self, ticket: Ticket, news: Reported, report: JobReport, crew: Crew) -> None:
        """Tell an epoch, and the worker the verdict."""
        if ticket.raised:
            return
        try:
            verdict = report(ticket.job, news.epoch, news.logs)
        except Exception as error:  # fails the trial, as in any other executor
            logger.debug("the report of trial %d raised", ticket.job.number, exc_info=True)
            ticket.raised, verdict = f"{type(error).__name__}: {error}", "stop"
        if verdict != "continue":
            crew.judge(ticket, verdict)


def _check(crew: Crew) -> None:
    """Check that workers can be reached.

    Raises:
        SearchError: They cannot.
    """
    if crew.broken is not None:
        raise SearchError(
            f"Workers cannot be reached any more: {_named(crew.broken)}. What was found is kept. Expected machines and a "
            f"network that last as long as the search. See to them, and go on with {typed('resume=True', 'autoopt resume RUN')}."
        ) from crew.broken


def _named(error: Exception) -> str:
    """Return what was raised, as one line."""
    return f"{type(error).__name__}: {error}"


def _late(patience: float, is_short: bool) -> str:
    """Return why it is not waited any longer for a worker."""
    if is_short:
        return f"none is there after {patience:.3g} s, and the budget is used up (a larger one leaves time to start them)"
    return f"none is there after {patience:.0f} s, as if others had all cores"
