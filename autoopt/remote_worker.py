"""A worker of several, here or on another machine: takes up its duties and runs one job after the other.

`executors/crew.py` says what is told; whoever made it carries the messages. Only the standard library is imported
before its environment is set.
"""

import contextlib
import logging
import os
import queue
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any


class RemoteWorker:
    """One worker. Its methods return at once, except for `told`; each may be called from a thread of its own."""

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._verdicts: dict[int, Any] = {}

    def place(self) -> tuple[str, Sequence[int], int | None]:
        """Return the name of the machine, the cores that this process may use, and the machine's bytes of memory."""
        from autoopt import memory

        cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
        return socket.gethostname(), sorted(cores), memory.total()

    def begin(
        self, environment: Mapping[str, str], path: Sequence[str], cores: Sequence[int], terms: tuple[int | None, str],
        parcel: Any,
    ) -> None:  # fmt: skip
        """Take up duties; what comes of that is told.

        Args:
            environment: Variables to be set before a framework is loaded.
            path: Where modules are looked for, beside where this process does.
            cores: On which it trains; empty for all.
            terms: Bytes past which a fresh process follows, None for no limit; and the machine's name as it is told.
            parcel: The duties, as `executors.parcel` packs them.
        """
        os.environ.update(environment)
        sys.path += [each for each in path if each not in sys.path]
        threading.Thread(target=self._serve, args=(cores, terms, parcel), daemon=True).start()

    def send(self, message: Any) -> None:
        """Take a message."""
        if type(message).__name__ == "Judged":
            self._verdicts[message.serial] = (
                message.verdict
            )  # at once: the training looks there after each epoch
        else:
            self._inbox.put(message)

    def told(self) -> Sequence[Any]:
        """Wait until there is something to tell, and return all of it."""
        messages = [self._outbox.get()]
        with contextlib.suppress(queue.Empty):
            while True:
                messages.append(self._outbox.get_nowait())
        return messages

    def _serve(self, cores: Sequence[int], terms: tuple[int | None, str], parcel: Any) -> None:
        if cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores)  # of this thread, and of all that the framework starts from it
        try:
            self._work(terms, parcel)
        except BaseException:  # sys.exit() of the user's, or an interrupt: as in any process of its own
            logging.getLogger("autoopt").debug("a worker ends", exc_info=True)
            os._exit(1)

    def _work(self, terms: tuple[int | None, str], parcel: Any) -> None:
        from autoopt import library_output

        library_output.keep_off_screen()
        from autoopt.engines import compilations_kept
        from autoopt.executors.messages import Refused
        from autoopt.executors.parcel import unpacked
        from autoopt.unloaded import tensorflow_unloaded

        with tensorflow_unloaded():
            try:
                level, duties = unpacked(parcel)
                worker = duties.worker()
            except Exception as error:  # a user's class may raise anything where it is unpickled
                self._outbox.put(Refused(f"{type(error).__name__}: {error}"))
                return
            self._forward(level)
            self._outbox.put(_ready(*terms))
            with compilations_kept(duties.compilation_cache):
                while True:
                    self._take(worker, self._inbox.get())

    def _take(self, worker: Any, message: Any) -> None:
        """Do what a message says."""
        from autoopt import memory
        from autoopt.executors.messages import Ended, Forgotten, Task

        if isinstance(message, Task):
            outcome = worker.run(message.job, lambda epoch, logs: self._reported(message.serial, epoch, logs))
            self._verdicts.pop(message.serial, None)
            self._outbox.put(Ended(outcome, memory.resident()))
        elif isinstance(message, Forgotten):
            worker.paused.forget(message.numbers)
        else:
            worker.paused.clear()

    def _reported(self, serial: int, epoch: int, logs: Mapping[str, float]) -> Any:
        """Tell an epoch, and return the verdict that has arrived by now: nothing is waited for."""
        from autoopt.executors.messages import Reported

        self._outbox.put(Reported(epoch, {name: float(value) for name, value in logs.items()}))
        return self._verdicts.get(serial, "continue")

    def _forward(self, level: int) -> None:
        """Send this package's log to the process that searches."""
        from autoopt.executors.messages import Logged

        outbox = self._outbox

        class Forwarding(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                outbox.put(Logged(record.name, record.levelno, record.getMessage()))

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
