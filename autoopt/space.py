"""Space: which axes are open, narrowed or closed, and which single values are pinned."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import keras_tuner

from autoopt import axes
from autoopt.arguments import KnownArguments, plain, spelled
from autoopt.axes import Origin
from autoopt.errors import SpaceError, nearest
from autoopt.spelling import named, typed
from autoopt.untrusted import Unreadable, fit, parse, shown

AXES: Mapping[str, type[axes.Axis]] = {
    "structure": axes.Structure,
    "initialization": axes.Initialization,
    "regularization": axes.Regularization,
    "augmentation": axes.Augmentation,
    "optimizer": axes.Optimizer,
    "batch_size": axes.BatchSize,
}
A_PIN = ('{"optimizer/name": "adam"}', "optimizer/name=adam")
"""A pin as Python has it, and as a shell does."""

AxisArgument = bool | axes.Axis | Sequence[int]


@dataclass(frozen=True, repr=False)
class Space(KnownArguments):
    """What a search may change of the user's model. Axes that are not named stay open.

    It is plain data: printed as the call that makes an equal one, and JSON both ways.

    Args:
        structure: True (open), False (as written), or an `autoopt.axes.Structure` that narrows it.
        initialization: Likewise, an `autoopt.axes.Initialization`.
        regularization: Likewise, an `autoopt.axes.Regularization`.
        augmentation: Likewise, an `autoopt.axes.Augmentation`; open where the model classifies images.
        optimizer: Likewise, an `autoopt.axes.Optimizer`.
        batch_size: Likewise, an `autoopt.axes.BatchSize`, or just a list of batch sizes.
        fix: Hyperparameter name to the one value it may take, in trial 0 too: there it is the one change to
            the user's model.

    Raises:
        SpaceError: There is no axis of a name, an axis is given something that is not its own, or a value in
            `fix` is no number, text or truth value.

    Example:
        >>> import autoopt
        >>> space = autoopt.Space(structure=False, batch_size=[32, 64], fix={"optimizer/name": "adam"})
        >>> space
        Space(structure=False, batch_size=BatchSize(values=(32, 64)), fix={'optimizer/name': 'adam'})
        >>> autoopt.Space.from_json(space.to_json()) == space
        True
    """

    refusal = SpaceError

    structure: AxisArgument = True
    initialization: AxisArgument = True
    regularization: AxisArgument = True
    augmentation: AxisArgument = True
    optimizer: AxisArgument = True
    batch_size: AxisArgument = True
    fix: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in AXES:
            object.__setattr__(self, name, _settled(name, getattr(self, name)))
        object.__setattr__(self, "fix", _pins(self.fix))

    def __repr__(self) -> str:
        return spelled(self)

    def to_json(self) -> str:
        """Return the space as one line of JSON: each axis true, false or its fields, and the pins."""
        given = {name: getattr(self, name) for name in AXES}
        fields = {
            name: vars(value) if isinstance(value, axes.Axis) else value for name, value in given.items()
        }
        return json.dumps({**fields, "fix": self.fix})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote, as a run's `space.json` has it; axes that are not named are open.

        Raises:
            SpaceError: It is no JSON of a space, or names an axis or a field that there is not.
        """
        if not isinstance(text, str | bytes):
            raise SpaceError(
                f"from_json was given {shown(text)}. Expected the text that Space.to_json wrote."
            )
        try:
            read = parse(text)
            fit(read, dict[str, Any])
            given: dict[str, Any] = {
                name: AXES[name](**value) if name in AXES and isinstance(value, Mapping) else value
                for name, value in read.items()
            }
            return cls(**given)
        except Unreadable as error:
            raise SpaceError(f"{shown(text)} is no space. {error} Pass what Space.to_json wrote.") from error
        except RecursionError as error:
            raise SpaceError(
                f"{shown(text)} is no space: it is nested too deeply. Expected axes and pins. Pass what Space.to_json wrote."
            ) from error

    @classmethod
    def of(cls, given: Any) -> Self:
        """Read the `space` argument of `tune`: `"auto"` or a Space."""
        if isinstance(given, cls):
            return given
        if isinstance(given, str) and given == "auto":
            return cls()
        raise SpaceError(
            f'space was given {given!r}. Expected "auto" or an autoopt.Space, '
            "for example autoopt.Space(structure=False)."
        )

    @property
    def drawn(self) -> Sequence[axes.Axis]:
        """The open axes in the order in which they are drawn: what depends on other values comes last."""
        rates = [axes.LearningRate(axis) for axis in self.axes if isinstance(axis, axes.Optimizer)]
        return [*self.axes, *rates]

    @property
    def axes(self) -> Sequence[axes.Axis]:
        """The open axes."""
        found = (_axis(name, getattr(self, name)) for name in AXES)
        return [axis for axis in found if axis is not None]

    def without(self, closed: Mapping[str, str]) -> Self:
        """Return the space with some axes closed: axis name to reason."""
        kept = {name: getattr(self, name) and name not in closed and getattr(self, name) for name in AXES}
        return type(self)(**kept, fix=self.fix)

    @property
    def unscheduled(self) -> Self:
        """The space without schedules of the learning rate, for whoever sets the rate from outside."""
        axis = _axis("optimizer", self.optimizer)
        if not isinstance(axis, axes.Optimizer):
            return self
        return replace(self, optimizer=replace(axis, schedule=("constant",), warmup=()))

    @property
    def asks_for_augmentation(self) -> bool:
        """Whether the axis was given as an object: it is then open for more than classifiers, or an error."""
        return isinstance(self.augmentation, axes.Augmentation)

    def check_images(self, origin: Origin) -> None:
        """Raise when augmentation is asked for and the model has no images that may be changed.

        Raises:
            SpaceError: Says why.
        """
        reason = origin.no_image or (origin.closed or {}).get("augmentation", "")
        if self.asks_for_augmentation and reason:
            raise SpaceError(
                f"The axis augmentation was given {self.augmentation!r}, but images cannot be augmented here: "
                f"{reason} Leave augmentation out."
            )

    def check_pins(
        self,
        known: Sequence[str],
        closed: Mapping[str, str] | None = None,
        absent: Mapping[str, str] | None = None,
        unpinned: Callable[[], keras_tuner.HyperParameters] | None = None,
    ) -> None:
        """Raise when a name in `fix` is none of the search's hyperparameters.

        Args:
            known: Their names.
            closed: Axes that the user's own code or data closes, to the reason.
            absent: Names that there might have been, to why there are none.
            unpinned: Finds the whole space as it would be without pins.

        Raises:
            SpaceError: Says which axis is closed, or names the nearest hyperparameters that exist.
        """
        reasons = {name: "the space closes it." for name in AXES if getattr(self, name) is False}
        reasons |= closed or {}
        for name in self.fix:
            if name in known:
                continue
            closed_part = next((each for each in (name, name.partition("/")[0]) if each in reasons), None)
            if closed_part is not None:
                raise SpaceError(
                    f"{named('fix')} names {name!r}, but {closed_part} stays as written: {reasons[closed_part]} "
                    f"Leave {closed_part} open, or leave {name!r} out of {named('fix')}."
                )
            why = (absent or {}).get(name) or (unpinned and _condition(name, unpinned()))
            if why:
                raise SpaceError(
                    f"{named('fix')} names {name!r}, which this search does not have. Take it out of {named('fix')}: {why}."
                )
            opened = f" Open it first: {OPENED[name]}." if name in OPENED else nearest(name, known)
            raise SpaceError(f"{named('fix')} names {name!r}, which this search does not have.{opened}")


