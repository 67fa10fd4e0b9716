"""When a trial is hopeless: asynchronous successive halving over epochs, and over folds.

Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", with three allowances for slow starters: of
a few trials the best two always go on, since a rank among two or three says little; the comparisons come late; and
nobody is compared while its learning rate still rises. `python -m benchmarks pruning` replays such rules.
"""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import optuna
from optuna.study import StudyDirection

from autoopt.records import Objective, Trial
from autoopt.schedules import rising_share

RUNGS = (6, 2)
"""Trials are compared after a sixth and a half of their epochs: at a ninth and a third, searches on digits lose more."""

FOLD_RUNGS = (9, 3)
"""The same for folds, each of which is a whole training."""

RATIO = 3
"""One of so many trials passes a comparison."""

ALWAYS_PASS = 2


def rungs(epochs: int, parts: Sequence[int] = RUNGS) -> list[int]:
    """Return after how many epochs trials are compared: at these parts of them, from 2 on."""
    return sorted({max(2, math.ceil(epochs / part)) for part in parts})


def exact(score: float) -> float:
    """Return how much worse than a score passes as well: nothing is."""
    return 0.0


class HalvingPruner(optuna.pruners.BasePruner):
    """Ends a trial whose best score so far is not among the best third at a rung.

    Any two trials are compared at equal epochs. Nothing is needed but the scores reported, so it works with
    every sampler and needs no minimum of trials.

    Args:
        epochs: Epochs of a whole trial.
        parts: Parts of them after which trials are compared.
        error: By how much a score may be worse and still pass. To pass what validation cannot tell from the best
            third costs more trials than it saves: the benchmark, with the standard error.
        rising: Share of a training, by its hyperparameters, in which it is not compared.
    """

    def __init__(
        self, epochs: int, parts: Sequence[int] = RUNGS, error: Callable[[float], float] = exact,
        rising: Callable[[Mapping[str, Any]], float] = rising_share,
    ) -> None:  # fmt: skip
        self._epochs, self._error, self._rising = epochs, error, rising
        self._rungs = rungs(epochs, parts)
        self._passed: dict[int, dict[int, float | None]] = {rung: {} for rung in self._rungs}

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        """Say whether a running trial is ended after the epoch that it reported last."""
        rung = (trial.last_step if trial.last_step is not None else -1) + 1
        if rung not in self._rungs:
            return False
        sign = -1.0 if study.direction == StudyDirection.MAXIMIZE else 1.0
        own = _reached(trial, rung, sign)
        if not math.isinf(own) and rung <= self._rising(trial.params) * self._epochs:
            return False
        passed, others = self._passed[rung], list[float]()
        for number, other in enumerate(study.get_trials(deepcopy=False)):
            found = passed[number] if number in passed else self._reached_before(other, rung, sign)
            if found is not None and number != trial.number:
                others.append(found)
        return _hopeless(own, others, self._error(abs(own)))

    def _reached_before(self, other: optuna.trial.FrozenTrial, rung: int, sign: float) -> float | None:
        """Return what a trial that has come past a rung had reached there, None for any other.

        What has come past it does not change any more, and what has ended before never does.
        """
        last = other.last_step
        has_passed = last is not None and last + 1 >= rung
        found = _reached(other, rung, sign) if has_passed else None
        if has_passed or other.state.is_finished():
            self._passed[rung][other.number] = found
        return found


class FoldRule:
    """Ends a trial whose mean over its first folds is not among the best third, by the rule for epochs.

    Any two trials are compared over equal folds. The user's own model, trial 0, is the reference: it is never ended.

    Args:
        folds: Folds of a whole trial; it is compared after a ninth and a third of them, from 2 on.
        objective: What is compared.
        earlier: Trials of the run so far.
    """

    def __init__(self, folds: int, objective: Objective, earlier: Sequence[Trial] = ()) -> None:
        self._folds, self._rungs = folds, rungs(folds, FOLD_RUNGS)
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


def _hopeless(own: float, others: Sequence[float], error: float = 0.0) -> bool:
    """Say whether a score is no number, or is worse by more than an error than the best third; less is better."""
    passing = max(ALWAYS_PASS, math.ceil((len(others) + 1) / RATIO))
    return math.isinf(own) or sum(other < own - error for other in others) >= passing


def _reached(trial: optuna.trial.FrozenTrial, rung: int, sign: float) -> float:
    """Return a trial's best score in its first `rung` epochs, negated where more is better."""
    values = (value for step, value in trial.intermediate_values.items() if step < rung)
    return min((sign * value for value in values if math.isfinite(value)), default=math.inf)
