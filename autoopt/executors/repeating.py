"""The executor that trains each job several times, by a plan, and answers with the mean of the scores."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from autoopt.executors.executor import Began, Executor, JobReport, Over, never, unheard
from autoopt.executors.plan import Plan
from autoopt.records import Objective, Trial
from autoopt.worker import Job, Outcome


@dataclass
class _Going:
    """A trial that trains: its trainings, and what became of those that have ended.

    Attributes:
        job: The trial's.
        asked: All that there are to be.
        done: Outcomes of whole ones.
        cut: Why no other follows, as a note begins; empty while others do.
        failed: The one that failed, and the trial with it.
        has_begun: Whether the first one has begun.
    """

    job: Job
    asked: Sequence[Job]
    done: list[Outcome] = field(default_factory=list)
    cut: str = ""
    failed: Outcome | None = None
    has_begun: bool = False

    @property
    def scores(self) -> list[float]:
        """Those of the whole trainings."""
        return [outcome.trial.score or 0.0 for outcome in self.done]

    @property
    def following(self) -> Job | None:
        """The training that comes next, None where the trial has ended."""
        if self.cut or self.failed is not None or len(self.done) == len(self.asked):
            return None
        # What memory is too small for in one training it is too small for in the next.
        parts = self.done[-1].trial.parts if self.done else 1
        each = self.asked[len(self.done)]
        return replace(each, parts=max(each.parts, parts))


class RepeatingExecutor(Executor):
    """Runs the trainings of a trial one after the other, of as many trials at once as the base has slots.

    Only the first training is compared with other trials epoch by epoch, and may be pruned.

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
        self._going: dict[tuple[int, int], _Going] = {}  # by number and repeat
        self.slots = base.slots

    def submit(self, job: Job) -> None:
        """Keep a job until `wait`; where several run at once, it may begin."""
        self._jobs.append(job)
        if self.slots > 1:
            self._begin()

    def wait(self, report: JobReport, began: Began = unheard, over: Over = never) -> Outcome:
        """Run trainings until one trial has its last."""
        if not self._jobs and not self._going:
            raise LookupError("no job is waiting")
        if not self._going:
            self._begin()

        def has_begun(job: Job) -> None:
            going = self._going[job.number, job.repeat]
            if not going.has_begun:
                going.has_begun = True
                began(going.job)

        while True:
            ended = next((going for going in self._going.values() if going.following is None), None)
            if ended is not None:
                del self._going[ended.job.number, ended.job.repeat]
                return self._outcome(ended)
            outcome = self._base.wait(report, has_begun, over)
            going = self._going[outcome.trial.number, outcome.repeat]
            self._note(going, outcome)
            if (following := going.following) is not None:
                self._base.submit(following)

    def recall(self) -> Sequence[Job]:
        """Take back the jobs of which no training has begun; one between two trainings has no more of them."""
        recalled = {(job.number, job.repeat) for job in self._base.recall()}
        going = [each for key, each in self._going.items() if key in recalled]
        back = [each.job for each in going if not each.done]
        for each in going:
            each.cut = _ended_before(len(each.done) + 1, each)
        for job in back:
            del self._going[job.number, job.repeat]
        jobs = [*back, *self._jobs]
        self._jobs.clear()
        return jobs

    def drop(self) -> None:
        """Forget the jobs."""
        self._forget()
        self._base.drop()

    def close(self) -> None:
        """Drop the jobs, and close the base."""
        self._forget()
        self._base.close()

    def _forget(self) -> None:
        self._jobs.clear()
        self._going.clear()

    def _begin(self) -> None:
        """Hand the first training of the next trial to the base."""
        job = self._jobs.pop(0)
        going = self._going[job.number, job.repeat] = _Going(job, self._plan.jobs(job))
        if (first := going.following) is not None:
            self._base.submit(first)

    def _note(self, going: _Going, outcome: Outcome) -> None:
        """Take note of a training that has ended, and of whether another follows."""
        trial, done, asked = outcome.trial, going.done, len(going.asked)
        if trial.status == "failed":
            going.failed = outcome
            return
        if trial.status == "pruned" and done:
            going.cut = _ended_before(len(done) + 1, going)
            return  # what was cut is no whole training
        done.append(outcome)
        if trial.status == "pruned":
            going.cut = f"{trial.note} "
        elif len(done) < asked and self._plan.hopeless(going.job, going.scores):
            going.cut = f"Pruned after training {len(done)} of {asked}. "

    def _outcome(self, going: _Going) -> Outcome:
        if going.failed is not None:
            return going.failed
        done, asked = going.done, going.asked
        if len(asked) == 1 or done[0].trial.score is None:
            return done[0]
        return self._mean(going.job, done, asked, going.cut)

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
        return Outcome(told, done[best].weights, asked_first, each, job.repeat)

    def _means(self, done: Sequence[Trial]) -> Mapping[str, float]:
        """Return the mean of each further metric that every training reported at its best epoch."""
        found = {name: [trial.reached(name) for trial in done] for name in self._others}
        return {
            name: statistics.fmean(value for value in values if value is not None)
            for name, values in found.items()
            if None not in values
        }


def _ended_before(number: int, going: _Going) -> str:
    return f"Cut in training {number} of {len(going.asked)}, when the search ended. "


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
