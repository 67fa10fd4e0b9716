"""Depth: how far a stage may go, and how its segments are repeated or taken out."""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any

from autoopt.surgery import kinds
from autoopt.surgery.graph import Entry, Graph
from autoopt.surgery.segments import chains
from autoopt.surgery.stages import Segment, Stages
from autoopt.surgery.width import adapts

ENDINGS = kinds.GLOBAL_POOLINGS | {"Flatten"}
PROVEN = kinds.DENSE | kinds.CONVOLUTIONS | kinds.FOLLOWERS | ENDINGS


def proven(graph: Graph) -> bool:
    """Say whether every depth and width is sure to build and to keep the shape of the output.

    That is a plain chain that ends in a Dense layer and loses its image axes on the way: taking layers
    out then only makes images larger, and everything else is built from the shape that it is given.
    """
    whole, *branches = chains(graph)
    layers = [piece.layer for piece in whole.pieces]
    if branches or not all(layers):
        return False
    known = [graph.kind(layer) for layer in layers]
    configs = [graph.layers[layer]["config"] for layer in layers]
    if not set(known) <= PROVEN or any(config.get("groups", 1) > 1 for config in configs):
        return False
    if any(config.get("data_format") == "channels_first" for config in configs):
        return False
    weighted = [at for at, kind in enumerate(known) if kind in kinds.KERNELS]
    images = [at for at in weighted if known[at] in kinds.CONVOLUTIONS]
    if not weighted or weighted[-1] in images:
        return False
    flat = len(graph.input_of(layers[0]).shape) == 2
    return flat or any(kind in ENDINGS for kind in known[max(images, default=0) :])


def smallest(graph: Graph, segments: tuple[Segment, ...], limit: int) -> int:
    """Return the fewest segments for which no flattened image makes a kernel of more than `limit` weights.

    Pooling goes with the segment that it is in: VGG16 without its last two poolings would need
    a Dense kernel of 1.6 billion weights.
    """
    calls = graph.calls()
    order = [call.layer for call in calls]
    end = order.index(segments[-1].exit[0])
    sizes = {read.ref: _size(read.shape) for call in calls for read in call.inputs}
    after = sizes[segments[-1].exit]
    flat = {
        call.layer: sizes[call.inputs[0].ref] for call in calls[end:] if graph.kind(call.layer) == "Flatten"
    }
    kernel = max(
        (
            flat[read.ref[0]] * graph.layers[call.layer]["config"]["units"]
            for call in calls
            for read in call.inputs
            if graph.kind(call.layer) in kinds.DENSE and read.ref[0] in flat
        ),
        default=0,
    )
    depth = len(segments)
    while depth > 1:
        before = _size(segments[depth - 1].entry.shape)
        if kernel * before > limit * after:
            break
        depth -= 1
    return depth


def fitting(graph: Graph, segments: tuple[Segment, ...]) -> int:
    """Return the fewest segments that leave a width which the layers behind them can take.

    What is behind a segment that is tied to something else, such as the other side of an addition,
    can only take the width as written.
    """
    after = next(
        read.shape[-1] for call in graph.calls() for read in call.inputs if read.ref == segments[-1].exit
    )
    depth = len(segments)
    while depth > 1:
        gone = {layer for segment in segments[depth - 1 :] for layer in segment.layers}
        if segments[depth - 1].entry.shape[-1] != after and not adapts(graph, segments[-1].exit, gone):
            break
        depth -= 1
    return depth


def resizes(graph: Graph, segments: tuple[Segment, ...]) -> bool:
    """Whether a segment that may be taken out makes images of another size: branches beside it then have to, too."""
    shapes = {read.ref: read.shape for call in graph.calls() for read in call.inputs}
    return any(shapes[segment.exit][:-1] != segment.entry.shape[:-1] for segment in segments[1:])


def _size(shape: tuple[int | None, ...]) -> int:
    return prod(length or 1 for length in shape[1:])


def apply(graph: Graph, written: Stages, depth: Mapping[str, int]) -> Stages:
    """Repeat or take out last segments, in the graph, and return the stages as they are then.

    Args:
        graph: Is changed.
        written: The stages of the graph.
        depth: Stage name to segments, at least 1.
    """
    edited: Stages = {}
    for name, segments in written.items():
        wanted = depth.get(name, len(segments))
        sequences = _returns(graph, segments[-1])
        # From the last one on: each reads what is still there.
        for segment in reversed(segments[wanted:]):
            graph.remove(segment.layers, segment.exit)
        numbers = range(1, wanted - len(segments) + 1)
        # Each goes right behind the written one: the first at last.
        copies = [_repeat(graph, segments[-1], number) for number in reversed(numbers)]
        edited[name] = (*segments[:wanted], *reversed(copies))
        if segments[0].kind == "recurrent" and wanted != len(segments):
            _hand_on_sequences(graph, edited[name], sequences)
    return edited


def _repeat(graph: Graph, segment: Segment, number: int) -> Segment:
    """Put a copy of a segment that keeps the shape behind it."""
    single = segment.kind not in ("block", "attention")
    poolings = [name for name in segment.layers if single and graph.kind(name) in kinds.POOLINGS]
    renamed = graph.repeat(segment.layers, segment.exit, number, poolings)
    for name in renamed.values():
        entry = graph.layers[name]
        if single:
            _keep_shape(entry)
        _reseed(entry["config"], name)
    layers = tuple(renamed.values())
    weighted = tuple(renamed[name] for name in segment.weighted)
    end = renamed.get(segment.exit[0], layers[-1])
    return replace(segment, layers=layers, weighted=weighted, exit=(end, *segment.exit[1:]))


def _returns(graph: Graph, segment: Segment) -> bool:
    """Whether the recurrent layer of a segment hands on a sequence."""
    configs = kinds.inner(graph.layers[segment.layers[0]])
    return any(config.get("return_sequences", False) for config in configs)


def _hand_on_sequences(graph: Graph, segments: tuple[Segment, ...], last: bool) -> None:
    """Have all but the last recurrent layer hand on sequences."""
    for segment in segments:
        for config in kinds.inner(graph.layers[segment.layers[0]]):
            config["return_sequences"] = last if segment is segments[-1] else True


def _keep_shape(entry: Entry) -> None:
    for config in kinds.inner(entry):
        if kinds.wrapped_kind(entry) in kinds.CONVOLUTIONS:
            config["strides"] = [1] * len(config["kernel_size"])
            config["padding"] = "causal" if config["padding"] == "causal" else "same"
        if kinds.wrapped_kind(entry) in kinds.DEPTHWISE:
            config["depth_multiplier"] = 1


def _reseed(value: Any, name: str) -> None:
    """Give a copy seeds of its own where the original has fixed ones: equal layers would learn as one."""
    if isinstance(value, dict):
        if isinstance(value.get("seed"), int):
            value["seed"] = zlib.crc32(f"{value['seed']} {name}".encode()) >> 1
        for part in value.values():
            _reseed(part, name)
