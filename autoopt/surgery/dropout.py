"""Dropout: the rate that a model's dropout layers share, and where they go if it has none.

Dropout (Srivastava et al. 2014) drops single units, SpatialDropout (Tompson et al. 2015) whole feature maps.
"""

from collections.abc import Collection
from typing import Any, Literal

import keras

from autoopt.surgery import kinds
from autoopt.surgery.graph import Graph, heads
from autoopt.surgery.insertion import entry
from autoopt.surgery.stages import Segment, Stages

PLAIN = frozenset({"Dropout"})
SPATIAL = kinds.SPATIAL_DROPOUTS
EVERY = PLAIN | SPATIAL | {"AlphaDropout", "GaussianDropout"}

BEFORE = kinds.MERGES | kinds.NORMALIZATIONS
"""What reads no dropped tensor: a merge's other side would not be dropped, and statistics would be of another scale."""


def rate(graph: Graph, stages: Stages) -> float | None:
    """Return the rate that all Dropout layers share, 0.0 where there are none but a place for them.

    None where the rates differ, or where there is neither a layer nor a place.
    """
    return _shared(graph, PLAIN, _ends(graph, stages, "dense") or _dense_heads(graph))


def spatial_rate(graph: Graph, stages: Stages) -> float | None:
    """Return the same for SpatialDropout layers."""
    return _shared(graph, SPATIAL, _ends(graph, stages, "conv"))


def apply(graph: Graph, stages: Stages, value: float) -> None:
    """Set the rate of all Dropout layers, in the graph.

    Where there are none and the rate is not 0, one is put behind each hidden Dense segment,
    and in a model without such segments before each Dense output layer.
    """
    if _set(graph, PLAIN, value) or not value:
        return
    ends = [segment.layers[-1] for segment in _ends(graph, stages, "dense")]
    for name in ends or _dense_heads(graph):
        layer = keras.layers.Dropout(value, name=graph.fresh_name(f"{name}_dropout"))
        insert = graph.insert_after if ends else graph.insert_before
        insert(name, entry(layer, graph.layers[name]))


def apply_spatial(graph: Graph, stages: Stages, value: float) -> None:
    """Set the rate of all SpatialDropout layers, in the graph.

    Where there are none and the rate is not 0, one is put behind each convolutional segment.
    """
    if _set(graph, SPATIAL, value) or not value:
        return
    for segment in _ends(graph, stages, "conv"):
        name = segment.layers[-1]
        layer = _spatial(graph.kind(segment.layers[0]), value, graph.fresh_name(f"{name}_dropout"))
        graph.insert_after(name, entry(layer, graph.layers[name]))


def _shared(graph: Graph, layers: Collection[str], places: Collection[Any]) -> float | None:
    rates = {float(made["config"]["rate"]) for made in graph.layers.values() if kinds.kind(made) in layers}
    if not rates:
        return 0.0 if places else None
    return rates.pop() if len(rates) == 1 else None


def _set(graph: Graph, layers: Collection[str], value: float) -> bool:
    """Set the rate of all layers of some kinds; say whether there are any."""
    written = [made for made in graph.layers.values() if kinds.kind(made) in layers]
    for made in written:
        made["config"]["rate"] = value
    return bool(written)


def _spatial(convolution: str, value: float, name: str) -> keras.layers.Layer:
    if "1D" in convolution:
        return keras.layers.SpatialDropout1D(value, name=name)
    kind = keras.layers.SpatialDropout2D if "2D" in convolution else keras.layers.SpatialDropout3D
    return kind(value, data_format="channels_last", name=name)  # a stage's convolutions have no other


def _ends(graph: Graph, stages: Stages, kind: Literal["dense", "conv"]) -> list[Segment]:
    """Return the segments of a kind behind which a layer may go; none that drops something already."""
    closed = {
        read.ref[0] for call in graph.calls() if graph.kind(call.layer) in BEFORE for read in call.inputs
    }
    known = {"dense": kinds.MAPPINGS | kinds.WRAPPERS, "conv": kinds.CONVOLUTIONS}[kind]
    return [
        segment
        for segments in stages.values()
        for segment in segments
        if segment.kind == kind
        and graph.kind(segment.layers[0]) in known
        and segment.layers[-1] not in closed
        and not any(graph.kind(name) in EVERY for name in segment.layers)
    ]


def _dense_heads(graph: Graph) -> list[str]:
    ends, simple = heads(graph), {call.layer: call for call in graph.calls() if call.simple}
    return [
        name
        for name in graph.layers
        if name in ends
        and name in simple
        and graph.kind(name) in kinds.DENSE
        and graph.kind(simple[name].inputs[0].ref[0]) not in EVERY
    ]
