"""Normalization: what a stage's tensors are normalized by, exchanged, taken out, or put in before activations."""

from collections.abc import Collection, Mapping
from typing import Any

import keras

from autoopt.surgery import kinds
from autoopt.surgery.graph import Entry, Graph
from autoopt.surgery.insertion import entry, exchange
from autoopt.surgery.wiring import Wiring, wiring

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

SQUASHING = ("linear", "sigmoid", "hard_sigmoid", "softmax", "log_softmax", "log_sigmoid", "sparsemax")
SQUASHING_KINDS = frozenset({"Softmax", "ops.Softmax", "ops.Sigmoid", "ops.HardSigmoid", "ops.LogSigmoid"})
"""Activations that make gates and shares, which are not normalized for."""


def values(wired: Wiring, layers: Collection[str]) -> tuple[str, ...]:
    """Return the normalizations that would change something in a stage.

    Args:
        wired: Of the whole model.
        layers: Names of all layers of the stage.
    """
    if any(wired.kind(name) in CLOSING for name in layers):
        return ()
    written = _written(wired, layers)
    if not written:
        return tuple(CLASSES) if _gaps(wired, layers) else ()
    if not all(_exchangeable(wired, name) for name in written):
        return ()
    kinds_written = {wired.kind(name) for name in written}
    return tuple(value for value in NORMALIZATIONS if {CLASSES.get(value)} != kinds_written)


def apply(graph: Graph, layers: Collection[str], value: str) -> None:
    """Set the normalization of a stage, in the graph.

    Biases before it stay, although a normalization makes them idle.

    Args:
        graph: Is changed.
        layers: Names of all layers of the stage.
        value: One of `NORMALIZATIONS`.
    """
    wired = wiring(graph)
    written = _written(wired, layers)
    for name in written:
        if value == "none":
            graph.remove([name], (name, 0, 0))
        elif wired.kind(name) != CLASSES[value]:
            exchange(graph, name, _made(graph, f"{name}_{value}", value))
    for name in () if written or value == "none" else _gaps(wired, layers):
        _insert(graph, name, value)


def _written(wired: Wiring, layers: Collection[str]) -> list[str]:
    return [name for name in layers if wired.kind(name) in kinds.NORMALIZATIONS]


def _exchangeable(wired: Wiring, name: str) -> bool:
    """Whether a normalization may be another one: it normalizes over the last axis, as both do."""
    if name not in wired.free:
        return False
    axis = wired.entries[name]["config"].get("axis", -1)
    only = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    return only in (-1, len(wired.input_shape(name)) - 1)


def _gaps(wired: Wiring, layers: Collection[str]) -> list[str]:
    """Return the weighted layers of a stage between which and their activation a normalization fits."""
    return [
        name
        for name in layers
        if wired.kind(name) in WEIGHTED
        and name in wired.free
        and _is_plain(wired.entries[name]["config"])
        and (_activates(wired.entries[name]) or _is_activated(wired, name))
    ]


def _is_plain(config: Mapping[str, Any]) -> bool:
    """Whether channels come last, and nothing but the next layer looks at what comes out of the activation."""
    return config.get("data_format") != "channels_first" and not config.get("activity_regularizer")


def _is_activated(wired: Wiring, name: str) -> bool:
    """Whether what a linear layer makes goes into an activation, and there alone."""
    if wired.entries[name]["config"]["activation"] != "linear":
        return False
    while len(wired.readers[name]) == 1:
        name = wired.readers[name][0].layer
        if wired.kind(name) not in STEPS_ACROSS:
            return name in wired.free and _activates(wired.entries[name])
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
