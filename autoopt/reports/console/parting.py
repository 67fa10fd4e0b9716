"""Signals that stop or end this process on the spot: before they do, the terminal is given back."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

PARTING = [each for each in signal.Signals if each.name in ("SIGTSTP", "SIGTERM")]
"""Ctrl-Z, where there is such a thing, and what `kill` sends."""


class Parting:
    """Between `begin` and `end`, calls a function before such a signal does what it does by default.

    A signal that somebody else takes, or that is ignored, is left alone, and in another thread than the main one
    nothing is touched. Like Ctrl-C, a signal waits for a step in native code to end.

    Args:
        leave: Is called in the main thread, amid whatever that does.
    """

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave

    def begin(self) -> None:
        """Take the signals."""
        self._exchange(signal.SIG_DFL, self._part)

    def end(self) -> None:
        """Put them back, unless somebody else has taken them since."""
        self._exchange(self._part, signal.SIG_DFL)

    def _exchange(
        self, before: object, after: Callable[[int, FrameType | None], None] | signal.Handlers
    ) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in PARTING:
                if signal.getsignal(number) == before:
                    signal.signal(number, after)

    def _part(self, number: int, frame: FrameType | None) -> None:
        self._leave()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)  # here the process ends, or stops until it is continued
        signal.signal(number, self._part)
