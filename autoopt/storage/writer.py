"""Writer: one process at a time writes to a run; the operating system frees the place of one that died."""

import contextlib
import errno
import json
import logging
import os
import socket
import time
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

import filelock

from autoopt.errors import RunError
from autoopt.spelling import named
from autoopt.untrusted import Unreadable, make_way, read_json

logger = logging.getLogger(__name__)

LOCK = "writer.lock"
"""Held by the process that writes; the file itself stays."""

WHO = "writer.json"
"""Says which process that is; it is still there where one died."""


class Who(TypedDict, total=False):
    """What it says."""

    pid: int
    host: str
    since: float


class Writer:
    """The right to write to a run.

    Args:
        path: The run's folder, which is there.

    Attributes:
        note: What became of the process that had the right before, in a sentence; empty where it gave it back.

    Raises:
        RunError: Another process, or another search of this one, has it.
    """

    def __init__(self, path: Path) -> None:
        self._lock, self._who = filelock.FileLock(path / LOCK, timeout=0), path / WHO
        make_way(path / LOCK)
        make_way(path / WHO)
        try:
            self._lock.acquire()
        except filelock.Timeout as error:
            raise RunError(
                f"The run {path} is being written to by {_told(self._known())}. Wait until that has ended, end it, or "
                f"take another {named('project_name')}."
            ) from error
        except (NotImplementedError, OSError):
            logger.info("%s cannot be locked: nothing keeps a second process from writing there", path)
        before = self._known()
        self.note = (
            f"{_told(before).capitalize()} was writing to this run and is gone: it goes on here."
            if before
            else ""
        )
        self._own = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        self._signed = False
        with contextlib.suppress(OSError):  # on a full disk the lock alone has to do
            self._who.write_text(json.dumps(self._own) + "\n", encoding="utf8")
            self._signed = True

    def check(self) -> None:
        """Check that the folder is still the one that this process writes to.

        Raises:
            FileNotFoundError: It was removed, or is another's that has taken its name since.
        """
        if self._signed and self._known() != self._own:
            reason = "it was removed, or another run has its name now"
            raise FileNotFoundError(errno.ENOENT, reason, str(self._who.parent))

    def release(self) -> None:
        """Give the right back; a folder that is gone has nothing to give."""
        with contextlib.suppress(OSError):
            self.check()
            self._who.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._lock.release()

    def _known(self) -> dict[str, Any]:
        """Return who is said to write, empty where nobody is or where that cannot be read."""
        try:
            return dict(read_json(self._who, Who))
        except Unreadable:
            return {}


def is_written_to(path: Path) -> bool:
    """Say whether a process writes to a run at this moment; True where that cannot be known.

    Args:
        path: The run's folder.
    """
    if not (path / LOCK).exists():
        return False
    lock = filelock.FileLock(path / LOCK, timeout=0)
    try:
        lock.acquire()
    except (filelock.Timeout, NotImplementedError, OSError):
        return True
    lock.release()
    return False


def _told(who: dict[str, Any]) -> str:
    """Return a process in words."""
    if not isinstance(who.get("pid"), int):
        return "another process"
    host = f" on {who['host']}" if who.get("host") not in (None, socket.gethostname()) else ""
    own = ", another search of this very process" if who["pid"] == os.getpid() and not host else ""
    return f"process {who['pid']}{host}{_since(who.get('since'))}{own}"


def _since(seconds: Any) -> str:
    """Return a time as it follows what began then; empty where it is none."""
    try:
        return f", since {datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}"
    except (TypeError, ValueError, OverflowError, OSError):
        return ""
