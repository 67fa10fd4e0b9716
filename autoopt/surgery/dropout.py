"""Dropout: the rate that the model's Dropout layers share, and where they go if it has none."""

from autoopt.surgery import kinds
from autoopt.surgery.graph import Entry, Graph, heads
from autoopt.surgery.stages import Stages


def rate(graph: Graph, stages: Stages) -> float | None:
    """Return the rate that all Dropout layers share, 0.0 where there are none but a place for them.

    None where the rates differ, or where there is neither a layer nor a place.
    """
    rates = {float(entry["config"]["rate"]) for entry in _layers(graph)}
    if not rates:
        return 0.0 if _dense_ends(stages) or _dense_heads(graph) else None
    return rates.pop() if len(rates) == 1 else None


def apply(graph: Graph, stages: Stages, value: float) -> None:
    """Set the rate of all Dropout layers, in the graph.

    Where there are none and the rate is not 0, one is put behind each hidden Dense segment,
    and in a model without such segments before each Dense output layer.
    """
    written = _layers(graph)
    for entry in written:
        entry["config"]["rate"] = value
    if written or not value:
        return
    ends = _dense_ends(stages)
    for name in ends:
        graph.insert_after(name, _dropout(graph, name, value))
    for name in () if ends else _dense_heads(graph):
        graph.insert_before(name, _dropout(graph, name, value))


def _layers(graph: Graph) -> list[Entry]:
    return [entry for entry in graph.layers.values() if kinds.kind(entry) == "Dropout"]


def _dense_ends(stages: Stages) -> list[str]:
    return [
        segment.layers[-1] for segments in stages.values() for segment in segments if segment.kind == "dense"
    ]


def _dense_heads(graph: Graph) -> list[str]:
    simple = {call.layer for call in graph.calls() if call.simple}
    ends = heads(graph) & simple
    return [name for name in graph.layers if name in ends and graph.kind(name) in kinds.DENSE]


def _dropout(graph: Graph, beside: str, value: float) -> Entry:
    name = graph.fresh_name(f"{beside}_dropout")
    config = {
        "name": name,
        "trainable": True,
        "dtype": graph.layers[beside]["config"].get("dtype"),
        "rate": value,
        "seed": None,
        "noise_shape": None,
    }
    return {
        "module": "keras.layers",
        "class_name": "Dropout",
        "config": config,
        "registered_name": None,
        "name": name,
        "inbound_nodes": [{"args": [None], "kwargs": {}}],
    }
