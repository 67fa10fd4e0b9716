"""The console sink: one live line on a terminal, plain lines elsewhere."""

import math
import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

from keras_tuner.engine.hyperparameters import Fixed
from rich.console import Console as RichConsole
from rich.live import Live
from rich.text import Text

from autoopt.front import front
from autoopt.records import (
    EpochEnded,
    Event,
    Foreseen,
    SearchEnded,
    SearchStarted,
    Trial,
    TrialEnded,
    TrialStarted,
)
from autoopt.reports.space_table import space_table
from autoopt.reports.table import UNCUT
from autoopt.untrusted import printable


class Console:
    """Tells the user how the search goes.

    Args:
        verbose: 0 prints nothing, 1 the progress, 2 a line for each trial too; `"auto"` is 1.
        stream: Where to; standard output when None.
    """

    def __init__(self, verbose: Any = "auto", stream: TextIO | None = None) -> None:
        self._level = 1 if verbose == "auto" else int(verbose)
        self._rich = RichConsole(file=stream or sys.stdout, highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._progress: _Progress | None = None

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if self._level == 0:
            return
        if isinstance(event, SearchStarted):
            self._begin(event)
        elif self._progress is None:
            return
        elif isinstance(event, TrialStarted):
            self._progress.begin(event)
        elif isinstance(event, EpochEnded):
            self._progress.advance(event)
        elif isinstance(event, TrialEnded):
            self._end_trial(event, self._progress)
        elif isinstance(event, Foreseen):
            self.say(foreseen(event))
        elif isinstance(event, SearchEnded):
            self._stop_live()

    def say(self, sentence: str) -> None:
        """Print one sentence for the user."""
        if self._level:
            self._rich.print(Text(printable(sentence)))

    def close(self) -> None:
        """Give the terminal back; may be called again."""
        self._stop_live()

    def _begin(self, event: SearchStarted) -> None:
        for note in event.notes:
            self.say(note)
        if not event.through:
            self._announce(event)
        self._progress = _Progress(event)
        if self._rich.is_terminal:
            # Drawn by a thread of its own: the seconds that are left go on while a model is compiled.
            self._live = Live(
                console=self._rich, get_renderable=self._line, refresh_per_second=5, transient=True
            )
            self._live.start()

    def _announce(self, event: SearchStarted) -> None:
        """Say what is going to be searched."""
        dimensions = len({hp.name for hp in event.space.space if not isinstance(hp, Fixed)})
        plural = "" if dimensions == 1 else "s"
        self.say(f"Searching {dimensions or 'no'} hyperparameter{plural} for the best {_sought(event)}.")
        for sentence in event.plan:
            self.say(sentence)
        for line in space_table(event.space, self._rich.width if self._rich.is_terminal else UNCUT):
            self.say(line)

    def _end_trial(self, event: TrialEnded, progress: "_Progress") -> None:
        news = progress.end(event)
        if self._level >= 2 or news or self._live is None or event.trial.status == "failed":
            self.say(progress.line_of(event) + (f"  {news}" if news and event.trial.number > 0 else ""))

    def _line(self) -> Text:
        width = self._rich.width - 1
        line = "" if self._progress is None else self._progress.line(width)
        return Text(printable(line, kept="")[:width], no_wrap=True)

    def _stop_live(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


class _Progress:
    """What the live line shows: trial, best, baseline, epochs, time left."""

    def __init__(self, started: SearchStarted) -> None:
        self._search = started
        self._baseline: float | None = None
        self._best: Trial | None = None
        self._front: Sequence[Trial] = ()
        self._running = "preparing"
        self._place: int | None = None
        for trial in started.earlier:
            self.end(TrialEnded(trial))

    def begin(self, event: TrialStarted) -> None:
        if not event.repeat:
            # Proposals that were taken back leave gaps between the numbers.
            self._place = 1 + (event.number if self._place is None else self._place)
        self._running = self._title(event.number, event.repeat)

    def advance(self, event: EpochEnded) -> None:
        score = event.logs.get(self._search.objective.name)
        shown = "" if score is None else f" {score:.4f}"
        title = self._title(event.number, event.repeat)
        self._running = f"{title}  epoch {event.epoch + 1}/{self._search.epochs}{shown}"

    def end(self, event: TrialEnded) -> str:
        """Note a finished trial; return what there is to say of it where it is good, empty otherwise."""
        trial = event.trial
        if event.repeat or trial.score is None or trial.status == "failed":
            return ""
        if trial.number == 0:
            self._baseline = trial.score
        rank = self._search.objective.rank
        better = not trial.excess and (self._best is None or rank(trial) < rank(self._best))
        if better:
            self._best = trial
        if not self._search.others:
            return "best so far" if better else ""
        self._front = front([*self._front, trial], (self._search.objective, *self._search.others))
        return "on the front" if trial in self._front else ""

    def line(self, width: int) -> str:
        """Return what runs, the best, the baseline and the time left; what does not fit is left out."""
        best = "" if self._best is None else f"best {score_text(self._best.score)}"
        baseline = "" if self._baseline is None else f"baseline {score_text(self._baseline)}"
        left = ""
        if self._search.deadline is not None:
            seconds = max(0.0, self._search.deadline - time.time())
            left = f"{duration(seconds) if seconds >= 10 else f'{seconds:.0f}s'} left"
        fuller = ((self._running, best, baseline, left), (self._running, best, left), (self._running, left))
        lines = ["  ".join(part for part in parts if part) for parts in fuller]
        return next((line for line in lines if len(line) <= width), self._running)

    def line_of(self, event: TrialEnded) -> str:
        """Return one line about a finished trial."""
        trial = event.trial
        title = (
            f"confirming trial {trial.number}, run {event.repeat}"
            if event.repeat
            else f"trial {trial.number}"
        )
        if trial.status == "failed":
            return f"{title} failed: {first_line(trial.note or trial.error or '')}"
        own = ", your model" if trial.number == 0 and not event.repeat else ""
        ended = "" if trial.status == "completed" else " (cut)" if trial.note[:3] == "Cut" else " (pruned)"
        names = [each.name for each in self._search.others if each.name in trial.scores]
        beside = "".join(f", {name} {trial.scores[name]:.4g}" for name in names)
        shown = f"{self._search.objective.name} {score_text(trial.score)}{beside}"
        epochs = f"{trial.epochs} epoch{'' if trial.epochs == 1 else 's'}"
        over = f"; it {trial.excess}" if trial.excess else ""
        return f"{title}{own}: {shown}, {epochs}, {duration(trial.seconds or 0)}{ended}{over}"

    def _title(self, number: int, repeat: int) -> str:
        if repeat:
            return f"confirming trial {number}, run {repeat}"
        total = self._search.max_trials
        return f"trial {number}" if total is None else f"trial {number} ({self._place or number + 1}/{total})"


def _sought(event: SearchStarted) -> str:
    """Return what a search is for, with directions where there are several."""
    if not event.others:
        return event.objective.name
    *most, last = (f"{each.name} ({each.direction})" for each in (event.objective, *event.others))
    return f"trade-off of {', '.join(most)} and {last}"


def foreseen(event: Foreseen) -> str:
    """Return how far the search will come, as a sentence."""
    trials = f"{event.trials} trials"
    return (
        f"About {trials} fit into the time of the search, {duration(event.seconds)}."
        if event.by_time
        else f"About {duration(event.seconds)} for {trials}."
    )


def score_text(score: float | None) -> str:
    """Return a score with four digits that count."""
    if score is None:
        return "-"
    return f"{score:.4f}" if abs(score) < 1000 else f"{score:.5g}"


def duration(seconds: float) -> str:
    """Return seconds as people say them: 3.2s, 2m05s, 1h10m."""
    if not math.isfinite(seconds):
        return "-"
    if round(seconds) < 60:
        return f"{seconds:.1f}s" if seconds < 10 else f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    return f"{minutes // 60}h{minutes % 60:02d}m"


def first_line(text: str) -> str:
    """Return the first line of a message."""
    return text.strip().splitlines()[0] if text.strip() else "no reason given"
