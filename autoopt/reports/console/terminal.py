r"""The terminal: draws a frame in its lowest rows, from a thread of its own.

Everything else scrolls in the rows above, whoever writes it: they are the terminal's scrolling region (DECSTBM), as
with apt's progress bar. So nothing has to be caught: not `print`, not what libraries write past Python.
"""

import atexit
import logging
import os
import threading
from collections.abc import Callable, Sequence

from autoopt.reports.console.outlet import Outlet
from autoopt.reports.console.parting import Parting

logger = logging.getLogger(__name__)

INTERVAL = 0.25
"""Seconds between two drawings."""

WATCHED = 5
"""So many times an interval the size is looked at: until the frame follows it, others may write over the old one."""

PATIENCE = 2.0
"""Seconds in which the thread ends, unless the terminal does not take what is written."""

Draw = Callable[[int, int], Sequence[str]]
"""Returns the frame's lines with their colours for so many columns and rows of the terminal."""

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
"""What is between them is shown at once, by terminals that know it; the others pass over it."""

SAVE, RESTORE = "\x1b7", "\x1b8"
"""The cursor goes back to where the text is."""

NO_WRAP, WRAP = "\x1b[?7l\x1b[?25l", "\x1b[?7h\x1b[?25h"
"""Around a drawing: no line goes on in the next one, and the cursor is not seen as it wanders."""

RELEASED = f"{WRAP}{SAVE}\x1b[r{RESTORE}\x1b[J"
"""All rows scroll again, and those below the cursor are cleared: the frame, wherever resizing has moved it. A Ctrl-C may have
come amid a drawing, before its lines were allowed to go on again."""

_TAKEN, _TAKING = set[int](), threading.Lock()
"""Terminals that a view of this process is on: a second one would take its rows away."""


class Terminal:
    """Keeps a frame in the lowest rows of a terminal.

    Args:
        outlet: The terminal.
        draw: Makes the frame; called in another thread.
    """

    def __init__(self, outlet: Outlet, draw: Draw) -> None:
        self._outlet, self._draw = outlet, draw
        self._device, self._process = os.fstat(outlet.fileno()).st_rdev, os.getpid()
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._size = (0, 0)
        self._shown: list[str] = []
        self._parting = Parting(self._release)
        self._thread = threading.Thread(target=self._run, name="autoopt-screen", daemon=True)

    @property
    def shows(self) -> bool:
        """Whether there is a frame: none without room for it, or while the terminal is somebody else's."""
        return bool(self._shown)

    def start(self) -> bool:
        """Draw the first frame, and go on in a thread; return False, without either, where another view is there."""
        with _TAKING:
            if self._device in _TAKEN:
                return False
            _TAKEN.add(self._device)
        atexit.register(self.close)
        self._parting.begin()
        self.settle()
        self._thread.start()
        return True

    def settle(self) -> None:
        """Draw now, where the size has changed: what is printed next stays above the frame."""
        # Who waited here from within a signal's handler might wait for the very thread that it interrupts.
        if not self._lock.acquire(blocking=False):
            return
        try:
            if _size(self._outlet) != self._size:
                self._attempt()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Take the frame away and give all rows back; may be called again, after a Ctrl-C amid it too."""
        self._ended.set()
        try:
            if self._thread.is_alive():
                self._thread.join(PATIENCE)
        finally:
            self._release()
            self._parting.end()
            atexit.unregister(self.close)
            _TAKEN.discard(self._device)

    def _run(self) -> None:
        turn = 0
        while self._outlet.is_open and not self._ended.wait(INTERVAL / WATCHED):
            turn = (turn + 1) % WATCHED
            with self._lock:
                if turn == 0 or _size(self._outlet) != self._size:
                    self._attempt()

    def _attempt(self) -> None:
        """Paint, unless the view has ended; a frame that cannot be drawn ends it, and lines are printed in its place."""
        if self._ended.is_set():
            return
        try:
            self._paint()
        except (
            Exception
        ) as error:  # A picture of the search, whatever is wrong with it, is no part of the search.
            self._ended.set()
            self._release()
            logger.warning(
                "The live view has ended, as drawing it raised %s: %s. Lines are printed in its place, and the search goes "
                "on. Please report it, with the traceback in the run's log.txt.",
                type(error).__name__, error,
            )  # fmt: skip
            logger.info("the live view", exc_info=error)

    def _release(self) -> None:
        """Give all rows back, where a frame is shown; a view that has not ended draws it anew later."""
        if not self._lock.acquire(timeout=PATIENCE):  # the terminal does not take what is written
            return
        try:
            if self._shown and os.getpid() == self._process:  # in a forked process it is the parent's frame
                self._outlet.write(RELEASED)
            self._size, self._shown = (0, 0), []
        finally:
            self._lock.release()

    def _paint(self) -> None:
        """Write what differs from the frame that is shown, in one piece."""
        size = _size(self._outlet)
        lines = list(self._draw(*size))
        before = ""
        if size != self._size or len(lines) != len(self._shown):
            before = (RELEASED if self._shown else "") + _claimed(size[1], len(lines))
            self._size, self._shown = size, [""] * len(lines)
        top = size[1] - len(lines) + 1
        changed = [
            f"\x1b[{top + at};1H{line}\x1b[K"
            for at, (line, shown) in enumerate(zip(lines, self._shown, strict=True))
            if line != shown
        ]
        self._shown = lines
        if before or changed:
            self._outlet.write(f"{BEGIN}{before}{SAVE}{NO_WRAP}{''.join(changed)}{WRAP}{RESTORE}{END}")


def _claimed(rows: int, height: int) -> str:
    """Return what makes room below the cursor and lets only the rows above scroll."""
    if not height:
        return ""
    # Going down a row, unlike a new line, keeps the column: somebody's line may be half written.
    return "\x1b[J" + "\x1bD" * height + f"\x1b[{height}A{SAVE}\x1b[1;{rows - height}r{RESTORE}"


def _size(outlet: Outlet) -> tuple[int, int]:
    """Return columns and rows; 0 where they are not known, and while the terminal is somebody else's."""
    try:
        found = os.get_terminal_size(outlet.fileno())
        return (found.columns, found.lines) if _in_foreground(outlet.fileno()) else (0, 0)
    except (OSError, ValueError):
        return 0, 0


def _in_foreground(terminal: int) -> bool:
    """Whether this process is not one that a shell runs in the background of its terminal."""
    if not hasattr(os, "tcgetpgrp"):
        return True
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # it is not the terminal that this process was started from
        return True
