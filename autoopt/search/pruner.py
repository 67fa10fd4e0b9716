"""When a trial is hopeless: asynchronous successive halving over epochs, and over folds.

Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", with a floor: of a few trials the
best two always go on, since a rank among two or three says little.
"""

import math
import statistics
from collections.abc import Sequence

import optuna
from optuna.study import StudyDirection

from autoopt.records import Objective, Trial

RUNG_RATIO = 3
"""Epochs from one comparison to the next grow by this factor; as large a share of the trials passes each."""

ALWAYS_PASS = 2


class HalvingPruner(optuna.pruners.BasePruner):
    """Ends a trial whose best score so far is not among the best third at a rung.

    Any two trials are compared at equal epochs. Nothing is needed but the scores reported, so it works with
    every sampler and needs no minimum of trials.

    Args:
        epochs: Epochs of a whole trial; the rungs are at a ninth and a third of them, from 2 on.
    """

    def __init__(self, epochs: int) -> None:
        self._rungs = _rungs(epochs)

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        """Say whether a running trial is ended after the epoch that it reported last."""
        rung = (trial.last_step if trial.last_step is not None else -1) + 1
        if rung not in self._rungs:
            return False
        sign = -1.0 if study.direction == StudyDirection.MAXIMIZE else 1.0
        own = _reached(trial, rung, sign)
        others = [
            _reached(other, rung, sign)
            for other in study.get_trials(deepcopy=False)
            if other.number != trial.number and other.last_step is not None and other.last_step + 1 >= rung
        ]
        return _hopeless(own, others)


class FoldRule:
    """Ends a trial whose mean over its first folds is not among the best third, by the rule for epochs.

    Any two trials are compared over equal folds. The user's own model, trial 0, is the reference: it is never ended.

    Args:
        folds: Folds of a whole trial; it is compared after a ninth and a third of them, from 2 on.
        objective: What is compared.
        earlier: Trials of the run so far.
    """

    def __init__(self, folds: int, objective: Objective, earlier: Sequence[Trial] = ()) -> None:
        self._folds, self._rungs = folds, _rungs(folds)
        self._sign = -1.0 if objective.direction == "max" else 1.0
        self._scores = {trial.number: trial.fold_scores for trial in earlier if trial.fold_scores}

    def __call__(self, number: int, scores: Sequence[float]) -> bool:
        """Take note of a trial's scores so far, and say whether it is ended."""
        self._scores[number] = tuple(scores)
        count = len(scores)
        if number == 0 or count not in self._rungs or count >= self._folds:
            return False
        others = [found for other, found in self._scores.items() if other != number and len(found) >= count]
        return _hopeless(self._mean(scores), [self._mean(found[:count]) for found in others])

    def _mean(self, scores: Sequence[float]) -> float:
        mean = self._sign * statistics.fmean(scores)
        return mean if math.isfinite(mean) else math.inf


def _rungs(whole: int) -> set[int]:
    """Return after how many epochs or folds trials are compared."""
    return {max(2, math.ceil(whole / RUNG_RATIO**power)) for power in (2, 1)}


def _hopeless(own: float, others: Sequence[float]) -> bool:
    """Say whether a score is not among the best third; less is better."""
    passing = max(ALWAYS_PASS, math.ceil((len(others) + 1) / RUNG_RATIO))
    return sum(other < own for other in others) >= passing or math.isinf(own)


def _reached(trial: optuna.trial.FrozenTrial, rung: int, sign: float) -> float:
    """Return a trial's best score in its first `rung` epochs, negated where more is better."""
    values = (value for step, value in trial.intermediate_values.items() if step < rung)
    return min((sign * value for value in values if math.isfinite(value)), default=math.inf)
