"""A fleet whose workers say what a test has them say."""

import queue
import time
from typing import Any

from autoopt.executors.fleet import Fleet
from autoopt.executors.messages import Ended, Forgotten, Judged, Ready, Task
from autoopt.records import Trial
from autoopt.worker import Outcome


class HandFleet(Fleet):
    """Each worker is ready as soon as it begins, unless `first` is another word for it.

    Attributes:
        begun: How many workers were started.
        sent: What each worker was told, in order.
    """

    def __init__(self, slots: int = 2, first: Any = None) -> None:
        self.slots, self.begun = slots, 0
        self.sent: list[tuple[int, Any]] = []
        self.first = first or Ready(None, prepares=False)
        self._inbox: queue.SimpleQueue[tuple[int, Any] | None] = queue.SimpleQueue()

    def open(self) -> None:
        self._inbox = queue.SimpleQueue()

    def begin(self) -> int:
        self.begun += 1
        self._inbox.put((self.begun, self.first))
        return self.begun

    def send(self, worker: int, message: Any) -> None:
        self.sent.append((worker, message))

    def receive(self) -> tuple[int, Any] | None:
        return self._inbox.get()

    def end(self, worker: int) -> None:
        pass

    def close(self) -> None:
        self._inbox.put(None)

    def tell(self, worker: int, message: Any) -> None:
        """Have a worker tell something."""
        self._inbox.put((worker, message))

    def finish(self, worker: int, **changes: Any) -> None:
        """Have a worker end the task that it was told of last."""
        task = next(
            message for to, message in reversed(self.sent) if to == worker and isinstance(message, Task)
        )
        trial = Trial(task.job.number, "completed", 0.5, {}, {}, 0, 1.0, 2.0, engine="by hand")
        self.tell(worker, Ended(Outcome(trial, **changes), None))

    def tasks(self) -> list[tuple[int, int]]:
        """Return (worker, number of the trial) of each task."""
        return [(worker, each.job.number) for worker, each in self.sent if isinstance(each, Task)]

    def judged(self) -> list[tuple[int, Any]]:
        """Return (worker, verdict) of each verdict, and what each was told to forget."""
        verdicts = [(worker, each.verdict) for worker, each in self.sent if isinstance(each, Judged)]
        return verdicts + [
            (worker, each.numbers) for worker, each in self.sent if isinstance(each, Forgotten)
        ]

    def settle(self, tasks: int) -> None:
        """Wait until so many tasks were handed out."""
        until = time.monotonic() + 10
        while len(self.tasks()) < tasks and time.monotonic() < until:
            time.sleep(0.001)
        assert len(self.tasks()) == tasks
