"""Running: what the trial that trains has come to so far."""

import math
import time
from collections.abc import Sequence

from autoopt.records import Objective, Trial
from autoopt.worker import Job

EVERY = 0.2
"""Seconds after which it is worth asking again what has become of a trial."""


class Running:
    """The epochs of one trial as they end. Called from one thread."""

    def __init__(self) -> None:
        self._ended: list[tuple[float, float]] = []
        self._asked = 0.0

    def begin(self) -> None:
        """Forget the trial before."""
        self._ended.clear()

    def note(self, score: float) -> None:
        """Take note that an epoch has ended."""
        self._ended.append((time.time(), score))

    @property
    def is_due(self) -> bool:
        """Whether it has not been asked for a while what the trial has come to."""
        return time.time() >= self._asked + EVERY

    def so_far(self, job: Job, objective: Objective) -> Sequence[Trial]:
        """Return the trial as if it ended now; nothing before its second epoch, as the first may have compiled.

        Its history and its seconds are those of the epochs from the second on.

        Args:
            job: What trains.
            objective: What is compared.
        """
        self._asked = time.time()
        scores = [score if math.isfinite(score) else None for _, score in self._ended]
        known = [(score, epoch) for epoch, score in enumerate(scores) if score is not None]
        if len(scores) < 2 or not known:
            return []
        sign = -1.0 if objective.direction == "max" else 1.0
        best = min(known, key=lambda each: (sign * each[0], each[1]))
        heritage = None if job.heritage is None else job.heritage.trial
        first, *others = self._ended
        return [
            Trial(
                job.number, "running", best[0], job.values, {objective.name: [score for _, score in others]}, best[1],
                first[0], others[-1][0], inherited=heritage,
            )
        ]  # fmt: skip
