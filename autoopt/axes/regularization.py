"""Regularization: penalties and bounds on kernels, dropout, smoothed labels, and when a trial has learnt enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import keras_tuner

from autoopt.axes.axis import Axis, Origin
from autoopt.axes.choices import check_numbers
from autoopt.errors import SpaceError

LABEL_SMOOTHING = (0.0, 0.05, 0.1, 0.2)
"""Shares that are offered where the user names none."""

SMOOTHING_NAME = "regularization/label_smoothing"


@dataclass(frozen=True)
class Regularization(Axis):
    """L1 and L2 penalties on hidden kernels (Keras's λ Σ|w| and λ Σw², no halves), dropout and smoothed labels.

    A part whose value differs from layer to layer in the user's model stays as written.

    Args:
        l1: Penalty factors λ to choose from, 0 or more.
        l2: Likewise for λ Σw².
        dropout: Shares of units to drop, from 0 up to below 1 (Srivastava et al. 2014).
        spatial_dropout: Shares of feature maps to drop whole behind convolutions (Tompson et al. 2015).
        label_smoothing: Shares of a label that are spread over all classes (Szegedy et al. 2016), in training
            alone: scores are under the loss as written. None offers some where that can be done.
        max_norm: Largest norms of the weights into a hidden unit (Srebro & Shraibman 2005), 0 for none; for
            kernels without a constraint. Closed by default: how large is right depends on the widths, what
            it does penalties and weight decay do too, and each step pays for it.
        patience: Epochs without a better score after which a trial ends, with the weights of its best epoch.
            None trains all epochs: under a schedule the best ones come last.

    Example:
        >>> import autoopt
        >>> autoopt.axes.Regularization(l1=[0.0], l2=[0.0, 1e-4], patience=10).l2
        (0.0, 0.0001)
    """

    l1: Sequence[float] = (0.0, 1e-6, 1e-5, 1e-4)
    l2: Sequence[float] = (0.0, 1e-6, 1e-5, 1e-4, 1e-3)
    dropout: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.5)
    spatial_dropout: Sequence[float] = (0.0, 0.1, 0.2, 0.3)
    label_smoothing: Sequence[float] | None = None
    max_norm: Sequence[float] = (0.0,)
    patience: int | None = None

    def __post_init__(self) -> None:
        factors = "a list of penalty factors of 0 or more, for example [0.0, 1e-4]"
        bounds = "a list of largest norms of 0 (none) or more, for example [0.0, 3.0]"
        shares = "a list of shares from 0 up to below 1, for example [0.0, 0.3]"
        for name, expected, end in (
            ("l1", factors, float("inf")),
            ("l2", factors, float("inf")),
            ("max_norm", bounds, float("inf")),
            ("dropout", shares, 1.0),
            ("spatial_dropout", shares, 1.0),
            ("label_smoothing", shares, 1.0),
        ):
            given = getattr(self, name)
            if given is not None or name != "label_smoothing":
                object.__setattr__(self, name, _numbers(name, given, expected, end))
        if self.patience is not None:
            object.__setattr__(self, "patience", _epochs(self.patience))

    def smooths(self, origin: Origin) -> bool:
        """Say whether some trials may smooth labels.

        Raises:
            SpaceError: That was asked for, and the loss has no such thing.
        """
        values = LABEL_SMOOTHING if self.label_smoothing is None else self.label_smoothing
        if SMOOTHING_NAME in (origin.closed or {}):
            return False
        if self.label_smoothing is not None and any(values) and origin.unsmoothed:
            raise SpaceError(
                f"label_smoothing was given {list(values)}, but {origin.unsmoothed}. Expected a crossentropy of "
                "classes and Keras's own training step. Compile the model so, or leave label_smoothing out."
            )
        return any(values) and not origin.unsmoothed

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for what the model has a place for, all under `regularization/`."""
        template, smooths = origin.template, self.smooths(origin)
        written = {
            "l1": template.l1 if template.kernels else None,
            "l2": template.l2 if template.kernels else None,
            "dropout": template.dropout if template.dropout or template.kernels else None,
            "spatial_dropout": template.spatial_dropout,
            "max_norm": template.max_norm,
            "label_smoothing": 0.0 if smooths else None,
        }
        given = {**vars(self), "label_smoothing": self.label_smoothing or LABEL_SMOOTHING}
        return {name: _chosen(hp, name, given[name], value) for name, value in written.items()}


def _numbers(name: str, given: Any, expected: str, end: float) -> tuple[float, ...]:
    check_numbers(name, given, lambda number: 0 <= number < end, expected)
    # Through text: NumPy's float32 of 0.1 is then 0.1, and any JSON takes it.
    return tuple(float(str(number)) for number in given)


def _epochs(given: Any) -> int:
    if not isinstance(given, Integral) or isinstance(given, bool) or given < 1:
        raise SpaceError(f"patience was given {given!r}. Expected a whole number of epochs from 1, or None.")
    return int(given)


def _chosen(
    hp: keras_tuner.HyperParameters, name: str, values: Sequence[float], written: float | None
) -> float | None:
    """Return the value that was drawn, None where it is as written or cannot be changed as one."""
    if written is None:
        return None
    choices = sorted({*values, written})
    if len(choices) == 1:
        return None
    value = hp.Choice(f"regularization/{name}", choices, default=written)
    return None if value == written else value
