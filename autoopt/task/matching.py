"""Whether labels and inputs fit a model, before the first trial; the model is neither run nor changed."""

import math
from typing import Any

import numpy as np

from autoopt.errors import DataError, nearest
from autoopt.task import losses, outputs
from autoopt.task.outputs import Output, labels_by_output


def check(model: Any, y: Any, loss: Any, x: Any = None) -> None:
    """Raise a DataError when labels do not fit the model's outputs under its loss.

    Args:
        model: A Keras model.
        y: Labels: an array, or a dict or tuple of arrays for several outputs.
        loss: What the model is compiled with: a name, an object, a function, or a dict or list of these.
        x: Inputs; only the shapes are looked at, and only of a built subclassed model.
    """
    pairs = labels_by_output(outputs.read(model, x), y)
    for index, (output, labels) in enumerate(pairs):
        own = loss
        if isinstance(loss, dict):
            own = loss.get(output.name)
        elif isinstance(loss, list | tuple):
            own = loss[index] if index < len(loss) else None
        _check_one(output, labels, own, "y" if len(pairs) == 1 else f"y for output {output.name!r}")


def check_input(model: Any, x: Any) -> None:
    """Raise a DataError when inputs do not fit the model's; a model without known inputs takes what comes.

    Args:
        model: A Keras model.
        x: One array, or a dict or tuple of arrays, one row per example.
    """
    tensors = getattr(model, "inputs", None)
    if not tensors:
        return
    structure = getattr(model, "input", None)  # a Sequential has inputs and no `input`
    by_name = structure if isinstance(structure, dict) else {tensor.name: tensor for tensor in tensors}
    names, tensors = list(by_name), list(by_name.values())
    if isinstance(x, dict):
        for name in names:
            if name not in x:
                raise DataError(
                    f"x is a dict without the model's input {name!r}. Expected an array for each of {names}. "
                    f"Name the arrays after the inputs.{nearest(name, map(str, x))}"
                )
        given = [(f"x[{name!r}]", x[name]) for name in names]
    else:
        given = [(f"x[{i}]", each) for i, each in enumerate(x)] if isinstance(x, tuple) else [("x", x)]
    if len(given) != len(tensors):
        raise DataError(
            f"x has {len(given)} arrays and the model has {len(tensors)} inputs, {names}. Expected one array "
            "for each. Pass x as a tuple in the order of the inputs, or as a dict by their names."
        )
    for tensor, (name, array) in zip(tensors, given, strict=True):
        _check_one_input(tensor, name, array)


def _check_one_input(tensor: Any, name: str, array: np.ndarray) -> None:
    wanted, got = tuple(tensor.shape[1:]), array.shape[1:]
    layer = f"input layer {tensor.name!r}"
    if array.dtype.kind in "US" and tensor.dtype != "string":
        raise DataError(
            f"{name} holds text and the {layer} takes {tensor.dtype}. Expected numbers. Encode the text "
            "before, or begin the model with keras.Input((), dtype='string') and "
            "keras.layers.TextVectorization."
        )
    # Keras itself adds or drops a last axis of 1.
    if any(_fits(shape, wanted) for shape in (got, (*got, 1), got[:-1] if got[-1:] == (1,) else got)):
        return
    fix = f"Change keras.Input to shape={got}, or pass rows of shape {wanted}"
    if None not in wanted and math.prod(got) == math.prod(wanted):
        fix = f"Reshape it: {name} = {name}.reshape((-1, {', '.join(map(str, wanted))}))"
    raise DataError(
        f"{name} has rows of shape {got} and the {layer} takes {wanted}. Expected the same. {fix}."
    )


def _check_one(output: Output, y: np.ndarray, loss: Any, name: str) -> None:
    kind = losses.name_of(loss)
    if kind in losses.SPARSE | losses.CATEGORICAL | losses.BINARY | losses.REGRESSION:
        _check_not_constant(output)
    if kind in losses.SPARSE:
        _check_class_numbers(output, y, getattr(loss, "ignore_class", None), name)
    elif kind in losses.CATEGORICAL:
        _check_not_class_numbers(output, y, str(kind), name)
        _check_same_shape(output, y, name)
    elif kind in losses.BINARY:
        _check_not_class_numbers(output, y, str(kind), name)
        _check_same_shape(output, y, name)
        _check_zero_to_one(output, y, name)
    elif kind in losses.REGRESSION:
        _check_same_shape(output, y, name)


def _check_not_constant(output: Output) -> None:
    if output.width == 1 and output.activation == "softmax":
        raise DataError(
            f"The layer {output.layer!r} has 1 output with softmax, which is always 1. Expected sigmoid for "
            "two classes, or one output per class. Change the last layer to Dense(1, 'sigmoid')."
        )


