"""Aside: what the search does not wait for, such as writing to disk, is done in a thread, in order."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class Aside:
    """One thread that carries out calls in the order in which they are handed over.

    What a call raises is raised to whoever hands over the next one, or waits.

    Args:
        name: Of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: deque[Future[Any]] = deque()

    def call(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Hand a call over; its arguments must not change any more."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        done = list[Future[Any]]()
        while self._waiting and self._waiting[0].done():
            done.append(self._waiting.popleft())
        self._waiting.append(self._thread.submit(function, *arguments))
        for future in done:
            future.result()

    def wait(self) -> None:
        """Wait until everything is done."""
        waiting, self._waiting = self._waiting, deque()
        for future in waiting:
            future.result()

    def close(self) -> None:
        """Wait, without raising, and end the thread; a later call begins another."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
