"""Footprint: how many numbers training keeps for each example of a batch."""

from math import prod
from typing import Any

import keras

from autoopt.surgery.builder import rebuild
from autoopt.surgery.template import Edits, Template
from autoopt.surgery.weightless import weightless


def footprint(model: keras.Model) -> int | None:
    """Return how many numbers all layers of a model put out for one example; lengths that are not known count as 1.

    Training keeps about two of each: what a layer puts out, and the gradient of it.

    Returns:
        None for a subclassed model, whose layers are not known before it is called.
    """
    whole = getattr(model, "_functional", None) or model  # a Sequential keeps one
    operations = getattr(whole, "operations", None)
    if operations is None:
        return None
    total = 0
    for operation in operations:
        inside = footprint(operation) if isinstance(operation, keras.Model) else _outputs(operation)
        if inside is None:
            return None
        total += inside
    return total


def footprint_of(template: Template, edits: Edits) -> int | None:
    """Return the footprint of the user's model with changes, without drawing its weights.

    Raises:
        SurgeryError: The edits do not fit the model.
    """
    return weightless(lambda: footprint(rebuild(template, edits)))


def _outputs(operation: Any) -> int:
    tensors = [tensor for node in operation._inbound_nodes for tensor in node.output_tensors]
    return sum(prod(length or 1 for length in tensor.shape[1:]) for tensor in tensors)
