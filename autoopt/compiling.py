"""How the user's model is compiled: its loss and metrics, read to be used again, and its optimizer."""

import contextlib
import json
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import keras
from keras.src.backend.common import global_state
from keras.src.utils.naming import to_snake_case

from autoopt import task
from autoopt.axes import Written
from autoopt.engines import Candidate
from autoopt.errors import ModelError

EXCLUSIONS = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
"""Where Keras's optimizers keep what `exclude_from_weight_decay` was told."""

METRICS = ("metrics", "weighted_metrics")
"""Arguments of `compile` that may hold objects with a state."""


@dataclass(frozen=True)
class Compilation:
    """Everything but the optimizer that `keras.Model.compile` was called with.

    Attributes:
        arguments: Keyword arguments; metrics as the user gave them.
        note: What was chosen for a model that was not compiled, empty for one that was.
    """

    arguments: Mapping[str, Any]
    note: str = ""

    def apply(
        self, model: keras.Model, optimizer: keras.optimizers.Optimizer, shared: "Compilation | None" = None
    ) -> None:
        """Compile `model` with metrics of its own, so that no trial adds to another's counts.

        Args:
            model: What is compiled.
            optimizer: Its optimizer.
            shared: Whose metric objects another model has already; None for those of this compilation.
        """
        taken = [id(metric) for name in METRICS for metric in (shared or self)._objects(name)]
        fresh = {
            name: _fresh(value, taken) if name in METRICS else value for name, value in self.arguments.items()
        }
        model.compile(optimizer=optimizer, **fresh)

    @property
    def key(self) -> Hashable:
        """What has to be compiled; objects that do not tell what they are stand for themselves."""
        return _told(dict(self.arguments))

    def _objects(self, name: str) -> list[Any]:
        found = keras.tree.flatten(self.arguments.get(name))
        return [metric for metric in found if isinstance(metric, keras.metrics.Metric)]


def with_accuracy(found: Compilation) -> Compilation:
    """Return a compilation that also measures accuracy, where that is what classifiers are compared by."""
    metrics = found.arguments["metrics"]
    if task.default_objective(found.arguments["loss"]).name != "val_accuracy":
        return found
    if metrics is not None and not isinstance(metrics, list | tuple):
        return found
    if any("acc" in str(getattr(metric, "name", metric)) for metric in metrics or ()):
        return found
    return Compilation({**found.arguments, "metrics": [*(metrics or ()), "accuracy"]}, found.note)


def compilation(model: keras.Model) -> Compilation | None:
    """Read how a model was compiled; None where it was not."""
    if not model.compiled:
        return None
    # The arguments as the user passed them: Keras's own accessors give them serialized.
    arguments = dict(model._compile_config.config)
    del arguments["optimizer"]
    return Compilation(arguments)


def measure(model: keras.Model, score: task.Score) -> keras.Model:
    """Compile a model of one output again, with a score beside its metrics, and return it."""
    found = compilation(model)
    if found is None:
        raise ModelError("The model is not compiled. Expected one that is. Call its compile method.")
    use = "weighted_metrics" if score.weighted else "metrics"
    # All of one output's metrics are one list to Keras, however they are nested.
    metrics = [*keras.tree.flatten(found.arguments.get(use) or ()), score.metric()]
    model.compile(optimizer=model.optimizer, **{**found.arguments, use: metrics})
    return model


@contextlib.contextmanager
def measuring(model: keras.Model, score: task.Score | None) -> Iterator[None]:
    """Have a compiled model measure a score as well, for a while; it is compiled as before afterwards."""
    found = None if score is None else compilation(model)
    if score is None or found is None:
        yield
        return
    try:
        measure(model, score)
        yield
    finally:
        model.compile(optimizer=model.optimizer, **found.arguments)


def scored(candidate: Candidate, score: task.Score) -> Candidate:
    """Return a candidate whose trainings measure a score beside the user's metrics."""
    return replace(
        candidate,
        plain=lambda: measure(candidate.plain(), score),
        key=(candidate.key, score),
        twin=lambda knobs: measure(candidate.twin(knobs), score),
    )


