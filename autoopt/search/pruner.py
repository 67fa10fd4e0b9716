"""When a trial is hopeless: asynchronous successive halving over epochs.

Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", with three allowances: of a few trials the
best two always go on, since a rank among two or three says little; a difference that the validation examples
cannot tell is none; and nobody is compared while its learning rate still rises. `python -m benchmarks pruning`
replays such rules.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.study import StudyDirection

from autoopt.schedules import rising_share

RUNG_RATIO = 3
"""Epochs from one comparison to the next grow by this factor; as large a share of the trials passes each."""

ALWAYS_PASS = 2


def rungs(epochs: int) -> list[int]:
    """Return after how many epochs trials are compared: a ninth and a third of them, from 2 on."""
    found = (math.ceil(epochs / RUNG_RATIO**power) for power in (2, 1))
    return sorted({max(2, rung) for rung in found})


def exact(score: float) -> float:
    """Return the error of a score whose error nobody knows: 0."""
    return 0.0


class HalvingPruner(optuna.pruners.BasePruner):
    """Ends a trial whose best score so far is not among the best third at a rung, nor as good as these.

    Any two trials are compared at equal epochs. Nothing is needed but the scores reported, so it works with
    every sampler and needs no minimum of trials.

    Args:
        epochs: Epochs of a whole trial; the rungs are at a ninth and a third of them, from 2 on.
        error: Standard error of a score: how far the validation examples can tell it from another.
        rising: Share of a training, by its hyperparameters, in which it is not compared.
    """

    def __init__(
        self, epochs: int, error: Callable[[float], float] = exact,
        rising: Callable[[Mapping[str, Any]], float] = rising_share,
    ) -> None:  # fmt: skip
        self._epochs, self._error, self._rising = epochs, error, rising
        self._rungs = rungs(epochs)

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
        passing = max(ALWAYS_PASS, math.ceil((len(others) + 1) / RUNG_RATIO))
        return sum(other < own - self._error(abs(own)) for other in others) >= passing


def _reached(trial: optuna.trial.FrozenTrial, rung: int, sign: float) -> float:
    """Return a trial's best score in its first `rung` epochs, negated where more is better."""
    values = (value for step, value in trial.intermediate_values.items() if step < rung)
    return min((sign * value for value in values if math.isfinite(value)), default=math.inf)
