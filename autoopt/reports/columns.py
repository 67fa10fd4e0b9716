"""Columns of a table of trials: which type a hyperparameter's values have, and which values it may take."""

import math
from dataclasses import dataclass, replace
from typing import Any

from autoopt.untrusted import printable

Value = bool | float | str


def _column_type(value: Any) -> type:
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, int | float) else str


def _plain(value: Any) -> Any:
    """Return a value that records of TensorBoard's can hold: halves of pairs in words are written out."""
    return printable(value) if isinstance(value, str) else value


def is_shown(value: Any) -> bool:
    """Say whether TensorBoard can show the value: None and NaN would spoil their column."""
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


@dataclass(frozen=True)
class Domain:
    """What one hyperparameter may be: values of a list, or any number of an interval.

    It leads while no trial is known to go without it. TensorBoard opens with five columns, and its parallel
    coordinates leave out each trial that lacks one of them: what is often inactive should not be among them.
    """

    values: tuple[Any, ...] = ()
    interval: tuple[float, float] | None = None
    leads: bool = False

    @classmethod
    def of(cls, hyperparameter: Any) -> "Domain":
        """Return the domain of a `keras_tuner` hyperparameter."""
        config = hyperparameter.get_config()
        leads = not config["conditions"]
        if "min_value" in config:
            return cls((), (float(config["min_value"]), float(config["max_value"])), leads)
        return cls(tuple(map(_plain, hyperparameter.values)), None, leads)

    @classmethod
    def around(cls, value: Any) -> "Domain":
        """Return a domain for a name that no space announced."""
        one = cls((_plain(value),))
        if one.type is float:
            return cls(interval=(float(value), float(value)))
        return cls((False, True)) if one.type is bool else one

    @property
    def type(self) -> type:
        """`bool`, `float` or `str`; what is of several types is text."""
        types = {_column_type(value) for value in (*self.values, *(self.interval or ()))}
        return types.pop() if len(types) == 1 else str

    def union(self, other: "Domain") -> "Domain":
        """Return the domain that holds both: all their values, or the widest interval."""
        values = (*self.values, *other.values)
        ends = [*(self.interval or ()), *(other.interval or ())]
        both = Domain(values, (min(ends), max(ends)) if ends else None, self.leads or other.leads)
        if both.interval and both.type is float:
            return replace(both, values=(), interval=(min(*ends, *values), max(*ends, *values)))
        return both

    def cast(self, value: Any) -> Value | None:
        """Return the value as this domain's type, None where it is no such thing."""
        if self.type is str:
            return str(_plain(value))
        if isinstance(value, bool):
            return value if self.type is bool else float(value)
        return float(value) if self.type is float and isinstance(value, int | float) else None
