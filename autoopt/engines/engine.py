"""Engine: turns a compiled Keras model and data into a program that runs epochs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import keras

from autoopt.data import Part, Stream
from autoopt.records import Logs


class Program(ABC):
    """A model that is ready to train on its data, one epoch a call.

    Called from one thread. Weights, optimizer state, schedule step and random state go on exactly from
    one call to the next.
    """

    @property
    @abstractmethod
    def model(self) -> keras.Model:
        """The plain Keras model whose weights are those after the last epoch."""

    @property
    @abstractmethod
    def steps(self) -> int:
        """Batches an epoch."""

    @abstractmethod
    def epoch(self, number: int, batch_callbacks: Sequence[keras.callbacks.Callback]) -> Logs:
        """Train one epoch over the whole training part and evaluate on the validation part.

        Args:
            number: Which epoch, from 0; with the seed it decides the order of the examples.
            batch_callbacks: Callbacks whose batch hooks are called.

        Returns:
            Keras's keys to numbers, with `val_` before those of the validation part. May hold NaN.
        """


class Engine(ABC):
    """A way to train. Laws: agrees with `model.fit` on the same batches; same seed, same losses."""

    name: str

    @abstractmethod
    def program(
        self, model: keras.Model, train: Part | Stream, validation: Part | Stream, batch_size: int | None,
        class_weight: Any, seed: int,
    ) -> Program:  # fmt: skip
        """Return a program for a compiled model; `batch_size` is None where the data brings its own."""
