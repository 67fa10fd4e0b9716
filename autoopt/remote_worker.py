"""A worker of several, here or on another machine: takes up its duties and runs one job after the other.

`executors/crew.py` says what is told, by way of a mailbox.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autoopt import library_output
from autoopt.mailbox import Mailbox


def work(mailbox: Mailbox, limit: int | None, machine: str, parcel: Any, forwards: bool = True) -> None:
    """Serve until this process is ended.

    Args:
        mailbox: Where jobs come from, and what becomes of them goes.
        limit: Bytes past which a fresh process follows; None for no limit.
        machine: How the machine is told, empty where it is not.
        parcel: The duties, as `executors.parcel` packs them.
        forwards: Whether this package's log is that of another process.
    """
    library_output.keep_off_screen()
    from autoopt.engines import compilations_kept  # loads Keras
    from autoopt.executors.messages import Refused
    from autoopt.executors.parcel import unpacked
    from autoopt.unloaded import tensorflow_unloaded

    with tensorflow_unloaded():
        try:
            level, duties = unpacked(parcel)
            serving = _Serving(mailbox, duties.worker())
        except Exception as error:  # a user's class may raise anything where it is unpickled
            mailbox.tell(Refused(f"{type(error).__name__}: {error}"))
            return
        if forwards:
            _forward(mailbox, level)
        mailbox.tell(_ready(limit, machine))
        with compilations_kept(duties.compilation_cache):
            while True:
                serving.take(mailbox.inbox.get())


@dataclass(frozen=True)
class _Serving:
    """A worker, and how it is reached."""

    mailbox: Mailbox
    worker: Any

    def take(self, message: Any) -> None:
        """Do what a message says."""
        from autoopt import memory
        from autoopt.executors.messages import Ended, Forgotten, Task

        if isinstance(message, Task):
            outcome = self.worker.run(
                message.job, lambda epoch, logs: self._reported(message.serial, epoch, logs)
            )
            self.mailbox.verdicts.pop(message.serial, None)
            self.mailbox.tell(Ended(outcome, memory.resident()))
        elif isinstance(message, Forgotten):
            self.worker.paused.forget(message.numbers)
        else:
            self.worker.paused.clear()

    def _reported(self, serial: int, epoch: int, logs: Mapping[str, float]) -> Any:
        """Tell an epoch, and return the verdict that has arrived by now: nothing is waited for."""
        from autoopt.executors.messages import Reported

        told = Reported(epoch, {name: float(value) for name, value in logs.items()})
        self.mailbox.tell(told, urgent=False)
        return self.mailbox.verdicts.get(serial, "continue")


def _forward(mailbox: Mailbox, level: int) -> None:
    """Send this package's log to the process that searches."""
    from autoopt.executors.messages import Logged

    class Forwarding(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            mailbox.tell(Logged(record.name, record.levelno, record.getMessage()), urgent=False)

    logger = logging.getLogger("autoopt")
    logger.setLevel(level)
    logger.addHandler(Forwarding())
    logger.propagate = False


def _ready(limit: int | None, machine: str) -> Any:
    """Return what is told once duties have been taken up."""
    from autoopt import memory
    from autoopt.executors.messages import Ready
    from autoopt.executors.recycling import ROOM

    resident = memory.resident()
    most = None if limit is None or resident is None else max(limit, resident + ROOM)
    return Ready(resident, prepares=False, most=most, machine=machine)
