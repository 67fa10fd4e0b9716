"""Initialization: the distribution that hidden kernels start from, and where biases of outputs start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras_tuner

from autoopt.axes.axis import Axis, Origin
from autoopt.axes.choices import check_names, check_numbers
from autoopt.errors import SpaceError

AS_WRITTEN = "as_written"

INITIALIZERS = (
    "glorot_uniform",  # Glorot & Bengio 2010: U(±√(6 / (fan_in + fan_out)))
    "glorot_normal",  # Glorot & Bengio 2010: variance 2 / (fan_in + fan_out)
    "he_uniform",  # He et al. 2015: U(±√(6 / fan_in))
    "he_normal",  # He et al. 2015: variance 2 / fan_in
    "lecun_uniform",  # LeCun et al. 1998: U(±√(3 / fan_in))
    "lecun_normal",  # LeCun et al. 1998: variance 1 / fan_in
    "orthogonal",  # Saxe et al. 2014
    "truncated_normal",  # N(0, σ²) cut off at ±2σ, which leaves a standard deviation of 0.88 σ
)
BIASES = ("class_priors",)  # Lin et al. 2017 (RetinaNet), section 4.1

SCALED = "truncated_normal"
SCALE = 0.1
"""σ of a truncated normal where none is drawn: He's for 200 inputs. With Keras's own, 0.05, SGD learns slowly."""


@dataclass(frozen=True)
class Initialization(Axis):
    """The initializer of hidden Dense and convolutional kernels, and the bias of outputs.

    Outputs, embeddings, recurrent and attention layers and depthwise kernels keep their own initializers (Keras
    has orthogonal matrices between the steps of a sequence); loaded and frozen weights are left alone.

    `"class_priors"` starts each output from what is known of its labels in the training part alone: log p of the
    classes behind a softmax, log(p / (1 - p)) behind a sigmoid, the mean of the labels under the mean squared error.

    Args:
        kernel: Names of Keras initializers to choose from, beside what the user wrote.
        scale: Lowest and highest σ of `"truncated_normal"`: Keras's `stddev`, the standard deviation before what
            lies beyond 2σ is cut off.
        bias: `["class_priors"]`, or nothing: then biases stay as written.

    Example:
        >>> import autoopt
        >>> autoopt.axes.Initialization(["he_normal", "orthogonal"], bias=[])
        Initialization(kernel=['he_normal', 'orthogonal'], scale=(0.01, 0.5), bias=[])
    """

    kernel: Sequence[str] = INITIALIZERS
    scale: tuple[float, float] = (0.01, 0.5)
    bias: Sequence[str] = BIASES

    def __post_init__(self) -> None:
        check_names("initializer", self.kernel, INITIALIZERS)
        check_names("bias", self.bias, BIASES)
        expected = "(lowest, highest), both above 0, for example (0.01, 0.5)"
        check_numbers("scale", self.scale, lambda scale: 0 < scale < float("inf"), expected)
        if len(self.scale) != 2 or self.scale[0] > self.scale[1]:
            raise SpaceError(f"scale was given {self.scale!r}. Expected {expected}.")

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for `initialization/kernel`, `scale` and `bias`, as far as the model has a place for them."""
        parts: dict[str, Any] = {}
        if origin.template.fresh and self.kernel:
            value = hp.Choice("initialization/kernel", [AS_WRITTEN, *self.kernel], default=AS_WRITTEN)
            parts["initializer"] = None if value == AS_WRITTEN else value
            parts["initializer_scale"] = self._scale(hp)
        if origin.biases and self.bias:
            value = hp.Choice("initialization/bias", [AS_WRITTEN, *self.bias], default=AS_WRITTEN)
            parts["bias"] = None if value == AS_WRITTEN else value
        return parts

    def _scale(self, hp: keras_tuner.HyperParameters) -> Any:
        if SCALED not in self.kernel:
            return None
        low, high = self.scale
        with hp.conditional_scope("initialization/kernel", [SCALED]):
            default = min(max(SCALE, low), high)
            return hp.Float("initialization/scale", low, high, sampling="log", default=default)
