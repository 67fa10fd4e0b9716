"""A journal file that is written a few times a trial, not once for each epoch."""

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

from optuna.storages.journal import BaseJournalBackend, JournalFileBackend


class BatchedBackend(BaseJournalBackend):
    """Another backend, written to in batches. This process is the only one that writes.

    Args:
        file: What is written to.
        held: Longest that a record waits to be written while others follow, seconds.
    """

    def __init__(self, file: JournalFileBackend, held: float = 1.0) -> None:
        self._file, self._held = file, held
        self._written = sum(1 for _ in file.read_logs(0))
        self._waiting: list[dict[str, Any]] = []
        self._flushed = time.monotonic()

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Yield the records from a number on, those that wait to be written included."""
        if log_number_from < self._written:
            yield from itertools.islice(
                self._file.read_logs(log_number_from), self._written - log_number_from
            )
        yield from self._waiting[max(0, log_number_from - self._written) :]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Take records; write all that wait where the last time is long ago."""
        self._waiting += json.loads(json.dumps(logs))  # as they will be read
        if time.monotonic() - self._flushed > self._held:
            self.flush()

    def flush(self) -> None:
        """Write everything that waits."""
        if self._waiting:
            self._file.append_logs(self._waiting)
        self._written += len(self._waiting)
        self._waiting = []
        self._flushed = time.monotonic()
