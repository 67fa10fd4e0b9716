"""Running: what the trials that train have come to so far."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autoopt.records import Objective, Trial
from autoopt.worker import Job

EVERY = 0.2
"""Seconds after which it is worth asking again what has become of the trials."""


@dataclass(frozen=True)
class _Course:
    """The epochs of one trial: scores by epoch, and when each ended."""

    job: Job
    scores: dict[int, float] = field(default_factory=dict)
    ends: list[float] = field(default_factory=list)


class Running:
    """The epochs of trials as they end, and the trials that have ended. Called from one thread.

    Attributes:
        finished: The trials that have ended, in that order.
        over: Whether those that run are to end as well.
    """

    def __init__(self) -> None:
        self.finished: Sequence[Trial] = ()
        self.over = False
        self._courses: dict[int, _Course] = {}
        self._asked = 0.0

    def __contains__(self, number: int) -> bool:
        """Whether a trial has begun and not ended."""
        return number in self._courses

    def begin(self, job: Job) -> None:
        """Take note that a trial begins."""
        self._courses[job.number] = _Course(job)

    def note(self, number: int, epoch: int, score: float) -> None:
        """Take note that an epoch of a trial has ended."""
        course = self._courses[number]
        course.scores[epoch] = score
        course.ends.append(time.time())

    def end(self, number: int) -> None:
        """Forget the epochs of a trial that has ended."""
        self._courses.pop(number, None)

    @property
    def is_due(self) -> bool:
        """Whether it has not been asked for a while what the trials have come to."""
        return time.time() >= self._asked + EVERY

    def all(self, objective: Objective) -> Sequence[Trial]:
        """Return all trials, those that run as if they ended now.

        One is left out before its second epoch, as the first may have compiled: that one is taken to be as long as the
        others.

        Args:
            objective: What is compared.
        """
        self._asked = time.time()
        found = [_so_far(course, objective) for course in self._courses.values()]
        return [*self.finished, *(trial for trial in found if trial is not None)]


def _so_far(course: _Course, objective: Objective) -> Trial | None:
    """Return a trial as if it ended now, None where too little is known."""
    job, scores, ends = course.job, course.scores, course.ends
    known: Mapping[int, float] = {epoch: score for epoch, score in scores.items() if math.isfinite(score)}
    if len(ends) < 2 or not known:
        return None
    sign = -1.0 if objective.direction == "max" else 1.0
    best = min(known, key=lambda epoch: (sign * known[epoch], epoch))
    first, last = min(scores), max(scores)
    history = {objective.name: [scores.get(epoch, math.nan) for epoch in range(last + 1)]}
    pace = (ends[-1] - ends[0]) / (len(ends) - 1)
    return Trial(
        job.number, "running", known[best], job.values, history, best, ends[0] - pace, ends[-1],
        inherited=None if job.heritage is None else job.heritage.trial, first_epoch=first,
    )  # fmt: skip
