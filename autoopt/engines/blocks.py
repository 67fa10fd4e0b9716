"""Blocks: rows that do not fit into memory as programs take them, the steps of many batches at a time."""

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.data import Part, Stream
from autoopt.engines.program import evaluation_batch, examples

Placing = Callable[[Any], Any]
"""Puts arrays where programs read them."""


def block_rows(train: Stream, size: int) -> int:
    """Return how many rows a block has: as many whole batches of a size as are read at once, one at least."""
    return size * max(1, min(train.at_once, train.n or 0) // size)


@dataclass(frozen=True, eq=False)
class Blocks:
    """The blocks of a part that trains.

    Attributes:
        part: It.
        class_weight: Class to weight, or None.
        place: Puts them where programs read them.
    """

    part: Stream
    class_weight: Mapping[int, float] | None
    place: Placing

    def each(self, order: np.ndarray, rows: int) -> contextlib.closing[Generator[Any, None, None]]:
        """Return what yields each block and how many of its rows are of use, in an order; it is closed at the end.

        All blocks have as many rows, so that nothing is compiled for the last one alone: behind its own are zeros.
        """
        return contextlib.closing(self.part.blocks(order, rows, lambda some: self._made(some, rows)))

    def _made(self, some: Part, rows: int) -> tuple[Any, int]:
        filled = keras.tree.map_structure(
            lambda array: _filled(array, rows), examples(some, self.class_weight)
        )
        return self.place(filled), some.n


@dataclass(frozen=True, eq=False)
class Passes:
    """A part that validates, of which each pass is read anew, batch by batch.

    Attributes:
        part: It.
        place: Puts batches where programs read them.
        form: Some of its rows, as `examples` has them.
    """

    part: Stream
    place: Placing
    form: Any

    @classmethod
    def of(cls, part: Stream, place: Placing) -> "Passes":
        """Return the passes of a part."""
        return cls(part, place, examples(part.first()))

    @property
    def size(self) -> int:
        """Rows of a batch."""
        return evaluation_batch(self.form[0])

    @property
    def sizes(self) -> list[int]:
        """Each number of rows that a batch has."""
        full, rest = divmod(self.part.n or 0, self.size)
        return [self.size] * (full > 0) + [rest] * (rest > 0)

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches of a pass, placed."""
        order = np.arange(self.part.n or 0)
        yield from self.part.blocks(order, self.size, lambda some: self.place(examples(some)))


def _filled(array: np.ndarray, rows: int) -> np.ndarray:
    """Return an array of so many rows: its own, and zeros behind."""
    if len(array) == rows:
        return array
    found = np.zeros((rows, *array.shape[1:]), array.dtype)
    found[: len(array)] = array
    return found
