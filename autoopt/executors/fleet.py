"""Fleet: worker processes, here or on other machines, and who carries messages to and from them."""

from abc import ABC, abstractmethod
from typing import Any


class Fleet(ABC):
    """Carries messages, and nothing else: what they say is `executors/crew.py`'s business. Any thread may call it.

    Attributes:
        slots: How many workers there are to be.
    """

    slots: int

    @abstractmethod
    def open(self) -> None:
        """Be ready to start workers; may be called again, also after `close`.

        Raises:
            UsageError: There can be none.
        """

    @abstractmethod
    def begin(self) -> int:
        """Start a worker process and return its number, which no other has had; it tells `Ready` or `Refused`."""

    @abstractmethod
    def send(self, worker: int, message: Any) -> None:
        """Tell a worker something; of one that has ended `receive` tells."""

    @abstractmethod
    def receive(self) -> tuple[int, Any] | None:
        """Wait for the next message of any worker and return both, each worker's in order; `Lost` is its last.

        Returns:
            None once the fleet is closed.
        """

    @abstractmethod
    def end(self, worker: int) -> None:
        """End a worker process; nothing more is told of it."""

    @abstractmethod
    def close(self) -> None:
        """End all; may be called again."""
