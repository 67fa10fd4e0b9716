"""Units: of which unit of a trained parent each unit of its child is a copy, and what becomes of arrays then.

Net2Wider (Chen, Goodfellow & Shlens 2016, arXiv 1511.05641, section 2.2): whoever reads units that are there
several times divides their weights among the copies.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Place = tuple[str, int]
"""A call: the layer's name and the index among its calls."""

SPREAD = 0.5
"""How far the weights of the copies of a unit lie apart, as a share: equal copies would learn as one."""


class Unfit(Exception):
    """The parent's weights do not fit: nothing is known of these units, or other axes differ."""


@dataclass(frozen=True, eq=False)
class Units:
    """The last axis of a tensor of the child, unit by unit.

    Attributes:
        place: The parent's call whose result the tensor stands for.
        source: The parent's unit that each unit is a copy of; None where they are the parent's, one by one.
        exact: Whether the tensor has the very values of the parent's, copy by copy, when nothing trains.
        low: No value lies below.
        high: No value lies above.
    """

    place: Place
    source: Array | None = None
    exact: bool = True
    low: float = -math.inf
    high: float = math.inf

    @property
    def balanced(self) -> bool:
        """Whether each of the parent's units is there equally often, so that mean and variance stay."""
        return self.source is None or len(set(np.bincount(self.source).tolist())) == 1

    def inexact(self) -> "Units":
        """Return the same units with values that are not the parent's."""
        return replace(self, exact=False)


def chosen(width: int, wider: int, random: np.random.Generator) -> Array | None:
    """Choose the parent's units for a layer of another width: the first ones, or all of them and copies.

    Copies are drawn without replacement as long as that goes, so that a whole multiple has each unit equally
    often, which layer normalization needs; the paper draws with replacement.

    Args:
        width: The parent's.
        wider: The child's; it may be narrower, too.
        random: Where copies are drawn from.

    Returns:
        None where the widths are equal.
    """
    if width == wider:
        return None
    rounds = [np.arange(width), *(random.permutation(width) for _ in range((wider - 1) // width))]
    return np.concatenate(rounds)[:wider]


def taken(array: Array, source: Array | None, axis: int = -1) -> Array:
    """Return the parts of an axis that belong to the units."""
    if source is None:
        return array
    if not array.ndim or source.max() >= array.shape[axis]:
        raise Unfit
    return np.take(array, source, axis)


def divided(array: Array, source: Array | None, axis: int, random: np.random.Generator) -> Array:
    """Return the weights that read the units: the copies of one share what the parent's had, unequally.

    With c copies each has the share (1 + r) / c, where the r of the copies of one weight add up to 0.
    """
    if source is None:
        return array
    rows = np.moveaxis(taken(array, source, axis), axis, 0)
    copies = np.bincount(source)[source].reshape(-1, *[1] * (rows.ndim - 1))
    apart = random.uniform(-SPREAD, SPREAD, rows.shape)
    sums = np.zeros((source.max() + 1, *rows.shape[1:]))
    np.add.at(sums, source, apart)
    shares = (1 + apart - sums[source] / copies) / copies
    return np.moveaxis(rows * shares, 0, axis)


def flattened(source: Array, width: int, places: int) -> Array:
    """Return the units of an image once it is flattened: `places` times `width` units of the parent."""
    return (np.arange(places)[:, None] * width + source).reshape(-1)
