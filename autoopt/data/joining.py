"""Joining: two parts as one, for whoever learns from more than trials did."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autoopt.data.deferred import Deferred
from autoopt.data.nested import mapped
from autoopt.data.parts import Part, Stream
from autoopt.schema import Stored


@dataclass(frozen=True, eq=False)
class Chained:
    """Reads rows of two columns of which one or both stay in their files, the second behind the first."""

    first: Any
    second: Any

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the values of some rows."""
        of_first = rows < len(self.first)
        found = np.empty((len(rows), *self.first.shape[1:]), self.first.dtype)
        found[of_first] = np.asarray(self.first[rows[of_first]])
        found[~of_first] = np.asarray(self.second[rows[~of_first] - len(self.first)])
        return found


def joined(one: Part | Stream, other: Part | Stream) -> Part | Stream | None:
    """Return the examples of both parts, the first one's before; where one has no weights, its examples count 1.

    Returns:
        None where they come in batches of the user's own, which nobody can join.
    """
    if isinstance(one, Part) and isinstance(other, Part):
        return Part(
            _both(one.x, other.x), _both(one.y, other.y), _both(_weights(one, other), _weights(other, one))
        )
    sources = [part.source for part in (one, other) if isinstance(part, Stream)]
    deferred = [each for each in sources if isinstance(each, Deferred)]
    return _one_after_the_other(*deferred) if len(deferred) == 2 else None


def _one_after_the_other(one: Deferred, other: Deferred) -> Stream:
    x = {name: _chained(values, other.raw.x[name]) for name, values in one.raw.x.items()}
    raw = replace(one.raw, x=x, y=_both(one.raw.y, other.raw.y), names=(), table=None)
    both = one.kept is not None and other.kept is not None
    kept = mapped(_chained, one.kept, other.kept) if both else None
    found = replace(one, raw=raw, kept=kept)
    return Stream(found, found.n)


def _chained(first: Any, second: Any) -> Any:
    if not isinstance(first, Stored) and not isinstance(second, Stored):
        return np.concatenate([first, second])
    rows = np.arange(len(first) + len(second))
    opened = any(isinstance(each, Stored) and each.opened for each in (first, second))
    return Stored(Chained(first, second), rows, tuple(first.shape[1:]), first.dtype, opened)


def _both(one: Any, other: Any) -> Any:
    return mapped(lambda first, second: np.concatenate([first, second]), one, other)


def _weights(part: Part, like: Part) -> Any:
    """Return a part's weights: ones, nested as those of the other part, where it has none and the other one does."""
    if part.sample_weight is not None:
        return part.sample_weight
    return mapped(lambda array: np.ones((part.n, *array.shape[1:]), array.dtype), like.sample_weight)
