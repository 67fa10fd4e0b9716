"""Raw rows too large to be prepared at once: they lie on disk as arrays, or are prepared when they are needed. Users pass no such thing."""

import math
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autoopt.data.nested import mapped
from autoopt.errors import DataError
from autoopt.schema import Raw, Stored

if TYPE_CHECKING:
    from autoopt.preparing import Preparation

NAME = "rows that are prepared batch by batch"
SEEDED = True
USUAL_SIZE = 256
"""Examples a batch where none are asked for: nothing is trained in these."""

MOST_BYTES, MOST_ROWS = 2**25, 8_192
"""Of what is read at once."""

MOST_THREADS = 4
"""Of which each prepares rows that others do not."""

SCATTERED = 2**30
"""Bytes of which single rows are read in any order: any machine's cache of files holds them."""

RUN, RUNS = 2**18, 256
"""Of more than that: bytes of rows that are read one after the other, and how many such runs are mixed."""

FEW = 32
"""Examples that stand for all where shapes and labels are looked at."""


@dataclass(frozen=True, eq=False)
class Deferred:
    """Rows with labels, and what makes arrays of them.

    Attributes:
        raw: The rows with their labels; columns may be `Stored`, and are not needed where the rows are kept.
        preparation: Fitted on those that train.
        kept: What the preparation made of all rows, as `Stored`; None where it is made anew whenever rows are needed.
    """

    raw: Raw
    preparation: "Preparation"
    kept: Any = None

    def prepared(self, rows: np.ndarray) -> tuple[Any, Any]:
        """Return x and y of some rows; called from several threads at once."""
        if self.kept is not None:
            y = None if self.raw.y is None else self.raw.y[rows]
            return mapped(lambda values: np.asarray(values[rows]), self.kept), y
        some = self.raw.take(rows)
        return self.preparation.arrays(some), some.y

    @property
    def n(self) -> int:
        """How many rows there are."""
        return self.raw.n if self.kept is None or self.raw.y is None else len(self.raw.y)

    @property
    def nbytes(self) -> int:
        """Bytes that all of it takes as arrays."""
        return self.n * self.preparation.row_bytes

    @property
    def at_once(self) -> int:
        """Rows that one thread may prepare at once: one of what has to be opened, for others to open theirs meanwhile."""
        if self._is_opened:
            return 1
        row = sum(math.prod(each.shape[1:]) * each.dtype.itemsize for each in self.raw.x.values())
        return int(np.clip(MOST_BYTES // max(row, self.preparation.row_bytes, 1), 1, MOST_ROWS))

    @property
    def threads(self) -> int:
        """How many threads it is worth preparing in: what lies there as arrays is the work of one."""
        is_there = self.kept is not None or (self.raw.schema.modality == "image" and not self._is_opened)
        return 1 if is_there else min(MOST_THREADS, os.cpu_count() or 1)

    @property
    def _is_opened(self) -> bool:
        """Whether each row is a file that has to be opened."""
        stored = [each for each in self.raw.x.values() if isinstance(each, Stored)]
        return self.kept is None and any(each.opened for each in stored)

    def blocks(self, order: np.ndarray, count: int, then: Callable[[Any], Any]) -> Generator[Any, None, None]:
        """Yield x and y of rows in an order, so many at a time; threads prepare the next while who asks is busy.

        Args:
            order: Numbers of the rows.
            count: How many rows at a time; the last are what is left.
            then: What is made of them, in these threads.
        """
        waiting: deque[Future[Any]] = deque()
        with ThreadPoolExecutor(self.threads, thread_name_prefix="autoopt-rows") as threads:
            try:
                for first in range(0, len(order), count):
                    rows = order[first : first + count]
                    waiting.append(threads.submit(lambda rows: then(self.prepared(rows)), rows))
                    if len(waiting) > self.threads:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for each in waiting:
                    each.cancel()

    def shuffled(self, chance: np.random.Generator) -> np.ndarray:
        """Return the numbers of the rows in an order for an epoch, in runs where all of them are large; data alone decides."""
        run = 1 if self.nbytes <= SCATTERED else RUN // max(self.preparation.row_bytes, 1)
        return chance.permutation(self.n) if run <= 1 else in_runs(self.n, run, RUNS, chance)

    def few(self) -> tuple[Any, Any]:
        """Return x and y of a few rows, far apart: folders come class by class."""
        count = min(self.n, FEW)
        return self.prepared(np.linspace(0, self.n - 1, count).astype(int))


def in_runs(n: int, run: int, runs: int, chance: np.random.Generator) -> np.ndarray:
    """Return the numbers of rows in an order that a disk reads in long pieces: runs are shuffled, then the rows of some at a time.

    Args:
        n: How many rows there are.
        run: Rows that lie beside each other and stay near each other.
        runs: How many of these are mixed.
        chance: What draws the order.

    Example:
        >>> order = in_runs(6, 2, 1, np.random.default_rng(0)).tolist()
        >>> sorted(order), abs(order.index(0) - order.index(1))
        ([0, 1, 2, 3, 4, 5], 1)
    """
    order = (chance.permutation(math.ceil(n / run))[:, None] * run + np.arange(run)).reshape(-1)
    order = order[order < n]
    for first in range(0, n, run * runs):
        chance.shuffle(order[first : first + run * runs])
    return order


def recognizes(value: Any) -> bool:
    """Say whether `value` is of this format."""
    return isinstance(value, Deferred)


def check(source: Deferred) -> None:
    """Return: it was checked when it was read."""


def size(source: Deferred) -> int:
    """Return the number of rows."""
    return source.n


def steps(source: Deferred) -> int:
    """Return the number of batches of the usual size."""
    return math.ceil(source.n / USUAL_SIZE)


def batches(source: Deferred, seed: int | None) -> Iterator[tuple[Any, Any]]:
    """Yield one pass of batches, in the order of the rows."""
    for first in range(0, source.n, USUAL_SIZE):
        yield source.prepared(np.arange(first, min(first + USUAL_SIZE, source.n)))


def batched(source: Deferred, batch_size: int | None, order: np.ndarray | None = None) -> Any:
    """Return a `keras.utils.PyDataset`.

    Args:
        source: The rows.
        batch_size: Examples a batch; None for as many as fit what only evaluates.
        order: Numbers of the rows in the order of an epoch; None for their own.

    Raises:
        DataError: The size is none.
    """
    from autoopt.data.batches import Batches  # loads Keras, which a user's arrays may not need yet

    if batch_size is not None and batch_size < 1:
        raise DataError(f"batch_size={batch_size} was asked for. Expected a whole number from 1.")
    return Batches(source, batch_size or USUAL_SIZE, np.arange(source.n) if order is None else order)