OPENED = {
    "regularization/max_norm": "Space(regularization=axes.Regularization(max_norm=[0.0, 3.0]))",
    "optimizer/global_clipnorm": "Space(optimizer=axes.Optimizer(global_clipnorm=[0.0, 1.0]))",
    "augmentation/flip": 'Space(augmentation=axes.Augmentation(flip=["horizontal"]))',
    "augmentation/rotation": "Space(augmentation=axes.Augmentation(rotation=[0.0, 0.05]))",
}
"""Hyperparameters that are closed unless they are named, to what opens them."""


def _condition(name: str, space: keras_tuner.HyperParameters) -> str:
    """Return under which other values a hyperparameter is asked for, empty where the search never has it."""
    conditions = [condition for hp in space.space if hp.name == name for condition in hp.conditions]
    told = [f"{each.name} is {' or '.join(map(str, each.values))}" for each in conditions]
    return f"it is asked for only where {' and '.join(told)}" if told else ""


def _settled(name: str, given: Any) -> bool | axes.Axis:
    """Return an axis argument as it is kept: equal to what its JSON is read as."""
    axis = _axis(name, given)
    if axis is None or isinstance(given, bool):
        return axis is not None
    return replace(axis, **{each: plain(value) for each, value in vars(axis).items()})  # type: ignore[type-var]


def _pins(given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise SpaceError(
            f"{named('fix')} was given {given!r}. Expected a mapping of names to values, "
            'for example {"optimizer/name": "adam"}.'
        )
    pins = {name: plain(value) for name, value in given.items()}
    for name, value in pins.items():
        number = isinstance(value, int | float) and math.isfinite(value)
        if not isinstance(name, str) or not (number or isinstance(value, str)):
            raise SpaceError(
                f"{named('fix')} was given {name!r}: {value!r}. Expected a hyperparameter's name and the one value that "
                f"it takes: a number, a text, True or False, for example {typed(*A_PIN)}."
            )
    return pins


def _axis(name: str, given: Any) -> axes.Axis | None:
    """Return the axis that an argument stands for, None where it is closed."""
    kind = AXES[name]
    if given is True:
        return kind()
    if given is False:
        return None
    if isinstance(given, kind):
        return given
    if kind is axes.BatchSize and isinstance(plain(given), tuple):
        return axes.BatchSize(given)
    sizes = ", or a list of sizes, for example [32, 64]" if kind is axes.BatchSize else ""
    raise SpaceError(
        f"The axis {name} was given {given!r}. Expected True, False or an autoopt.axes.{kind.__name__}{sizes}."
    )
