"""A sink that the search does not wait for."""

from typing import Any

from autoopt.aside import Aside
from autoopt.records import Event


class Background:
    """Tells another sink in a thread of its own, in order.

    Args:
        sink: Is told; it has a `close`.
    """

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._aside = Aside("autoopt-sink")

    def __call__(self, event: Event) -> None:
        """Hand one event over."""
        self._aside.call(self._sink, event)

    def close(self) -> None:
        """Wait until everything is told, and close the sink."""
        try:
            self._aside.wait()
        finally:
            self._aside.close()
            self._sink.close()
