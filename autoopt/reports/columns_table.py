"""The columns of raw rows as a table, before a search begins."""

from collections.abc import Mapping, Sequence

from autoopt.reports.table import table

MOST = 20
"""Rows that are shown; the last is the target's."""


def columns_table(columns: Sequence[Mapping[str, str]], width: int) -> list[str]:
    """Return the lines of a table of columns, the first ones and the target.

    Args:
        columns: What each holds, as text by heading; the target's is the last.
        width: Characters that a line may have.
    """
    if not columns:
        return []
    shown = columns if len(columns) <= MOST else [*columns[: MOST - 1], columns[-1]]
    heading = ("column", *(name for name in columns[0] if name != "name"))
    lines = table(heading, (row.values() for row in shown), width)
    left = len(columns) - len(shown)
    return [*lines[:-1], f"and {left:,} more columns", lines[-1]] if left else lines