def _check_class_numbers(output: Output, y: np.ndarray, ignored: int | None, name: str) -> None:
    width = output.width
    if width is not None and width > 1 and output.shape is not None:
        if y.ndim == len(output.shape) and y.shape[-1] == width:
            raise DataError(
                f"{name} has shape {y.shape}, which looks one-hot, and the loss is "
                "sparse_categorical_crossentropy. Expected one class number per example. Compile with "
                "categorical_crossentropy, or pass y.argmax(axis=-1)."
            )
        _check_positions(output, y, name)
    counted = y if ignored is None else y[y != ignored]
    if counted.size == 0:
        return
    low, high = counted.min(), counted.max()
    if counted.dtype.kind == "f" and not (counted == np.floor(counted)).all():
        raise DataError(
            f"{name} holds {counted[counted != np.floor(counted)][0]:g} and the loss is "
            "sparse_categorical_crossentropy. Expected class numbers 0, 1, 2, …. Compile with "
            "mean_squared_error and end with a Dense layer without activation to predict real values."
        )
    if low < 0:
        raise DataError(
            f"{name} has the label {low:g}. Expected labels that count from 0. "
            f"Number the classes: y = np.unique(y, return_inverse=True)[1]."
        )
    if width is not None and high >= width:
        raise DataError(_too_many(output, width, int(low), int(high), name))


def _too_many(output: Output, width: int, low: int, high: int, name: str) -> str:
    has = f"the layer {output.layer!r} has {width} output{'s' if width > 1 else ''}"
    if low >= 1 and high == width and width > 1:
        return (
            f"{name} has labels {low} to {high}, and {has}. Expected labels that count from 0: 0 to "
            f"{width - 1}. Pass y - 1."
        )
    return (
        f"{name} has {high} as its largest label, and {has}. Expected labels 0 to {width - 1}, one output "
        f"per class. Change the last layer to {_widened(output, high + 1)}, or remove the labels that do not "
        "belong."
    )


def _check_not_class_numbers(output: Output, y: np.ndarray, loss: str, name: str) -> None:
    """Refuse class numbers where the loss wants one column per output."""
    width = output.width
    rank = 2 if output.shape is None else len(output.shape)
    one_value = y.ndim < rank or y.shape[-1] == 1
    if width is None or width == 1 or not one_value or not (y == np.floor(y)).all():
        return
    raise DataError(
        f"{name} has one class number per example (shape {y.shape}), the layer {output.layer!r} has {width} "
        f"outputs, and the loss is {loss}. Expected labels of shape {_shape(output)}. Compile with "
        "sparse_categorical_crossentropy, or pass keras.utils.to_categorical(y)."
    )


def _check_zero_to_one(output: Output, y: np.ndarray, name: str) -> None:
    low, high = y.min(), y.max()
    if low >= 0 and high <= 1:
        return
    whole = bool((y == np.floor(y)).all())
    fix = "Scale them to that range"
    if whole and low >= 0:
        fix = (
            "Number two classes np.unique(y, return_inverse=True)[1], or for more classes change the last "
            f"layer to {_widened(output, int(high) + 1, 'softmax')} and compile with "
            "sparse_categorical_crossentropy"
        )
    elif whole and low == -1 and high == 1:
        fix = "Pass (y + 1) // 2"
    raise DataError(
        f"{name} has labels from {low:g} to {high:g} and the loss is binary_crossentropy. Expected 0 and 1. "
        f"{fix}."
    )


def _check_same_shape(output: Output, y: np.ndarray, name: str) -> None:
    if output.shape is None:
        return
    wanted = output.shape[1:]
    # Keras itself adds or drops a last axis of 1.
    if any(
        _fits(shape, wanted)
        for shape in (y.shape[1:], (*y.shape[1:], 1), y.shape[1:-1] if _column(y) else ())
    ):
        return
    same_rank = y.ndim == len(output.shape) and _fits(y.shape[1:-1], wanted[:-1])
    fix = (
        f"Change the last layer to {_widened(output, y.shape[-1])}" if same_rank else "Change the model's end"
    )
    if y.ndim == 1:
        fix = f"Change the last layer to {_widened(output, 1)}"
    raise DataError(
        f"{name} has labels of shape {y.shape[1:]} per example, and the layer {output.layer!r} gives "
        f"{wanted}. Expected the same. {fix}, or pass labels of shape {_shape(output)}."
    )


def _check_positions(output: Output, y: np.ndarray, name: str) -> None:
    """Check the axes between the examples and the classes: height and width of an image, for example."""
    wanted = (output.shape or (None, None))[1:-1]
    if _fits(y.shape[1:], wanted) or (_column(y) and _fits(y.shape[1:-1], wanted)):
        return
    whose, length = "for whole examples", "(n,)"
    if wanted:
        whose, length = f"for positions of shape {wanted}", f"(n, {', '.join(map(str, wanted))})"
    raise DataError(
        f"{name} has labels of shape {y.shape[1:]} per example, and the layer {output.layer!r} gives classes "
        f"{whose}. Expected one label for each. Pass labels of shape {length}."
    )


def _column(y: np.ndarray) -> bool:
    return y.ndim > 1 and y.shape[-1] == 1


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(w in (None, s) for s, w in zip(shape, wanted, strict=True))


def _shape(output: Output) -> str:
    return f"(n, {', '.join('any' if size is None else str(size) for size in (output.shape or (None,))[1:])})"


def _widened(output: Output, width: int, activation: str | None = None) -> str:
    kind = output.kind if output.kind.startswith(("Dense", "Conv")) else "Dense"
    return f"{kind}({width}{'' if activation is None else f', {activation!r}'})"
