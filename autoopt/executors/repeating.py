"""The executor that trains each job several times, by a plan, and answers with the mean of the scores."""

import statistics
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autoopt.executors.executor import Executor, JobReport
from autoopt.records import Objective, Trial
from autoopt.worker import Job, Outcome


class Plan(ABC):
    """Which trainings a trial consists of, one after the other."""

    @abstractmethod
    def jobs(self, job: Job) -> Sequence[Job]:
        """Return the trainings of a job; those after the first have an `execution`."""

    @abstractmethod
    def hopeless(self, job: Job, scores: Sequence[float]) -> bool:
        """Say, after each training but the last, whether the others are not worth it.

        Args:
            job: The trial's.
            scores: Of its trainings so far.
        """

    @abstractmethod
    def told(self, trial: Trial, scores: Sequence[float], best: int, wanted: int) -> Trial:
        """Return a trial with what the plan adds to it: what its score is the mean of.

        Args:
            trial: With the mean score; its note says why it ended early, where it did.
            scores: Of the trainings that it has.
            best: Which of them has the weights that are kept.
            wanted: How many there were to be.
        """


@dataclass(frozen=True)
class Executions(Plan):
    """Trainings that differ in their seeds; confirmation runs are repeats already, and run once.

    Attributes:
        count: How many a trial.
    """

    count: int

    def jobs(self, job: Job) -> Sequence[Job]:
        """Return the executions."""
        return [replace(job, execution=execution) for execution in range(1 if job.repeat else self.count)]

    def hopeless(self, job: Job, scores: Sequence[float]) -> bool:
        """Say that all are worth it: the first alone is compared, epoch by epoch."""
        return False

    def told(self, trial: Trial, scores: Sequence[float], best: int, wanted: int) -> Trial:
        """Add the scores to the note."""
        count = counted(len(scores), wanted)
        return replace(trial, note=f"{trial.note}The mean of {count} executions: {listed(scores)}.")


class RepeatingExecutor(Executor):
    """Runs the trainings of a trial one after the other.

    Only the first one is compared with other trials epoch by epoch, and may be pruned.

    Args:
        base: Where they run.
        plan: Which they are.
        objective: Whose best value each is scored by.
        others: What is compared beside it; of metrics the mean over trainings is taken as well.
    """

    def __init__(
        self, base: Executor, plan: Plan, objective: Objective, others: Sequence[Objective] = ()
    ) -> None:
        self._base, self._plan, self._objective = base, plan, objective
        self._others = [each.name for each in others if not each.is_cost]
        self._jobs: list[Job] = []

    def submit(self, job: Job) -> None:
        """Keep a job until `wait`."""
        self._jobs.append(job)

    def wait(self, report: JobReport) -> Outcome:
        """Run the oldest job's trainings to their end."""
        if not self._jobs:
            raise LookupError("no job is waiting")
        job, done, scores = self._jobs.pop(0), list[Outcome](), list[float]()
        asked = self._plan.jobs(job)
        cut, parts = "", 1
        for each in asked:
            # What memory is too small for in one training it is too small for in the next.
            self._base.submit(replace(each, parts=max(each.parts, parts)))
            outcome = self._base.wait(report)
            parts = outcome.trial.parts
            if outcome.trial.status == "failed":
                return outcome
            if outcome.trial.status == "pruned" and done:
                cut = f"Cut in training {len(done) + 1} of {len(asked)}, when the search ended. "
                break  # what was cut is no whole training
            done.append(outcome)
            scores.append(outcome.trial.score or 0.0)
            if outcome.trial.status == "pruned":
                cut = f"{outcome.trial.note} "
                break
            if len(done) < len(asked) and self._plan.hopeless(job, scores):
                cut = f"Pruned after training {len(done)} of {len(asked)}. "
                break
        return (
            done[0] if len(asked) == 1 or done[0].trial.score is None else self._mean(job, done, asked, cut)
        )

    def drop(self) -> None:
        """Forget the jobs."""
        self._jobs.clear()
        self._base.drop()

    def close(self) -> None:
        """Drop the jobs, and close the base."""
        self._jobs.clear()
        self._base.close()

    def _mean(self, job: Job, done: Sequence[Outcome], asked: Sequence[Job], cut: str) -> Outcome:
        """Return the first training with the mean score, and the weights of the best one, as KerasTuner does.

        A trial of fewer trainings than were asked for is pruned, and says how many it has.
        """
        scores = [outcome.trial.score or 0.0 for outcome in done]
        best, first = 0, done[0].trial
        for number, score in enumerate(scores):
            best = number if self._objective.better(score, scores[best]) else best
        missing = len(asked) - len(done)
        costs = {kind: sum(outcome.trial.costs[kind] for outcome in done) for kind in first.costs}
        trial = replace(
            first, score=statistics.fmean(scores), finished=done[-1].trial.finished, costs=costs,
            best_epoch=int(statistics.fmean(outcome.trial.best_epoch or 0 for outcome in done)),
            scores=self._means([outcome.trial for outcome in done]),
            # Epochs were told of the first training; those of a confirmation run are scored together.
            history=_averaged([outcome.trial.history for outcome in done]) if job.repeat else first.history,
            status="pruned" if missing else "completed", executions=len(done), missing=missing, note=cut,
            parts=done[-1].trial.parts, halved=any(outcome.trial.halved for outcome in done),
        )  # fmt: skip
        asked_first = next((outcome.asked for outcome in done if outcome.asked), ())
        told, each = self._plan.told(trial, scores, best, len(asked)), [outcome.trial for outcome in done]
        return Outcome(told, done[best].weights, asked_first, each)

    def _means(self, done: Sequence[Trial]) -> Mapping[str, float]:
        """Return the mean of each further metric that every training reported at its best epoch."""
        found = {name: [trial.reached(name) for trial in done] for name in self._others}
        return {
            name: statistics.fmean(value for value in values if value is not None)
            for name, values in found.items()
            if None not in values
        }


def counted(found: int, wanted: int) -> str:
    """Return how many there are of those that were asked for."""
    return f"{found}" if found == wanted else f"{found} of {wanted}"


def listed(scores: Sequence[float]) -> str:
    """Return scores one after the other."""
    return ", ".join(f"{score:.6g}" for score in scores)


def _averaged(histories: Sequence[Mapping[str, Sequence[float]]]) -> Mapping[str, Sequence[float]]:
    """Return the mean of each epoch; the last ones belong together, wherever a callback has stopped one."""
    return {
        key: [
            *(
                statistics.fmean(values)
                for values in zip(*(each[key][:-1] for each in histories), strict=False)
            ),
            statistics.fmean(each[key][-1] for each in histories),
        ]
        for key in histories[0]
    }
