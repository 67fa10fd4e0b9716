r"""The terminal: draws a frame in its lowest rows, from a thread of its own.

Everything else scrolls in the rows above, whoever writes it: they are the terminal's scrolling region (DECSTBM), as
with apt's progress bar. So nothing has to be caught: not `print`, not what libraries write past Python.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from typing import TextIO

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


class Terminal:
    """Keeps a frame in the lowest rows of a terminal.

    Args:
        stream: Of the terminal.
        draw: Makes the frame; called in another thread.
    """

    def __init__(self, stream: TextIO, draw: Draw) -> None:
        self._stream, self._draw = stream, draw
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._size = (0, 0)
        self._shown: list[str] = []
        self._thread = threading.Thread(target=self._run, name="autoopt-screen", daemon=True)

    def start(self) -> None:
        """Draw the first frame, and go on in a thread."""
        self.settle()
        self._thread.start()

    def settle(self) -> None:
        """Draw now, where the size has changed: what is printed next stays above the frame."""
        # Who waited here from within a signal's handler might wait for the very thread that it interrupts.
        if not self._lock.acquire(blocking=False):
            return
        try:
            if not self._ended.is_set() and _size(self._stream) != self._size:
                self._paint()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Take the frame away and give all rows back; may be called again."""
        if self._ended.is_set():
            return
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)
        if self._shown and self._lock.acquire(timeout=PATIENCE):
            with contextlib.suppress(OSError, ValueError):  # it is gone
                self._write(_released())
            self._lock.release()

    def _run(self) -> None:
        turn = 0
        while not self._ended.wait(INTERVAL / WATCHED):
            turn = (turn + 1) % WATCHED
            with self._lock:
                try:
                    if turn == 0 or _size(self._stream) != self._size:
                        self._paint()
                except (OSError, ValueError):  # the terminal is gone, the search goes on
                    return

    def _paint(self) -> None:
        """Write what differs from the frame that is shown, in one piece."""
        size = _size(self._stream)
        lines = list(self._draw(*size))
        before = ""
        if size != self._size or len(lines) != len(self._shown):
            before = (_released() if self._shown else "") + _claimed(size[1], len(lines))
            self._size, self._shown = size, [""] * len(lines)
        top = size[1] - len(lines) + 1
        changed = [
            f"\x1b[{top + at};1H{line}\x1b[K"
            for at, (line, shown) in enumerate(zip(lines, self._shown, strict=True))
            if line != shown
        ]
        self._shown = lines
        if before or changed:
            self._write(f"{BEGIN}{before}{SAVE}{NO_WRAP}{''.join(changed)}{WRAP}{RESTORE}{END}")

    def _write(self, text: str) -> None:
        encoding = self._stream.encoding or "utf8"
        self._stream.write(text.encode(encoding, "replace").decode(encoding))
        self._stream.flush()


def _claimed(rows: int, height: int) -> str:
    """Return what makes room below the cursor and lets only the rows above scroll."""
    if not height:
        return ""
    # Going down a row, unlike a new line, keeps the column: somebody's line may be half written.
    return "\x1b[J" + "\x1bD" * height + f"\x1b[{height}A{SAVE}\x1b[1;{rows - height}r{RESTORE}"


def _released() -> str:
    """Return what lets all rows scroll again and clears those below the cursor: the frame, wherever resizing has moved it."""
    return f"{SAVE}\x1b[r{RESTORE}\x1b[J"


def _size(stream: TextIO) -> tuple[int, int]:
    """Return columns and rows; 0 where they are not known, and while the terminal is somebody else's."""
    try:
        found = os.get_terminal_size(stream.fileno())
        return (found.columns, found.lines) if _in_foreground(stream.fileno()) else (0, 0)
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
