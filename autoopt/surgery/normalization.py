"""Normalization: what a stage's tensors are normalized by, exchanged, taken out, or put in before activations."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import keras

from autoopt.surgery import kinds
from autoopt.surgery.graph import Call, Entry, Graph
from autoopt.surgery.insertion import entry, exchange, simple
from autoopt.surgery.reserved import readers, reserved

CLASSES: Mapping[str, str] = {
    "batch": "BatchNormalization",  # over the examples of a batch, Ioffe & Szegedy 2015
    "layer": "LayerNormalization",  # over the channels of an example, Ba et al. 2016
}
NORMALIZATIONS = ("none", *CLASSES)

WEIGHTED = kinds.DENSE | kinds.CONVOLUTIONS
CLOSING = (kinds.RECURRENT | kinds.MAPPINGS) - kinds.KERNELS
"""A stage with one of these keeps its normalizations: it normalizes over steps or heads in its own way."""

STEPS_ACROSS = kinds.DROPOUTS | kinds.POOLINGS | {"Add", "ops.Add"}
"""What may stand between a layer and the activation that it is normalized for."""

SQUASHING = frozenset(
    {"linear", "sigmoid", "hard_sigmoid", "softmax", "log_softmax", "log_sigmoid", "sparsemax"}
)
SQUASHING_KINDS = frozenset({"Softmax", "ops.Softmax", "ops.Sigmoid", "ops.HardSigmoid", "ops.LogSigmoid"})
"""Activations that make gates and shares, which are not normalized for."""


def values(graph: Graph, layers: Collection[str]) -> tuple[str, ...]:
    """Return the normalizations that would change something in a stage.

    Args:
        graph: Of the whole model.
        layers: Names of all layers of the stage.
    """
    entries = graph.layers
    if any(kinds.kind(entries[name]) in CLOSING for name in layers):
        return ()
    written = _written(graph, layers)
    if written:
        if not _exchangeable(graph, written):
            return ()
        classes = {entries[name]["class_name"] for name in written}
        return tuple(value for value in NORMALIZATIONS if {CLASSES.get(value)} != classes)
    return tuple(CLASSES) if _gaps(graph, layers) else ()


def apply(graph: Graph, layers: Collection[str], value: str) -> None:
    """Set the normalization of a stage, in the graph.

    Biases before it stay, although a normalization makes them idle.

    Args:
        graph: Is changed.
        layers: Names of all layers of the stage.
        value: One of `NORMALIZATIONS`.
    """
    written = _written(graph, layers)
    for name in written:
        if value == "none":
            graph.remove([name])
        elif graph.layers[name]["class_name"] != CLASSES[value]:
            exchange(graph, name, _made(graph, f"{name}_{value}", value))
    if not written and value in CLASSES:
        for name in _gaps(graph, layers):
            _insert(graph, name, value)


def _written(graph: Graph, layers: Iterable[str]) -> list[str]:
    return [name for name in layers if graph.kind(name) in kinds.NORMALIZATIONS]


def _exchangeable(graph: Graph, names: Collection[str]) -> bool:
    """Whether normalizations are called once each, hidden, trainable, and over the last axis."""
    once = simple(graph, names) - reserved(graph)
    return all(
        name in once
        and graph.layers[name]["config"].get("trainable", True)
        and _last_axis(graph.layers[name]["config"].get("axis", -1), len(graph.input_of(name).shape))
        for name in names
    )


def _last_axis(axis: Any, rank: int) -> bool:
    return (axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis) in (-1, rank - 1)


def _gaps(graph: Graph, layers: Collection[str]) -> list[str]:
    """Return the weighted layers of a stage between which and their activation a normalization fits."""
    entries, reads, closed = graph.layers, readers(graph), reserved(graph)
    weighted = [name for name in layers if kinds.kind(entries[name]) in WEIGHTED and name not in closed]
    once = simple(graph, weighted)
    return [
        name
        for name in weighted
        if name in once
        and entries[name]["config"].get("data_format") != "channels_first"
        and not entries[name]["config"].get("activity_regularizer")
        and (_activates(entries[name]) or _is_activated(entries, reads, name, closed))
    ]


def _is_activated(
    entries: Mapping[str, Entry], reads: Mapping[str, list[Call]], name: str, closed: Collection[str]
) -> bool:
    """Whether what a linear layer makes goes into an activation, and there alone."""
    if entries[name]["config"]["activation"] != "linear":
        return False
    while len(reads[name]) == 1:
        name = reads[name][0].layer
        if kinds.kind(entries[name]) not in STEPS_ACROSS:
            return name not in closed and _activates(entries[name])
    return False


def _activates(written: Entry) -> bool:
    kind = kinds.kind(written)
    if kind in WEIGHTED or kind == "Activation":
        return written["config"]["activation"] not in SQUASHING
    return kind in kinds.ACTIVATIONS - SQUASHING_KINDS


def _insert(graph: Graph, name: str, value: str) -> None:
    """Put a normalization behind a weighted layer, whose own activation then follows as a layer."""
    weighted = graph.layers[name]
    normalizing = _made(graph, f"{name}_{value}", value)
    graph.insert_after(name, entry(normalizing, weighted))
    activation = weighted["config"]["activation"]
    if activation != "linear":
        layer = keras.layers.Activation("linear", name=graph.fresh_name(f"{name}_activation"))
        follower = entry(layer, weighted)
        follower["config"]["activation"] = activation  # may be the configuration of a layer
        weighted["config"]["activation"] = "linear"
        graph.insert_after(normalizing.name, follower)


def _made(graph: Graph, wanted: str, value: str) -> keras.layers.Layer:
    return getattr(keras.layers, CLASSES[value])(name=graph.fresh_name(wanted))
