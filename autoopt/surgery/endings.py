"""Endings: which layer's bias an output starts from, and the activation behind it."""

from typing import Any

import keras

from autoopt.surgery import kinds
from autoopt.surgery.graph import Call, Graph, Ref
from autoopt.surgery.template import Ending

BIASED = kinds.DENSE | kinds.FILTERED | kinds.TRANSPOSED
AVERAGES = frozenset(f"GlobalAveragePooling{rank}D" for rank in (1, 2, 3))
"""The average of what a bias was added to starts from the same bias."""


def endings(graph: Graph) -> tuple[Ending | None, ...]:
    """Return how each output comes about, None where that is in no way that is understood here."""
    calls = {(call.layer, call.node): call for call in graph.calls()}
    written = graph.config["output_layers"]
    names = list(written) if isinstance(written, dict) else [ref[0] for ref in graph.outputs]
    return tuple(_ending(graph, calls, name, ref) for name, ref in zip(names, graph.outputs, strict=True))


def of(model: keras.Model) -> tuple[Ending | None, ...]:
    """Return the endings of a model that cannot be rebuilt; none where its graph cannot be told either."""
    if not getattr(model, "inputs", None):
        return ()
    try:
        # A Sequential has outputs and, unless it was called on a tensor, no `output`.
        plain = keras.Model(model.inputs, getattr(model, "output", model.outputs))
        return endings(Graph(plain.get_config()))
    except Exception:  # Custom layers' get_config may raise anything.
        return ()


def _ending(graph: Graph, calls: dict[tuple[str, int], Call], output: str, ref: Ref) -> Ending | None:
    activation = "linear"
    while True:
        call = calls[ref[:2]]
        kind, config = graph.kind(call.layer), graph.layers[call.layer]["config"]
        if not call.simple:
            return None
        if kind in BIASED | {"Activation", "Softmax"}:
            own = _activation(kind, config)
            if own is None or "linear" not in (own, activation):
                return None
            activation = own if activation == "linear" else activation
        elif kind not in AVERAGES | {"Identity"}:
            return None
        if kind in BIASED:
            free = config["use_bias"] and config.get("trainable", True)
            last = config.get("data_format") != "channels_first"
            units = config["units"] if kind in kinds.DENSE else config["filters"]
            return Ending(output, call.layer, units, activation) if free and last else None
        ref = call.inputs[0].ref


def _activation(kind: str, config: dict[str, Any]) -> str | None:
    """Return the name of a layer's activation, None where it is the user's own, or not over the last axis."""
    if kind == "Softmax":
        return "softmax" if config["axis"] == -1 else None
    given = config.get("activation") or "linear"
    return given if isinstance(given, str) else None
