"""The executor that trains each job several times, with other seeds, and answers with the mean of the scores."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

from autoopt.executors.executor import Executor, JobReport
from autoopt.records import Objective, Trial
from autoopt.worker import Job, Outcome


class RepeatingExecutor(Executor):
    """Runs the executions of a trial one after the other; confirmation runs are repeats already, and run once.

    Only the first execution is compared with other trials epoch by epoch, and may be pruned.

    Args:
        base: Where they run.
        executions: How many a trial.
        objective: Whose best value each execution is scored by.
        others: What is compared beside it; of metrics the mean over executions is taken as well.
    """

    def __init__(
        self, base: Executor, executions: int, objective: Objective, others: Sequence[Objective] = ()
    ) -> None:
        self._base, self._executions, self._objective = base, executions, objective
        self._others = [each.name for each in others if not each.is_cost]
        self._jobs: list[Job] = []

    def submit(self, job: Job) -> None:
        """Keep a job until `wait`."""
        self._jobs.append(job)

    def wait(self, report: JobReport) -> Outcome:
        """Run the oldest job's executions to their end."""
        if not self._jobs:
            raise LookupError("no job is waiting")
        job, done = self._jobs.pop(0), list[Outcome]()
        asked = 1 if job.repeat else self._executions
        for execution in range(asked):
            self._base.submit(replace(job, execution=execution))
            outcome = self._base.wait(report)
            if outcome.trial.status == "failed":
                return outcome
            if outcome.trial.status == "pruned" and done:
                break  # the search ends: what was cut is no whole training
            done.append(outcome)
            if outcome.trial.status == "pruned":
                break
        return done[0] if asked == 1 or done[0].trial.score is None else self._mean(done, asked)

    def drop(self) -> None:
        """Forget the jobs."""
        self._jobs.clear()
        self._base.drop()

    def close(self) -> None:
        """Drop the jobs, and close the base."""
        self._jobs.clear()
        self._base.close()

    def _mean(self, done: Sequence[Outcome], wanted: int) -> Outcome:
        """Return the first execution with the mean score, and the weights of the best one, as KerasTuner does.

        A trial of fewer executions than were asked for is pruned, and says how many it has.
        """
        best, scores = done[0], [outcome.trial.score or 0.0 for outcome in done]
        for outcome in done:
            if self._objective.better(outcome.trial.score or 0.0, best.trial.score):
                best = outcome
        first, last, missing = done[0].trial, done[-1].trial, wanted - len(done)
        count, why = str(len(done)), ""
        if missing:
            cut = f"Cut in execution {len(done) + 1}, when the search ended."
            count, why = f"{count} of {wanted}", f"{cut if first.status == 'completed' else first.note} "
        costs = {kind: sum(outcome.trial.costs[kind] for outcome in done) for kind in first.costs}
        trial = replace(
            first, score=statistics.fmean(scores), finished=last.finished, costs=costs,
            best_epoch=int(statistics.fmean(outcome.trial.best_epoch or 0 for outcome in done)),
            status="pruned" if missing else "completed", executions=len(done), missing=missing,
            scores=self._means([outcome.trial for outcome in done]),
            note=f"{why}The mean of {count} executions: {', '.join(f'{score:.6g}' for score in scores)}.",
        )  # fmt: skip
        asked = next((outcome.asked for outcome in done if outcome.asked), ())
        return Outcome(trial, best.weights, asked)

    def _means(self, done: Sequence[Trial]) -> Mapping[str, float]:
        """Return the mean of each further metric that every execution reported at its best epoch."""
        found = {name: [trial.reached(name) for trial in done] for name in self._others}
        return {
            name: statistics.fmean(value for value in values if value is not None)
            for name, values in found.items()
            if None not in values
        }
