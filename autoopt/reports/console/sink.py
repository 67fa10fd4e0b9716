"""The console sink: a live view in a terminal or a notebook, and plain lines."""

import sys
import threading
from typing import IO, Any, TextIO, cast

from rich.console import Console as RichConsole
from rich.text import Text

from autoopt.records import EpochEnded, Event, Foreseen, SearchEnded, SearchStarted, TrialEnded
from autoopt.reports.columns_table import columns_table
from autoopt.reports.console.frame import SIGNS, Frame, height
from autoopt.reports.console.notebook import Notebook, in_notebook
from autoopt.reports.console.outlet import Outlet
from autoopt.reports.console.progress import Progress
from autoopt.reports.console.status import now
from autoopt.reports.console.terminal import Terminal
from autoopt.reports.console.words import foreseen, line_of, score_text, sought, title_of
from autoopt.reports.space_table import is_fixed, space_table
from autoopt.reports.table import UNCUT
from autoopt.untrusted import printable


class Console:
    """Tells the user how the search goes.

    In a terminal and in a notebook there is a live view, and what is said stands beside it: at 1 failures, at 2 a line
    for each trial. Elsewhere each finished trial has a line, at 2 each epoch too.

    Args:
        verbose: 0 prints nothing, 1 the progress, 2 more; `"auto"` is 1.
        stream: Where to; standard output when None.
    """

    def __init__(self, verbose: Any = "auto", stream: TextIO | None = None) -> None:
        self._level = 1 if verbose == "auto" else int(verbose)
        self._outlet = Outlet(sys.stdout if stream is None else stream)
        self._in_notebook = stream is None and in_notebook()
        file = cast(IO[str], self._outlet)
        self._rich = RichConsole(file=file, highlight=False, soft_wrap=True, force_jupyter=False)
        self._view: Terminal | Notebook | None = None
        self._progress: Progress | None = None
        # The view is drawn in another thread; a signal may come amid an event, and its handler says something.
        self._lock = threading.RLock()
        self._drawn: list[tuple[Text, str]] = []

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if self._level == 0:
            return
        if isinstance(event, SearchStarted):
            self._begin(event)
        elif self._progress is not None:
            with self._lock:
                news = self._progress.tell(event)
            self._say_of(event, news, self._progress)
            if isinstance(self._view, Notebook):
                self._view.update()
        if isinstance(event, SearchEnded):
            self.close()

    def say(self, sentence: str) -> None:
        """Print one sentence for the user."""
        if self._level:
            if isinstance(self._view, Terminal):
                self._view.settle()
            self._rich.print(Text(printable(sentence)))

    def close(self) -> None:
        """Give the terminal back; may be called again."""
        if self._view is not None:
            self._view.close()
        self._view = None

    def _begin(self, event: SearchStarted) -> None:
        if not event.through:
            for line in columns_table(event.columns, self._width):
                self.say(line)
        for note in event.notes:
            self.say(note)
        if not event.through:
            self._announce(event)
        self._progress = Progress(event)
        if self._in_notebook:
            self._view = Notebook(self._progress)
        elif self._outlet.isatty() and self._rich.is_interactive and not self._rich.legacy_windows:
            self._view = view = Terminal(self._outlet, self._frame)
            if not view.start():
                self._view = None

    def _announce(self, event: SearchStarted) -> None:
        """Say what is going to be searched."""
        dimensions = len({hp.name for hp in event.space.space if not is_fixed(hp)})
        plural = "" if dimensions == 1 else "s"
        self.say(f"Searching {dimensions or 'no'} hyperparameter{plural} for the best {sought(event)}.")
        for sentence in event.plan:
            self.say(sentence)
        for line in space_table(event.space, self._width):
            self.say(line)

    @property
    def _width(self) -> int:
        """How many characters a line of a table may have."""
        return self._rich.width if self._rich.is_terminal else UNCUT

    def _say_of(self, event: Event, news: str, progress: Progress) -> None:
        """Print what is to be read of an event beside the live view, or in its place."""
        if isinstance(event, Foreseen):
            self.say(foreseen(event))
        elif isinstance(event, TrialEnded):
            if self._level >= 2 or not self._is_seen() or event.trial.status == "failed":
                more = f"  {news}" if news and event.trial.number > 0 else ""
                self.say(f"{line_of(event, progress.search)}{more}")
        elif isinstance(event, EpochEnded) and self._level >= 2 and not self._is_seen():
            score = event.logs.get(progress.search.objective.name)
            title, epochs = title_of(event.number, event.repeat), progress.search.epochs
            told = f"{title}, epoch {event.epoch + 1}/{epochs}"
            name = progress.search.objective.name
            self.say(told if score is None else f"{told}: {name} {score_text(score)}")

    def _is_seen(self) -> bool:
        """Whether there is a view at this moment: lines stand in for one that has no room."""
        return self._view.shows if isinstance(self._view, Terminal) else self._view is not None

    def _frame(self, columns: int, rows: int) -> list[str]:
        """Return the live view's lines with their colours; the last column stays free."""
        high = height(columns, rows)
        if self._progress is None or not high:
            return []
        with self._lock:
            lines = Frame(now(self._progress), columns - 1, high, not self._has_signs()).lines()
        known = [*self._drawn, *[(Text(), "")] * (high - len(self._drawn))]
        self._drawn = [
            (line, text if line == before and line.style == before.style else self._coloured(line))
            for line, (before, text) in zip(lines, known[:high], strict=True)
        ]
        return [text for _, text in self._drawn]

    def _coloured(self, line: Text) -> str:
        """Return a line as the terminal takes it."""
        with self._rich.capture() as captured:
            self._rich.print(line, end="")
        return captured.get()

    def _has_signs(self) -> bool:
        """Whether the stream's encoding has what curves are drawn with."""
        try:
            SIGNS.encode(self._outlet.encoding)
        except UnicodeEncodeError:
            return False
        return True
