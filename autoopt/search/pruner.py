"""When a trial is hopeless: asynchronous successive halving over epochs.

Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", with three allowances for slow starters: of
a few trials the best two always go on, since a rank among two or three says little; the comparisons come late; and
nobody is compared while its learning rate still rises. `python -m benchmarks pruning` replays such rules.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import optuna
from optuna.study import StudyDirection

from autoopt.schedules import rising_share

RUNGS = (6, 2)
"""Trials are compared after a sixth and a half of their epochs: at a ninth and a third, searches on digits lose more."""

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

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        """Say whether a running trial is ended after the epoch that it reported last."""
        rung = (trial.last_step if trial.last_step is not None else -1) + 1
        if rung not in self._rungs:
            return False
        sign = -1.0 if study.direction == StudyDirection.MAXIMIZE else 1.0
        own = _reached(trial, rung, sign)
        if math.isinf(own):
            return True
        if rung <= self._rising(trial.params) * self._epochs:
            return False
        others = [
            _reached(other, rung, sign)
            for other in study.get_trials(deepcopy=False)
            if other.number != trial.number and other.last_step is not None and other.last_step + 1 >= rung
        ]
        passing = max(ALWAYS_PASS, math.ceil((len(others) + 1) / RATIO))
        return sum(other < own - self._error(abs(own)) for other in others) >= passing


def _reached(trial: optuna.trial.FrozenTrial, rung: int, sign: float) -> float:
    """Return a trial's best score in its first `rung` epochs, negated where more is better."""
    values = (value for step, value in trial.intermediate_values.items() if step < rung)
    return min((sign * value for value in values if math.isfinite(value)), default=math.inf)
