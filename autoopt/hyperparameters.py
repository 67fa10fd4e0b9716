"""KerasTuner's `HyperParameters` with three additions: pins, values asked for one by one, ranges within a range.

The only file that leans on KerasTuner's private retrieval of a hyperparameter.
"""

import contextlib
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Self

import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from autoopt.errors import SpaceError, meant
from autoopt.spelling import typed

DECADES = 100
"""Ratio of two values from which on a scale is logarithmic."""

HyperParameter = Any
"""One dimension: a `keras_tuner.engine.hyperparameters.HyperParameter`."""


class AskingHyperParameters(keras_tuner.HyperParameters):
    """Asks for a value when a build first needs it, so that active means asked for in this build.

    Args:
        ask: Called once for each active hyperparameter, with its definition; returns its value.
    """

    def __init__(self, ask: Callable[[HyperParameter], Any]) -> None:
        super().__init__()
        self._ask = ask

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return hyperparameters that have these values, and their defaults where they have none."""
        return cls(lambda known: values.get(known.name, known.default))

    def _retrieve(self, hp: HyperParameter) -> Any:
        active = self.is_active(hp)
        if active and hp.name not in self.values:
            self.values[hp.name] = self._ask(hp)
        if not self._exists(hp.name, hp.conditions):
            self._register(hp)
        return self.values[hp.name] if active else None


class PinnedHyperParameters(keras_tuner.HyperParameters):
    """A view on other hyperparameters, whose state it shares, in which some values are pinned.

    A conditional scope that a pinned parent rules out registers nothing. `names` has every name that was
    asked for through the view.

    Args:
        base: The hyperparameters that are asked and that keep every value.
        pins: Name to value.
    """

    def __init__(self, base: keras_tuner.HyperParameters, pins: Mapping[str, Any]) -> None:
        self.__dict__ = base.__dict__
        self.__dict__.update(base=base, pins=pins, names=set(), dead_scopes=0)

    @contextlib.contextmanager
    def conditional_scope(self, parent_name: str, parent_values: Any) -> Iterator[None]:
        """Open a scope whose hyperparameters are active only for some values of the parent, or for one."""
        values = parent_values if isinstance(parent_values, list | tuple) else [parent_values]
        pinned = self.pins.get(self._get_name(parent_name), values[0])
        if pinned in values and not self.dead_scopes:
            with super().conditional_scope(parent_name, parent_values):
                yield
            return
        self.dead_scopes += 1
        try:
            yield
        finally:
            self.dead_scopes -= 1

    def _retrieve(self, hp: HyperParameter) -> Any:
        if self.dead_scopes:
            return None
        self.names.add(hp.name)
        if hp.name in self.pins:
            value = self.pins[hp.name]
            check_value(hp, value)
            hp = kinds.Fixed(hp.name, value, conditions=hp.conditions)
            if self.is_active(hp):
                self.values[hp.name] = value
        return type(self.base)._retrieve(self.base, hp)


def retrieve(base: keras_tuner.HyperParameters, hp: HyperParameter) -> Any:
    """Ask for the value of a hyperparameter by its definition; None where it is not active."""
    return base._retrieve(hp)


class Ranged(kinds.Float):
    """A positive number whose range depends on other values, inside of the one range that KerasTuner knows.

    KerasTuner's oracles lose a value whose name stands under two conditions: it is registered once, as `whole`.

    Args:
        whole: The definition that holds every range.
        low: The least value here.
        high: The largest value here.
        default: The usual value here.
    """

    def __init__(self, whole: kinds.Float, low: float, high: float, default: float) -> None:
        super().__init__(whole.name, low, high, None, "log", default=default, conditions=whole.conditions)
        self.whole = whole

    def get_config(self) -> dict[str, Any]:
        """Return the configuration of the whole."""
        return dict(self.whole.get_config())

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> kinds.Float:
        """Return the whole."""
        return kinds.Float.from_config(config)

    def at(self, position: float) -> float:
        """Return the value at a position in the range, 0 to 1 on a logarithmic scale.

        Of those that are as near as numbers can be it is one of few digits, as somebody may have written it.
        """
        value = min(max(self.low * (self.high / self.low) ** position, self.low), self.high)
        short = float(f"{value:.12g}")
        as_near = self.low <= short <= self.high and self.position(short) == position
        return short if as_near else value

    def position(self, value: float) -> float:
        """Return where a value of the range lies in it."""
        return _position(value, self.low, self.high)

    def taken(self, value: float) -> float:
        """Return a value of the whole range as one of this range: itself, or the one at the same place."""
        if self.low <= value <= self.high:
            return value
        return self.at(_position(value, self.whole.min_value, self.whole.max_value))

    @property
    def low(self) -> float:
        """The least value here."""
        return float(self.min_value)

    @property
    def high(self) -> float:
        """The largest value here."""
        return float(self.max_value)


def ranged(
    hp: keras_tuner.HyperParameters,
    name: str,
    own: tuple[float, float, float],
    whole: tuple[float, float, float],
) -> float | None:
    """Ask for a number whose range depends on what was drawn before it.

    Whoever knows `Ranged` is asked for a value of its own range. Of anybody else a value that lies outside is taken to
    the same place in it, and written back.

    Args:
        hp: Where it is asked for.
        name: Of the hyperparameter.
        own: Lowest, highest and usual value here.
        whole: Those of all ranges together: the same in each build.

    Returns:
        None where a conditional scope around it is not active.
    """
    low, high, default = whole
    known = hp._get_name(name) in hp.values
    spread = kinds.Float(
        hp._get_name(name), low, high, None, "log", default=default, conditions=hp._conditions
    )
    narrow = Ranged(spread, *own)
    value = hp._retrieve(narrow)
    base = getattr(hp, "base", hp)
    if value is None or isinstance(base, AskingHyperParameters) or name in getattr(hp, "pins", ()):
        return None if value is None else float(value)
    value = narrow.taken(value) if known else narrow.default
    hp.values[hp._get_name(name)] = value
    return float(value)


def _position(value: float, low: float, high: float) -> float:
    return math.log(value / low) / math.log(high / low) if high > low else 0.0


def check_value(hp: HyperParameter, value: Any) -> None:
    """Raise when a value lies outside what a hyperparameter may take.

    Args:
        hp: The definition.
        value: What somebody wants it to be.

    Raises:
        SpaceError: Names the hyperparameter, the value and what it accepts.
    """
    hp = hp.whole if isinstance(hp, Ranged) else hp  # whoever names a value means it
    fits, accepted = _accepted(hp, value)
    if fits:
        return
    names = [known for known in getattr(hp, "values", ()) if isinstance(known, str)]
    own = "/" not in hp.name  # the user's, asked for in the model function
    axis = typed(python="with an axis of autoopt.axes.", shell="in Python, with an axis of autoopt.axes.")
    wider = "where the model function asks for it." if own else axis
    text = " is a text, and" if isinstance(value, str) and not names else ""
    raise SpaceError(
        f"{hp.name} was given {value!r}, which{text} is outside of its range. Expected {accepted}."
        f"{meant(str(value), names)} Change the value, or widen the range {wider}"
    )


def _accepted(hp: HyperParameter, value: Any) -> tuple[bool, str]:
    """Return whether a hyperparameter may become a value, and what it may become as messages say it."""
    if isinstance(hp, kinds.Float | kinds.Int):
        whole, low, high = isinstance(hp, kinds.Int), hp.min_value, hp.max_value
        return _is_within(value, low, high, whole), f"a number from {low} to {high}"
    numbers = not isinstance(hp, kinds.Boolean) and all(isinstance(each, int | float) for each in hp.values)
    if numbers and is_number(value):
        whole, low, high = all(isinstance(each, int) for each in hp.values), min(hp.values), max(hp.values)
        return _is_within(
            value, low, high, whole
        ), f"a {'whole ' if whole else ''}number from {low} to {high}"
    fits = value in hp.values and (isinstance(value, bool) or not isinstance(hp, kinds.Boolean))
    return fits, "one of " + ", ".join(repr(known) for known in hp.values)


def is_number(value: Any) -> bool:
    """Whether a value is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def spans_decades(values: Collection[float]) -> bool:
    """Say whether values are so far apart that a picture of them has a logarithmic scale."""
    return min(values) > 0 and max(values) / min(values) >= DECADES


def _is_within(value: Any, low: float, high: float, whole: bool) -> bool:
    return is_number(value) and low <= value <= high and (not whole or value == int(value))
