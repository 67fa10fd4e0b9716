"""Span: the range of numbers that a hyperparameter had under some values, and how far it could be stretched."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from keras_tuner.engine import hyperparameters as kinds

from autoopt import axes
from autoopt.axes.learning_rate import RATE
from autoopt.errors import RunError, SpaceError
from autoopt.space import Space
from autoopt.storage import RunFolder

Side = Literal["lower", "upper"]

NONE_AT_ZERO = ("max_norm", "global_clipnorm")
"""Arguments whose 0 stands for none at all, which is beyond the largest number."""


@dataclass(frozen=True)
class Span:
    """The numbers that a hyperparameter could become.

    Attributes:
        low: The least.
        high: The largest.
        logarithmic: Whether it was drawn on a logarithmic scale.
        choices: All of them in ascending order, where they were chosen from; empty for a range.
    """

    low: float
    high: float
    logarithmic: bool = False
    choices: Sequence[float] = ()

    def place(self, value: Any) -> float | None:
        """Return where a value lies, 0 to 1; of choices only the ends are told apart. None for one outside."""
        if (
            not isinstance(value, int | float)
            or not self.low <= value <= self.high
            or (self.choices and value not in self.choices)
        ):
            return None
        if self.choices:
            return 0.0 if value == self.low else 1.0 if value == self.high else 0.5
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Stretch:
    """How far an argument of an axis goes beyond what was searched.

    Attributes:
        factor: By which an end is moved at once.
        most: Largest value that the axis takes and that means something.
        below: What every value has to be less than.
        least: Least value that means something.
    """

    factor: float
    most: float = math.inf
    below: float = math.inf
    least: float = 0.0

    def beyond(self, end: float, side: Side) -> float | None:
        """Return where an end could lie instead, None where it cannot be moved."""
        if side == "lower":
            moved = end / self.factor
            return moved if 0.0 < moved < end and moved >= self.least else None
        # Towards a bound that is never reached, half of the way.
        halfway = math.inf if self.below == math.inf else (end + self.below) / 2
        moved = min(end * self.factor, halfway, self.most)
        return moved if moved > end else None


STRETCHES: Mapping[str, Stretch] = {
    "width": Stretch(2.0),
    "scale": Stretch(3.0),
    "l1": Stretch(10.0),
    "l2": Stretch(10.0),
    "max_norm": Stretch(2.0),
    "dropout": Stretch(1.5, below=1.0),
    "spatial_dropout": Stretch(1.5, below=1.0),
    "label_smoothing": Stretch(1.5, below=1.0),
    "shift": Stretch(2.0, most=0.5),
    "rotation": Stretch(2.0, most=0.5),
    "mixup": Stretch(2.0, most=1.0),
    "learning_rate": Stretch(3.0),
    # A pretrained part that trains faster than what is new on it forgets what it was loaded for.
    "backbone_rate": Stretch(10.0, most=1.0),
    "warmup": Stretch(2.0, below=1.0),
    "momentum": Stretch(2.0, below=1.0),
    "weight_decay": Stretch(10.0),
    "global_clipnorm": Stretch(2.0),
}
"""Arguments that are ranges or lists of numbers; of the batch size see `edges.py`."""


@dataclass(frozen=True)
class Asked:
    """What was asked of a run, as its folder tells.

    Attributes:
        space: The space as it was given.
        definitions: Every hyperparameter of it.
        defaults: Values of the user's own model.
        examples: How many train, None where that is not known.
    """

    space: Space
    definitions: Sequence[Any]
    defaults: Mapping[str, Any]
    examples: int | None

    def span(self, name: str, values: Mapping[str, Any]) -> Span | None:
        """Return the range of a hyperparameter under a trial's values, None where it is no range of numbers."""
        active = (
            hp
            for hp in self.definitions
            if hp.name == name and all(condition.is_active(values) for condition in hp.conditions)
        )
        known = next(active, None)
        if known is None or isinstance(known, kinds.Fixed | kinds.Boolean):
            return None
        if name == RATE:
            return self._rates(values)
        if isinstance(known, kinds.Int | kinds.Float):
            low, high = known.min_value, known.max_value
            return Span(low, high, known.sampling == "log") if low < high else None
        return _chosen(known, name.rpartition("/")[2] in NONE_AT_ZERO)

    def _rates(self, values: Mapping[str, Any]) -> Span | None:
        """Return the range of the learning rate, which follows algorithm and batch size."""
        given = self.space.optimizer
        axis = axes.LearningRate(given if isinstance(given, axes.Optimizer) else axes.Optimizer())
        own = str(self.defaults.get("optimizer/name", values.get("optimizer/name")))
        written = axes.Written(own, None, {}, self.defaults.get(RATE))
        choices = [hp for hp in self.definitions if hp.name == "batch_size" and isinstance(hp, kinds.Choice)]
        sizes = [size for hp in choices for size in hp.values]
        usual = sizes[0] if len(sizes) == 1 else self.defaults.get("batch_size")
        growth = (values.get("batch_size") or usual) / usual if usual else 1.0
        low, high, _ = axis.range_of(str(values.get("optimizer/name", own)), growth, written)
        return Span(low, high, logarithmic=True) if low < high else None


def space_of(folder: RunFolder) -> Space:
    """Return the space that a run was given.

    Raises:
        RunError: `space.json` holds none.
    """
    try:
        return Space.from_json(json.dumps(folder.read("space")))
    except SpaceError as error:
        raise RunError(
            f"{folder.path / 'space.json'} is damaged. {error} Restore it, or remove the run folder."
        ) from error


def _chosen(known: Any, none_at_zero: bool) -> Span | None:
    numbers = sorted(
        value for value in known.values if isinstance(value, int | float) and not isinstance(value, bool)
    )
    if len(numbers) < len(known.values):
        return None
    numbers = [value for value in numbers if value or not none_at_zero]
    return Span(numbers[0], numbers[-1], choices=tuple(numbers)) if len(numbers) > 1 else None
