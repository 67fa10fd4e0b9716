"""Files of a run: what the disk refuses stays in memory, and is written when the disk takes it."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from autoopt.storage.disk import SPOKEN, Disk
from autoopt.storage.durable import replacing

Save = Callable[[Path, Any], None]
"""Writes some content to a path."""


@dataclass
class _File:
    """What a file is to hold; `aside` is what has to stay in memory for want of room."""

    content: Any
    save: Save
    what: str
    written: bool = False
    aside: bool = False


class Files:
    """What was written from here, in memory until it is on disk and, where it is small, afterwards too.

    Any thread may call; one at a time writes.

    Args:
        disk: Is written to.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._files: dict[Path, _File] = {}
        self._unwanted: set[Path] = set()
        self._writing = threading.RLock()

    def keep(self, target: Path, content: Any, save: Save, what: str) -> None:
        """Take what a file is to hold; it must not change any more. `write` writes it."""
        self._files[target] = _File(content, save, what)
        self._unwanted.discard(target)

    def write(self) -> None:
        """Write what is in memory alone, the most important first; what is large is tried only where the rest went well."""
        with self._writing:
            self._remove_unwanted()
            kinds = list(SPOKEN)
            for target in sorted(self.waiting, key=lambda each: kinds.index(self._files[each].what)):
                file = self._files.get(target)
                if file is None or file.aside or self._disk.is_short(file.what):
                    continue
                file.written = self._disk.takes(file.what, partial(put, target, file.content, file.save))

    @property
    def waiting(self) -> Sequence[Path]:
        """What is in memory alone."""
        return [target for target, file in list(self._files.items()) if not file.written]

    @property
    def refused(self) -> Sequence[Path]:
        """What is in memory alone because the disk would not take it."""
        return [target for target in self.waiting if not self._files[target].aside]

    def content(self, target: Path, waits: bool = False) -> Any:
        """Return what a file holds, or is to hold; None where that is not in memory.

        Args:
            target: Which one.
            waits: Whether only to tell what is not on disk.
        """
        file = self._files.get(target)
        return None if file is None or (waits and file.written) else file.content

    def put_aside(self, target: Path, aside: bool = True) -> None:
        """Say whether what a file is to hold stays in memory; then it is no more on disk."""
        with self._writing:
            file = self._files.get(target)
            if file is None:
                return
            file.aside = aside
            if aside and file.written:
                file.written = False
                self._unwanted.add(target)
            elif not aside:
                self._unwanted.discard(target)

    def forget(self, target: Path) -> bool:
        """Hold in memory no longer what is on disk; say whether it is."""
        file = self._files.get(target)
        if file is None or not file.written:
            return False
        del self._files[target]
        return True

    def replaced(self, target: Path) -> None:
        """Hold nothing of what a file was to hold before somebody else wrote it anew."""
        with self._writing:
            self._files.pop(target, None)
            self._unwanted.discard(target)

    def drop(self, target: Path) -> None:
        """Remove a file; where it cannot be now, with what is written next."""
        with self._writing:
            self._files.pop(target, None)
            self._unwanted.add(target)
            self._remove_unwanted()

    def _remove_unwanted(self) -> None:
        for target in list(self._unwanted):
            with contextlib.suppress(OSError):
                self._disk.check()
                target.unlink(missing_ok=True)
                self._unwanted.discard(target)


def put(target: Path, content: Any, save: Save) -> None:
    """Write some content under a name: whole, or not at all.

    Raises:
        OSError: The disk refuses it.
    """
    with replacing(target) as fresh:
        save(fresh, content)
