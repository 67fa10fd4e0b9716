"""Space: which axes are open, narrowed or closed, and which single values are pinned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from autoopt import axes
from autoopt.axes import Origin
from autoopt.errors import SpaceError, nearest

AXES: Mapping[str, type[axes.Axis]] = {
    "structure": axes.Structure,
    "initialization": axes.Initialization,
    "regularization": axes.Regularization,
    "augmentation": axes.Augmentation,
    "optimizer": axes.Optimizer,
    "batch_size": axes.BatchSize,
}
AxisArgument = bool | axes.Axis | Sequence[int]


@dataclass(frozen=True)
class Space:
    """What a search may change of the user's model. Axes that are not named stay open.

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
        SpaceError: An axis is given something that is not its own.

    Example:
        >>> import autoopt
        >>> space = autoopt.Space(structure=False, batch_size=[32, 64], fix={"optimizer/name": "adam"})
        >>> [type(axis).__name__ for axis in space.axes]
        ['Initialization', 'Regularization', 'Augmentation', 'Optimizer', 'BatchSize']
    """

    structure: AxisArgument = True
    initialization: AxisArgument = True
    regularization: AxisArgument = True
    augmentation: AxisArgument = True
    optimizer: AxisArgument = True
    batch_size: AxisArgument = True
    fix: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in AXES:
            _axis(name, getattr(self, name))
        if not isinstance(self.fix, Mapping):
            raise SpaceError(
                f"fix was given {self.fix!r}. Expected a mapping of names to values, "
                'for example {"optimizer/name": "adam"}.'
            )

    @classmethod
    def of(cls, given: Any) -> Self:
        """Read the `space` argument of `tune`: `"auto"` or a Space."""
        if isinstance(given, cls):
            return given
        if given == "auto":
            return cls()
        raise SpaceError(
            f'space was given {given!r}. Expected "auto" or an autoopt.Space, '
            "for example autoopt.Space(structure=False)."
        )

    @property
    def axes(self) -> Sequence[axes.Axis]:
        """The open axes, in the order in which they are drawn."""
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
        return replace(self, optimizer=replace(axis, schedule=("constant",)))

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

    def check_pins(self, known: Sequence[str]) -> None:
        """Raise when a name in `fix` is none of the search's hyperparameters.

        Raises:
            SpaceError: Names the nearest hyperparameters that exist.
        """
        for name in self.fix:
            if name not in known:
                raise SpaceError(
                    f"fix names {name!r}, which this search does not have.{nearest(name, known)}"
                )


def _axis(name: str, given: AxisArgument) -> axes.Axis | None:
    """Return the axis that an argument stands for, None where it is closed."""
    kind = AXES[name]
    if given is True:
        return kind()
    if given is False:
        return None
    if isinstance(given, kind):
        return given
    if kind is axes.BatchSize and isinstance(given, list | tuple):
        return axes.BatchSize(given)
    raise SpaceError(
        f"The axis {name} was given {given!r}. Expected True, False or an autoopt.axes.{kind.__name__}."
    )
