"""Raw rows too large to be prepared at once: each batch is read and prepared when it is needed. Users pass no such thing."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autoopt.errors import DataError
from autoopt.schema import Raw

if TYPE_CHECKING:
    from autoopt.preparing import Preparation

NAME = "rows that are prepared batch by batch"
SEEDED = True
USUAL_SIZE = 256
"""Examples a batch where none are asked for: nothing is trained in these."""

SMALL, MOST = 2**20, 1_024
"""Bytes and rows that one thread prepares at once."""

FEW = 32
"""Examples that stand for all where shapes and labels are looked at."""


@dataclass(frozen=True, eq=False)
class Deferred:
    """Rows with labels, and what makes arrays of them.

    Attributes:
        raw: The rows, which may be `Stored`.
        preparation: Fitted on those that train.
    """

    raw: Raw
    preparation: "Preparation"

    def prepared(self, rows: np.ndarray) -> tuple[Any, Any]:
        """Return x and y of some rows; called from several threads at once."""
        some = self.raw.take(rows)
        return self.preparation.arrays(some), some.y

    @property
    def nbytes(self) -> int:
        """Bytes that all of it takes as arrays."""
        return self.raw.n * self.preparation.row_bytes

    @property
    def at_once(self) -> int:
        """Rows that one thread may prepare at once: one of what takes longer to open, for others to open theirs meanwhile."""
        if self.raw.schema.modality in ("image", "audio"):
            return 1
        row = sum(math.prod(each.shape[1:]) * each.dtype.itemsize for each in self.raw.x.values())
        return int(np.clip(SMALL // max(row, 1), 1, MOST))

    def few(self) -> tuple[Any, Any]:
        """Return x and y of a few rows, far apart: folders come class by class."""
        count = min(self.raw.n, FEW)
        return self.prepared(np.linspace(0, self.raw.n - 1, count).astype(int))


def recognizes(value: Any) -> bool:
    """Say whether `value` is of this format."""
    return isinstance(value, Deferred)


def check(source: Deferred) -> None:
    """Return: it was checked when it was read."""


def size(source: Deferred) -> int:
    """Return the number of rows."""
    return source.raw.n


def steps(source: Deferred) -> int:
    """Return the number of batches of the usual size."""
    return math.ceil(source.raw.n / USUAL_SIZE)


def batches(source: Deferred, seed: int | None) -> Iterator[tuple[Any, Any]]:
    """Yield one pass of batches, in the order of the rows."""
    for first in range(0, source.raw.n, USUAL_SIZE):
        yield source.prepared(np.arange(first, min(first + USUAL_SIZE, source.raw.n)))


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
    return Batches(source, batch_size or USUAL_SIZE, np.arange(source.raw.n) if order is None else order)
