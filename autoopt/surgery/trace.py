"""Tracing: a subclassed model whose `call` is plain layer calls, read as a Functional model."""

import inspect
from collections.abc import Sequence
from typing import Any

import keras

from autoopt.surgery.graph import Graph

TRAINING = frozenset(
    {"__call__", "add_loss", "add_metric", "compile", "compute_loss", "compute_metrics", "evaluate", "fit"}
    | {"losses", "make_predict_function", "make_test_function", "make_train_function", "metrics", "predict"}
    | {"predict_step", "stateless_compute_loss", "stateless_call", "test_step", "train_step"}
)


class Untraceable(Exception):
    """Why a model cannot be read as Functional, as the end of a sentence about it."""


def functional(model: keras.Model, input_shape: Any) -> keras.Model:
    """Return a Functional model of the same layers as `model`.

    A model that has no graph is traced: its layers are then built, and called on symbolic inputs.

    Args:
        model: Any Keras model.
        input_shape: Shapes of one example in the structure that `call` takes: a tuple of lengths, or
            a pair of such a tuple and a dtype, or dicts and lists of these. Read only for tracing.

    Raises:
        Untraceable: It is no plain Functional model, and cannot be traced to one.
    """
    own = [kind for kind in type(model).__mro__ if not _from_keras(kind)]
    overridden = sorted({name for kind in own for name in vars(kind)} & TRAINING)
    if overridden:
        raise Untraceable(f"overrides {overridden[0]}, which a rebuilt model would lose")
    inputs = getattr(model, "inputs", None)
    if own and (inputs is not None or isinstance(model, keras.Sequential)):
        raise Untraceable(f"is of the class {type(model).__name__}, which a rebuilt model would lose")
    if inputs is not None:
        structure = (model.inputs[0], model.outputs[0]) if isinstance(model, keras.Sequential) else None
        return keras.Model(*structure, name=model.name) if structure else model
    if input_shape is None and isinstance(model, keras.Sequential):
        raise Untraceable("has no input: add keras.Input(shape) as its first layer")
    if input_shape is None:
        raise Untraceable(
            "has no inputs of its own: build it with keras.Input, or give the shape of its inputs"
        )
    return _traced(model, input_shape)


def _from_keras(kind: type) -> bool:
    return kind.__module__.split(".")[0] in {"keras", "builtins", "abc", "tensorflow", "torch"}


def _traced(model: keras.Model, input_shape: Any) -> keras.Model:
    inputs = _symbolic(input_shape, "inputs")
    takes_training = "training" in inspect.signature(model.call).parameters
    modes: Sequence[dict[str, bool]] = [{"training": False}, {"training": True}] if takes_training else [{}]
    models, layers = [], set()
    for mode in modes:
        try:
            outputs = model.call(inputs, **mode)
            models.append(keras.Model(inputs, outputs, name=model.name))
        except Exception as error:  # The user's own code runs here and may raise anything.
            lines = str(error).strip().splitlines() or [""]
            raise Untraceable(
                f"cannot be called on symbolic inputs ({type(error).__name__}: {lines[0]})"
            ) from error
        graph = Graph(models[-1].get_config())
        _check_training(graph, mode.get("training"))
        # Operations get new names at each call.
        layers.add(
            tuple(
                entry["class_name"] if "ops" in entry["module"] else name
                for name, entry in graph.layers.items()
            )
        )
    if len(layers) > 1:
        raise Untraceable("calls other layers in training than in prediction")
    return models[0]


def _check_training(graph: Graph, passed: bool | None) -> None:
    """Refuse calls with a `training` of their own: a Functional model would pass its own instead."""
    for name, entry in graph.layers.items():
        for node in entry["inbound_nodes"]:
            given = node["kwargs"].get("training")
            normalizes = graph.kind(name) == "BatchNormalization"
            if (given is True and passed is not True) or (
                given is False and passed is not False and normalizes
            ):
                raise Untraceable(f"calls {name} with training={given}, which a rebuilt model would lose")


def _symbolic(shape: Any, name: str) -> Any:
    if isinstance(shape, dict):
        return {key: _symbolic(part, str(key)) for key, part in shape.items()}
    if isinstance(shape, tuple) and len(shape) == 2 and isinstance(shape[1], str):
        return keras.Input(shape[0], dtype=shape[1], name=name)
    if isinstance(shape, tuple) and all(length is None or isinstance(length, int) for length in shape):
        return keras.Input(shape, name=name)
    return type(shape)(_symbolic(part, f"{name}_{number}") for number, part in enumerate(shape))
