"""Depth: the stages of a model, and how segments are repeated or taken out.

A segment is a hidden Dense or convolutional layer on the main chain, with what follows it up to the next;
a stage is a run of segments of one kind. Blocks, heads and what is not understood end a run.
"""

import copy
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from autoopt.surgery import kinds
from autoopt.surgery.graph import Entry, Graph, chain, heads
from autoopt.surgery.width import groups

ENDINGS = kinds.GLOBAL_POOLINGS | {"Flatten"}
PROVEN = kinds.DENSE | kinds.CONVOLUTIONS | kinds.FOLLOWERS | ENDINGS


@dataclass(frozen=True)
class Segment:
    """A weighted layer and the layers that belong to it, in order; the weighted one comes first."""

    kind: Literal["dense", "conv"]
    layers: tuple[str, ...]


Stages = dict[str, tuple[Segment, ...]]


def stages(graph: Graph) -> Stages:
    """Return the runs of hidden segments of one kind on the main chain, by the name of the stage."""
    ends = heads(graph)
    runs: list[list[Segment]] = [[]]
    for link in chain(graph):
        kind = "" if link is None or link in ends else graph.kind(link)
        run = runs[-1]
        if link and kind in kinds.DENSE | kinds.CONVOLUTIONS and not _channels_first(graph, link):
            segment = Segment("dense" if kind in kinds.DENSE else "conv", (link,))
            if run and run[-1].kind != segment.kind:
                runs.append([])
            runs[-1].append(segment)
        elif link and kind in kinds.FOLLOWERS and run:
            run[-1] = Segment(run[-1].kind, (*run[-1].layers, link))
        elif run:
            runs.append([])
    return _named([tuple(run) for run in runs if run])


def _channels_first(graph: Graph, name: str) -> bool:
    return bool(graph.layers[name]["config"].get("data_format") == "channels_first")


def _named(runs: list[tuple[Segment, ...]]) -> Stages:
    totals = {kind: sum(run[0].kind == kind for run in runs) for kind in ("dense", "conv")}
    named: Stages = {}
    counts = dict.fromkeys(totals, 0)
    for run in runs:
        kind = run[0].kind
        counts[kind] += 1
        named[kind if totals[kind] == 1 else f"{kind}_{counts[kind]}"] = run
    return named


def proven(graph: Graph) -> bool:
    """Say whether every depth and width is sure to build and to keep the shape of the output.

    That is a plain chain that ends in a Dense layer and loses its image axes on the way: taking layers
    out then only makes images larger, and everything else is built from the shape that it is given.
    """
    links = chain(graph)
    known = [graph.kind(link) if link else "" for link in links]
    if not set(known) <= PROVEN | {"InputLayer"} or any(
        graph.layers[link]["config"].get("groups", 1) > 1 for link in links if link
    ):
        return False
    if any(_channels_first(graph, link) for link in links if link):
        return False
    weighted = [at for at, kind in enumerate(known) if kind in kinds.KERNELS]
    images = [at for at in weighted if known[at] in kinds.CONVOLUTIONS]
    if not weighted or weighted[-1] in images:
        return False
    flat = len(graph.input_of(links[1] or "").shape) == 2
    return flat or any(kind in ENDINGS for kind in known[max(images, default=0) :])


def smallest(graph: Graph, segments: tuple[Segment, ...], limit: int) -> int:
    """Return the fewest segments for which no flattened image makes a kernel of more than `limit` weights.

    Pooling goes with the segment that it is in: VGG16 without its last two poolings would need
    a Dense kernel of 1.6 billion weights.
    """
    calls = graph.calls()
    order = [call.layer for call in calls]
    end = order.index(segments[-1].layers[-1])
    sizes = {read.ref: _size(read.shape) for call in calls for read in call.inputs}
    after = sizes[segments[-1].layers[-1], 0, 0]
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
        before = _size(graph.input_of(segments[depth - 1].layers[0]).shape)
        if kernel * before > limit * after:
            break
        depth -= 1
    return depth


def fitting(graph: Graph, segments: tuple[Segment, ...]) -> int:
    """Return the fewest segments that leave a width which the layers behind them can take.

    What is behind a segment that is tied to something else, such as the other side of an addition,
    can only take the width as written.
    """
    open_groups = groups(graph)
    after = next(
        read.shape[-1]
        for call in graph.calls()
        for read in call.inputs
        if read.ref[0] == segments[-1].layers[-1]
    )
    last = next((group for group in open_groups if segments[-1].layers[0] in group.layers), None)
    depth = len(segments)
    while depth > 1:
        gone = {segment.layers[0] for segment in segments[depth - 1 :]}
        free = last is not None and gone >= set(last.layers)
        if not free and graph.input_of(segments[depth - 1].layers[0]).shape[-1] != after:
            break
        depth -= 1
    return depth


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
        gone = [layer for segment in segments[wanted:] for layer in segment.layers]
        if gone:
            graph.remove(gone)
        copies = []
        end = segments[-1].layers[-1]
        for number in range(1, wanted - len(segments) + 1):
            copies.append(_repeat(graph, segments[-1], end, number))
            end = copies[-1].layers[-1]
        edited[name] = (*segments[:wanted], *copies)
    return edited


def _repeat(graph: Graph, segment: Segment, end: str, number: int) -> Segment:
    """Put a copy of a segment that keeps the shape behind layer `end`."""
    copied: list[str] = []
    for layer in segment.layers:
        if graph.kind(layer) in kinds.POOLINGS:
            continue
        entry = copy.deepcopy(graph.layers[layer])
        name = graph.fresh_name(f"{layer}_copy{number}")
        entry["name"] = entry["config"]["name"] = name
        _keep_shape(entry)
        _reseed(entry["config"], name)
        graph.insert_after(end, entry)
        copied.append(name)
        end = name
    return Segment(segment.kind, tuple(copied))


def _keep_shape(entry: Entry) -> None:
    config = entry["config"]
    if kinds.kind(entry) in kinds.CONVOLUTIONS:
        config["strides"] = [1] * len(config["kernel_size"])
        config["padding"] = "causal" if config["padding"] == "causal" else "same"
    if kinds.kind(entry) in kinds.DEPTHWISE:
        config["depth_multiplier"] = 1


def _reseed(value: Any, name: str) -> None:
    """Give a copy seeds of its own where the original has fixed ones: equal layers would learn as one."""
    if isinstance(value, dict):
        if isinstance(value.get("seed"), int):
            value["seed"] = zlib.crc32(f"{value['seed']} {name}".encode()) >> 1
        for part in value.values():
            _reseed(part, name)
