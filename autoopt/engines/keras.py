"""The engine for anything that Keras can train: `model.fit`, one epoch at a time."""

import contextlib
import math
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from autoopt import seeding
from autoopt.data import Part, Stream
from autoopt.engines.candidate import Candidate
from autoopt.engines.engine import Assignment, Engine, Fitting
from autoopt.engines.program import averages, evaluation_batch
from autoopt.engines.state import State, assign, check_shapes, copied
from autoopt.engines.told_rates import ToldRates
from autoopt.records import Logs
from autoopt.surgery import products


class KerasEngine(Engine):
    """Plain `fit` and its validation. The order of the examples comes from (seed, epoch) alone.

    Args:
        reason: Why no faster engine is used, as the end of a sentence; empty where none was asked for.
    """

    name = "keras"

    def __init__(self, reason: str = "") -> None:
        self._reason = reason

    def fitting(self, candidate: Candidate, assignment: Assignment) -> Fitting:
        """Return a fitting that calls `model.fit` for each epoch."""
        return _FitFitting(candidate, assignment, self._reason)

    def release(self) -> None:
        """Do nothing: nothing is kept."""


class _FitFitting(Fitting):
    def __init__(self, candidate: Candidate, assignment: Assignment, reason: str) -> None:
        self._reason, self._averaged = reason, candidate.averaged
        self._model, self._task = candidate.model, assignment
        self._relay = _BatchRelay(assignment.by_batch)
        self._seconds = 0.0
        self._rates, self._losses = candidate.rates, list[float]()
        self._told = (
            None if self._rates is None else ToldRates.of(self._model.optimizer, assignment.steps + 1)
        )
        if candidate.augmentation is not None:
            candidate.augmentation.attach(self._model, candidate.seed)

    @property
    def engine(self) -> str:
        return f"keras, {self._reason}" if self._reason else "keras"

    @property
    def model(self) -> keras.Model:
        return self._model

    @property
    def costs(self) -> Mapping[str, float]:
        evaluating = self._relay.seconds
        return {"compile": 0.0, "train": self._seconds - evaluating, "evaluate": evaluating}

    @property
    def program(self) -> int | None:
        return None

    @property
    def products(self) -> int:
        return products(self._model)

    def weights(self) -> list[Any]:
        with self._scored():
            return self._model.get_weights()

    def epoch(self, number: int) -> Logs:
        task, started = self._task, time.perf_counter()
        # A PyDataset's batches are shuffled by the process's own generators.
        seeded = seeding.seeded(seeding.derive(task.seed, number))
        if self._told is not None and self._rates is not None:
            first = number * task.steps
            self._told.tell(
                first, self._rates(first, task.steps + 1, self._losses)
            )  # the next epoch's first too
        validating = {} if self._averaged else validation_arguments(self._model, task.validation)
        with _unaveraged(self._model.optimizer), _ending_unannounced(), seeded:
            history = self._model.fit(
                **self._training(number),
                **validating,
                initial_epoch=number,
                epochs=number + 1,
                callbacks=[self._relay],
                verbose=0,
            ).history
        logs = {name: float(values[-1]) for name, values in history.items()}
        if self._averaged:
            with self._scored():
                scored = evaluate(self._model, task.validation, [self._relay])
            logs |= {f"val_{name}": value for name, value in scored.items()}
        self._seconds += time.perf_counter() - started
        self._losses.append(logs.get("val_loss", math.nan))
        return logs

    def state(self) -> State:
        arrays = {kind: copied(some) for kind, some in self._kinds().items()}
        arrays["unlisted"] = [np.array(variable.numpy()) for variable in self._unlisted()]
        return State(KerasEngine.name, None, arrays, tuple(self._losses))

    def restore(self, state: State) -> None:
        state.check_engine(KerasEngine.name)
        self._model.optimizer.build(self._model.trainable_variables)
        kinds = self._kinds()
        check_shapes(state.arrays, {**kinds, "unlisted": self._unlisted()})
        for kind, some in kinds.items():
            assign(some, state.arrays[kind])
        for variable, value in zip(self._unlisted(), state.arrays["unlisted"], strict=True):
            variable.assign(value)
        self._losses = list(state.losses)

    def _kinds(self) -> Mapping[str, list[keras.Variable]]:
        """Return the variables that steps change; metrics' are emptied by each epoch."""
        model = self._model
        weights, measured = ({id(each) for each in some} for some in (model.weights, model.metrics_variables))
        others = [each for each in model.variables if id(each) not in weights | measured]
        second = [value for value in vars(model).values() if isinstance(value, keras.optimizers.Optimizer)]
        own = [each for optimizer in second for each in optimizer.variables]
        optimizer = list({id(each): each for each in (*model.optimizer.variables, *own)}.values())
        known = {id(each) for each in optimizer}
        states = [each for each in others if id(each) not in known]
        return {"weights": model.weights, "optimizer": optimizer, "states": states}

    def _unlisted(self) -> list[Any]:
        """Return the variables of layers that Keras does not list."""
        if keras.backend.backend() != "tensorflow":
            return []
        from autoopt.engines import tensorflow

        return tensorflow.own_variables(self._model)

    @contextlib.contextmanager
    def _scored(self) -> Iterator[None]:
        """Put the moving averages in the place of the weights for a while, where these are what is scored."""
        pairs = averages(self._model) if self._averaged else []
        trained = [keras.ops.copy(variable.value) for variable, _ in pairs]
        for variable, average in pairs:
            variable.assign(keras.ops.copy(average.value))  # JAX gives buffers away
        try:
            yield
        finally:
            for (variable, _), value in zip(pairs, trained, strict=True):
                variable.assign(value)

    def _training(self, number: int) -> dict[str, Any]:
        task, weighs = self._task, {"class_weight": self._task.class_weight}
        if isinstance(task.train, Stream) and task.train.ordered:
            return {"x": task.train.epoch(task.batch_size, task.order(number)), "shuffle": False, **weighs}
        if isinstance(task.train, Stream):
            batches = task.train.batched(task.batch_size)
            if isinstance(batches, keras.utils.PyDataset):
                return {"x": batches, **weighs}
            # `fit` shuffles no other stream, and takes a step too many where it does not know the length.
            return {"x": batches, "shuffle": False, "steps_per_epoch": task.steps, **weighs}
        part = task.train.take(task.order(number))
        cut = _batched(self._model, part, task.batch_size, task.class_weight)
        if cut is not None:
            return {"x": cut, "shuffle": False}
        return {
            **weighs,
            "x": part.x,
            "y": part.y,
            "sample_weight": part.sample_weight,
            "batch_size": task.batch_size,
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
    """Passes `fit`'s batch hooks on and times evaluation; the epoch loop calls all other hooks itself."""

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        super().__init__()
        self._callbacks = callbacks
        self.seconds = 0.0
        self._began = 0.0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        for callback in self._callbacks:
            callback.on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        for callback in self._callbacks:
            callback.on_train_batch_end(batch, logs)

    def on_test_begin(self, logs: Any = None) -> None:
        self._began = time.perf_counter()
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
        self.seconds += time.perf_counter() - self._began


def validation_arguments(model: keras.Model, part: Part | Stream) -> dict[str, Any]:
    """Return what a model's `fit` takes to validate on a part."""
    if isinstance(part, Stream):
        return {"validation_data": part.batched(None)}
    cut = _batched(model, part, evaluation_batch(part.x))
    if cut is not None:
        return {"validation_data": cut}
    arrays = (part.x, part.y) if part.sample_weight is None else (part.x, part.y, part.sample_weight)
    return {"validation_data": arrays, "validation_batch_size": evaluation_batch(part.x)}


def evaluate(
    model: keras.Model, part: Part | Stream, callbacks: Sequence[keras.callbacks.Callback] = ()
) -> Logs:
    """Return a compiled model's loss and metrics on a part, under Keras's names; tell some callbacks."""
    told = {"return_dict": True, "verbose": 0, "callbacks": list(callbacks)}
    if isinstance(part, Stream):
        with _ending_unannounced():
            return _plain(model.evaluate(part.batched(None), **told))
    size = evaluation_batch(part.x)
    cut = _batched(model, part, size)
    if cut is not None:
        return _plain(model.evaluate(cut, **told))
    return _plain(model.evaluate(part.x, part.y, sample_weight=part.sample_weight, batch_size=size, **told))


def _batched(
    model: keras.Model, part: Part, size: int | None, class_weight: Mapping[int, float] | None = None
) -> Any:
    """Return the rows of a part in batches that are cut beforehand, None where Keras cuts them itself."""
    if size is None or keras.backend.backend() != "tensorflow":
        return None
    from autoopt.engines import batching

    return batching.batched(model, part, size, class_weight)


def _plain(logs: dict[str, Any]) -> Logs:
    return {name: float(value) for name, value in logs.items()}
