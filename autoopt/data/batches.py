"""Deferred rows as Keras takes them: batches that several threads read and prepare while a model trains."""

import math
import threading
from concurrent.futures import Future
from typing import Any

import keras
import numpy as np

from autoopt.data.deferred import Deferred


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """One pass over rows. Batches of small rows are prepared several at a time: each time takes as long as the next.

    Threads that want batches of one such group wait for the one that prepares it; groups are prepared beside each other.

    Args:
        source: The rows.
        size: Examples a batch; the last has what is left.
        order: Numbers of the rows, in the order in which they come.
    """

    def __init__(self, source: Deferred, size: int, order: np.ndarray) -> None:
        threads = source.threads  # with one there is no queue, and TensorFlow reads ahead by itself
        super().__init__(workers=threads, use_multiprocessing=False, max_queue_size=2 * threads)
        self._source, self._size, self._order = source, size, order
        self._together = max(1, source.at_once // size)
        self._lock, self._groups = threading.Lock(), dict[int, Future[Any]]()

    @property
    def num_batches(self) -> int:
        """Batches of the pass."""
        return math.ceil(len(self._order) / self._size)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if self._together == 1:
            return self._prepared(index, 1)
        number, place = divmod(index, self._together)
        return keras.tree.map_structure(
            lambda array: array[place * self._size : (place + 1) * self._size], self._group(number)
        )

    def _group(self, number: int) -> Any:
        """Return the batches that are prepared together: who asks first prepares them, and others wait for these alone."""
        with self._lock:
            first = number not in self._groups
            if first:
                # Threads are no further apart than one group: who takes from the one before may still come.
                self._groups = {at: each for at, each in self._groups.items() if abs(at - number) == 1}
                self._groups[number] = Future()
            group = self._groups[number]
        if first:
            try:
                group.set_result(self._prepared(number * self._together, self._together))
            except BaseException as error:
                with self._lock:
                    self._groups.pop(number, None)  # who asks again may be luckier
                group.set_exception(error)
        return group.result()

    def _prepared(self, index: int, count: int) -> tuple[Any, Any]:
        return self._source.prepared(self._order[index * self._size : (index + count) * self._size])
