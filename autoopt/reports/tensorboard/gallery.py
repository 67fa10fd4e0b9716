"""The pictures of a search: which there are, and when they are drawn anew."""

import logging
import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace

from autoopt.records import Objective, Trial
from autoopt.reports.tensorboard import pictures
from autoopt.reports.tensorboard.event_file import EventFile
from autoopt.reports.tensorboard.pictures import Point

logger = logging.getLogger(__name__)

FEWEST = 5
"""Trials with a score from which on there is something to see."""

MOST_TRIALS = 2_000
"""Latest trials that are drawn."""

SHARE = 0.01
"""Of the search's seconds that drawing may take while it runs."""

SECONDS = 1.0
"""What drawing takes for the first time, about: matplotlib is loaded then."""

OFTEN = 60.0
"""Seconds between two times."""

SLICES = 4

UNDRAWN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    Warning,
)
"""What drawing may raise of odd values, or with settings of matplotlib, or of warnings, that are the user's."""


class Gallery:
    """Draws the search into the Images page: now and then, and at its end.

    Args:
        file: Of the run that the pictures are in.
        objective: What is compared.
    """

    def __init__(self, file: EventFile, objective: Objective) -> None:
        self._file, self._objective = file, objective
        self._points: deque[Point] = deque(maxlen=MOST_TRIALS)
        self._added, self._best = 0, math.nan
        self._shares: Mapping[str, float] = {}
        self._began = self._latest = time.monotonic()
        self._spent, self._takes = 0.0, SECONDS
        self._drawn = 0
        self._missing = False

    def add(self, trial: Trial) -> None:
        """Take a trial that has a score; its curves are not kept."""
        score = trial.score or 0.0
        if not trial.excess and self._objective.better(score, self._best):
            self._best = score
        self._points.append(Point(trial.number, trial.status, score, trial.hyperparameters, self._best))
        self._added += 1

    def weigh(self, shares: Mapping[str, float]) -> None:
        """Take how much each hyperparameter mattered."""
        self._shares = shares

    def renew(self) -> None:
        """Draw where that is due: not more often than its share of the time allows."""
        now = time.monotonic()
        if now - self._latest >= OFTEN and self._spent + self._takes <= SHARE * (now - self._began):
            self.finish()

    def finish(self) -> None:
        """Draw what is new."""
        if self._missing or self._added < FEWEST or self._added == self._drawn:
            return
        began = time.monotonic()
        try:
            self._draw(self._by_number())
        except ImportError as error:
            self._missing = True
            logger.debug("There are no pictures in TensorBoard: %s", error)
        except UNDRAWN:
            logger.debug("The pictures for TensorBoard cannot be drawn", exc_info=True)
        self._drawn, self._latest = self._added, time.monotonic()
        self._takes = self._latest - began
        self._spent += self._takes

    def _by_number(self) -> list[Point]:
        """Return the trials by number, which need not be the order in which they ended."""
        found, best = list[Point](), math.nan
        for point in sorted(self._points, key=lambda point: point.number):
            best = point.best if self._objective.better(point.best, best) else best
            found.append(replace(point, best=best))
        return found

    def _draw(self, trials: list[Point]) -> None:
        step = trials[-1].number + 1
        drawn = {"search/history": pictures.history(trials, self._objective)}
        active = {name for trial in trials for name in trial.hyperparameters}
        names = [name for name in self._shares if name in active][:SLICES]
        if names:
            drawn["search/importance"] = pictures.importance(self._shares)
            drawn["search/slices"] = pictures.slices(trials, names, self._objective)
        for tag, picture in drawn.items():
            self._file.image(step, tag, picture)
        self._file.flush()
