"""What the searching process and its worker process tell each other, and the pipe that carries it."""

import threading
from dataclasses import dataclass
from pickle import load
from typing import IO, Any

import cloudpickle

from autoopt.records import Logs
from autoopt.worker import Outcome


@dataclass(frozen=True)
class Ready:
    """The worker process has taken up its duties; `resident` is the bytes it has in memory, where known."""

    resident: int | None
    prepares: bool


@dataclass(frozen=True)
class Wanted:
    """The outcome of the oldest job is waited for."""


@dataclass(frozen=True)
class Dropped:
    """No training will go on any more."""


@dataclass(frozen=True)
class Refused:
    """The worker process cannot take up its duties, and why."""

    reason: str


@dataclass(frozen=True)
class Reported:
    """An epoch of the job has ended; the answer is a verdict, or `Raised`."""

    epoch: int
    logs: Logs


@dataclass(frozen=True)
class Raised:
    """The report raised in the searching process."""

    reason: str


@dataclass(frozen=True)
class Logged:
    """A line for the log of the searching process."""

    logger: str
    level: int
    text: str


@dataclass(frozen=True)
class Ended:
    """The job has ended; `resident` as in `Ready`."""

    outcome: Outcome
    resident: int | None


class Pipe:
    """Sends and receives objects, one after the other.

    Args:
        incoming: Is read from.
        outgoing: Is written to.
    """

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._sending = threading.Lock()

    def send(self, message: Any) -> None:
        """Write an object, arrays straight from where they lie; where that raises, the pipe is of no more use."""
        with self._sending:  # a job that is prepared in a thread has lines for the log
            cloudpickle.dump(message, self._outgoing)
            self._outgoing.flush()

    def receive(self) -> Any:
        """Wait for the next object.

        Raises:
            EOFError: The other end is closed.
        """
        return load(self._incoming)
