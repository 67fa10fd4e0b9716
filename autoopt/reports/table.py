"""Tables as plain lines, and how a value of a hyperparameter is told in one."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autoopt.untrusted import printable

UNCUT = 10_000
"""Characters in a line of a table that no terminal shows: nothing is wrapped."""


def table(columns: Iterable[str], rows: Iterable[Iterable[str]], width: int = UNCUT) -> list[str]:
    """Return the lines of a table; cells that do not fit into the width are wrapped, the first of a row last."""
    cells = [[Text(printable(cell, kept="")) for cell in row] for row in rows]
    narrow = all(len(row[0]) <= width // 2 for row in cells)
    drawn = Table(box=None, pad_edge=False)
    for place, column in enumerate(columns):
        drawn.add_column(Text(printable(column, kept="")), overflow="fold", no_wrap=place == 0 and narrow)
    for row in cells:
        drawn.add_row(*row)
    # In a notebook rich would show by itself what is only captured here.
    console = Console(width=width, color_system=None, force_jupyter=False)
    with console.capture() as captured:
        console.print(drawn)
    return [line.rstrip() for line in captured.get().splitlines()]


def told(value: Any) -> str:
    """Return a value in four digits that count; None stands for a hyperparameter that is not active."""
    if value is None:
        return "not used"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
