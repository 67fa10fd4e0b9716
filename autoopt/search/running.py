"""Running: what the trial that trains has come to so far."""

import math
import time
from collections.abc import Sequence

from autoopt.records import Objective, Trial
from autoopt.worker import Job

EVERY = 0.2
"""Seconds after which it is worth asking again what has become of a trial."""


class Running:
    """The epochs of one trial as they end, and the trials before it. Called from one thread.

    Attributes:
        finished: The trials that have ended.
    """

    def __init__(self) -> None:
        self.finished: Sequence[Trial] = ()
        self._scores: dict[int, float] = {}
        self._ends: list[float] = []
        self._asked = 0.0

    def begin(self) -> None:
        """Forget the epochs of the trial before."""
        self._scores.clear()
        self._ends.clear()

    def note(self, epoch: int, score: float) -> None:
        """Take note that an epoch has ended."""
        self._scores[epoch] = score
        self._ends.append(time.time())

    @property
    def is_due(self) -> bool:
        """Whether it has not been asked for a while what the trial has come to."""
        return time.time() >= self._asked + EVERY

    def all(self, job: Job | None, objective: Objective) -> Sequence[Trial]:
        """Return all trials, the one that runs as if it ended now.

        It is left out before its second epoch, as the first may have compiled: that one is taken to be as long as the
        others.

        Args:
            job: What trains; None where nothing does.
            objective: What is compared.
        """
        self._asked = time.time()
        known = {epoch: score for epoch, score in self._scores.items() if math.isfinite(score)}
        if job is None or len(self._ends) < 2 or not known:
            return self.finished
        sign = -1.0 if objective.direction == "max" else 1.0
        best = min(known, key=lambda epoch: (sign * known[epoch], epoch))
        first, last = min(self._scores), max(self._scores)
        history = {objective.name: [self._scores.get(epoch, math.nan) for epoch in range(last + 1)]}
        pace = (self._ends[-1] - self._ends[0]) / (len(self._ends) - 1)
        trial = Trial(
            job.number, "running", known[best], job.values, history, best, self._ends[0] - pace, self._ends[-1],
            inherited=None if job.heritage is None else job.heritage.trial, first_epoch=first,
        )  # fmt: skip
        return [*self.finished, trial]
