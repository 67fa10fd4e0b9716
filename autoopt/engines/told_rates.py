"""Told rates: the learning rates of an epoch, for an optimizer that steps inside of Keras's own `fit`."""

from typing import Any, Self

import keras
import numpy as np
from keras import ops


class ToldRates(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A schedule that looks its rates up. They are variables of the optimizer, which `fit` passes into its steps.

    Args:
        optimizer: Gets the variables.
        count: How many rates are told at once.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, count: int) -> None:
        self._rates = optimizer.add_variable((count,), "zeros", "float32", name="rates")
        self._first = optimizer.add_variable((), "zeros", "int32", name="first_step")

    @classmethod
    def of(cls, optimizer: keras.optimizers.Optimizer, count: int) -> Self | None:
        """Have an optimizer look its rates up; None where its rate is a number, which callbacks may set."""
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if isinstance(optimizer._learning_rate, keras.Variable):
            return None
        told = cls(optimizer, count)
        optimizer.learning_rate = told
        return told

    def tell(self, first: int, rates: np.ndarray) -> None:
        """Set the rates from the step `first` on."""
        self._first.assign(first)
        self._rates.assign(rates.astype("float32"))

    def __call__(self, step: Any) -> Any:
        """Return the rate of a step; the last one told where a stream has more."""
        place = ops.cast(step, "int32") - ops.convert_to_tensor(self._first)
        return ops.take(ops.convert_to_tensor(self._rates), ops.clip(place, 0, self._rates.shape[0] - 1))
