"""Workers that are timers: their seconds pass at once where the driver has nothing to do, the driver's own pass as they are."""

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autoopt.executors import Executor
from autoopt.executors.dispatch import Post, Ticket, assigned
from autoopt.executors.executor import Began, JobReport, Over, never, unheard
from autoopt.records import Logs, Trial
from autoopt.stopwatch import Stopwatch
from autoopt.worker import Job, Outcome
from benchmarks.scale.courses import WEIGHTS, Course

HANDING_OUT = "hand out"
"""Kind of the stopwatch for the search of a job for each free worker."""

PRICE = 1e6
"""Of an epoch, in multiplications."""

BEGUN = None
"""What is told of a job that has begun."""


@dataclass
class _Run:
    """A training that a timer stands for."""

    course: Course
    began: float
    told: list[Logs]


class TimerExecutor(Executor):
    """Trains nothing: a job ends when its time is over. Called from one thread.

    As in `executors/crew.py` a job that waits begins as soon as a worker is free, whatever the driver is at. Messages
    take no time.

    Args:
        slots: How many workers.
        course: Says how a training goes.
        watch: Adds up the seconds that handing out takes.
        clock: Tells the seconds that the driver has been at work; `time.process_time` leaves out other programs.
        ended: Told how many outcomes there are, as each is about to be handed back; may raise.
    """

    def __init__(
        self, slots: int, course: Callable[[Job], Course], watch: Stopwatch,
        clock: Callable[[], float] = time.process_time,
        ended: Callable[[int], None] = lambda count: None,
    ) -> None:  # fmt: skip
        self.slots = slots
        self._course, self._watch, self._clock, self._ended = course, watch, clock, ended
        self._posts = [Post(number, worker=number, ready=True) for number in range(1, slots + 1)]
        self._free_since = dict.fromkeys(range(1, slots + 1), 0.0)
        self._free, self._began, self._skipped = 0.0, clock(), 0.0
        self._serials = itertools.count()
        self._waiting: list[Ticket] = []
        self._unanswered: set[int] = set()
        self._runs: dict[int, _Run] = {}
        self._events: list[tuple[float, int, Post, Ticket]] = []
        self._news: deque[tuple[Ticket, Any]] = deque()
        self.submitted, self.outcomes = 0, 0

    @property
    def at_work(self) -> float:
        """Seconds that the driver has been at work."""
        return self._clock() - self._began

    @property
    def now(self) -> float:
        """The same, and those in which it had nothing to do."""
        return self.at_work + self._skipped

    @property
    def free(self) -> float:
        """Seconds that workers have been without a job, all of them together."""
        now = self.now
        return self._free + sum(now - since for since in self._free_since.values())

    def submit(self, job: Job) -> None:
        """Take a job; it begins now where a worker is free."""
        with self._watch.measure(HANDING_OUT):
            now = self.now
            self._pass(now)
            ticket = Ticket(next(self._serials), job)
            self.submitted += 1
            self._unanswered.add(ticket.serial)
            self._waiting.append(ticket)
            self._hand_out(now)

    def wait(self, report: JobReport, began: Began = unheard, over: Over = never) -> Outcome:
        """Follow the jobs until one has ended."""
        if not self._unanswered:
            raise LookupError("no job is waiting")
        while True:
            ticket, told = self._next()
            if ticket.serial not in self._unanswered:
                continue
            if told is BEGUN:
                began(ticket.job)
            elif isinstance(told, Outcome):
                self._unanswered.remove(ticket.serial)
                self.outcomes += 1
                self._ended(self.outcomes)
                return told
            elif report(ticket.job, *told) != "continue":
                ticket.stopped = True

    def recall(self) -> Sequence[Job]:
        """Take back the jobs that wait."""
        back, self._waiting = self._waiting, []
        self._unanswered -= {ticket.serial for ticket in back}
        return [ticket.job for ticket in back]

    def drop(self) -> None:
        """Forget the jobs."""
        self._waiting, self._events = [], []
        self._unanswered.clear()
        self._news.clear()

    def close(self) -> None:
        """Forget the jobs."""
        self.drop()

    def _next(self) -> tuple[Ticket, Any]:
        """Return what is told next; where nothing is, the time passes until something is."""
        while not self._news:
            with self._watch.measure(HANDING_OUT):
                self._skipped += max(0.0, self._events[0][0] - self.now)
                self._pass(self.now)
        return self._news.popleft()

    def _pass(self, now: float) -> None:
        """Have everything happen that happens until now, in its order."""
        while self._events and self._events[0][0] <= now:
            at, _, post, ticket = heapq.heappop(self._events)
            run = self._runs[ticket.serial]
            logs = run.course.logs(len(run.told))
            run.told.append(logs)
            self._news.append((ticket, (len(run.told) - 1, logs)))
            if ticket.stopped or len(run.told) == ticket.job.epochs:
                self._end(post, ticket, at)
            else:
                self._schedule(at + run.course.epoch, post, ticket)

    def _end(self, post: Post, ticket: Ticket, at: float) -> None:
        post.ticket = None
        post.note(ticket, pauses=False)
        self._free_since[post.number] = at
        self._news.append((ticket, _outcome(ticket, self._runs.pop(ticket.serial), at)))
        self._hand_out(at)

    def _hand_out(self, at: float) -> None:
        """Have jobs begin on workers that are free."""
        for post, ticket in assigned(self._waiting, self._posts) if self._waiting else ():
            self._waiting.remove(ticket)
            post.ticket = ticket
            self._free += at - self._free_since.pop(post.number)
            course = self._course(ticket.job)
            self._runs[ticket.serial] = _Run(course, at, [])
            compiling = 0.0 if ticket.structure in post.structures else course.compiling
            self._schedule(at + compiling + course.epoch, post, ticket)
            self._news.append((ticket, BEGUN))

    def _schedule(self, at: float, post: Post, ticket: Ticket) -> None:
        heapq.heappush(self._events, (at, ticket.serial, post, ticket))


def _outcome(ticket: Ticket, run: _Run, at: float) -> Outcome:
    job = ticket.job
    history = {name: [logs[name] for logs in run.told] for name in run.told[0]}
    scores = history["val_accuracy"]
    best = max(range(len(scores)), key=scores.__getitem__)
    pruned = len(scores) < job.epochs
    trial = Trial(
        job.number, "pruned" if pruned else "completed", scores[best], dict(job.values), history, best, run.began, at,
        costs={"compile": run.course.compiling}, price=PRICE,
    )  # fmt: skip
    return Outcome(trial, None if pruned else WEIGHTS)
