"""Masks: those that Keras computes itself, which a Functional configuration writes down as if the user had.

Without them a recurrent layer reads one tensor again, and the chain of layers is a chain.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from autoopt.surgery.graph import Graph, record_of, tensors

LAYERS = frozenset({"Embedding", "Masking"})
FUNCTIONS = frozenset({"ops.NotEqual", "ops.Any", "ops.LogicalOr", "ops.LogicalAnd"})
"""What Keras computes a mask with."""


def without(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration without the masks that come of Embedding and Masking layers, and what computes them.

    A model of it is the same where Keras, which finds masks while a model is built, finds them again.
    """
    graph = Graph(config)
    masks = _masks(graph)
    for arguments, name in list(_arguments(graph)):
        record = record_of(arguments[name])
        if record is not None and record["keras_history"][0] in masks:
            del arguments[name]
            if (
                arguments.get("training") is False
            ):  # Keras writes that beside the mask, and finds no mask beside it
                del arguments["training"]
    while unread := masks & set(graph.layers) - _read(graph):
        graph.config["layers"] = [layer for layer in graph.config["layers"] if layer["name"] not in unread]
    return graph.config


def _masks(graph: Graph) -> set[str]:
    """Return the operations that compute what Embedding and Masking layers would."""
    calls = graph.calls()
    masked = {
        call.inputs[0].ref
        for call in calls
        if graph.kind(call.layer) in LAYERS and graph.layers[call.layer]["config"].get("mask_zero", True)
    }
    found: set[str] = set()
    for call in calls:
        if graph.kind(call.layer) in FUNCTIONS and all(
            read.ref in masked or read.ref[0] in found for read in call.inputs
        ):
            found.add(call.layer)
    return found


def _arguments(graph: Graph) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the keyword arguments of all calls that are called masks."""
    for layer in graph.config["layers"]:
        for node in layer["inbound_nodes"]:
            for name in [key for key in node["kwargs"] if key.endswith("mask")]:
                yield node["kwargs"], name


def _read(graph: Graph) -> set[str]:
    read = {ref[0] for ref in graph.outputs}
    for layer in graph.config["layers"]:
        read |= {spec["keras_history"][0] for spec in tensors(layer["inbound_nodes"])}
    return read
