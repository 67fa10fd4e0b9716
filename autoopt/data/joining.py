"""Joining: two parts as one, for whoever learns from more than trials did."""

from typing import Any

import numpy as np

from autoopt.data.nested import mapped
from autoopt.data.parts import Part


def joined(one: Part, other: Part) -> Part:
    """Return the examples of both parts, the first one's before; where one has no weights, its examples count 1."""
    return Part(
        _both(one.x, other.x), _both(one.y, other.y), _both(_weights(one, other), _weights(other, one))
    )


def _both(one: Any, other: Any) -> Any:
    return mapped(lambda first, second: np.concatenate([first, second]), one, other)


def _weights(part: Part, like: Part) -> Any:
    """Return a part's weights: ones, nested as those of the other part, where it has none and the other one does."""
    if part.sample_weight is not None:
        return part.sample_weight
    return mapped(lambda array: np.ones((part.n, *array.shape[1:]), array.dtype), like.sample_weight)
