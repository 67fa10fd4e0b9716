"""Parts of the data: arrays in memory, or batches that are read one after the other."""

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autoopt.data import deferred, factory, streams
from autoopt.data.deferred import Deferred
from autoopt.data.nested import leaves, mapped, rows

Progress = Callable[[int, int], None]
"""Is told how much is done, of how much; in bytes, rows or files."""

DEFAULT_BATCH_SIZE = 32
"""Keras's own."""


@dataclass(frozen=True, eq=False)
class Part:
    """Arrays in memory: numpy arrays, or dicts and tuples of them, one row per example."""

    x: Any
    y: Any
    sample_weight: Any = None

    @property
    def n(self) -> int:
        """Number of examples."""
        return rows(self.x)

    @property
    def nbytes(self) -> int:
        """Bytes that all of it takes."""
        return sum(
            array.nbytes for each in (self.x, self.y, self.sample_weight) for _, array in leaves(each, "")
        )

    def steps(self, batch_size: int | None) -> int:
        """Return the batches of one pass, the last shorter one included; None takes Keras's own size."""
        return math.ceil(self.n / (batch_size or DEFAULT_BATCH_SIZE))

    def take(self, indices: np.ndarray) -> "Part":
        """Return a Part of the rows at `indices`, in their order."""
        return self._of(lambda array: array[indices])

    def between(self, first: int, end: int) -> "Part":
        """Return a Part of the rows from `first` to before `end`: a view, which takes no memory."""
        return self._of(lambda array: array[first:end])

    def batches(self, size: int) -> Iterator["Part"]:
        """Yield the rows in their order, `size` at a time."""
        for first in range(0, self.n, size):
            yield self.between(first, min(first + size, self.n))

    def _of(self, some: Callable[[np.ndarray], np.ndarray]) -> "Part":
        return Part(*(mapped(some, each) for each in (self.x, self.y, self.sample_weight)))


@dataclass(frozen=True, eq=False)
class Stream:
    """Data that is read batch by batch.

    Attributes:
        source: A `tf.data.Dataset`, `keras.utils.PyDataset` or torch `DataLoader` as the user wrote it, a function that
            makes one of a batch size, or raw rows that are prepared batch by batch.
        n: Examples in one pass, None where that is not known.
    """

    source: Any
    n: int | None

    @property
    def sized(self) -> bool:
        """Whether it comes in batches of any size that is asked for."""
        return self.ordered or factory.recognizes(self.source)

    @property
    def ordered(self) -> bool:
        """Whether its examples come in any order that is asked for."""
        return isinstance(self.source, Deferred)

    @property
    def y(self) -> Any:
        """All labels, where they are known without a pass; else None."""
        return self.source.raw.y if isinstance(self.source, Deferred) else None

    def epoch(self, batch_size: int | None, order: np.ndarray) -> Any:
        """Return what Keras's `fit` takes, the examples in an order; only where it is `ordered`."""
        assert isinstance(self.source, Deferred)
        return deferred.batched(self.source, batch_size, order)

    def shuffled(self, chance: np.random.Generator) -> np.ndarray:
        """Return an order of the examples, as their source is read best; only where it is `ordered`."""
        assert isinstance(self.source, Deferred)
        return self.source.shuffled(chance)

    def blocks(
        self, order: np.ndarray, count: int, then: Callable[[Part], Any]
    ) -> Generator[Any, None, None]:
        """Yield what is made of so many examples at a time, in an order; only where it is `ordered`.

        The next are read and made meanwhile, in other threads.
        """
        assert isinstance(self.source, Deferred)
        return self.source.blocks(order, count, lambda some: then(Part(*some)))

    @property
    def at_once(self) -> int:
        """How many examples are read at once; only where it is `ordered`."""
        assert isinstance(self.source, Deferred)
        return self.source.at_once

    @property
    def usual_size(self) -> int:
        """Examples a batch of what is sized, where none are asked for."""
        return factory.usual_size(self.source)

    def batched(self, batch_size: int | None) -> Any:
        """Return what Keras's `fit` takes; a `tf.data.Dataset` is rebatched when a size is given.

        Raises:
            DataError: A size is given and the source makes its own batches.
        """
        form = streams.format_of(self.source)
        return self.source if form is None else form.batched(self.source, batch_size)

    def steps(self, batch_size: int | None) -> int:
        """Return the batches of one pass; where the source does not know, one pass is made to count them."""
        return self._own_steps if batch_size is None else streams.steps(self.batched(batch_size))

    @cached_property
    def _own_steps(self) -> int:
        return streams.steps(self.batched(None))

    def first(self) -> Part:
        """Return the first batch as arrays: what shapes and labels can be seen without a whole pass."""
        return Part(*streams.first(self.source))

    def batches(self) -> Iterator[Part]:
        """Yield the batches of one pass as arrays."""
        for batch in streams.arrays(self.source):
            yield Part(*batch)
