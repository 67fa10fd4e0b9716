"""Told rates: the learning rates of an epoch, for an optimizer that steps inside of Keras's own `fit`."""

import math
from collections.abc import Mapping
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from autoopt.engines.candidate import Rates


class ToldRates(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A schedule that looks its rates up. They are variables of the optimizer, which `fit` passes into its steps.

    The optimizer is saved as it was before, with Keras's own schedule.

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
        written = optimizer._learning_rate
        if isinstance(written, keras.Variable):
            return None
        told, kind = cls(optimizer, count), type(optimizer)

        def get_config() -> dict[str, Any]:
            optimizer._learning_rate = written
            try:
                return dict(kind.get_config(optimizer))
            finally:
                optimizer._learning_rate = told

        def save_own_variables(store: Any) -> None:
            own = [
                each for each in optimizer.variables if each is not told._rates and each is not told._first
            ]
            for place, variable in enumerate(own):
                store[str(place)] = ops.convert_to_numpy(variable.value)

        optimizer.learning_rate = told
        optimizer.get_config, optimizer.save_own_variables = get_config, save_own_variables
        return told

    def tell(self, first: int, rates: np.ndarray) -> None:
        """Set the rates from the step `first` on."""
        self._first.assign(first)
        self._rates.assign(rates.astype("float32"))

    def __call__(self, step: Any) -> Any:
        """Return the rate of a step; the last one told where a stream has more."""
        place = ops.cast(step, "int32") - ops.convert_to_tensor(self._first)
        return ops.take(ops.convert_to_tensor(self._rates), ops.clip(place, 0, self._rates.shape[0] - 1))


class RatesByEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells a model's optimizer the rates of each epoch, where whoever trains calls `fit` once.

    Args:
        rates: Of each step.
        steps: Of an epoch.
    """

    def __init__(self, rates: Rates, steps: int) -> None:
        super().__init__()
        self._compute, self._steps, self._losses = rates, steps, list[float]()
        self._told: ToldRates | None = None

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Have the optimizer look its rates up."""
        self._told = ToldRates.of(self.model.optimizer, self._steps + 1)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Tell the epoch's."""
        if self._told is not None:
            first = epoch * self._steps
            self._told.tell(first, self._compute(first, self._steps + 1, self._losses))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Note down what the next rates may depend on."""
        self._losses.append(float((logs or {}).get("val_loss", math.nan)))
