"""Candidate: a model that is to be trained, as engines see it."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import keras
import numpy as np

from autoopt.engines.augmentation import Augmentation
from autoopt.engines.knobs import Knobs

Rates = Callable[[int, int, Sequence[float]], np.ndarray]
"""Learning rate of `count` steps from step `start` on, after epochs of these `val_loss`."""


@dataclass(frozen=True)
class Candidate:
    """A compiled Keras model, and how to make one that takes its settings as inputs.

    Attributes:
        plain: Builds the compiled Keras model, with its initial weights.
        key: Candidates of equal keys differ in `knobs`, initial weights and seed alone, and one compiled
            program serves them all.
        twin: Builds the compiled model that programs are made of; it reads its settings from the knobs that
            it is given. Its weights are those of `plain` by position.
        knobs: Name to value, as `Knobs` has them.
        rates: Learning rate of each step; None where the optimizer knows it itself.
        initial: Draws the initial weights for the twin, by position; None takes those of `plain`.
        seed: Where random states such as dropout's come from; None leaves them as the twin has them.
        averaged: Whether the optimizer's moving average of the weights is what is scored and kept.
        augmentation: What training does to images; None leaves them alone. Neither `plain` nor `twin` has it.
    """

    plain: Callable[[], keras.Model]
    key: Hashable
    twin: Callable[[Knobs], keras.Model]
    knobs: Mapping[str, Any] = field(default_factory=dict)
    rates: Rates | None = None
    initial: Callable[[keras.Model], Sequence[np.ndarray]] | None = None
    seed: int | None = None
    averaged: bool = False
    augmentation: Augmentation | None = None

    @cached_property
    def model(self) -> keras.Model:
        """The plain model, built when it is first asked for."""
        return self.plain()


def candidate_of(model: keras.Model) -> Candidate:
    """Return a compiled Keras model as a candidate whose settings are all constants."""
    return Candidate(lambda: model, key=id(model), twin=lambda knobs: model)
