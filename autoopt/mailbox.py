"""Mailbox: how a worker of several is told what to do, and tells what comes of it. Its methods are called from afar.

Only the standard library is imported before the environment is set. Who carries the calls is not its business.
"""

import contextlib
import importlib
import logging
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

HELD = 0.05
"""Seconds for which epochs are held back, to be told together."""


class Mailbox:
    """The two ends of one worker. All methods return at once, except `told`, which has a thread of its own.

    Attributes:
        inbox: What is to be done, one after the other.
        outbox: What is to be told, and whether at once.
        verdicts: Serial numbers of tasks to the verdicts on them.
    """

    def __init__(self) -> None:
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.outbox: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
        self.verdicts: dict[int, Any] = {}

    def place(self) -> tuple[str, Sequence[int], int | None]:
        """Return the name of the machine, the cores that this process may use, and the machine's bytes of memory."""
        from autoopt import memory

        cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
        return socket.gethostname(), sorted(cores), memory.total()

    def begin(
        self, entry: str, given: Sequence[Any], parcel: Any, environment: Mapping[str, str], path: Sequence[str],
        cores: Sequence[int],
    ) -> None:  # fmt: skip
        """Start to work, in a thread.

        Args:
            entry: Module and function, as `"module:function"`, that is called with this mailbox.
            given: What else it is called with.
            parcel: The last of that.
            environment: Variables to be set before a framework is loaded.
            path: Where modules are looked for, before where this process does.
            cores: On which it works; empty for all.
        """
        os.environ.update(environment)
        sys.path[:] = [*path, *(each for each in sys.path if each not in path)]
        threading.Thread(target=self._work, args=(entry, (*given, parcel), cores), daemon=True).start()

    def send(self, message: Any) -> None:
        """Take what is to be done."""
        self.inbox.put(message)

    def judge(self, serial: int, verdict: Any) -> None:
        """Take a verdict at once: a training looks for it after each epoch."""
        self.verdicts[serial] = verdict

    def told(self) -> Sequence[Any]:
        """Wait until there is something to tell, and return all of it; what is not urgent, once some time has passed.

        A call costs whoever makes it most of a millisecond, and an epoch may take less.
        """
        urgent, message = self.outbox.get()
        messages, until = [message], time.monotonic() + HELD
        with contextlib.suppress(queue.Empty):
            while True:
                left = 0.0 if urgent else until - time.monotonic()
                pressing, message = self.outbox.get(timeout=left) if left > 0 else self.outbox.get_nowait()
                messages.append(message)
                urgent = urgent or pressing
        return messages

    def tell(self, message: Any, urgent: bool = True) -> None:
        """Have something told."""
        self.outbox.put((urgent, message))

    def _work(self, entry: str, given: Sequence[Any], cores: Sequence[int]) -> None:
        if cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores)  # of this thread, and of all that a framework starts from it
        module, _, function = entry.partition(":")
        try:
            getattr(importlib.import_module(module), function)(self, *given)
        except BaseException:  # sys.exit() of the user's, or an interrupt: as in any process of its own
            logging.getLogger(__name__).debug("a worker ends", exc_info=True)
            os._exit(1)
