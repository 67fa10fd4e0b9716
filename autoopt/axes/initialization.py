"""Initialization: the distribution that hidden kernels start from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras_tuner

from autoopt.axes.axis import Axis, Origin
from autoopt.axes.choices import check_names

AS_WRITTEN = "as_written"

INITIALIZERS = (
    "glorot_uniform",  # Glorot & Bengio 2010: U(±√(6 / (fan_in + fan_out)))
    "glorot_normal",  # Glorot & Bengio 2010: variance 2 / (fan_in + fan_out)
    "he_uniform",  # He et al. 2015: U(±√(6 / fan_in))
    "he_normal",  # He et al. 2015: variance 2 / fan_in
    "lecun_uniform",  # LeCun et al. 1998: U(±√(3 / fan_in))
    "lecun_normal",  # LeCun et al. 1998: variance 1 / fan_in
    "orthogonal",  # Saxe et al. 2014
)


@dataclass(frozen=True)
class Initialization(Axis):
    """The initializer of hidden Dense and convolutional kernels; outputs keep their own.

    Args:
        kernel: Names of Keras initializers to choose from, beside what the user wrote.

    Example:
        >>> import autoopt
        >>> autoopt.axes.Initialization(["he_normal", "orthogonal"])
        Initialization(kernel=['he_normal', 'orthogonal'])
    """

    kernel: Sequence[str] = INITIALIZERS

    def __post_init__(self) -> None:
        check_names("initializer", self.kernel, INITIALIZERS)

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for `initialization/kernel`."""
        if not origin.template.kernels:
            return {}
        value = hp.Choice("initialization/kernel", [AS_WRITTEN, *self.kernel], default=AS_WRITTEN)
        return {"initializer": None if value == AS_WRITTEN else value}
