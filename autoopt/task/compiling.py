"""What an uncompiled model is compiled with: read from labels, output shape and last activation."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.task import outputs
from autoopt.task.outputs import PROBABILITIES, Output, labels_by_output


@dataclass(frozen=True)
class Task:
    """How a model is compiled when its author left that open.

    Metric objects keep state: infer a Task for each model rather than sharing one among several.

    Attributes:
        loss: A Keras loss name or object; a dict or list of these for several outputs.
        metrics: A list of Keras metric names or objects; a dict or list of such lists for several outputs.
        note: What was decided and why, in one sentence.
    """

    loss: Any
    metrics: Any
    note: str


def infer(model: Any, y: Any, x: Any = None) -> Task:
    """Return the loss and the metrics that fit the labels and the model's outputs.

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
        >>> task = infer(model, np.array([0, 1, 2]))
        >>> task.loss, task.metrics
        ('sparse_categorical_crossentropy', ['accuracy'])

    Args:
        model: A Keras model; it is neither run nor changed.
        y: Labels: an array, or a dict or tuple of arrays for several outputs; without labels (None) the
            outputs alone decide.
        x: Inputs; only the shapes are looked at, and only of a built subclassed model.

    Raises:
        DataError: The labels have another number of parts, or other names, than the model has outputs.
    """
    read = outputs.read(model, x)
    pairs = [(output, None) for output in read.each] if y is None else labels_by_output(read, y)
    if len(pairs) == 1 and not read.as_dict:
        loss, metrics, why = _one(*pairs[0])
        return Task(loss, metrics, f"Compiled with {why}.")
    found = [_one(*pair) for pair in pairs]
    note = "; ".join(
        f"{output.name} with {why}" for (output, _), (_, _, why) in zip(pairs, found, strict=True)
    )
    if read.as_dict or isinstance(y, dict):
        names = [output.name for output, _ in pairs]
        losses: Any = dict(zip(names, (loss for loss, _, _ in found), strict=True))
        metrics_by_name: Any = dict(zip(names, (metrics for _, metrics, _ in found), strict=True))
        return Task(losses, metrics_by_name, f"Compiled: {note}.")
    return Task([loss for loss, _, _ in found], [metrics for _, metrics, _ in found], f"Compiled: {note}.")


def _one(output: Output, y: np.ndarray | None) -> tuple[Any, list[Any], str]:
    """Return loss, metrics and the reason for one output."""
    if y is None:
        return _without_labels(output)
    if is_binary(output, y):
        return _binary(output)
    if is_class_numbers(output, y):
        name, loss = "sparse_categorical_crossentropy", keras.losses.SparseCategoricalCrossentropy
        return _crossentropy(name, loss, output, f"integer labels {y.min():g}…{y.max():g}")
    if is_one_hot(output, y):
        name, loss = "categorical_crossentropy", keras.losses.CategoricalCrossentropy
        return _crossentropy(name, loss, output, f"one-hot labels of {y.shape[-1]} classes")
    if is_multi_hot(output, y):
        return _binary(output)
    return "mean_squared_error", ["mae"], f"mean_squared_error and mae: {_described(y)}, {_outputs(output)}"


def _without_labels(output: Output) -> tuple[Any, list[Any], str]:
    """Return what the last activation is made for; without one, real numbers are the plain reading."""
    if output.activation == "softmax" and output.width != 1:
        name = "sparse_categorical_crossentropy"
        return name, ["accuracy"], f"{name} and accuracy: {_outputs(output)}"
    if output.activation == "sigmoid":
        return _binary(output)
    return "mean_squared_error", ["mae"], f"mean_squared_error and mae: {_outputs(output)}"


def _crossentropy(name: str, loss: Any, output: Output, labels: str) -> tuple[Any, list[Any], str]:
    why = f"{name} and accuracy: {labels}, {_outputs(output)}"
    if output.activation in PROBABILITIES:
        return name, ["accuracy"], why
    return loss(from_logits=True), ["accuracy"], f"{why}, hence from_logits=True"


def _binary(output: Output) -> tuple[Any, list[Any], str]:
    several = (output.width or 1) > 1
    labels = f"{'several ' if several else ''}labels of 0 and 1"
    why = f"binary_crossentropy and accuracy: {labels}, {_outputs(output)}"
    if output.activation in PROBABILITIES:
        # Keras's "accuracy" would count the largest of several outputs; each is right or wrong by itself.
        accuracy = keras.metrics.BinaryAccuracy(name="accuracy") if several else "accuracy"
        return "binary_crossentropy", [accuracy], why
    # A logit is positive where its probability is above one half.
    at_zero = keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)
    return keras.losses.BinaryCrossentropy(from_logits=True), [at_zero], f"{why}, hence from_logits=True"


def is_binary(output: Output, y: np.ndarray) -> bool:
    """Say whether one unit decides between two classes; a sigmoid with integer labels is meant so."""
    width = output.width
    if width is None:
        width = 2 if output.activation == "softmax" or not _is_zero_or_one(y) else 1
    if width != 1 or not _is_column(y, output):
        return False
    if output.activation == "sigmoid":
        return y.dtype.kind in "biu" or _is_zero_or_one(y)
    return y.dtype.kind in "biu" and _is_zero_or_one(y) and output.activation == "linear"


def is_class_numbers(output: Output, y: np.ndarray) -> bool:
    """Say whether labels number the classes of several outputs."""
    if output.width == 1 or not _is_column(y, output):
        return False
    whole = y.dtype.kind in "biu" or (output.activation == "softmax" and bool((y == np.floor(y)).all()))
    return whole and (output.width is not None or y.dtype.kind in "biu")


def is_one_hot(output: Output, y: np.ndarray) -> bool:
    """Say whether each example has one class, in columns."""
    if not _is_alike(y, output) or y.shape[-1] == 1 or y.min() < 0:
        return False
    if output.activation != "softmax" and not _is_zero_or_one(y):
        return False
    return bool(np.allclose(y.sum(axis=-1), 1, atol=1e-3))


def is_multi_hot(output: Output, y: np.ndarray) -> bool:
    """Say whether each column is a yes or no of its own."""
    if not _is_alike(y, output) or y.shape[-1] == 1 or not _is_zero_or_one(y):
        return False
    return output.activation == "sigmoid" or (output.activation == "linear" and y.dtype.kind in "biu")


def _is_column(y: np.ndarray, output: Output) -> bool:
    """Say whether y has one value where the output has its last axis."""
    rank = 2 if output.shape is None else max(len(output.shape), 2)
    return y.ndim == rank - 1 or (y.ndim == rank and y.shape[-1] == 1)


def _is_alike(y: np.ndarray, output: Output) -> bool:
    """Say whether y has the output's own rank and width."""
    rank = 2 if output.shape is None else len(output.shape)
    return y.ndim == rank and y.ndim > 1 and output.width in (None, y.shape[-1])


def _is_zero_or_one(y: np.ndarray) -> bool:
    return bool(((y == 0) | (y == 1)).all())


def _described(y: np.ndarray) -> str:
    kind = "integer" if y.dtype.kind in "biu" else "real"
    return f"{kind} labels of shape {y.shape[1:]}" if y.ndim > 1 else f"{kind} labels"


def _outputs(output: Output) -> str:
    count = "an unknown number of outputs" if output.width is None else f"{output.width} outputs"
    count = "1 output" if output.width == 1 else count
    return (
        f"{count} without activation"
        if output.activation == "linear"
        else f"{count} with {output.activation}"
    )