@contextlib.contextmanager
def metrics_named_afresh() -> Iterator[None]:
    """Have Keras count the names of metrics from the start: a model function then names them alike each time."""
    counts = global_state.get_global_attribute(
        "object_name_uids", default=defaultdict(int), set_to_default=True
    )
    names = {to_snake_case(kind.__name__) for kind in _kinds(keras.metrics.Metric)}
    before = {name: counts.pop(name) for name in names & set(counts)}
    try:
        yield
    finally:
        for name, count in before.items():
            counts[name] = max(count, counts.get(name, 0))


def _kinds(kind: type) -> Iterator[type]:
    each: type
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


def unsmoothed(model: keras.Model, loss: Any) -> str:
    """Return why a model cannot be trained with smoothed labels, as a sentence goes on; empty where it can."""
    own = task.own_loss(model)
    return f"the model has a {own} of its own" if own else task.unsmoothed(loss)


def written(model: keras.Model) -> Written:
    """Read the optimizer as the user wrote it; Adam where the model was not compiled."""
    optimizer = model.optimizer if model.compiled else keras.optimizers.Adam()
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        # Keras puts it around the user's own under mixed_float16, and does so again.
        optimizer = optimizer.inner_optimizer
    config = optimizer.get_config()
    rate = config["learning_rate"]
    # Keras keeps the rate in single precision: 0.001 comes back as 0.0010000000474974513.
    constant = float(f"{rate:.7g}") if isinstance(rate, int | float) else None
    # What `exclude_from_weight_decay` was told is in no configuration.
    whole = not any(vars(optimizer).get(name) for name in EXCLUSIONS) and _is_keras(type(optimizer))
    return Written(_algorithm(optimizer), type(optimizer), config, constant, whole)


@dataclass(frozen=True, eq=False)
class _Itself:
    """An object that is equal to itself alone; whoever keeps this keeps the object, and with it its identity."""

    value: Any

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.value is self.value


def _told(argument: Any) -> Hashable:
    """Return what an argument of `compile` is: equal where, and only where, it computes the same."""
    if argument is None or isinstance(argument, str | int | float | bool):
        return (type(argument).__name__, argument)
    if isinstance(argument, Mapping):
        return ("mapping", *((_told(name), _told(value)) for name, value in argument.items()))
    if isinstance(argument, list | tuple):
        return (type(argument).__name__, *map(_told, argument))
    if isinstance(argument, keras.losses.Loss | keras.metrics.Metric) and _is_keras(type(argument)):
        config = argument.get_config()
        if "fn" not in config:  # a function of the user's is told by its name alone
            return (type(argument).__name__, json.dumps(config, default=str))
    if type(argument) is FunctionType:
        # Made anew in each call of a model function, but of the same code and what that code refers to.
        cells = [cell.cell_contents for cell in argument.__closure__ or ()]
        bound = [cells, argument.__defaults__, argument.__kwdefaults__]
        return (argument.__code__, _Itself(argument.__globals__), *map(_bound, bound))
    return _Itself(argument)


def _bound(value: Any) -> Hashable:
    """Return what a function refers to: other functions and objects stand for themselves."""
    if value is None or isinstance(value, str | int | float | bool):
        return (type(value).__name__, value)
    if isinstance(value, dict):
        return ("dict", *((name, _bound(part)) for name, part in value.items()))
    if isinstance(value, list | tuple):
        return (type(value).__name__, *map(_bound, value))
    return _Itself(value)


def _is_keras(kind: type) -> bool:
    return kind.__module__.startswith("keras.")


def _algorithm(optimizer: keras.optimizers.Optimizer) -> str:
    """Return the name of an optimizer's algorithm, its class in lower case where it is none of ours."""
    if isinstance(optimizer, keras.optimizers.SGD) and optimizer.momentum and not optimizer.nesterov:
        return "momentum"
    plain = type(optimizer).__name__.lower()
    return "nesterov" if plain == "sgd" and optimizer.nesterov else plain


def _fresh(metrics: Any, taken: Sequence[int]) -> Any:
    """Return metrics with every object whose id is taken replaced by a new one of the same configuration."""
    if isinstance(metrics, keras.metrics.Metric) and id(metrics) in taken:
        try:
            return type(metrics).from_config(metrics.get_config())
        except Exception:  # A class of the user's own without get_config. Keras resets it before each epoch.
            return metrics
    if isinstance(metrics, Mapping):
        return {name: _fresh(value, taken) for name, value in metrics.items()}
    if isinstance(metrics, list | tuple):
        return [_fresh(value, taken) for value in metrics]
    return metrics
