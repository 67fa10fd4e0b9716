"""What a Keras model gives, read without running or changing it: shapes, names, last activations."""

from dataclasses import dataclass
from typing import Any

import keras

from autoopt.errors import DataError, nearest

PROBABILITIES = ("softmax", "sigmoid")
"""Activations whose values are probabilities."""

# Layers that leave it to what is before them whether the values are probabilities.
_PASSING = (
    "Reshape",
    "Flatten",
    "Permute",
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "Identity",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
)


@dataclass(frozen=True)
class Output:
    """One output of a model.

    Attributes:
        name: What a dict of labels calls it.
        layer: Name of the layer that it leaves.
        kind: Class of that layer, for example `"Dense"`.
        shape: With the batch dimension first, None in place of an unknown one; None when nothing is known.
        activation: `"softmax"`, `"sigmoid"`, another function's name, or `"linear"`.
    """

    name: str
    layer: str
    kind: str
    shape: tuple[int | None, ...] | None
    activation: str

    @property
    def width(self) -> int | None:
        """Values per position: 1 for a shape of (batch,), None when not known."""
        if self.shape is None:
            return None
        return self.shape[-1] if len(self.shape) > 1 else 1


@dataclass(frozen=True)
class Outputs:
    """All outputs of a model, and whether it gives them as a dict."""

    each: tuple[Output, ...]
    as_dict: bool


def read(model: Any, x: Any = None) -> Outputs:
    """Return the outputs of a model.

    Args:
        model: Any Keras model; of one that is neither built nor traced, the last layer stands for the output.
        x: Inputs, nested as Keras takes them; only their shapes are looked at, and only for a built subclass.
    """
    tensors = getattr(model, "outputs", None)
    if not tensors:
        return Outputs((_of_layers(model, x),), False)
    # A Sequential has outputs and, unless it was called on a tensor, no `output`.
    if isinstance(getattr(model, "output", None), dict):
        return Outputs(tuple(_of_tensor(name, tensor) for name, tensor in model.output.items()), True)
    return Outputs(tuple(_of_tensor(_origin(tensor)[0].name, tensor) for tensor in tensors), False)


def width(model: Any, x: Any = None) -> int | None:
    """Return how many values a model's output has, None where there are several outputs or it is not known."""
    found = read(model, x).each
    return found[0].width if len(found) == 1 else None


def _of_tensor(name: str, tensor: Any) -> Output:
    layer = _origin(tensor)[0]
    return Output(name, layer.name, type(layer).__name__, tuple(tensor.shape), _activation_before(tensor))


def _of_layers(model: Any, x: Any) -> Output:
    layers = [layer for layer in model.layers if type(layer).__name__ not in _PASSING]
    if not layers:
        return Output(model.name, model.name, type(model).__name__, None, "linear")
    last = layers[-1]
    width = next((getattr(each, "units", None) for each in reversed(layers) if hasattr(each, "units")), None)
    shape = _symbolic_shape(model, x) or (None if width is None else (None, width))
    return Output(model.name, last.name, type(last).__name__, shape, _activation_of(last))


def _symbolic_shape(model: Any, x: Any) -> tuple[int | None, ...] | None:
    """Return a built subclassed model's output shape; asking an unbuilt one would build it."""
    if x is None or not model.built:
        return None
    specs = keras.tree.map_structure(lambda a: keras.KerasTensor((None, *a.shape[1:]), str(a.dtype)), x)
    try:
        made = model.compute_output_spec(specs)
    except Exception:  # the user's own call(): whatever it raises means only that the shape stays unknown
        return None
    return tuple(made.shape) if isinstance(made, keras.KerasTensor) else None


def _origin(tensor: Any) -> Any:
    """Return (operation, node index, tensor index); Keras has no public name for it."""
    return tensor._keras_history


def _activation_before(tensor: Any) -> str:
    operation, node, index = _origin(tensor)
    if isinstance(operation, keras.Model):
        inner = getattr(operation, "outputs", None)
        return _activation_before(inner[index]) if inner else _of_layers(operation, None).activation
    if type(operation).__name__ in _PASSING:
        return _activation_before(operation._inbound_nodes[node].input_tensors[0])
    return _activation_of(operation)


def _activation_of(operation: Any) -> str:
    if isinstance(operation, keras.layers.Wrapper):
        return _activation_of(operation.layer)
    activation = getattr(operation, "activation", None)
    if activation is not None:
        return str(getattr(activation, "__name__", type(activation).__name__)).lower()
    kind, name = type(operation).__name__.lower(), str(operation.name).lower()
    for known in ("softmax", "sigmoid"):
        if kind in (known, f"log{known}") or (known in name and "log" not in name):
            return known if kind != f"log{known}" else "linear"
    return "linear"


def labels_by_output(read: Outputs, y: Any) -> list[tuple[Output, Any]]:
    """Return each output with its labels.

    Raises:
        DataError: Labels and outputs differ in number or in names.
    """
    names = [output.name for output in read.each]
    if isinstance(y, dict):
        for name in y:
            if name not in names:
                raise DataError(
                    f"y has labels named {name!r}. Expected names of the model's outputs. Name the labels "
                    f"after them, or the output layers after the labels.{nearest(str(name), names)}"
                )
        return [(output, y[output.name]) for output in read.each if output.name in y]
    if read.as_dict:
        raise DataError(
            f"y is no dict and the model gives a dict of outputs, {names}. Expected labels by the same "
            f"names. Pass y as {{{names[0]!r}: labels, …}}."
        )
    parts = y if isinstance(y, tuple | list) else (y,)
    if len(parts) != len(names):
        raise DataError(
            f"y has {len(parts)} arrays and the model has {len(names)} outputs, {names}. Expected labels for "
            "each. Pass y as a tuple in the order of the outputs, or as a dict by their names."
        )
    return list(zip(read.each, parts, strict=True))
