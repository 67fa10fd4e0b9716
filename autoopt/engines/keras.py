"""The engine for anything that Keras can train: `model.fit`, one epoch at a time."""

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from autoopt import seeding
from autoopt.data import Part, Stream
from autoopt.engines.engine import Engine, Program
from autoopt.records import Logs

EVALUATION_BATCH = 256


class KerasEngine(Engine):
    """Plain `fit` and its validation. The order of the examples comes from (seed, epoch) alone."""

    name = "keras"

    def program(
        self, model: keras.Model, train: Part | Stream, validation: Part | Stream, batch_size: int | None,
        class_weight: Any, seed: int,
    ) -> Program:  # fmt: skip
        """Return a program that calls `model.fit` for each epoch."""
        return _FitProgram(model, train, validation, batch_size, class_weight, seed)


class _FitProgram(Program):
    def __init__(
        self, model: keras.Model, train: Part | Stream, validation: Part | Stream, batch_size: int | None,
        class_weight: Any, seed: int,
    ) -> None:  # fmt: skip
        self._model, self._train, self._validation = model, train, validation
        self._batch_size, self._class_weight, self._seed = batch_size, class_weight, seed

    @property
    def model(self) -> keras.Model:
        return self._model

    @property
    def steps(self) -> int:
        return self._train.steps(self._batch_size)

    def epoch(self, number: int, batch_callbacks: Sequence[keras.callbacks.Callback]) -> Logs:
        # A PyDataset's batches are shuffled by the process's own generators.
        seeded = seeding.seeded(seeding.derive(self._seed, number))
        with _unaveraged(self._model.optimizer), _ending_unannounced(), seeded:
            history = self._model.fit(
                **self._training(number),
                **validation_arguments(self._validation),
                class_weight=self._class_weight,
                initial_epoch=number,
                epochs=number + 1,
                callbacks=[_BatchRelay(batch_callbacks)] if batch_callbacks else None,
                verbose=0,
            ).history
        return {name: float(values[-1]) for name, values in history.items()}

    def _training(self, number: int) -> dict[str, Any]:
        if isinstance(self._train, Stream):
            batches = self._train.batched(self._batch_size)
            if isinstance(batches, keras.utils.PyDataset):
                return {"x": batches}
            # `fit` shuffles no other stream, and takes a step too many where it does not know the length.
            return {"x": batches, "shuffle": False, "steps_per_epoch": self.steps}
        order = np.random.default_rng([self._seed, number]).permutation(self._train.n)
        part = self._train.take(order)
        return {
            "x": part.x,
            "y": part.y,
            "sample_weight": part.sample_weight,
            "batch_size": self._batch_size,
            "shuffle": False,
        }


@contextlib.contextmanager
def _unaveraged(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Keep `fit` from putting `use_ema`'s averages in place of the weights, as it does when it ends.

    It ends after each epoch here, and the weights that are kept are those that were scored.
    """
    optimizer.finalize_variable_values = lambda variables: None
    try:
        yield
    finally:
        del optimizer.finalize_variable_values


@contextlib.contextmanager
def _ending_unannounced() -> Iterator[None]:
    """Keep Keras from warning of a stream that does not know its length: each pass ends where it ends."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Your input ran out of data", UserWarning)
        yield


class _BatchRelay(keras.callbacks.Callback):  # type: ignore[misc]
    """Passes `fit`'s batch hooks on; the epoch loop calls all other hooks itself."""

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        super().__init__()
        self._callbacks = callbacks

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        for callback in self._callbacks:
            callback.on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        for callback in self._callbacks:
            callback.on_train_batch_end(batch, logs)

    def on_test_begin(self, logs: Any = None) -> None:
        for callback in self._callbacks:
            callback.on_test_begin(logs)

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        for callback in self._callbacks:
            callback.on_test_batch_begin(batch, logs)

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        for callback in self._callbacks:
            callback.on_test_batch_end(batch, logs)

    def on_test_end(self, logs: Any = None) -> None:
        for callback in self._callbacks:
            callback.on_test_end(logs)


def validation_arguments(part: Part | Stream) -> dict[str, Any]:
    """Return what `fit` takes to validate on a part."""
    if isinstance(part, Stream):
        return {"validation_data": part.batched(None)}
    arrays = (part.x, part.y) if part.sample_weight is None else (part.x, part.y, part.sample_weight)
    return {"validation_data": arrays, "validation_batch_size": EVALUATION_BATCH}


def evaluate(model: keras.Model, part: Part | Stream) -> Logs:
    """Return a compiled model's loss and metrics on a part, under Keras's names."""
    if isinstance(part, Stream):
        with _ending_unannounced():
            return _plain(model.evaluate(part.batched(None), return_dict=True, verbose=0))
    return _plain(
        model.evaluate(
            part.x, part.y, sample_weight=part.sample_weight, batch_size=EVALUATION_BATCH,
            return_dict=True, verbose=0,
        )
    )  # fmt: skip


def _plain(logs: dict[str, Any]) -> Logs:
    return {name: float(value) for name, value in logs.items()}
