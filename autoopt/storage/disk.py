"""Disk: whether the folder of a run is written to, and what is said, once, where it cannot be."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from autoopt.storage.writer import Writer

logger = logging.getLogger(__name__)

PLAIN, JOURNAL, MODEL, WEIGHTS = "plain", "journal", "model", "weights"
"""What is written, the most important first; what is larger is not tried while something smaller is refused."""

SPOKEN = {
    PLAIN: "What was asked and found",
    JOURNAL: "The journal of trials",
    MODEL: "A model",
    WEIGHTS: "Weights of the best trials",
}


def there(path: Path) -> bool:
    """Whether a path leads to something. Where the system cannot say, as the disk has gone, it does not."""
    return os.path.exists(path)  # unlike Path.exists, which raises where a folder cannot be reached


def bytes_of(path: Path) -> int:
    """Return the bytes that a file takes; 0 where it is none, gone, or out of reach."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


class Disk:
    """The disk under one run.

    Args:
        path: The run's folder.

    Attributes:
        writer: The right to write there, as long as this process has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: Writer | None = None
        self._refusing: set[str] = set()
        self._told: set[str] = set()

    def takes(self, what: str, write: Callable[[], None]) -> bool:
        """Write, and return whether that went well; the first refusal of each kind is told.

        Args:
            what: One of the kinds above.
            write: Does it.
        """
        try:
            self.check()
            write()
        except OSError as error:
            self._refusing.add(what)
            self._tell(what, error.strerror or str(error))
            return False
        if what in self._refusing:
            self._refusing.discard(what)
            logger.info("%s is written to %s again.", SPOKEN[what], self.path)
        return True

    def check(self) -> None:
        """Check that the folder is still this process's to write to.

        Raises:
            OSError: It is not.
        """
        if self.writer is not None:
            self.writer.check()

    def is_short(self, what: str) -> bool:
        """Whether something that matters more was refused the last time, so that this need not be tried; that is told."""
        kinds = list(SPOKEN)
        more = next((kind for kind in kinds[: kinds.index(what)] if kind in self._refusing), None)
        if more is not None:
            self._tell(what, f"{SPOKEN[more][0].lower()}{SPOKEN[more][1:]} has to be first")
        return more is not None

    def _tell(self, what: str, why: str) -> None:
        if what in self._told:
            return
        self._told.add(what)
        logger.warning(
            "%s cannot be written to %s: %s. It stays in memory until the disk takes it or this process ends, and a search "
            "goes on. Free space there, or see that the folder can be written to; in the end result.export(path) "
            "writes the winner elsewhere.",
            SPOKEN[what], self.path, why,
        )  # fmt: skip
