"""What the searching process and its worker processes tell each other, and the pipe that carries it to one."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pickle import load
from typing import IO, Any

import cloudpickle

from autoopt.engines import Verdict
from autoopt.records import Logs
from autoopt.worker import Job, Outcome


@dataclass(frozen=True)
class Ready:
    """The worker process has taken up its duties; `resident` is the bytes it has in memory, where known.

    One of several says past how many another follows it, and on which machine it is where that is told.
    """

    resident: int | None
    prepares: bool
    most: int | None = None
    machine: str = ""


@dataclass(frozen=True)
class Task:
    """A job for one of several workers; its serial number tells it from others, and from the same job run again."""

    serial: int
    job: Job


@dataclass(frozen=True)
class Judged:
    """The verdict on a task that runs, for its next epoch."""

    serial: int
    verdict: Verdict


@dataclass(frozen=True)
class Forgotten:
    """Trainings of these trials will not go on any more."""

    numbers: Sequence[int]


@dataclass(frozen=True)
class Lost:
    """A worker process has ended, and why, as a sentence goes on; `memory` says whether it had taken too much."""

    reason: str
    memory: bool = False


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
