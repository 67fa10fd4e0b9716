"""The notebook: one small piece of HTML that is replaced as the search goes on. What else a cell prints is left alone."""

import contextlib
import math
import sys
import time
from collections.abc import Sequence
from typing import Any

from autoopt.reports.console.curve import share
from autoopt.reports.console.progress import Progress
from autoopt.reports.console.status import Status, now
from autoopt.untrusted import escaped

INTERVAL = 0.5
"""Least seconds between two updates: each travels to a browser, and is kept in the notebook's file by some."""

LISTED = 5
"""Finished trials that are listed."""

WIDTH = 600
"""Of a curve, in units of its own: it is as wide as the cell."""

STYLE = (
    "font-family:system-ui,sans-serif;font-size:13px;line-height:1.5;max-width:44em;padding:.5em .8em;"
    "border:1px solid;border-color:color-mix(in srgb,currentColor 25%,transparent);border-radius:6px"
)
"""Colours are the page's own, so that it is seen on light and on dark."""


def in_notebook() -> bool:
    """Whether this is a kernel whose output is shown by a notebook: Jupyter, Colab and what is like them."""
    # Without IPython in the process there is no kernel: it need not be loaded to find out.
    ask = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return ask is not None and getattr(ask(), "kernel", None) is not None


class Notebook:
    """Shows progress in one place of a cell's output.

    Args:
        progress: Is read at each update.
    """

    def __init__(self, progress: Progress) -> None:
        from IPython.display import display

        self._progress, self._told = progress, time.monotonic()
        self._handle = display(_bundle(now(progress), going_on=True), raw=True, display_id=True)

    def update(self) -> None:
        """Show what has happened, unless that was done a moment ago."""
        if time.monotonic() - self._told >= INTERVAL:
            self._show(going_on=True)

    def close(self) -> None:
        """Leave a short summary."""
        self._show(going_on=False)

    def _show(self, going_on: bool) -> None:
        self._told = time.monotonic()
        with contextlib.suppress(OSError):  # the kernel is about to end
            self._handle.update(_bundle(now(self._progress), going_on), raw=True)


def _bundle(status: Status, going_on: bool) -> dict[str, Any]:
    """Return the view as HTML, and a line for what shows text alone."""
    return {"text/html": page(status, going_on), "text/plain": status.line(200)}


def page(status: Status, going_on: bool = True) -> str:
    """Return the view as HTML that needs nothing else: no script, no style sheet, no address.

    Args:
        status: What is to be seen.
        going_on: Whether the search goes on; afterwards only what stays true is told.
    """
    progress = status.progress
    place = status.place() if going_on else ", ".join(status.counts())
    parts = [
        f"<div><b>{escaped(status.project)}</b> &nbsp;{escaped(place)}{_right(status.left() if going_on else '')}</div>",
        _bar(progress.share(status.now)) if going_on else "",
        f"<div>{escaped(status.objective)} &nbsp;<b>{escaped(' · '.join(status.reached()))}</b></div>",
        _curve(progress.course.values(), 60, "Best score after each trial"),
    ]
    parts += [_running(status), *_finished(status)] if going_on else []
    last = [*status.counts(), *status.spent()] if going_on else status.spent()
    parts.append(f'<div style="opacity:.75">{escaped(" · ".join(last))}</div>')
    return f'<div style="{STYLE}">{"".join(parts)}</div>'


def _running(status: Status) -> str:
    """Return the trial that runs, with its curve."""
    running = status.progress.running
    if running is None:
        return f"<div>{escaped(status.waiting())}</div>"
    score = "" if running.score is None else f" · {running.score:.4f}"
    told = f"{status.title(running)} · {status.stage(running)}{score}"
    # The curve ends where the training will; as long as it goes on, there is room to the right.
    reached = 1.0 if running.execution else running.epochs / max(status.progress.search.epochs, 1)
    return f"<div>{escaped(told)}</div>{_curve(running.curve.values(), 30, 'Score by epoch', reached)}"


def _finished(status: Status) -> list[str]:
    """Return the trials that ended last as a table."""
    cell = '<td style="text-align:left;padding:0 1em 0 0;border:0;background:none">'
    latest = list(status.progress.finished)[:LISTED]
    rows = ["".join(f"{cell}{escaped(each)}</td>" for each in status.ended(finished)) for finished in latest]
    table = "".join(f'<tr style="background:none">{row}</tr>' for row in rows)
    return [f'<table style="border-collapse:collapse;margin:.3em 0;border:0">{table}</table>'] if rows else []


def _bar(share: float | None) -> str:
    if share is None:
        return ""
    outer = "height:6px;border-radius:3px;margin:.3em 0;background:color-mix(in srgb,currentColor 20%,transparent)"
    inner = f"height:6px;border-radius:3px;background:#3b82f6;width:{100 * share:.1f}%"
    return f'<div style="{outer}" role="progressbar" aria-valuenow="{100 * share:.0f}"><div style="{inner}"></div></div>'


def _curve(values: Sequence[float], height: int, name: str, reached: float = 1.0) -> str:
    """Return values as a line over the share of the width that is reached; what is not finite is left out."""
    known = [(place, value) for place, value in enumerate(values) if math.isfinite(value)]
    if len(known) < 2:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    step = WIDTH * min(reached, 1.0) / max(len(values) - 1, 1)
    points = " ".join(
        f"{step * place:.1f},{height - 2 - (height - 4) * share(value, low, high):.1f}"
        for place, value in known
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="none" role="img" aria-label="{escaped(name)}" '
        f'style="display:block;width:100%;height:{height}px"><polyline points="{points}" fill="none" '
        'stroke="currentColor" stroke-width="1.5" vector-effect="non-scaling-stroke"/></svg>'
    )


def _right(text: str) -> str:
    return f'<span style="float:right">{escaped(text)}</span>' if text else ""
