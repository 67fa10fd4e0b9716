"""A fleet of threads in this process: all that workers do, without what carries messages to another one."""

import queue
import threading
from typing import Any

from autoopt import remote_worker
from autoopt.executors.fleet import Fleet
from autoopt.executors.messages import Judged, Lost
from autoopt.executors.parcel import Parcel, packed
from autoopt.mailbox import Mailbox
from autoopt.worker import Duties


def work(mailbox: Mailbox, *given: Any) -> None:
    """Work where log lines are those of this process already."""
    remote_worker.work(mailbox, *given, forwards=False)


class ThreadFleet(Fleet):
    """Workers that cannot be killed: `lose` has one told of as lost."""

    def __init__(self, duties: Duties, slots: int = 2) -> None:
        self.slots = slots
        self._duties, self._last = duties, 0
        self.workers: dict[int, Mailbox] = {}
        self._inbox: queue.SimpleQueue[tuple[int, Any] | None] = queue.SimpleQueue()
        self._parcel: Parcel = ()

    def open(self) -> None:
        self._parcel, self._inbox = packed(self._duties), queue.SimpleQueue()

    def begin(self) -> int:
        self._last += 1
        worker = self.workers[self._last] = Mailbox()
        worker.begin(f"{__name__}:work", (None, ""), self._parcel, {}, (), ())
        threading.Thread(target=self._listen, args=(self._last, worker), daemon=True).start()
        return self._last

    def send(self, worker: int, message: Any) -> None:
        if worker in self.workers:
            to = self.workers[worker]
            to.judge(message.serial, message.verdict) if isinstance(message, Judged) else to.send(message)

    def receive(self) -> tuple[int, Any] | None:
        return self._inbox.get()

    def end(self, worker: int) -> None:
        self.workers.pop(worker, None)

    def lose(self, worker: int, reason: str = "was killed", memory: bool = False) -> None:
        self._inbox.put((worker, Lost(reason, memory)))

    def close(self) -> None:
        self.workers.clear()
        self._inbox.put(None)

    def _listen(self, number: int, worker: Mailbox) -> None:
        while number in self.workers:
            for message in worker.told():
                if number in self.workers:
                    self._inbox.put((number, message))
