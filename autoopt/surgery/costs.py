"""Costs: what an example costs by the layers that it passes, the numbers that are kept of it and its multiplications."""

from collections.abc import Callable
from math import prod
from typing import Any

import keras

from autoopt.surgery.builder import rebuild
from autoopt.surgery.template import Edits, Template
from autoopt.surgery.weightless import weightless

Node = Any
"""One call of a layer in the graph of a model, as Keras keeps it."""


def footprint(model: keras.Model) -> int | None:
    """Return how many numbers all layers of a model put out for one example; lengths that are not known count as 1.

    Training keeps about two of each: what a layer puts out, and the gradient of it.

    Returns:
        None for a subclassed model, whose layers are not known before it is called.
    """
    return _over_calls(model, lambda layer, node: sum(prod(_lengths(each)) for each in node.output_tensors))


def footprint_of(template: Template, edits: Edits) -> int | None:
    """Return the footprint of the user's model with changes, without drawing its weights.

    Raises:
        SurgeryError: The edits do not fit the model.
    """
    return weightless(lambda: footprint(rebuild(template, edits)))


def products(model: keras.Model) -> int:
    """Return about how many multiplications a prediction of one example takes.

    A weight of a convolution counts at every position that it puts out, one of a recurrent layer at every step;
    lengths that are not known count as 1. What an Embedding looks up is not multiplied. Biases and weights of
    normalizations count as others do: a dense net has as many as it has weights. In a subclassed model, or such a part,
    whose layers are not known before it is called, each weight counts once; in what TimeDistributed repeats, once a step.
    """
    found = _over_calls(model, _products, unknown=lambda part: int(part.count_params()))
    return int(model.count_params()) if found is None else found


def products_of(template: Template, edits: Edits) -> int:
    """Return the multiplications of the user's model with changes, without drawing its weights.

    Raises:
        SurgeryError: The edits do not fit the model.
    """
    return weightless(lambda: products(rebuild(template, edits)))


def _over_calls(
    model: keras.Model,
    count: Callable[[Any, Node], int],
    unknown: Callable[[Any], int | None] = lambda part: None,
) -> int | None:
    """Return the sum over all calls of all layers.

    Args:
        model: Of which the layers are known, else None is returned.
        count: Returns what a call counts.
        unknown: Returns what a part counts whose layers are not known; None then makes all unknown.
    """
    whole = getattr(model, "_functional", None) or model  # a Sequential keeps one
    graph = getattr(whole, "_nodes_by_depth", None)  # a layer itself may know calls for other models
    if graph is None:
        return None
    total = 0
    for node in (node for nodes in graph.values() for node in nodes):
        part = node.operation
        inside = _over_calls(part, count, unknown) if isinstance(part, keras.Model) else count(part, node)
        inside = unknown(part) if inside is None else inside
        if inside is None:
            return None
        total += inside
    return total


def _products(layer: Any, node: Node) -> int:
    weights = getattr(layer, "weights", ())
    if not weights or isinstance(layer, keras.layers.Embedding):
        return 0
    passed = node.input_tensors if _works_on_inputs(layer) else node.output_tensors
    lengths = _lengths(passed[0])
    channels_first = getattr(layer, "data_format", None) == "channels_first"
    return sum(prod(each.shape) for each in weights) * prod(lengths[1:] if channels_first else lengths[:-1])


def _works_on_inputs(layer: Any) -> bool:
    """Whether the weights of a layer meet every position that comes in, and not every one that goes out."""
    return (
        isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional)
        or "Transpose" in type(layer).__name__
    )


def _lengths(tensor: Any) -> list[int]:
    return [length or 1 for length in tensor.shape[1:]]
