"""Stopwatch: how many seconds went where."""

import contextlib
import time
from collections.abc import Iterator


class Stopwatch:
    """Adds up seconds by kind. One kind is measured at a time, in one thread."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def measure(self, kind: str) -> Iterator[None]:
        """Add the time inside to a kind."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[kind] = self.seconds.get(kind, 0.0) + time.perf_counter() - started
