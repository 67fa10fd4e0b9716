"""Optimizer: the algorithm, its learning rate and schedule, and the numbers that only it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras_tuner

from autoopt.axes import fine_tuning
from autoopt.axes.axis import Axis, Origin, Written
from autoopt.axes.choices import check_names, check_numbers
from autoopt.axes.initialization import AS_WRITTEN
from autoopt.errors import SpaceError


@dataclass(frozen=True)
class Algorithm:
    """A training algorithm: its default learning rate and the range in which it is searched."""

    default: float
    low: float
    high: float


ADAPTIVE = Algorithm(default=1e-3, low=1e-4, high=3e-2)
ALGORITHMS = {
    "gd": Algorithm(default=0.1, low=1e-2, high=1.0),  # θ ← θ − α∇L over all examples
    "sgd": Algorithm(default=0.03, low=1e-3, high=1.0),  # the same over a batch (Robbins & Monro 1951)
    "momentum": Algorithm(default=0.01, low=1e-3, high=0.3),  # v ← βv − α∇L, θ ← θ + v (Polyak 1964)
    "rmsprop": ADAPTIVE,  # Tieleman & Hinton 2012
    "adam": ADAPTIVE,  # Kingma & Ba 2015
    "adamw": ADAPTIVE,  # Loshchilov & Hutter 2019
}
SCHEDULES = (
    "constant",
    "exponential",  # α γ^(t/T)
    "polynomial",  # α (1 − t/T)^p
    "cosine",  # α (1 + cos πt/T) / 2 (Loshchilov & Hutter 2017)
)

MOST_EXAMPLES_OF_GD = 10_000
"""With more examples than these in the training part, full-batch gradient descent is left out."""


@dataclass(frozen=True)
class Optimizer(Axis):
    """The algorithm, learning rate, schedule, momentum and weight decay; only what the algorithm has.

    Args:
        names: Algorithms to choose from; the user's own stays in, as the default.
        learning_rate: Lowest and highest rate, above 0; None spans the ranges of the algorithms.
        schedule: Schedules to choose from.
        backbone_rate: Learning rates of a pretrained part to choose from, as factors of the model's.

    Example:
        >>> import autoopt
        >>> autoopt.axes.Optimizer(["sgd", "adamw"], learning_rate=(1e-4, 1e-1)).names
        ['sgd', 'adamw']
    """

    names: Sequence[str] = tuple(ALGORITHMS)
    learning_rate: tuple[float, float] | None = None
    schedule: Sequence[str] = SCHEDULES
    backbone_rate: Sequence[float] = fine_tuning.RATES

    def __post_init__(self) -> None:
        check_names("optimizer", self.names, ALGORITHMS)
        check_names("schedule", self.schedule, SCHEDULES)
        factors = "factors above 0, for example [0.1, 1.0]"
        check_numbers("backbone_rate", self.backbone_rate, lambda factor: 0 < factor < float("inf"), factors)
        if self.learning_rate is None:
            return
        expected = "(lowest, highest), both above 0, for example (1e-4, 1e-1)"
        check_numbers("learning_rate", self.learning_rate, lambda rate: 0 < rate < float("inf"), expected)
        if len(self.learning_rate) != 2 or self.learning_rate[0] >= self.learning_rate[1]:
            raise SpaceError(
                f"learning_rate was given {self.learning_rate!r}. Expected {expected}. "
                'For one rate alone, pin it: fix={"optimizer/learning_rate": 0.001}.'
            )

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for `optimizer/name`, `schedule`, `learning_rate`, `momentum`, `weight_decay`, `backbone_rate`."""
        written = origin.optimizer
        # A step over all examples needs data in memory, and one step an epoch few enough of them.
        gd = origin.rebatch and (origin.examples or 0) <= MOST_EXAMPLES_OF_GD
        offered = [name for name in self.names if name != "gd" or gd]
        names = list(dict.fromkeys([written.algorithm, *offered]))
        parts: dict[str, Any] = {"optimizer": hp.Choice("optimizer/name", names, default=written.algorithm)}
        parts |= self._rate_and_schedule(hp, names, written)
        for algorithm, field, low, high, default in (
            ("momentum", "momentum", 0.5, 0.99, written.momentum),
            ("adamw", "weight_decay", 1e-5, 1e-1, written.weight_decay),
        ):
            if algorithm in names:
                with hp.conditional_scope("optimizer/name", [algorithm]):
                    low, high = min(low, default), max(high, default)
                    value = hp.Float(f"optimizer/{field}", low, high, sampling="log", default=default)
                    parts |= {} if value is None else {field: value}
        return {**_changes(parts, origin), **fine_tuning.rate(hp, origin, self.backbone_rate)}

    def _rate_and_schedule(
        self, hp: keras_tuner.HyperParameters, names: Sequence[str], written: Written
    ) -> Mapping[str, Any]:
        """Draw the schedule and, unless it is the user's own, the rate that it starts from."""
        if written.learning_rate is not None:
            schedules = list(dict.fromkeys(["constant", *self.schedule]))
            schedule = hp.Choice("optimizer/schedule", schedules, default="constant")
            return {"schedule": schedule, "learning_rate": self._rate(hp, names, written)}
        schedule = hp.Choice("optimizer/schedule", [AS_WRITTEN, *self.schedule], default=AS_WRITTEN)
        with hp.conditional_scope("optimizer/schedule", list(self.schedule)):
            rate = self._rate(hp, names, written)
        return {} if schedule == AS_WRITTEN else {"schedule": schedule, "learning_rate": rate}

    def _rate(self, hp: keras_tuner.HyperParameters, names: Sequence[str], written: Written) -> float | None:
        """Draw the rate from the ranges of all algorithms together.

        One name has one range: KerasTuner's oracles lose a value whose name stands under two conditions.
        """
        known = [ALGORITHMS.get(name, ADAPTIVE) for name in names]
        low, high = self.learning_rate or (min(each.low for each in known), max(each.high for each in known))
        default = written.learning_rate
        if default is None:
            default = min(max(ALGORITHMS.get(written.algorithm, ADAPTIVE).default, low), high)
        low, high = min(low, default), max(high, default)
        if low == high:
            return low
        return hp.Float("optimizer/learning_rate", low, high, sampling="log", default=default)


def _changes(parts: Mapping[str, Any], origin: Origin) -> Mapping[str, Any]:
    """Return nothing where every value is the user's own, so that the optimizer stays untouched."""
    written = origin.optimizer
    own = {
        "optimizer": written.algorithm,
        "learning_rate": written.learning_rate,
        "schedule": "constant",
        "momentum": written.momentum,
        "weight_decay": written.weight_decay,
    }
    if all(own[field] == value for field, value in parts.items()):
        return {}
    return {**parts, "full_batch": True} if parts["optimizer"] == "gd" else parts
