"""How far the reading of data has come: one line on a terminal while it takes long, nothing in a pipe."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from autoopt.untrusted import printable

PATIENCE = 1.0
"""Seconds of reading before there is a line."""

INTERVAL = 0.1
"""Seconds between two drawings."""


@contextmanager
def loading(
    what: str, console: Console | None = None, patience: float = PATIENCE
) -> Iterator[Callable[[int, int], None]]:
    """Yield what is told how much is done, of how much; the line goes when the block ends.

    Args:
        what: That is done, as "Reading train.csv".
        console: Where the line stands; None for stderr.
        patience: Seconds before there is one.
    """
    shown = Console(stderr=True, force_jupyter=False) if console is None else console
    if not shown.is_terminal or shown.is_dumb_terminal:
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    bar = Progress(
        *columns,
        console=shown,
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = bar.add_task(Text(printable(what, kept="")).markup)
    began, drawn = time.monotonic(), -INTERVAL

    def told(done: int, total: int) -> None:
        nonlocal drawn
        now = time.monotonic()
        if now - began < patience or (now - drawn < INTERVAL and done < total):
            return
        drawn = now
        bar.start()
        bar.update(task, completed=done, total=total, refresh=True)

    try:
        yield told
    finally:
        bar.stop()
