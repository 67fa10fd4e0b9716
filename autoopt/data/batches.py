"""Deferred rows as Keras takes them: batches that several threads read and prepare while a model trains."""

import math
import os
import threading
from typing import Any

import keras
import numpy as np

from autoopt.data.deferred import Deferred

MOST_THREADS = 4


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """One pass over rows. Batches of small rows are prepared several at a time: each time takes as long as the next.

    Args:
        source: The rows.
        size: Examples a batch; the last has what is left.
        order: Numbers of the rows, in the order in which they come.
    """

    def __init__(self, source: Deferred, size: int, order: np.ndarray) -> None:
        threads = min(MOST_THREADS, os.cpu_count() or 1)
        super().__init__(workers=threads, use_multiprocessing=False, max_queue_size=2 * threads)
        self._source, self._size, self._order = source, size, order
        self._together = max(1, source.at_once // size)
        self._lock, self._groups = threading.Lock(), dict[int, Any]()

    @property
    def num_batches(self) -> int:
        """Batches of the pass."""
        return math.ceil(len(self._order) / self._size)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if self._together == 1:
            return self._prepared(index, 1)
        number, place = divmod(index, self._together)
        with self._lock:
            if number not in self._groups:
                # Threads are no further apart than one group: who takes from the one before may still come.
                self._groups = {at: each for at, each in self._groups.items() if at == number - 1}
                self._groups[number] = self._prepared(number * self._together, self._together)
            group = self._groups[number]
        return keras.tree.map_structure(
            lambda array: array[place * self._size : (place + 1) * self._size], group
        )

    def _prepared(self, index: int, count: int) -> tuple[Any, Any]:
        return self._source.prepared(self._order[index * self._size : (index + count) * self._size])
