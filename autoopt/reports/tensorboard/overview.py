"""The run `search`: what is told of the whole search, trial by trial: points, texts and pictures."""

import math
import time
from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autoopt.records import Objective, SearchEnded, SearchStarted, Trial, own_model
from autoopt.reports.tensorboard import texts
from autoopt.reports.tensorboard.event_file import EventFile
from autoopt.reports.tensorboard.gallery import Gallery

RECENT = 10
"""Latest trials by which it is told how many a minute has."""


class Overview:
    """Tells of the whole search in a run of its own.

    What a trial changed lies at its number, the outcome and pictures at how many trials there were by then.

    Args:
        folder: The search's own.
        event: What was told when it started.
    """

    def __init__(self, folder: Path, event: SearchStarted) -> None:
        self._file, self._model = EventFile(folder / "search"), own_model(event.starter)
        self._objective: Objective = event.objective
        self._space: Mapping[str, Any] = event.space.values
        self._own: Mapping[str, Any] = {}
        self._baseline: Trial | None = None
        self._best: Trial | None = None
        self._told: int | None = None
        self._last = 0
        self._seconds: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._programs: set[int] = set()
        self._ended = deque([time.time()], RECENT + 1)
        self.gallery = Gallery(self._file, event.objective)
        for trial in event.earlier:
            self._note(trial)

    def recipe(self, trial: Trial) -> str:
        """Return a trial's values beside those of the user's model, those that are not active there included."""
        return texts.recipe(trial, {**self._space, **self._own}, self._model)

    def ended(self, trial: Trial) -> None:
        """Add what a trial changed: its points, and the text where it is the best."""
        self._note(trial)
        self._ended.append(trial.finished or time.time())
        minutes = (self._ended[-1] - self._ended[0]) / 60
        points = {
            **({} if self._best is None else {"search/best_so_far": self._best.score or 0.0}),
            **({"search/trials_per_minute": (len(self._ended) - 1) / minutes} if minutes > 0 else {}),
            "search/programs": len(self._programs),
            **{f"search/{status}": self._statuses[status] for status in ("completed", "pruned", "failed")},
            **{f"seconds/{kind}": seconds for kind, seconds in self._seconds.items()},
        }
        # Where several run at once, one may end after those that follow it: steps never go back, which would take points away.
        self._file.replace_from(self._last)
        self._file.scalars(self._last, points)
        self._tell_best(self._last)
        self._file.flush()
        self.gallery.renew()

    def searched(self) -> None:
        """Add the pictures that are not there yet: no trial is to come."""
        self._file.replace_from(self._last + 1)
        self.gallery.finish()

    def conclude(self, event: SearchEnded) -> None:
        """Add the outcome, and the pictures that are not there yet."""
        self._best = event.best or self._best
        self._file.replace_from(self._last + 1)
        self._tell_best(self._last + 1)
        baseline = None if self._baseline is None else self._baseline.score
        text = texts.outcome(event, self._objective, baseline, self._model)
        self._file.texts(self._last + 1, {"search/outcome": text})
        self._file.flush()
        self.gallery.finish()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _tell_best(self, step: int) -> None:
        """Write in what the best differs from the user's model, once for each best."""
        if self._best is None or self._best.number == self._told:
            return
        self._told = self._best.number
        text = texts.changes(self._best, self._own or self._space, self._model)
        self._file.texts(step, {f"search/what_changed_from_{self._model.replace(' ', '_')}": text})

    def _note(self, trial: Trial) -> None:
        self._last = max(self._last, trial.number)
        if trial.number == 0:
            self._baseline, self._own = trial, trial.hyperparameters
        self._seconds.update(trial.costs)
        self._statuses[trial.status] += 1
        if trial.program is not None:
            self._programs.add(trial.program)
        if trial.score is None or not math.isfinite(trial.score) or trial.status == "failed":
            return
        self.gallery.add(trial)
        if not trial.excess and (self._best is None or self._rank(trial) < self._rank(self._best)):
            self._best = trial

    def _rank(self, trial: Trial) -> tuple[bool, float, int]:
        return self._objective.rank(trial)
