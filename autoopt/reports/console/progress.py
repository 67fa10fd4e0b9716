"""Progress: what has happened in a search so far. It draws nothing, and takes as long for the thousandth trial as for the first."""

import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from autoopt.front import front
from autoopt.records import (
    EpochEnded,
    Event,
    ExecutionAdvanced,
    Foreseen,
    SearchStarted,
    Trial,
    TrialEnded,
    TrialStarted,
)
from autoopt.reports.console.curve import Curve

REMEMBERED = 40
"""Finished trials that are remembered: as many as the largest screen lists."""


@dataclass
class Running:
    """A trial that runs.

    Attributes:
        event: How it began.
        since: When, UTC seconds.
        epochs: How many have ended.
        execution: Which further training goes on by now, 0 for the first.
        score: The objective at the last epoch of the first training, None where it was not told.
        curve: The objective epoch by epoch.
    """

    event: TrialStarted
    since: float
    epochs: int = 0
    execution: int = 0
    score: float | None = None
    curve: Curve = field(default_factory=Curve)


@dataclass(frozen=True)
class Finished:
    """A trial that has ended, and what there is to say of it where it is good; empty otherwise."""

    event: TrialEnded
    news: str


class Progress:
    """What has happened so far, as told by events.

    Attributes:
        search: What the search is.
        since: When this session began, UTC seconds.
        baseline: What the user's own model reached.
        best: The best trial so far.
        front: Of several objectives, the trials on the front.
        finished: Those that ended last, the latest first.
        counts: How many trials ended, by status.
        programs: Numbers of the programs that they ran on.
        spent: Seconds of trials and confirmation runs by kind.
        course: The best score after each trial.
        confirming: The confirmation run that began last, None while trials are searched.
        foreseen: How far the search will come, None before that is known.
    """

    def __init__(self, search: SearchStarted) -> None:
        self.search = search
        self.since = time.time()
        self.baseline: float | None = None
        self.best: Trial | None = None
        self.front: Sequence[Trial] = ()
        self._running: dict[tuple[int, int], Running] = {}
        self.finished: deque[Finished] = deque(maxlen=REMEMBERED)
        self.counts: Counter[str] = Counter()
        self.programs: set[int] = set()
        self.spent: dict[str, float] = {}
        self.course = Curve()
        self.confirming: TrialStarted | None = None
        self.foreseen: Foreseen | None = None
        for trial in search.earlier:
            self._end(TrialEnded(trial))
        self._before = self.trials

    @property
    def running(self) -> Running | None:
        """The trial that runs, of several the one that began first; None between two."""
        return next(iter(self._running.values()), None)

    @property
    def beside(self) -> int:
        """How many others run at the same time."""
        return max(0, len(self._running) - 1)

    @property
    def trials(self) -> int:
        """How many trials have ended, those of earlier sessions included."""
        return self.counts.total()

    def tell(self, event: Event) -> str:
        """Take note of an event; return what there is to say of a trial that has ended well, empty otherwise."""
        match event:
            case TrialStarted():
                self._begin(event)
            case EpochEnded():
                self._advance(event)
            case ExecutionAdvanced():
                self._go_on(event)
            case TrialEnded():
                return self._end(event)
            case Foreseen():
                self.foreseen = event
        return ""

    def share(self, now: float) -> float | None:
        """Return how much of the search is done, or of its confirmation, from 0 to 1; None where nothing tells."""
        search, shares, confirming = self.search, list[float](), self.confirming
        if confirming is not None and confirming.runs:
            return (confirming.run - max(1, len(self._running))) / confirming.runs
        if search.max_trials is not None:
            shares.append(self.trials / max(search.max_trials, 1))
        if search.deadline is not None:
            shares.append((now - self.since) / max(search.deadline - self.since, 1e-9))
        return min(max(0.0, *shares), 1.0) if shares else None

    def left(self, now: float) -> tuple[float, bool] | None:
        """Return the seconds that are left and whether they are a guess; None where nothing tells."""
        if self.search.deadline is not None:
            return max(0.0, self.search.deadline - now), False
        done = self.trials - self._before
        if self.search.max_trials is None or done < 2:
            return None
        more = max(0, self.search.max_trials - self.trials)
        return more * (now - self.since) / done, True

    def _begin(self, event: TrialStarted) -> None:
        """Take note of a trial that begins; one beyond those that run at once stands in for one that never ended."""
        while len(self._running) >= max(1, self.search.workers):
            del self._running[next(iter(self._running))]
        self._running[event.number, event.repeat] = Running(event, time.time())
        self.confirming = event if event.repeat else None

    def _of(self, event: EpochEnded | ExecutionAdvanced) -> Running | None:
        """Return the trial of an event, None where it does not run."""
        return self._running.get((event.number, event.repeat))

    def _advance(self, event: EpochEnded) -> None:
        running = self._of(event)
        if running is None:
            return
        running.epochs = event.epoch + 1
        running.score = event.logs.get(self.search.objective.name)
        if running.score is not None:
            running.curve.add(running.score)

    def _go_on(self, event: ExecutionAdvanced) -> None:
        running = self._of(event)
        if running is not None:
            running.epochs, running.execution = event.epoch + 1, event.execution

    def _end(self, event: TrialEnded) -> str:
        trial = event.trial
        self._running.pop((trial.number, event.repeat), None)
        for kind, seconds in trial.costs.items():
            self.spent[kind] = self.spent.get(kind, 0.0) + seconds
        if trial.program is not None:
            self.programs.add(trial.program)
        if event.repeat:
            news = ""
        else:
            self.counts[trial.status] += 1
            news = self._news(trial)
            self.course.add(float("nan") if self.best is None else self.best.score or 0.0)
        self.finished.appendleft(Finished(event, news))
        return news

    def _news(self, trial: Trial) -> str:
        """Compare a trial with those before it."""
        if trial.score is None or trial.status == "failed":
            return ""
        if trial.number == 0:
            self.baseline = trial.score
        rank = self.search.objective.rank
        better = not trial.excess and (self.best is None or rank(trial) < rank(self.best))
        if better:
            self.best = trial
        if not self.search.others:
            return "best so far" if better else ""
        self.front = front([*self.front, trial], (self.search.objective, *self.search.others))
        return "on the front" if trial in self.front else ""
