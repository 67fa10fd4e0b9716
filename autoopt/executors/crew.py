"""Crew: the workers of a fleet and the jobs that they are at, looked after by a thread of its own.

So no worker waits while the searching thread proposes or writes.
"""

import logging
import queue
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autoopt import memory
from autoopt.executors.dispatch import Post, Ticket, assigned
from autoopt.executors.fleet import Fleet
from autoopt.executors.messages import (
    Dropped,
    Ended,
    Forgotten,
    Judged,
    Logged,
    Lost,
    Ready,
    Refused,
    Reported,
    Task,
)
from autoopt.failure import OUT_OF_MEMORY
from autoopt.records import Trial
from autoopt.worker import Job, Outcome

logger = logging.getLogger(__name__)

STARTS = 3
"""So often in a row a worker may end before it has taken up its duties; then its place stays empty."""


@dataclass(frozen=True)
class Begun:
    """A job has begun."""


@dataclass(frozen=True)
class Gone:
    """No worker is left, and none can be started."""


@dataclass(frozen=True)
class Broken:
    """Nothing can be told to workers any more, or heard of them: `cause` was raised."""

    cause: Exception


class Crew:
    """Workers at their places. What ends one costs the job at which it was, which runs again once.

    Args:
        fleet: Has been opened; is closed along with this.

    Attributes:
        news: What there is to tell of jobs: `Begun`, `Reported`, and at last an `Outcome`; or `Gone` or `Broken`, of none.
        broken: What was raised that workers cannot be followed past, None as long as they can be.
        refusal: Why the last worker that could not be started could not.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._lock = threading.RLock()
        self._waiting: list[Ticket] = []
        self._posts = [Post(number) for number in range(1, fleet.slots + 1)]
        self._programs: dict[tuple[int, int], int] = {}
        self._serials = 0
        self.news: queue.SimpleQueue[tuple[Ticket | None, Any]] = queue.SimpleQueue()
        self.broken: Exception | None = None
        self.refusal = ""
        for post in self._posts:
            post.worker = fleet.begin()
        self._thread = threading.Thread(target=self._follow, name="autoopt-crew", daemon=True)
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        """Whether a worker has taken up its duties."""
        return any(post.ready for post in self._posts)

    @property
    def is_hopeful(self) -> bool:
        """Whether a worker may be ready yet: where one has refused, others may be on better machines."""
        return self.broken is None and any(
            post.worker is not None and not post.refused for post in self._posts
        )

    def add(self, job: Job) -> Ticket:
        """Take a job, which begins as soon as a worker is free."""
        with self._lock:
            self._serials += 1
            ticket = Ticket(self._serials, job)
            self._waiting.append(ticket)
            self._hand_out()
            return ticket

    def recall(self) -> Collection[Ticket]:
        """Take back and return the jobs that no worker has been told of."""
        with self._lock:
            back = [ticket for ticket in self._waiting if not ticket.begun]
            self._waiting = [ticket for ticket in self._waiting if ticket.begun]
            return back

    def drop(self) -> None:
        """Forget all jobs, and the trainings that might have gone on; what runs ends after its epoch."""
        with self._lock:
            self._waiting.clear()
            for post in self._posts:
                post.paused.clear()
                if post.ticket is not None:
                    post.ticket.forgotten = True
                    self._judge(post, "stop")
                if post.ready:
                    self._send(post, Dropped())

    def judge(self, ticket: Ticket, verdict: Any) -> None:
        """Tell the worker that is at a job by now what becomes of it, and any that follows it there."""
        with self._lock:
            ticket.verdict = verdict
            for post in self._posts:
                if post.ticket is ticket:
                    self._judge(post, verdict)

    def stop(self) -> bool:
        """Have all jobs that run end after their epoch, and say whether any does."""
        with self._lock:
            running = [post for post in self._posts if post.ticket is not None and not post.ticket.forgotten]
            for post in running:
                if post.ticket is not None and not post.ticket.stopped:
                    post.ticket.stopped = True
                    self._judge(post, "stop")
            return bool(running)

    def close(self) -> None:
        """End all workers."""
        self._fleet.close()
        self._thread.join()

    def _follow(self) -> None:
        """Take what workers tell, until the fleet is closed or cannot be followed."""
        try:
            while (told := self._fleet.receive()) is not None:
                worker, message = told
                with self._lock:
                    post = next((post for post in self._posts if post.worker == worker), None)
                    if post is not None:
                        self._take(post, message)
                        self._hand_out()
        except Exception as error:  # whoever waits would wait for ever
            self._break(error)

    def _break(self, error: Exception) -> None:
        """Have whoever waits learn why nothing more comes; what is raised first is why."""
        with self._lock:
            if self.broken is None:
                logger.debug("workers cannot be followed any more", exc_info=error)
                self.broken = error
                self.news.put((None, Broken(error)))

    def _take(self, post: Post, message: Any) -> None:
        """Take note of what a worker tells."""
        match message:
            case Ready():
                post.ready, post.refused, post.failures = True, False, 0
                post.most, post.machine = message.most, message.machine
            case Logged():
                told = logging.getLogger(message.logger)
                if told.isEnabledFor(message.level):
                    told.log(message.level, "%s", message.text)
            case Reported():
                self._pass_on(post, message)
            case Ended():
                self._note(post, message)
            case Refused():
                self.refusal, post.refused = message.reason, True
                self._replace(post)
            case Lost():
                self._lose(post, message)

    def _pass_on(self, post: Post, reported: Reported) -> None:
        ticket = post.ticket
        # What runs again comes to the same epochs, which have been told.
        if ticket is not None and not ticket.forgotten and reported.epoch >= ticket.told:
            ticket.told = reported.epoch + 1
            self.news.put((ticket, reported))

    def _note(self, post: Post, ended: Ended) -> None:
        """Pass on what became of a job, and have a fresh process follow one that has grown too large."""
        ticket, post.ticket = post.ticket, None
        assert ticket is not None
        if not ticket.forgotten:
            post.note(ticket, ticket.job.pauses and ended.outcome.trial.status == "completed")
            self.news.put((ticket, self._told_apart(post, ended.outcome)))
        if post.most is not None and ended.resident is not None and ended.resident > post.most:
            logger.info(
                "Worker %d has %s in memory: a fresh one follows.", post.number, memory.spoken(ended.resident)
            )
            self._replace(post)

    def _lose(self, post: Post, lost: Lost) -> None:
        """Have the job of a worker that has ended run once more, on whichever is free first."""
        ticket, sentence = post.ticket, f"worker {post.number} {lost.reason}"
        logger.info("The process of %s.", sentence)
        self.refusal = self.refusal if post.ready else lost.reason
        self._replace(post)
        if ticket is None or ticket.forgotten:
            return
        ticket.lost.append(sentence)
        if len(ticket.lost) == 1:
            ticket.job = replace(ticket.job, halved=ticket.job.halved or lost.memory)
            ticket.stopped = False
            self._waiting.insert(0, ticket)
            return
        reason = f"The process of {' amid this trial, and as it ran again that of '.join(ticket.lost)}."
        self.news.put((ticket, failed(ticket, f"{OUT_OF_MEMORY}: {reason}" if lost.memory else reason)))

    def _replace(self, post: Post) -> None:
        """Have a fresh process take a place, unless several have ended there before they were ready."""
        assert post.worker is not None
        self._fleet.end(post.worker)
        fresh = Post(post.number, failures=0 if post.ready else post.failures + 1, refused=post.refused)
        self._posts[post.number - 1] = fresh
        if fresh.failures < STARTS:
            fresh.worker = self._fleet.begin()
        elif all(each.worker is None for each in self._posts):
            self.news.put((None, Gone()))

    def _hand_out(self) -> None:
        """Have jobs begin on workers that are free."""
        if not self._waiting:
            return
        for post, ticket in assigned(self._waiting, self._posts):
            self._waiting.remove(ticket)
            post.ticket = ticket
            self._forget(ticket.job.over, post)
            self._send(post, Task(ticket.serial, ticket.job))
            # What runs again tells its first epochs to nobody who would judge it.
            if ticket.verdict is not None:
                self._judge(post, ticket.verdict)
            if not ticket.begun:
                ticket.begun = True
                self.news.put((ticket, Begun()))

    def _forget(self, numbers: Sequence[int], here: Post) -> None:
        """Have the others end trainings that will not go on; the worker of the job does so by itself."""
        for post in self._posts:
            over = {key for key in post.paused if key[0] in numbers}
            post.paused -= over
            if over and post is not here:
                self._send(post, Forgotten(sorted({number for number, _ in over})))

    def _judge(self, post: Post, verdict: Any) -> None:
        assert post.ticket is not None
        self._send(post, Judged(post.ticket.serial, verdict))

    def _send(self, post: Post, message: Any) -> None:
        assert post.worker is not None
        try:
            self._fleet.send(post.worker, message)
        except Exception as error:  # in whichever thread: `wait` raises it
            self._break(error)

    def _told_apart(self, post: Post, outcome: Outcome) -> Outcome:
        """Return an outcome whose trial says where it ran, and its program's number among those of all workers."""
        trial, program = outcome.trial, outcome.trial.program
        if program is not None:
            assert post.worker is not None
            program = self._programs.setdefault((post.worker, program), len(self._programs))
        where = f", on worker {post.number}{post.machine}" if trial.engine else ""
        # What came through shared memory would be gone with the fleet.
        weights = outcome.weights and [np.array(each) for each in outcome.weights]
        return replace(
            outcome, trial=replace(trial, program=program, engine=f"{trial.engine}{where}"), weights=weights
        )


def failed(ticket: Ticket, reason: str) -> Outcome:
    """Return what became of a job whose training is not to blame for its end."""
    job, now = ticket.job, time.time()
    logger.info("Trial %d failed. %s", job.number, reason)
    trial = Trial(job.number, "failed", None, dict(job.values), {}, None, now, now, reason, reason)
    return Outcome(trial, repeat=job.repeat)
