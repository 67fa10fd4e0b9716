"""The plan of cross-validation: a trial is trained on each fold, and its score is the mean."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from autoopt.data import Cut
from autoopt.executors.plan import Plan, counted, listed
from autoopt.records import Trial
from autoopt.worker import Job


@dataclass(frozen=True)
class Folds(Plan):
    """Trainings on the folds of the data; a confirmation run is one more partition, with a seed of its own.

    Attributes:
        cuts: The folds, by repeat: 0 is the search's partition.
        executions: Trainings a fold, each with other seeds.
        rule: Whether a trial, by its number, is hopeless after the means of its first folds.
    """

    cuts: Callable[[int], Sequence[Cut]]
    executions: int
    rule: Callable[[int, Sequence[float]], bool]

    def jobs(self, job: Job) -> Sequence[Job]:
        """Return each execution of each fold."""
        each = self._each(job)
        return [
            replace(job, cut=cut, execution=fold * each + execution)
            for fold, cut in enumerate(self.cuts(job.repeat))
            for execution in range(each)
        ]

    def hopeless(self, job: Job, scores: Sequence[float]) -> bool:
        """Ask the rule after each fold of a search."""
        whole = job.repeat == 0 and len(scores) % self.executions == 0
        return whole and self.rule(job.number, _means(scores, self.executions))

    def told(self, trial: Trial, scores: Sequence[float], best: int, wanted: int) -> Trial:
        """Add the folds' scores, and which fold the weights are of."""
        each = max(wanted // len(self.cuts(0)), 1)
        means = _means(scores, each)
        count = counted(len(means), wanted // each)
        note = f"{trial.note}The mean of {count} folds: {listed(means)}."
        return replace(trial, note=note, fold_scores=means, best_fold=best // each)

    def _each(self, job: Job) -> int:
        return 1 if job.repeat else self.executions


def _means(scores: Sequence[float], each: int) -> tuple[float, ...]:
    """Return the mean of each fold's executions."""
    return tuple(statistics.fmean(scores[first : first + each]) for first in range(0, len(scores), each))
