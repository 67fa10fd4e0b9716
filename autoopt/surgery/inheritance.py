"""What a rebuilt model takes over from the user's own: weights of unchanged layers, adapted preprocessing."""

from collections.abc import Mapping
from typing import Any

import keras


def inherit(model: keras.Model, layers: Mapping[str, keras.layers.Layer], fresh: frozenset[str]) -> None:
    """Copy the weights of every layer whose shapes did not change, so that loaded ones are kept.

    Args:
        model: The rebuilt model; its weights are set.
        layers: Name in the rebuilt model to the layer of the user's model.
        fresh: Names of layers that keep the initial weights they were rebuilt with.
    """
    for layer in model.layers:
        source = layers.get(layer.name)
        if source is None or layer.name in fresh or type(source) is not type(layer):
            continue
        if _shapes(source) == _shapes(layer):
            layer.set_weights(source.get_weights())
        # A nested model has more layers than itself.
        for inner, written in zip(layer._flatten_layers(), source._flatten_layers(), strict=False):
            _take_adapted(inner, written)


def _take_adapted(layer: Any, source: Any) -> None:
    """Take over what `adapt` learnt and weights alone do not carry."""
    if isinstance(layer, keras.layers.Normalization) and source.built:
        layer.finalize_state()
    elif hasattr(source, "get_vocabulary") and source.vocabulary_size() > _specials(source):
        layer.set_vocabulary(source.get_vocabulary(include_special_tokens=False))


def _specials(source: Any) -> int:
    """Return how many entries of a vocabulary are padding and unknowns, not learnt."""
    return len(source.get_vocabulary()) - len(source.get_vocabulary(include_special_tokens=False))


def _shapes(layer: keras.layers.Layer) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]
