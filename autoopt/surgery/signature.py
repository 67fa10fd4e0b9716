"""Signatures: what tells that two parts of a model are built alike."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from autoopt.surgery.graph import Call, Graph, Ref, record_of

PASSING = frozenset({"name", "seed", "rate", "drop_path_rate", "build_config"})
"""What may differ between the blocks of one stage."""


def signature(graph: Graph, calls: Sequence[Call], entry: Ref) -> str:
    """Return a text that is the same for parts of equal layers, wired alike; names, seeds and rates do not count.

    Args:
        graph: Whose calls they are.
        calls: In topological order.
        entry: What they read from outside.
    """
    numbers: dict[Ref, Any] = {entry: "entry"}
    numbers |= {(call.layer, call.node, 0): at for at, call in enumerate(calls)}
    layers = list(dict.fromkeys(call.layer for call in calls))
    told = []
    for call in calls:
        layer = graph.layers[call.layer]
        told.append(
            [
                layers.index(call.layer),
                graph.kind(call.layer) or layer["class_name"],
                _plain(layer["config"], numbers),
                _plain(layer["inbound_nodes"][call.node : call.node + 1], numbers),
            ]
        )
    return json.dumps(told, sort_keys=True, default=str)


def _plain(value: Any, numbers: Mapping[Ref, Any]) -> Any:
    record = record_of(value)
    if record is not None:
        layer, node, tensor = record["keras_history"]
        return ["tensor", numbers.get((layer, node, tensor), "another")]
    if isinstance(value, dict):
        return {key: _plain(part, numbers) for key, part in value.items() if key not in PASSING}
    if isinstance(value, (list, tuple)):
        return [_plain(part, numbers) for part in value]
    return value
