"""What a peer's training is watched by: its curve, the best weights, the end of its time."""

import time
from typing import Any, Self

import keras
import keras_tuner

from benchmarks.quality.job import Curve, Measured
from benchmarks.quality.tasks import Task

SCORE = "val_accuracy"
PATIENCE = 5
"""A trial without a better epoch for this part of all epochs ends, as the peers' guides have it."""


class TimeIsUp(keras_tuner.errors.FatalError):
    """Ends a search; any other error KerasTuner takes for a failed trial."""


class Watch(keras.callbacks.Callback):
    """Sees every epoch of every trial, and keeps the weights of the best.

    That is what the peers reload: the best epoch of the best trial. An epoch that ends too late does not count,
    unless it is the first.

    Args:
        budget: Seconds from now on; infinity for no end.
    """

    def __init__(self, budget: float) -> None:
        super().__init__()
        self._budget, self._started = budget, time.perf_counter()
        self._weights: list[Any] = []
        self._best: keras.Model | None = None
        self.trials = 0
        self.curve: list[tuple[float, float]] = []

    def __deepcopy__(self, memo: Any) -> Self:
        """Return itself: KerasTuner copies callbacks for each trial, and all trials are one search."""
        return self

    def on_train_begin(self, logs: Any = None) -> None:
        """Count a trial."""
        self.trials += 1

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Take note of an epoch.

        Raises:
            TimeIsUp: The budget is used up.
        """
        now, score = self.seconds, float((logs or {})[SCORE])
        in_time = now <= self._budget or not self.curve
        if in_time and score > (self.curve[-1][1] if self.curve else -1.0):
            self.curve.append((round(now, 3), score))
            self._best, self._weights = self.model, self.model.get_weights()
        if now >= self._budget:
            raise TimeIsUp

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.perf_counter() - self._started

    def measured(self, task: Task, seconds: float) -> Measured:
        """Return what the search came to, the test part looked at for the first time.

        Args:
            task: What was solved.
            seconds: Of the search.

        Raises:
            RuntimeError: No epoch has ended.
        """
        if self._best is None:
            raise RuntimeError(
                "The search ended without an epoch: no model can be scored. Give it more time."
            )
        self._best.set_weights(self._weights)
        return scored(task, self._best, seconds, self.trials, self.curve, self.curve[-1][1])


def early_stopping(task: Task) -> keras.callbacks.Callback:
    """Return what ends a peer's hopeless trial."""
    return keras.callbacks.EarlyStopping(monitor=SCORE, mode="max", patience=max(1, task.epochs // PATIENCE))


def scored(
    task: Task, model: keras.Model, seconds: float, trials: int, curve: Curve, validation: float
) -> Measured:
    """Return a search's figures with its model's share of right answers on the test part."""
    x, y = task.test
    right = (model.predict(x, verbose=0).argmax(-1) == y).mean()
    return Measured(round(seconds, 3), trials, curve, validation, float(right), len(y))
