"""Activation: what hidden layers put their sums through, where it is one that others can stand in for."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import keras

from autoopt.surgery import kernels, kinds
from autoopt.surgery.graph import Entry, Graph
from autoopt.surgery.insertion import exchange
from autoopt.surgery.wiring import Wiring, wiring

ACTIVATIONS = (
    "relu",  # max(0, x), Nair & Hinton 2010
    "gelu",  # x Φ(x), Hendrycks & Gimpel 2016
    "silu",  # x σ(x), Elfwing et al. 2017; swish of Ramachandran et al. 2017
    "elu",  # x, or eˣ - 1 below 0, Clevert et al. 2015
    "tanh",  # LeCun et al. 1998
    "selu",  # scaled so that unit variance is kept, Klambauer et al. 2017
)
INITIALIZERS = {"selu": "lecun_normal"}
"""What an activation asks of the kernels before it: Klambauer et al. 2017, variance 1 / fan_in."""

UNCHANGED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "ReLU": ("relu", {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}),
    "ELU": ("elu", {"alpha": 1.0}),
    "ops.Elu": ("elu", {"alpha": 1.0}),
    "ops.Relu": ("relu", {}),
    "ops.Gelu": ("gelu", {"approximate": False}),
    "ops.Silu": ("silu", {}),
    "ops.Selu": ("selu", {}),
    "ops.Tanh": ("tanh", {}),
}
"""Layers and operations that are one of the activations, with the arguments that make them so."""

ARGUMENT = kinds.KERNELS | {"Activation"}
"""Layers that have the activation as an argument."""


def values(wired: Wiring, layers: Iterable[str]) -> tuple[str, ...]:
    """Return the activations that would change something in a stage; none where it has no such place.

    Args:
        wired: Of the whole model.
        layers: Names of all layers of the stage.
    """
    written = {_written(wired.entries[name]) for name in _places(wired, layers)}
    if not written:
        return ()
    return tuple(value for value in ACTIVATIONS if {value} != written)


def apply(graph: Graph, layers: Collection[str], value: str) -> None:
    """Set the activation of a stage, in the graph; `selu` takes kernels of `lecun_normal` with it.

    Args:
        graph: Is changed.
        layers: Names of all layers of the stage.
        value: One of `ACTIVATIONS`.
    """
    for name in _places(wiring(graph), layers):
        entry = graph.layers[name]
        if kinds.kind(entry) in ARGUMENT:
            entry["config"]["activation"] = value
        else:
            exchange(graph, name, keras.layers.Activation(value, name=graph.fresh_name(f"{name}_{value}")))
    if value in INITIALIZERS:
        kernels.initialize(graph, INITIALIZERS[value], layers)


def _places(wired: Wiring, layers: Iterable[str]) -> list[str]:
    """Return the layers of a stage whose activation may be set."""
    return [name for name in layers if name in wired.free and _written(wired.entries[name])]


def _written(entry: Entry) -> str | None:
    """Return which of the activations a layer has, None where it has another one or none."""
    kind, config = kinds.kind(entry), entry["config"]
    if kind in ARGUMENT:
        given: Any = config.get("activation")
        return given if given in ACTIVATIONS else None
    name, arguments = UNCHANGED.get(kind, ("", {}))
    same = all((config.get(key) or None) == (value or None) for key, value in arguments.items())
    return name if name and same else None
