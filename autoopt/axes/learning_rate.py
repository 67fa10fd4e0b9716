"""Learning rate: where it starts and how it goes on, once algorithm and batch size are drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras_tuner

from autoopt.axes import fine_tuning
from autoopt.axes.axis import Axis, Origin, Written
from autoopt.axes.initialization import AS_WRITTEN
from autoopt.axes.optimizer import ADAPTIVE, ALGORITHMS, Optimizer
from autoopt.hyperparameters import ranged
from autoopt.schedules import OWN_WARMUP

RATE = "optimizer/learning_rate"

Range = tuple[float, float, float]
"""Lowest, highest and usual value."""


@dataclass(frozen=True)
class LearningRate(Axis):
    """The second half of the optimizer axis: it is drawn after the batch size, which its range follows.

    Args:
        optimizer: The first half, which says what is open.
    """

    optimizer: Optimizer = field(default_factory=Optimizer)

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for `optimizer/schedule`, `warmup`, `learning_rate` and `backbone_rate`."""
        return {
            **self._scheduled(hp, origin),
            **fine_tuning.rate(hp, origin, self.optimizer.backbone_rate),
        }

    def told(self, origin: Origin) -> str:
        """Return what is to be said of the range that a table gives the rate, empty for nothing."""
        if self.optimizer.learning_rate is not None or RATE in (origin.closed or {}):
            return ""
        name = next(
            (each for each in (origin.optimizer.algorithm, *self.optimizer.names) if each in ALGORITHMS), ""
        )
        if not name:
            return ""
        low, high, _ = self.range_of(name, 1.0, origin.optimizer)
        sized = (
            f" in batches of {origin.batch_size}), which follows the batch size." if origin.rebatch else ")."
        )
        return f"{RATE} keeps to the range of its optimizer ({name}: {low:g} to {high:g}{sized}"

    def _scheduled(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Draw the schedule and, unless it is the user's own, its warm-up and the rate that it starts from."""
        written = origin.optimizer
        # Of an optimizer whose configuration does not say everything the rate is set once, when it is made.
        known = [name for name in self.optimizer.schedule if written.whole or name != "plateau"]
        if written.learning_rate is not None:
            names = list(dict.fromkeys(["constant", *known]))
            name = hp.Choice("optimizer/schedule", names, default="constant")
            warmup, rate = self._warmup(hp, names), self._rate(hp, origin)
            own = (name, warmup, rate) == ("constant", None, written.learning_rate)
            return {} if own and _algorithm(hp, written) == written.algorithm else _fields(name, warmup, rate)
        name = hp.Choice("optimizer/schedule", [AS_WRITTEN, *known], default=AS_WRITTEN)
        with hp.conditional_scope("optimizer/schedule", list(known)):
            rate = self._rate(hp, origin)
        warmup = self._warmup(hp, known)
        return {} if name == AS_WRITTEN else _fields(name, warmup, rate)

    def _warmup(self, hp: keras_tuner.HyperParameters, names: Sequence[str]) -> float | None:
        shares = sorted({0.0, *map(float, self.optimizer.warmup)})
        warmed = [name for name in names if name not in OWN_WARMUP]
        if len(shares) == 1 or not warmed:
            return None
        with hp.conditional_scope("optimizer/schedule", warmed):
            share = hp.Choice("optimizer/warmup", shares, default=0.0)
        return share or None

    def _rate(self, hp: keras_tuner.HyperParameters, origin: Origin) -> float | None:
        """Draw the rate from the range of the algorithm and the batch size that were drawn."""
        written = origin.optimizer
        fixed = written.learning_rate
        if fixed is not None and (
            RATE in (origin.closed or {}) or fixed <= 0.0
        ):  # 0 has no place on a log scale
            return fixed
        names = _choices(hp, "optimizer/name") or [written.algorithm]
        sizes = _choices(hp, "batch_size") or [origin.batch_size]
        # A pinned size is the user's own: the rate that was written is meant for it.
        usual_size = sizes[0] if len(sizes) == 1 else origin.batch_size
        every = [self.range_of(name, size / usual_size, written) for name in names for size in sizes]
        usual = self.range_of(written.algorithm, 1.0, written)[2]
        whole = min(low for low, _, _ in every), max(high for _, high, _ in every), usual
        if whole[0] == whole[1]:
            return whole[0]
        size = hp.values.get("batch_size") or usual_size
        own = self.range_of(_algorithm(hp, written), size / usual_size, written)
        return ranged(hp, RATE, own, whole)

    def range_of(self, name: str, growth: float, written: Written) -> Range:
        """Return the range of an algorithm, at a batch size of so many times the user's own.

        Args:
            name: Of the algorithm.
            growth: The batch size, as a multiple of the one that the user's rate is meant for.
            written: The user's own optimizer.
        """
        known = ALGORITHMS.get(name, ADAPTIVE)
        scale = 1.0 if self.optimizer.learning_rate else growth**known.power
        low, high = self.optimizer.learning_rate or (known.low * scale, known.high * scale)
        if name == written.algorithm and written.learning_rate is not None:
            usual = written.learning_rate * scale
            return min(low, usual), max(high, usual), usual
        return low, high, min(max(known.default * scale, low), high)


def _fields(name: str, warmup: float | None, rate: float | None) -> Mapping[str, Any]:
    return {"schedule": name, "warmup": warmup, "learning_rate": rate}


def _algorithm(hp: keras_tuner.HyperParameters, written: Written) -> str:
    """Return the algorithm that was drawn, the user's own where none was asked for."""
    return str(hp.values.get("optimizer/name", written.algorithm))


def _choices(hp: keras_tuner.HyperParameters, name: str) -> Sequence[Any]:
    """Return every value that may come up for a name, the same in each build."""
    return [value for known in hp.space if known.name == name for value in known.values]
