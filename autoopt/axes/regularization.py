"""Regularization: penalties on kernels, and dropout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras_tuner

from autoopt.axes.axis import Axis, Origin
from autoopt.axes.choices import check_numbers


@dataclass(frozen=True)
class Regularization(Axis):
    """L1 and L2 penalties on hidden kernels (Keras's λ Σ|w| and λ Σw², no halves), and dropout.

    A part whose value differs from layer to layer in the user's model stays as written.

    Args:
        l1: Penalty factors λ to choose from, 0 or more.
        l2: Likewise for λ Σw².
        dropout: Shares of units to drop, from 0 up to below 1 (Srivastava et al. 2014).

    Example:
        >>> import autoopt
        >>> autoopt.axes.Regularization(l1=(0.0,), l2=(0.0, 1e-4)).l2
        (0.0, 0.0001)
    """

    l1: Sequence[float] = (0.0, 1e-6, 1e-5, 1e-4)
    l2: Sequence[float] = (0.0, 1e-6, 1e-5, 1e-4, 1e-3)
    dropout: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.5)

    def __post_init__(self) -> None:
        expected = "a list of penalty factors of 0 or more, for example [0.0, 1e-4]"
        for name in ("l1", "l2"):
            check_numbers(name, getattr(self, name), lambda factor: 0 <= factor < float("inf"), expected)
        shares = "a list of shares from 0 up to below 1, for example [0.0, 0.3]"
        check_numbers("dropout", self.dropout, lambda share: 0 <= share < 1, shares)

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for `regularization/l1`, `l2` and `dropout`, as far as the model has a place for them."""
        template = origin.template
        parts = {}
        if template.kernels:
            parts["l1"] = _chosen(hp, "l1", self.l1, template.l1)
            parts["l2"] = _chosen(hp, "l2", self.l2, template.l2)
        if template.dropout or template.kernels:
            parts["dropout"] = _chosen(hp, "dropout", self.dropout, template.dropout)
        return parts


def _chosen(
    hp: keras_tuner.HyperParameters, name: str, values: Sequence[float], written: float | None
) -> float | None:
    """Return the value that was drawn, None where it is as written or cannot be changed as one."""
    if written is None:
        return None
    choices = sorted({float(value) for value in values} | {written})
    if len(choices) == 1:
        return None
    value = hp.Choice(f"regularization/{name}", choices, default=written)
    return None if value == written else value
