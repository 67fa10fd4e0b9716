"""Pooling: how a model goes from an image or a sequence to the vector that its Dense layers read."""

from collections.abc import Collection
from math import prod

import keras

from autoopt.surgery import kinds
from autoopt.surgery.graph import Call, Graph, Tensor
from autoopt.surgery.insertion import exchange, simple
from autoopt.surgery.reserved import readers, reserved

PREFIXES = {"average": "GlobalAveragePooling", "max": "GlobalMaxPooling"}
POOLINGS = ("flatten", *PREFIXES)

RANKS = (3, 4, 5)
"""Axes of what a head reads: the batch, one to three of an image or a sequence, channels."""

HEADS = kinds.GLOBAL_POOLINGS | {"Flatten"}
ACROSS = (
    kinds.DROPOUTS | kinds.ACTIVATIONS | {"BatchNormalization", "LayerNormalization"}
) - {"PReLU"}  # fmt: skip
"""What may stand between the head and the Dense layers: it takes a vector of any length."""

LARGE_KERNEL = 2**24
"""Most weights of a Dense kernel that flattening may make."""


def values(graph: Graph, removable: Collection[str]) -> tuple[str, ...]:
    """Return the heads that would change something; none where the model has no one such place.

    Args:
        graph: Of the whole model.
        removable: Layers that other edits may take out, with the pooling that follows them.
    """
    place = _place(graph)
    if place is None:
        return ()
    kind, read = graph.kind(place), graph.input_of(place)
    others = [value for value in POOLINGS if _class(value, read) != kind]
    return tuple(value for value in others if value != "flatten" or _flattens(graph, place, removable))


def apply(graph: Graph, value: str) -> None:
    """Set the pooling head, in the graph, where it has one.

    Args:
        graph: Is changed.
        value: One of `POOLINGS`.
    """
    place = _place(graph)
    if place is not None:
        kind = getattr(keras.layers, _class(value, graph.input_of(place)))
        exchange(graph, place, kind(name=graph.fresh_name(f"{place}_{value}")))


def _class(value: str, read: Tensor) -> str:
    return f"{PREFIXES[value]}{len(read.shape) - 2}D" if value in PREFIXES else "Flatten"


def _place(graph: Graph) -> str | None:
    """Return the one layer on the model's only path that makes a vector for Dense layers, if there is one."""
    entries, closed = graph.layers, reserved(graph)
    if any(entry["config"].get("mask_zero") or kinds.kind(entry) == "Masking" for entry in entries.values()):
        return None
    heads = [name for name, entry in entries.items() if kinds.kind(entry) in HEADS]
    once = simple(graph, heads) - closed
    places = [name for name in heads if name in once and len(graph.input_of(name).shape) in RANKS]
    if len(places) != 1:
        return None
    (place,) = places
    config = entries[place]["config"]
    plain = config.get("data_format") != "channels_first" and not config.get("keepdims")
    fits = plain and _dense(graph, place) and _is_on_every_path(graph, place)
    return place if fits and _is_learnt(graph, place) else None


def _dense(graph: Graph, place: str) -> list[str]:
    """Return the Dense layers that read what a head makes; none where something else does."""
    reads, waiting, found = readers(graph), [place], list[str]()
    while waiting:
        calls = reads[waiting.pop()]
        if not calls:
            return []
        for call in calls:
            kind, config = graph.kind(call.layer), graph.layers[call.layer]["config"]
            if kind in kinds.DENSE:
                found.append(call.layer)
            elif kind in ACROSS and call.simple and not config.get("noise_shape"):
                waiting.append(call.layer)
            else:
                return []
    return found


def _is_on_every_path(graph: Graph, place: str) -> bool:
    """Whether no output is reached from an input around a layer."""
    calls = {(call.layer, call.node): call for call in graph.calls()}
    waiting, seen = [ref[:2] for ref in graph.outputs], {(place, 0)}
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        if graph.kind(key[0]) == "InputLayer":
            return False
        waiting += [read.ref[:2] for read in calls[key].inputs]
    return True


def _is_learnt(graph: Graph, place: str) -> bool:
    """Whether a layer with weights lies before the head: what is pooled is no raw input."""
    calls = {(call.layer, call.node): call for call in graph.calls()}
    waiting = [graph.input_of(place).ref[:2]]
    while waiting:
        key = waiting.pop()
        if graph.kind(key[0]) in kinds.MAPPINGS:
            return True
        waiting += [read.ref[:2] for read in calls[key].inputs]
    return False


def _flattens(graph: Graph, place: str, removable: Collection[str]) -> bool:
    """Whether no Dense kernel behind a flattened image would have more weights than `LARGE_KERNEL`.

    Pooling goes with the layers that are taken out: the image may be as large as the first of these reads it.
    """
    shape = graph.input_of(place).shape
    images = [
        shape,
        *(read.shape for read in _reads(graph.calls(), removable) if len(read.shape) == len(shape)),
    ]
    sizes = [image[1:-1] for image in images]
    if any(length is None for size in (*sizes, shape[-1:]) for length in size):
        return False
    largest = max(prod(length or 1 for length in size) for size in sizes)
    units = max(graph.layers[name]["config"]["units"] for name in _dense(graph, place))
    return largest * (shape[-1] or 1) * units <= LARGE_KERNEL


def _reads(calls: Collection[Call], layers: Collection[str]) -> list[Tensor]:
    return [read for call in calls if call.layer in layers for read in call.inputs]
