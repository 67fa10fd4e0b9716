"""Stopwatch: how many seconds went where."""

import contextlib
import time
from collections.abc import Callable, Iterator


class Stopwatch:
    """Adds up seconds by kind. One kind is measured at a time, in one thread.

    Args:
        clock: Tells the seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.seconds: dict[str, float] = {}
        self._clock = clock

    @contextlib.contextmanager
    def measure(self, kind: str) -> Iterator[None]:
        """Add the time inside to a kind."""
        started = self._clock()
        try:
            yield
        finally:
            self.seconds[kind] = self.seconds.get(kind, 0.0) + self._clock() - started
