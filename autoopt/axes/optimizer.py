"""Optimizer: the algorithm, its learning rate and schedule, and the numbers that only it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras_tuner

from autoopt.axes.axis import Axis, Origin, Written
from autoopt.axes.initialization import AS_WRITTEN
from autoopt.errors import SpaceError, nearest


@dataclass(frozen=True)
class Algorithm:
    """A training algorithm: its default learning rate and the range in which it is searched."""

    default: float
    low: float
    high: float


ADAPTIVE = Algorithm(default=1e-3, low=1e-4, high=3e-2)
ALGORITHMS = {
    "gd": Algorithm(default=0.1, low=1e-2, high=2.0),  # θ ← θ − α∇L over all examples
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


@dataclass(frozen=True)
class Optimizer(Axis):
    """The algorithm, learning rate, schedule, momentum and weight decay; only what the algorithm has.

    Args:
        names: Algorithms to choose from; the user's own stays in, as the default.
        learning_rate: Lowest and highest rate, above 0; None takes each algorithm's own range.
        schedule: Schedules to choose from.

    Example:
        >>> import autoopt
        >>> autoopt.axes.Optimizer(["sgd", "adamw"], learning_rate=(1e-4, 1e-1)).names
        ['sgd', 'adamw']
    """

    names: Sequence[str] = tuple(ALGORITHMS)
    learning_rate: tuple[float, float] | None = None
    schedule: Sequence[str] = SCHEDULES

    def __post_init__(self) -> None:
        for what, given, known in (
            ("optimizer", self.names, ALGORITHMS),
            ("schedule", self.schedule, SCHEDULES),
        ):
            for name in given:
                if name not in known:
                    raise SpaceError(f"The {what} {name!r} is not known.{nearest(name, known)}")
        if self.learning_rate is not None and not 0 < self.learning_rate[0] <= self.learning_rate[1]:
            raise SpaceError(
                f"learning_rate was given {self.learning_rate}. Expected (lowest, highest), both above 0, "
                "for example (1e-4, 1e-1)."
            )

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for `optimizer/name`, `schedule`, `learning_rate`, `momentum` and `weight_decay`."""
        written = origin.optimizer
        names = list(dict.fromkeys([written.algorithm, *self.names]))
        name = hp.Choice("optimizer/name", names, default=written.algorithm)
        parts: dict[str, Any] = {"optimizer": name}
        for group in self._groups(names, written):
            with hp.conditional_scope("optimizer/name", list(group)):
                parts |= self._drawn(hp, group, written)
        for special, field, low, high, default in (
            ("momentum", "momentum", 0.5, 0.99, written.momentum),
            ("adamw", "weight_decay", 1e-5, 1e-1, written.weight_decay),
        ):
            if special in names:
                with hp.conditional_scope("optimizer/name", [special]):
                    value = hp.Float(
                        f"optimizer/{field}", min(low, default), max(high, default), sampling="log",
                        default=default,
                    )  # fmt: skip
                    parts |= {} if value is None else {field: value}
        return _changes(parts, origin, name)

    def _groups(self, names: Sequence[str], written: Written) -> Sequence[tuple[str, ...]]:
        """Group the algorithms that share a range and a default, so that they share one hyperparameter."""
        groups: dict[Any, tuple[str, ...]] = {}
        for name in names:
            key = (self._range(name, written), name == written.algorithm and written.learning_rate is None)
            groups[key] = (*groups.get(key, ()), name)
        return list(groups.values())

    def _range(self, name: str, written: Written) -> Algorithm:
        known = ALGORITHMS.get(name, ADAPTIVE)
        low, high = self.learning_rate or (known.low, known.high)
        default = known.default
        # Algorithms of one range share the user's own rate as their default: one hyperparameter, one default.
        if known == ALGORITHMS.get(written.algorithm, ADAPTIVE) and written.learning_rate is not None:
            default = written.learning_rate
            low, high = min(low, default), max(high, default)
        return Algorithm(min(max(default, low), high), low, high)

    def _drawn(
        self, hp: keras_tuner.HyperParameters, group: Sequence[str], written: Written
    ) -> Mapping[str, Any]:
        """Draw schedule and rate inside of one group's scope; nothing where the scope is inactive."""
        scheduled = written.algorithm in group and written.learning_rate is None
        first = AS_WRITTEN if scheduled else "constant"
        schedules = list(dict.fromkeys([first, *self.schedule]))
        schedule = hp.Choice("optimizer/schedule", schedules, default=first)
        if scheduled:
            with hp.conditional_scope("optimizer/schedule", [s for s in schedules if s != AS_WRITTEN]):
                rate = self._rate(hp, group[0], written)
        else:
            rate = self._rate(hp, group[0], written)
        drawn = {"schedule": schedule, "learning_rate": rate}
        return {field: value for field, value in drawn.items() if value not in (None, AS_WRITTEN)}

    def _rate(self, hp: keras_tuner.HyperParameters, name: str, written: Written) -> float | None:
        known = self._range(name, written)
        if known.low == known.high:
            return known.low
        return hp.Float(  # type: ignore[no-any-return]
            "optimizer/learning_rate", known.low, known.high, sampling="log", default=known.default
        )


def _changes(parts: Mapping[str, Any], origin: Origin, name: str) -> Mapping[str, Any]:
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
    return {**parts, "full_batch": True} if name == "gd" else parts
