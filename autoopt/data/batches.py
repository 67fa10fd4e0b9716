"""Deferred rows as Keras takes them: batches that several threads read and prepare while a model trains."""

import math
import os
from typing import Any

import keras
import numpy as np

from autoopt.data.deferred import Deferred

MOST_THREADS = 4


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """One pass over rows.

    Args:
        source: The rows.
        size: Examples a batch; the last has what is left.
        order: Numbers of the rows, in the order in which they come.
    """

    def __init__(self, source: Deferred, size: int, order: np.ndarray) -> None:
        threads = min(MOST_THREADS, os.cpu_count() or 1)
        super().__init__(workers=threads, use_multiprocessing=False, max_queue_size=2 * threads)
        self._source, self._size, self._order = source, size, order

    @property
    def num_batches(self) -> int:
        """Batches of the pass."""
        return math.ceil(len(self._order) / self._size)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._source.prepared(self._order[index * self._size : (index + 1) * self._size])
