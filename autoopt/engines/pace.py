"""Pace: how fast a pretrained part is trained beside the rest of a model, and from which step on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import keras
from keras import ops

ATTACHED = "slower"
"""Attribute of an optimizer that is slowed."""


class Paced(Protocol):
    """Where the numbers of a pace are read: a `Pace`, or the `Knobs` of a program."""

    @property
    def backbone_rate(self) -> Any:
        """The part's learning rate, as a factor of the model's."""

    @property
    def thaw(self) -> Any:
        """The step before which the part is not trained at all."""


@dataclass(frozen=True)
class Pace:
    """Numbers that are known when a model is made; attributes as of `Paced`."""

    backbone_rate: float = 1.0
    thaw: int = 0


class Slower:
    """Stands between an optimizer and its steps; nothing of it is saved with the optimizer.

    A part's weights learn, and decay where the optimizer decays weights, at the rate α·r: α is the model's, r the
    part's factor, 0 before the thaw. Everything else is left to the optimizer's class.

    Args:
        optimizer: Any of Keras's or of the user's own; is changed.
        places: Where the part's weights stand among the model's trainable variables.
        pace: Read when a step is traced, and by what runs eagerly at each step.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, places: frozenset[int], pace: Paced) -> None:
        self._optimizer, self._kind, self._places = optimizer, type(optimizer), places
        self.pace = pace
        optimizer.update_step = self._update
        optimizer._apply_weight_decay = self._decay_others
        if hasattr(self._kind, "_parallel_update_step"):  # torch steps through all weights at once
            optimizer._parallel_update_step = self._update_all
        setattr(optimizer, ATTACHED, self)

    def _update(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if self._slows(variable):
            learning_rate = self._slowed(learning_rate)
            self._decay(variable, learning_rate)
        self._kind.update_step(self._optimizer, gradient, variable, learning_rate)

    def _update_all(self, gradients: Sequence[Any], variables: Sequence[Any], learning_rate: Any) -> None:
        pairs = [*zip(gradients, variables, strict=True)]
        slow = [pair for pair in pairs if self._slows(pair[1])]
        others = [pair for pair in pairs if not self._slows(pair[1])]
        rate = self._slowed(learning_rate)
        for _, variable in slow:
            self._decay(variable, rate)
        for some, at in ((others, learning_rate), (slow, rate)):
            if some:
                parts = [list(part) for part in zip(*some, strict=True)]
                self._kind._parallel_update_step(self._optimizer, *parts, at)

    def _slows(self, variable: Any) -> bool:
        return self._optimizer._get_variable_index(variable) in self._places

    def _slowed(self, learning_rate: Any) -> Any:
        # The count of steps that schedules go by, also where gradients are accumulated over several.
        step = ops.cast(self._optimizer._iterations, "float32")
        factor = ops.cast(self.pace.backbone_rate, "float32")
        thawed = step >= ops.cast(self.pace.thaw, "float32")
        return ops.cast(learning_rate, "float32") * ops.where(thawed, factor, ops.zeros_like(factor))

    def _decay(self, variable: Any, rate: Any) -> None:
        decay = self._optimizer.weight_decay
        if decay is not None and self._optimizer._use_weight_decay(variable):
            share = ops.cast(decay, variable.dtype) * ops.cast(rate, variable.dtype)
            self._optimizer.assign_sub(variable, variable * share)

    def _decay_others(self, variables: Sequence[Any]) -> None:
        others = [variable for variable in variables if not self._slows(variable)]
        if others:
            self._kind._apply_weight_decay(self._optimizer, others)


def repace(optimizer: keras.optimizers.Optimizer, pace: Paced) -> None:
    """Have an optimizer that is slowed go by another pace, before a step is traced; any other stays as it is."""
    slower = vars(getattr(optimizer, "inner_optimizer", optimizer)).get(ATTACHED)
    if isinstance(slower, Slower):
        slower.pace = pace
