"""Net: a model with weights that need not be in it, layer by layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from autoopt.surgery.units import Array

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Net:
    """A model and weights for it.

    Attributes:
        config: Its flat Functional configuration, as `edited` returns it.
        model: Built from that; its own weights do not matter.
        arrays: Weights in Keras's order.
        names: Name of a layer in `model` to its name in `config`, where they differ.
    """

    config: Mapping[str, Any]
    model: keras.Model
    arrays: Sequence[Array]
    names: Mapping[str, str] = field(default_factory=dict)

    def weights(self) -> dict[str, dict[str, Array]]:
        """Return the weights of each layer, by layer and, where a layer has several of a name, numbered."""
        values = {id(weight): array for weight, array in zip(self.model.weights, self.arrays, strict=True)}
        return {
            self.names.get(layer.name, layer.name): {
                name: values[id(weight)] for name, weight in _named(layer).items()
            }
            for layer in self.model.layers
        }

    def in_order(self, weights: Mapping[str, Mapping[str, Array]]) -> list[Array]:
        """Return weights, as those that `weights` returns, in Keras's order and each weight's type."""
        found = {
            id(weight): weights[self.names.get(layer.name, layer.name)][name].astype(weight.dtype)
            for layer in self.model.layers
            for name, weight in _named(layer).items()
        }
        return [found[id(weight)] for weight in self.model.weights]

    def shapes(self) -> dict[str, list[Shape]]:
        """Return the shapes of what each layer or operation is given, of those that are called once."""
        found = {}
        for part in getattr(self.model, "operations", self.model.layers):
            try:
                read = keras.tree.flatten(part.input)
            except AttributeError:
                continue
            found[self.names.get(part.name, part.name)] = [tuple(tensor.shape) for tensor in read]
        return found


def _named(layer: keras.layers.Layer) -> dict[str, Any]:
    """Return a layer's weights by name; further ones of the same name get a number."""
    found: dict[str, Any] = {}
    for weight in layer.weights:
        again = sum(name.partition(" ")[0] == weight.name for name in found)
        found[f"{weight.name} {again}" if again else weight.name] = weight
    return found
