"""An executor of several slots without any process: jobs begin together, and end in an order drawn by chance."""

import random
from collections.abc import Sequence

from autoopt.executors.executor import Began, Executor, JobReport, Over, never, unheard
from autoopt.worker import Job, Outcome, Worker


class AtOnce(Executor):
    """Trains a job whole when its turn to end has come.

    Attributes:
        most: How many had begun at once.
        ended: Numbers of the trials in the order in which they ended.
    """

    def __init__(self, worker: Worker, slots: int = 3, seed: int = 0) -> None:
        self.slots, self.most = slots, 0
        self.ended: list[int] = []
        self._worker, self._chance = worker, random.Random(seed)
        self._waiting: list[Job] = []
        self._begun: list[Job] = []

    def submit(self, job: Job) -> None:
        self._waiting.append(job)

    def wait(self, report: JobReport, began: Began = unheard, over: Over = never) -> Outcome:
        while self._waiting and len(self._begun) < self.slots:
            self._begun.append(self._waiting.pop(0))
            began(self._begun[-1])
        if not self._begun:
            raise LookupError("no job is waiting")
        self.most = max(self.most, len(self._begun))
        job = self._begun.pop(self._chance.randrange(len(self._begun)))
        self.ended.append(job.number)
        return self._worker.run(job, lambda epoch, logs: report(job, epoch, logs))

    def recall(self) -> Sequence[Job]:
        back, self._waiting = self._waiting, []
        return back

    def drop(self) -> None:
        self._waiting.clear()
        self._begun.clear()

    def close(self) -> None:
        self.drop()
