"""Pretrained parts: nested models and layers whose weights were loaded, and which layers of the former train.

Looks at models as they are built, not at their configuration: a part's class and weights are never changed.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import keras
import numpy as np

from autoopt.surgery.graph import Graph
from autoopt.surgery.template import Template

Trained = Literal["frozen", "last_blocks", "all"]
"""Which of a part's layers train; normalization over batches never does."""

LAST_SHARE = 1 / 3
"""How many of its layers with weights train when its last blocks do, at least."""


def loaded(model: keras.Model, again: Callable[[], keras.Model]) -> tuple[str, ...]:
    """Return the names of a model's layers that are models with loaded weights.

    Those are the same in each build of the model, and no draws of their initializers.

    Args:
        model: As it was built; only models that are its own layers are looked at.
        again: Builds it with another seed. Called only where there is a nested model.
    """
    return _loaded(model, {part.name for part in model.layers if isinstance(part, keras.Model)}, again)


def spared(template: Template, model: keras.Model, again: Callable[[], keras.Model]) -> Template:
    """Return a template that leaves the kernels and biases of layers with loaded weights as they are.

    Args:
        template: What was read of the model.
        model: As it was built.
        again: Builds it with another seed. Called only where some weights are no draws of their initializers.
    """
    ends = {ending.layer for ending in template.endings if ending is not None}
    found = _loaded(model, {*template.fresh, *ends}, again)
    return replace(
        template,
        fresh=tuple(name for name in template.fresh if name not in found),
        endings=tuple(
            None if ending is None or ending.layer in found else ending for ending in template.endings
        ),
    )


def _loaded(model: keras.Model, names: Collection[str], again: Callable[[], keras.Model]) -> tuple[str, ...]:
    """Return those layers whose kernels are the same in each build of the model, and no draws."""
    candidates = [
        (at, layer)
        for at, layer in enumerate(model.layers)
        if layer.name in names and not all(_redrawn(*found) for found in _kernels(layer))
    ]
    if not candidates:
        return ()
    second = again()
    return tuple(layer.name for at, layer in candidates if _equal(layer, second.layers[at]))


def train(part: keras.Model, trained: Trained) -> None:
    """Set which layers of a pretrained part train.

    Batch normalization stays frozen, in which case Keras runs it with the statistics that it was loaded with:
    its updates undo what the part has learnt (https://keras.io/guides/transfer_learning/).

    Args:
        part: Its `trainable` flags are set, those of the layers inside included.
        trained: `"last_blocks"` is at least a third of its layers with weights, from where a single tensor
            carries all that the layers before have computed.
    """
    part.trainable = trained != "frozen"
    if trained == "last_blocks":
        for layer in _before_last(blocks(part)):
            layer.trainable = False
    for layer in part._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def blocks(model: keras.Model) -> list[list[keras.layers.Layer]]:
    """Return a model's layers, cut wherever a single tensor carries all that was computed with weights.

    What has no kernel of its own, an activation or a normalization, belongs to the block before it. A model
    that stands between two cuts is cut likewise; one without a graph is a single block.
    """
    if not getattr(model, "inputs", None):
        return [model.layers]
    found: list[list[keras.layers.Layer]] = []
    for segment in _segments(model):
        if len(segment) == 1 and isinstance(segment[0], keras.Model):
            found += blocks(segment[0])
        elif found and not any(True for layer in segment for _ in _kernels(layer)):
            found[-1] += segment
        else:
            found.append(segment)
    return found


def _segments(model: keras.Model) -> Iterator[list[keras.layers.Layer]]:
    # An own class tells a configuration of its own; the graph is a plain Functional's.
    calls = Graph(keras.Model(model.inputs, model.outputs).get_config()).calls()
    layers = {layer.name: layer for layer in model.layers}
    last_read = {read.ref: at for at, call in enumerate(calls) for read in call.inputs}
    computed: set[tuple[str, int]] = set()
    segment: dict[str, keras.layers.Layer] = {}
    for at, call in enumerate(calls):
        if call.layer in layers:  # the others are operations
            segment[call.layer] = layers[call.layer]
        has_weights = call.layer in layers and layers[call.layer].weights
        if has_weights or any(read.ref[:2] in computed for read in call.inputs):
            computed.add((call.layer, call.node))
        live = [ref for ref, end in last_read.items() if end > at and ref[:2] in computed]
        if len(live) == 1:  # a mask that every block reads is computed without weights
            yield [*segment.values()]
            segment = {}
    yield [*segment.values()]


def _before_last(found: Sequence[Sequence[keras.layers.Layer]]) -> list[keras.layers.Layer]:
    """Return the layers of all blocks but the fewest last ones that hold `LAST_SHARE` of those with weights."""
    sizes = [
        sum(_has_weights(inner) for layer in block for inner in layer._flatten_layers()) for block in found
    ]
    first, wanted = len(sizes), LAST_SHARE * sum(sizes)
    while first and sum(sizes[first:]) < wanted:
        first -= 1
    return [layer for block in found[:first] for layer in block]


def _has_weights(layer: keras.layers.Layer) -> bool:
    return not layer._layers and bool(layer.trainable_weights)


def _kernels(part: keras.layers.Layer) -> Iterator[tuple[keras.layers.Layer, Any]]:
    """Yield each weight of two axes or more, with the layer that it belongs to; `adapt` makes none such."""
    for layer in part._flatten_layers():
        if not layer._layers:
            yield from ((layer, weight) for weight in layer._trainable_variables if len(weight.shape) > 1)


def _equal(one: keras.layers.Layer, other: Any) -> bool:
    values = one.get_weights(), other.get_weights()
    return len(values[0]) == len(values[1]) and all(map(np.array_equal, *values))


def _redrawn(layer: keras.layers.Layer, weight: Any) -> bool:
    """Whether a weight is what one of its layer's initializers, which remember their seeds, draws."""
    drawn = (
        keras.ops.convert_to_numpy(initializer(weight.shape, dtype=weight.dtype))
        for name, initializer in vars(layer).items()
        if name.endswith("_initializer") and callable(initializer)
    )
    return any(np.array_equal(value, weight.numpy()) for value in drawn)
