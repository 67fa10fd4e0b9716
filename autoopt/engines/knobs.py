"""Knobs: the settings that a compiled program takes as inputs, where layers and optimizers read them.

A trace would turn Keras's `Dropout.rate`, `SGD.momentum` or a regularizer's factor into constants. In a twin
they are read from its knobs instead, which hold symbolic values while a program is traced.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from autoopt.engines.chance import uniform
from autoopt.surgery import dropout

SCALARS = ("momentum", "weight_decay", "global_clipnorm", "backbone_rate", "thaw", "label_smoothing")
VECTORS = ("l1", "l2", "dropout", "max_norm", "augmentation")

DROPOUTS = dropout.PLAIN | dropout.SPATIAL
"""Layers whose rate comes from the knobs."""


class Knobs:
    """The current values; a program sets them to its inputs while it is traced.

    Attributes:
        learning_rate: Of this step.
        momentum: β of the momentum method.
        weight_decay: Decoupled weight decay.
        global_clipnorm: Norm to which all gradients together are clipped.
        backbone_rate: Learning rate of a pretrained part, as a factor of the model's.
        thaw: Step before which that part is not trained.
        l1: Factor of each penalized weight.
        l2: Likewise.
        dropout: Rate of each layer of `DROPOUTS`.
        max_norm: Largest norm of each bounded weight's units.
        label_smoothing: Share of a label that is spread over all classes, in training alone.
        augmentation: `Augmentation.strengths`; empty where images are not augmented.
    """

    def __init__(self) -> None:
        self.learning_rate: Any = 0.0
        self.momentum: Any = 0.0
        self.weight_decay: Any = 0.0
        self.global_clipnorm: Any = math.inf
        self.backbone_rate: Any = 1.0
        self.thaw: Any = 0.0
        self.l1: Any = ()
        self.l2: Any = ()
        self.dropout: Any = ()
        self.max_norm: Any = ()
        self.label_smoothing: Any = 0.0
        self.augmentation: Any = ()

    def turn(self, values: Mapping[str, Any]) -> None:
        """Set several values."""
        for name, value in values.items():
            setattr(self, name, value)


class StepRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The learning rate of this step, which the program is told: every schedule is the same program."""

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs

    def __call__(self, step: Any) -> Any:
        """Return the rate, whatever the step."""
        return ops.cast(self._knobs.learning_rate, "float32")


class Momentum(keras.optimizers.SGD):  # type: ignore[misc]
    """v ← βv − α∇L, θ ← θ + v (Polyak 1964) with β from the knobs; above 0."""

    def __init__(self, knobs: Knobs, **config: Any) -> None:
        super().__init__(**{**config, "momentum": 0.5})  # any number above 0 makes Keras keep v
        self._knobs = knobs

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change one weight."""
        velocity = self.momentums[self._get_variable_index(variable)]
        rate, beta = (ops.cast(value, variable.dtype) for value in (learning_rate, self._knobs.momentum))
        step = ops.cast(gradient, variable.dtype) * rate
        self.assign(velocity, velocity * beta - step)
        self.assign_add(variable, velocity * beta - step if self.nesterov else velocity)


def decaying(kind: type[keras.optimizers.Optimizer], knobs: Knobs) -> type[keras.optimizers.Optimizer]:
    """Return a kind of optimizer whose decoupled weight decay comes from the knobs."""

    class Decaying(kind):  # type: ignore[misc, valid-type]
        @property
        def weight_decay(self) -> Any:
            return knobs.weight_decay

        @weight_decay.setter
        def weight_decay(self, value: Any) -> None:
            """Keep the knobs' value: Keras sets its own when it is made."""

        adam_weight_decay = weight_decay  # Muon's, of all but matrices

    return Decaying


def clipping(kind: type[keras.optimizers.Optimizer], knobs: Knobs) -> type[keras.optimizers.Optimizer]:
    """Return a kind of optimizer that clips gradients to the norm in the knobs: g ← g · min(1, c / ‖g‖)."""

    class Clipping(kind):  # type: ignore[misc, valid-type]
        def _clip_gradients(self, grads: Sequence[Any]) -> Sequence[Any]:
            squares = [ops.sum(ops.square(ops.cast(g, "float32"))) for g in grads if g is not None]
            norm = ops.sqrt(sum(squares[1:], squares[0]))
            scale = ops.minimum(1.0, knobs.global_clipnorm / ops.maximum(norm, 1e-30))
            return [None if g is None else g * ops.cast(scale, g.dtype) for g in grads]

    return Clipping


class Penalty:
    """λ₁ Σ|w| + λ₂ Σw², Keras's L1 and L2, for one weight."""

    def __init__(self, knobs: Knobs, index: int) -> None:
        self._knobs, self._index = knobs, index

    def __call__(self, weight: Any) -> Any:
        """Return the penalty."""
        l1, l2 = (
            ops.cast(factors[self._index], weight.dtype) for factors in (self._knobs.l1, self._knobs.l2)
        )
        return ops.sum(l1 * ops.absolute(weight) + l2 * ops.square(weight))  # one pass over the weight


class Bound(keras.constraints.Constraint):  # type: ignore[misc]
    """Keras's MaxNorm for one weight, with the largest norm from the knobs."""

    def __init__(self, knobs: Knobs, index: int, axis: Any) -> None:
        self._knobs, self._index, self._axis = knobs, index, axis

    def __call__(self, weight: Any) -> Any:
        """Return the weight with the norms that are larger brought down to it."""
        largest = ops.cast(self._knobs.max_norm[self._index], weight.dtype)
        return keras.constraints.MaxNorm(largest, self._axis)(weight)


def loosen_dropout(layer: keras.layers.Dropout, knobs: Knobs, index: int) -> None:
    """Have a layer of `DROPOUTS` take its rate from the knobs; at rate 0 it changes nothing."""

    def call(inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        rate = ops.cast(knobs.dropout[index], "float32")
        if type(layer).__name__ in dropout.SPATIAL:
            shape = layer._get_noise_shape(inputs)
        else:
            shape = _noise_shape(ops.shape(inputs), layer.noise_shape)
        kept = uniform(shape, layer.seed_generator.next()) >= rate
        scaled = inputs / ops.cast(1.0 - rate, inputs.dtype)
        return ops.where(kept, scaled, ops.zeros_like(inputs))

    layer.call = call


def _noise_shape(shape: Sequence[Any], noise_shape: Sequence[int | None] | None) -> tuple[Any, ...]:
    if noise_shape is None:
        return tuple(shape)
    return tuple(
        length if wanted is None else wanted for length, wanted in zip(shape, noise_shape, strict=True)
    )
