"""A journal file that is written a few times a trial, not once for each epoch, and that a full disk does not tear."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend, JournalFileOpenLock

from autoopt.storage.damage import check_size
from autoopt.storage.disk import JOURNAL, Disk
from autoopt.untrusted import Unreadable, make_way, parse

LOCK_SECONDS = 5.0
"""After so long a lock is that of a dead process: a write takes a millisecond."""

LOCK_FILE_SUFFIX = ".lock"
"""Optuna's own."""


class JournalFile(BaseJournalBackend):
    """Records as Optuna's `JournalFileBackend` keeps them, a line of JSON each. One process writes: this one.

    All are in memory; the file follows. What the disk refuses waits for the next flush.

    Args:
        path: Of the file.
        disk: Is written to.
        held: Longest that a record waits to be written while others follow, seconds.
    """

    def __init__(self, path: Path, disk: Disk | None = None, held: float = 1.0) -> None:
        self.path, self._disk, self._held = path, disk or Disk(path.parent), held
        self._lines: list[bytes] = []
        self._written = 0  # how many of them are in the file
        self._whole: int | None = None  # bytes of the file that an append, which was refused, began behind
        self._own = False
        self._flushed = time.monotonic()
        # Windows and some file systems have no symbolic links; the lock by an exclusive open works everywhere.
        self._lock = JournalFileOpenLock(str(path))
        self._lock_file = path.with_name(path.name + LOCK_FILE_SUFFIX)
        self._lock_left = False

    def read(self) -> bool:
        """Read the file as it is now, unless this process writes it, and say whether it has records."""
        if not self._own:
            self._lines, _ = _whole_lines(self.path)
            self._written = len(self._lines)
        return bool(self._lines)

    def open(self) -> bool:
        """Read the file and make ready to write to it; say whether a record was half written, which is cut off."""
        if self._own:
            return False
        self._lines, length = _whole_lines(self.path)
        self._written, self._own = len(self._lines), True
        torn = self.path.exists() and self.path.stat().st_size > length
        self._whole = length if torn else None
        self._disk.takes(JOURNAL, self._made_ready)
        return torn

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Yield the records from a number on, those that wait to be written included."""
        for line in self._lines[log_number_from:]:
            yield json.loads(line)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Take records; write all that wait where the last time is long ago."""
        self._lines += [json.dumps(log, separators=(",", ":")).encode() for log in logs]
        if time.monotonic() - self._flushed > self._held:
            self.flush()

    def flush(self) -> None:
        """Write everything that waits; what the disk refuses waits on."""
        if self.waits and self._disk.takes(JOURNAL, self._append):
            self._written = len(self._lines)
        self._flushed = time.monotonic()

    @property
    def waits(self) -> bool:
        """Whether some records are in memory alone."""
        return self._written < len(self._lines)

    def _made_ready(self) -> None:
        """Cut off what is half written, and remove the lock of a process that died while it wrote, and what is none."""
        make_way(self._lock_file)  # a link that leads to nowhere would be waited for without end
        if self._lock_file.exists() and time.time() - self._lock_file.stat().st_mtime > LOCK_SECONDS:
            self._lock_file.unlink(missing_ok=True)  # Optuna would wait for it for half a minute
        self._cut()

    def _append(self) -> None:
        """Write what waits, whole or not at all.

        Raises:
            OSError: The disk refuses it; what it took of it is cut off, now or before the next attempt.
        """
        self._cut()
        with self._locked():
            there = self.path.exists()
            self._whole = self.path.stat().st_size if there else 0
            lines = self._lines[self._written :] if there else self._lines
            try:
                with self.path.open("ab") as file:
                    file.write(b"".join(line + b"\n" for line in lines))
                    file.flush()
                    os.fsync(file.fileno())
                self._whole = None
            finally:
                with contextlib.suppress(OSError):
                    self._cut()

    def _cut(self) -> None:
        """Cut off what an append left that was refused: its records would be there twice."""
        if self._whole is not None and self.path.exists():
            os.truncate(self.path, self._whole)
        self._whole = None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold Optuna's lock, for whoever else writes to a journal."""
        if self._lock_left:
            self._lock_file.unlink(missing_ok=True)
            self._lock_left = False
        self._lock.acquire()
        try:
            yield
        finally:
            try:
                self._lock.release()
            except (
                RuntimeError
            ):  # a disk that can only be read by now: our own lock would be waited for without end
                self._lock_left = True


def _whole_lines(path: Path) -> tuple[list[bytes], int]:
    """Return the lines of a file without the last ones that a process did not live to finish, and their length."""
    check_size(path)
    if not path.exists():
        return [], 0
    *lines, _ = path.read_bytes().split(b"\n")
    while lines and not _is_record(lines[-1]):
        lines.pop()
    return lines, sum(len(line) + 1 for line in lines)


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(parse(line), dict)
    except Unreadable:
        return False
