"""Pooling: how a model goes from an image or a sequence to the vector that its Dense layers read."""

from collections.abc import Collection, Iterator, Mapping
from math import prod
from typing import Any

import keras

from autoopt.surgery import kinds
from autoopt.surgery.graph import Graph
from autoopt.surgery.insertion import exchange
from autoopt.surgery.wiring import Wiring, reached, wiring

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


def values(wired: Wiring, removable: Collection[str]) -> tuple[str, ...]:
    """Return the heads that would change something; none where the model has no one such place.

    Args:
        wired: Of the whole model.
        removable: Layers that other edits may take out, with the pooling that follows them.
    """
    place = _place(wired)
    if place is None:
        return ()
    rank = len(wired.input_shape(place))
    others = [value for value in POOLINGS if _class(value, rank) != wired.kind(place)]
    return tuple(value for value in others if value != "flatten" or _flattens(wired, place, removable))


def apply(graph: Graph, value: str) -> None:
    """Set the pooling head, in the graph.

    Args:
        graph: Is changed.
        value: One of `POOLINGS`.
    """
    wired = wiring(graph)
    place = _place(wired)
    if place is not None:
        kind = getattr(keras.layers, _class(value, len(wired.input_shape(place))))
        exchange(graph, place, kind(name=graph.fresh_name(f"{place}_{value}")))


def _class(value: str, rank: int) -> str:
    return f"{PREFIXES[value]}{rank - 2}D" if value in PREFIXES else "Flatten"


def _place(wired: Wiring) -> str | None:
    """Return the one layer that makes a vector of the image or sequence that everything goes through."""
    if any(config.get("mask_zero") or kind == "Masking" for kind, config in _configs(wired)):
        return None
    heads = [name for name in wired.free if wired.kind(name) in HEADS]
    places = [name for name in heads if len(wired.input_shape(name)) in RANKS]
    if len(places) != 1:
        return None
    config = wired.entries[places[0]]["config"]
    plain = config.get("data_format") != "channels_first" and not config.get("keepdims")
    return places[0] if plain and _dense(wired, places[0]) and _is_main(wired, places[0]) else None


def _configs(wired: Wiring) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, entry in wired.entries.items():
        yield wired.kind(name), entry["config"]


def _dense(wired: Wiring, place: str) -> list[str]:
    """Return the Dense layers that read what a head makes; none where something else does."""
    waiting, found = [place], list[str]()
    while waiting:
        calls = wired.readers[waiting.pop()]
        for call in calls:
            across = wired.kind(call.layer) in ACROSS and call.simple
            if wired.kind(call.layer) in kinds.DENSE:
                found.append(call.layer)
            elif across and not wired.entries[call.layer]["config"].get("noise_shape"):
                waiting.append(call.layer)
            else:
                return []
    return found


def _is_main(wired: Wiring, place: str) -> bool:
    """Whether no output is reached around a layer, and layers with weights lie before it: no raw input."""
    around = reached(wired.calls, wired.outputs, frozenset({place}))
    before = reached(wired.calls, [(place, 0)])
    return not any(wired.kind(name) == "InputLayer" for name, _ in around) and any(
        wired.kind(name) in kinds.MAPPINGS for name, _ in before
    )


def _flattens(wired: Wiring, place: str, removable: Collection[str]) -> bool:
    """Whether no Dense kernel behind a flattened image would have more weights than `LARGE_KERNEL`.

    Pooling goes with the layers that are taken out: the image may be as large as the first of these reads it.
    """
    shape = wired.input_shape(place)
    read = [
        tensor.shape for call in wired.calls.values() if call.layer in removable for tensor in call.inputs
    ]
    images = [shape, *(image for image in read if len(image) == len(shape))]
    if None in shape[1:] or any(None in image[1:-1] for image in images):
        return False
    largest = max(prod(length or 1 for length in image[1:-1]) for image in images)
    units = max(wired.entries[name]["config"]["units"] for name in _dense(wired, place))
    return bool(largest * (shape[-1] or 1) * units <= LARGE_KERNEL)
