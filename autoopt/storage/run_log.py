"""The log of a run: what this package says while it goes on, in a file, and nothing else on the screen than before."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

from autoopt.errors import RunError
from autoopt.untrusted import make_way

MOST = 10**6
"""Bytes of the file; when it has them it becomes `log.txt.1`, in place of an earlier one."""

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"

PACKAGE = "autoopt"


class _LogFile(RotatingFileHandler):
    """A file that is opened with its first line, and tried again with the next where the disk refuses one."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Leave the line out: a search does not depend on its log."""
        self._give_up()

    def close(self) -> None:
        """Close the file, though its last line may be refused."""
        self._give_up()
        super().close()

    def _give_up(self) -> None:
        stream, self.stream = self.stream, None  # type: ignore[assignment]
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


@contextlib.contextmanager
def logged(path: Path) -> Iterator[None]:
    """Write what the package logs from INFO on to a file for a while; whoever listened hears what it heard before.

    Args:
        path: Of the file, which goes on where it is there.
    """
    with contextlib.suppress(OSError, RunError):  # then it is left out
        make_way(path)
    logger, others = logging.getLogger(PACKAGE), _listening()
    before, heard = logger.level, _heard(logger.getEffectiveLevel())
    file = _LogFile(path, maxBytes=MOST, backupCount=1, encoding="utf8", delay=True)
    file.setFormatter(logging.Formatter(LINE))
    file.setLevel(logging.INFO)
    stderr = None if logger.hasHandlers() else logging.lastResort  # where those go whom nobody hears
    others += [] if stderr is None else [stderr]
    for handler in others:
        handler.addFilter(heard)
    for added in filter(None, (file, stderr)):
        logger.addHandler(added)
    logger.setLevel(min(logger.getEffectiveLevel(), logging.INFO))
    ours = logger.level
    try:
        yield
    finally:
        if logger.level == ours:  # whoever has changed it since meant that
            logger.setLevel(before)
        for added in filter(None, (file, stderr)):
            logger.removeHandler(added)
        for handler in others:
            handler.removeFilter(heard)
        file.close()


def _listening() -> list[logging.Handler]:
    """Return the handlers that this package's records reach."""
    known = logging.root.manager.loggerDict.items()
    below = [one for name, one in known if name.startswith(f"{PACKAGE}.") and isinstance(one, logging.Logger)]
    loggers = [logging.root, logging.getLogger(PACKAGE), *below]
    return list(dict.fromkeys(handler for one in loggers for handler in one.handlers))


def _heard(level: int) -> Callable[[logging.LogRecord], bool]:
    """Return whether a record would have been made while the package's level was another."""

    def heard(record: logging.LogRecord) -> bool:
        if record.name != PACKAGE and not record.name.startswith(f"{PACKAGE}."):
            return True
        logger = logging.getLogger(record.name)
        while logger.name != PACKAGE and logger.parent is not None:
            if logger.level:
                return True  # it has a level of its own
            logger = logger.parent
        return record.levelno >= level

    return heard
