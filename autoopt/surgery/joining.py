"""Joining: the units of tensors that are flattened or put together. No weights here."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autoopt.surgery import kinds
from autoopt.surgery.net import Shape
from autoopt.surgery.ranges import EVERYTHING, POSITIVE, Range
from autoopt.surgery.units import Array, Unfit, Units, flattened
from autoopt.surgery.width import CONCATENATIONS

KINDS = kinds.MERGES | CONCATENATIONS | {"Flatten"}


def source(
    kind: str,
    config: Mapping[str, Any],
    read: Sequence[Units],
    parent: Sequence[Shape],
    child: Sequence[Shape],
) -> Array | None:
    """Return the units of the result, as `Units.source`.

    Args:
        kind: One of `KINDS`.
        config: The layer's.
        read: What it is given.
        parent: Shapes of what the parent's layer is given.
        child: Shapes of what the child's is given.

    Raises:
        Unfit: They cannot be told.
    """
    if not len(read) == len(parent) == len(child):
        raise Unfit
    rank = len(child[0])
    if kind == "Flatten" and rank > 2:
        return _flat(read[0].source, parent[0], child[0])
    if kind in CONCATENATIONS and config["axis"] in (-1, rank - 1):
        return _side_by_side([each.source for each in read], parent)
    return _agreed([each.source for each in read])


def range_of(kind: str, read: Sequence[Units]) -> Range:
    """Return where the result's values lie."""
    if kind in CONCATENATIONS | {"Flatten"}:
        return min(each.low for each in read), max(each.high for each in read)
    # An operation of one tensor has a number beside it, of which nothing is known.
    falls = kind in {"Subtract", "ops.Subtract"} or len(read) == 1
    return POSITIVE if not falls and min(each.low for each in read) >= 0 else EVERYTHING


def _flat(units: Array | None, parent: Shape, child: Shape) -> Array | None:
    if parent[1:-1] != child[1:-1] or None in parent[1:]:
        raise Unfit
    if units is None:
        return None
    return flattened(units, int(parent[-1] or 1), math.prod(length or 1 for length in parent[1:-1]))


def _side_by_side(units: Sequence[Array | None], parent: Sequence[Shape]) -> Array | None:
    if all(each is None for each in units):
        return None
    widths = [int(shape[-1] or 1) for shape in parent]
    starts = np.cumsum([0, *widths])
    return np.concatenate(
        [
            start + (np.arange(width) if each is None else each)
            for start, width, each in zip(starts[:-1], widths, units, strict=True)
        ]
    )


def _agreed(units: Sequence[Array | None]) -> Array | None:
    first, *others = units
    if not all(_equal(first, other) for other in others):
        raise Unfit
    return first


def _equal(one: Array | None, other: Array | None) -> bool:
    return one is other if one is None or other is None else np.array_equal(one, other)
