"""A grid: a table with a title, drawn with rich on a terminal and as plain lines into a pipe."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autoopt.reports.table import table
from autoopt.untrusted import printable

NUMERIC = "+-0123456789"
"""How a cell begins that is set to the right."""


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        title: What it shows, empty where that goes without saying.
        columns: Their headings.
        rows: Cells as text.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def lines(self) -> list[str]:
        """Return it as plain lines."""
        drawn = table(self.columns, self.rows)
        return [f"{self.title}:", *(f"  {line}" for line in drawn)] if self.title else drawn

    def drawn(self) -> Table:
        """Return it as rich draws it."""
        # Text, not str: rich takes square brackets in names for its own markup.
        found = Table(
            title=Text(self.title, "bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
        )
        for place, column in enumerate(self.columns):
            numeric = all(row[place][:1] in NUMERIC for row in self.rows)
            found.add_column(
                Text(printable(column, kept="")), justify="right" if numeric else "left", overflow="fold"
            )
        for row in self.rows:
            found.add_row(*(Text(printable(cell, kept="")) for cell in row))
        return found


def plain_lines(pieces: Sequence[str | Grid]) -> list[str]:
    """Return sentences and tables as plain lines."""
    lines = []
    for piece in pieces:
        lines += [piece] if isinstance(piece, str) else piece.lines()
    return lines


def draw(pieces: Sequence[str | Grid], console: Console) -> None:
    """Print sentences and tables on a terminal."""
    for piece in pieces:
        console.print(Text(printable(piece)) if isinstance(piece, str) else piece.drawn())
