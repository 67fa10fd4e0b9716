"""The frame: a status as lines that fit a terminal. Whatever is too long is cut, nothing is wrapped."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from autoopt.reports.console.curve import drawn
from autoopt.reports.console.progress import Finished
from autoopt.reports.console.status import Status

LEAST_COLUMNS, LEAST_ROWS = 50, 14
"""A smaller terminal gets one line."""

SIGNS = "▁▂▃▄▅▆▇█━─…"
"""What is drawn with where the encoding has all of it; elsewhere with ASCII."""

WIDE = 18
"""From so many lines on curves are several lines high."""

COLOURS = {"failed": "red", "pruned": "dim", "cut": "dim"}
"""Of a trial by how it ended; the word stands beside it."""


def height(columns: int, rows: int) -> int:
    """Return how many lines of a terminal the live view takes: what is said needs the others."""
    if rows < 3 or columns < 10:
        return 0
    return 1 if columns < LEAST_COLUMNS or rows < LEAST_ROWS else min(rows * 3 // 5, 30)


@dataclass(frozen=True)
class Frame:
    """A status as lines.

    Attributes:
        status: What is to be seen.
        columns: Most cells of a line.
        rows: How many lines.
        plain: Whether to draw with ASCII alone.
    """

    status: Status
    columns: int
    rows: int
    plain: bool = False

    def lines(self) -> list[Text]:
        """Return exactly so many lines, none of them longer than the columns."""
        if self.rows == 1:
            return [self._cut(Text(self.status.line(self.columns)))]
        tall = self.rows >= WIDE
        above = [self._heading(), self._bar(), self._reached(), *self._course(5 if tall else 1)]
        above += self._running(3 if tall else 1)
        below = [self._joined(self.status.counts()), self._joined(self.status.spent())]
        lines = [*above, *self._finished(self.rows - len(above) - len(below)), *below]
        return [self._cut(line) for line in lines[: self.rows]]

    def _heading(self) -> Text:
        """Return the rule that parts the view from what is said above it."""
        rule = "-" if self.plain else "─"
        title = f"{rule * 2} {self.status.project} "
        return Text(title + rule * max(0, self.columns - Text(title).cell_len), "dim")

    def _bar(self) -> Text:
        share = self.status.progress.share(self.status.now)
        told = f"  {self.status.place()}  {self.status.left()}"
        room = self.columns - len(told)
        if share is None or room < 10:
            return Text(told.strip())
        done, full, rest = round(share * room), "#" if self.plain else "━", "-" if self.plain else "─"
        return Text.assemble((full * done, "cyan"), (rest * (room - done), "dim"), told)

    def _reached(self) -> Text:
        line = Text.assemble((self.status.objective, "bold"))
        parts = self.status.reached()
        room = self.columns - line.cell_len
        if len(parts) > 2 and sum(len(part) + 2 for part in parts) > room:
            del parts[1]  # the baseline: what was gained says as much
        for place, part in enumerate(parts):
            line.append("  ").append(part, "bold green" if place == 0 else "")
        return line

    def _course(self, high: int) -> list[Text]:
        """Return the best score after each trial as a curve, with what it is beside its foot."""
        name = "  best by trial"
        course = self.status.progress.course.values(self.columns - len(name))
        lines = [Text.assemble((line, "green")) for line in drawn(course, high, self.plain)]
        lines[-1].append(name if course else "", "dim")
        return lines

    def _running(self, high: int) -> list[Text]:
        """Return the trial that runs, with its curve to the right."""
        status, running = self.status, self.status.progress.running
        if running is None:
            return [Text(status.waiting()), *(Text() for _ in range(high - 1))]
        told = f"{status.title(running)}  {status.stage(running)}  {status.since(running)}"
        score = "" if running.score is None else f"{running.score:.4f}  "
        room = self.columns - len(told) - len(score) - 2
        curve = drawn(running.curve.values(max(room, 1)), high, self.plain) if room >= 8 else [""] * high
        first = Text.assemble((told, "bold"), "  ", score)
        rest = [Text(" " * first.cell_len) for _ in range(high - 1)]
        return [line.append(part, "cyan") for line, part in zip([first, *rest], curve, strict=True)]

    def _finished(self, room: int) -> list[Text]:
        """Return the trials that ended last, one a line; lines are left empty where there are none yet."""
        if room <= 0:
            return []
        latest = list(self.status.progress.finished)[:room]
        told = [self.status.ended(finished) for finished in latest]
        widths = [max(map(len, column)) for column in zip(*told, strict=True)] if told else []
        lines = [_row(row, widths, each) for row, each in zip(told, latest, strict=True)]
        return [*lines, *(Text() for _ in range(room - len(lines)))]

    def _joined(self, parts: Sequence[str]) -> Text:
        return Text((", " if self.plain else " · ").join(parts), "dim")

    def _cut(self, line: Text) -> Text:
        """Return a line that fits, with an ellipsis where something is missing."""
        if line.cell_len <= self.columns:
            return line
        line = line.copy()
        ending = "..." if self.plain else "…"
        line.truncate(self.columns - len(ending), overflow="crop")
        return line.append(ending)


def _row(cells: Sequence[str], widths: Sequence[int], finished: Finished) -> Text:
    """Return a finished trial as a line of a table: its numbers to the right."""
    title, score, epochs, seconds, told = cells
    line = Text(
        f"{title:<{widths[0]}}  {score:>{widths[1]}}  {epochs:>{widths[2]}}  {seconds:>{widths[3]}}  "
    )
    status = told.split(",")[0].split(":")[0]
    return line.append(told, "green" if finished.news else COLOURS.get(status, ""))
