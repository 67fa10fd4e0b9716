"""Dispatch: which job goes to which worker. A job goes where its program is, if that keeps nobody waiting."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autoopt.engines import MOST_PROGRAMS, Verdict
from autoopt.worker import Job

PATIENCE = 8
"""So often a job lets younger ones go first whose programs are there."""


@dataclass
class Ticket:
    """A job on its way to an outcome.

    Attributes:
        serial: Tells it from all others.
        job: What is to be done.
        begun: Whether it has begun, on any worker.
        passed: How often a younger one went first.
        told: How many of its epochs have been told.
        verdict: The last on it, None where there was none; holds for whichever worker it runs on.
        stopped: Whether it has been told to end.
        forgotten: Whether nobody waits for it any more.
        raised: What the report raised of it, empty where it did not.
        lost: Why workers ended amid it, one sentence each.
    """

    serial: int
    job: Job
    begun: bool = False
    passed: int = 0
    told: int = 0
    verdict: Verdict | None = None
    stopped: bool = False
    forgotten: bool = False
    raised: str = ""
    lost: list[str] = field(default_factory=list)

    @cached_property
    def structure(self) -> str:
        """What has to be compiled for it."""
        # A parent's weights do not change the program, nor does the batch size.
        return json.dumps(vars(self.job.recipe.structure), sort_keys=True, default=str)

    @property
    def continues(self) -> tuple[int, int] | None:
        """Number and execution of the training that it goes on with."""
        earlier = self.job.continues
        return None if earlier is None else (earlier.trial, self.job.execution)


@dataclass
class Post:
    """One of the places at which jobs run, whichever worker process is there.

    Attributes:
        number: From 1.
        worker: The process's number, None where there is none.
        ready: Whether it has taken up its duties.
        ticket: What it is at.
        structures: What it has compiled, the latest last.
        paused: Numbers and executions of the trainings that may go on there.
        failures: How often in a row a process ended before it was ready.
        refused: Whether one of these could not take up its duties.
        most: Bytes past which a fresh process follows; None for no limit.
        machine: Where it is, empty where that is not told.
    """

    number: int
    worker: int | None = None
    ready: bool = False
    ticket: Ticket | None = None
    structures: list[str] = field(default_factory=list)
    paused: set[tuple[int, int]] = field(default_factory=set)
    failures: int = 0
    refused: bool = False
    most: int | None = None
    machine: str = ""

    @property
    def is_free(self) -> bool:
        """Whether a job can begin here."""
        return self.ready and self.ticket is None

    def note(self, ticket: Ticket, pauses: bool) -> None:
        """Take note of a job that has ended here.

        Args:
            ticket: The job's.
            pauses: Whether its training may go on here.
        """
        structure = ticket.structure
        self.structures = [*(each for each in self.structures if each != structure), structure][
            -MOST_PROGRAMS:
        ]
        if ticket.continues is not None:
            self.paused.discard(ticket.continues)
        if pauses:
            self.paused.add((ticket.job.number, ticket.job.execution))


def assigned(waiting: Sequence[Ticket], posts: Sequence[Post]) -> Iterator[tuple[Post, Ticket]]:
    """Yield which of the waiting jobs, oldest first, begin now, and where.

    A job that goes on with a training waits for the worker that holds it. Of the others those go first whose programs a
    free worker has, then those whose programs no worker has; no worker stays free while a job could begin there.

    Args:
        waiting: Jobs that no worker has.
        posts: All places; each that is free gets one job at most.
    """
    left, free = list(waiting), [post for post in posts if post.is_free]
    if not free:
        return
    held = {key for post in posts for key in post.paused}
    known = {structure for post in posts for structure in post.structures}
    for fits in (_is_due, _is_known, _is_new, _can_begin):
        for post in tuple(free):
            if not left:
                return
            ticket = next((each for each in left if _may(each, post, held) and fits(each, post, known)), None)
            if ticket is None:
                continue
            for older in left[: left.index(ticket)]:
                older.passed += 1
            left.remove(ticket)
            free.remove(post)
            yield post, ticket


def _may(ticket: Ticket, post: Post, held: Collection[tuple[int, int]]) -> bool:
    """Whether a job may begin at a place: elsewhere, where another holds its training, it would begin from the start."""
    return ticket.continues not in held or ticket.continues in post.paused


def _is_due(ticket: Ticket, post: Post, known: Collection[str]) -> bool:
    return ticket.passed >= PATIENCE or ticket.continues in post.paused


def _is_known(ticket: Ticket, post: Post, known: Collection[str]) -> bool:
    return ticket.structure in post.structures


def _is_new(ticket: Ticket, post: Post, known: Collection[str]) -> bool:
    return ticket.structure not in known


def _can_begin(ticket: Ticket, post: Post, known: Collection[str]) -> bool:
    return True
