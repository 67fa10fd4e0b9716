"""Aside: a folder of temporary files for rows that do not fit into memory. It goes with the last that reads them.

The folder of a process that was killed is removed by the next one that makes a folder.
"""

import contextlib
import math
import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from autoopt.data.nested import mapped
from autoopt.errors import DataError
from autoopt.schema import Stored

if sys.platform != "win32":
    import fcntl

PREFIX = "autoopt-rows-"
OWNER = "owner"
"""A file that its process keeps open: the system lets go of it when that ends, however it ends."""

LASTING, MOUNTS = Path("/var/tmp"), Path("/proc/mounts")
"""Where POSIX systems have temporary files on disk; where Linux tells which folders lie in memory."""

SHARE = 0.5
"""Of what is free on the disk, that rows may take which can do without it."""


class NoRoom(DataError):
    """The disk does not take rows. Who can do without it goes on."""


class Aside:
    """A folder of this process's own; files in it grow, are never written over, and go with this object."""

    def __init__(self) -> None:
        _clear()
        with said():
            self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=temporary()))
            owner = _owned(self._folder)
        weakref.finalize(self, _removed, self._folder, owner, os.getpid())
        self._count = 0

    def new(self) -> Path:
        """Return the path of a file that is not there yet."""
        self._count += 1
        return self._folder / str(self._count)

    def written(self, values: np.ndarray) -> "Written":
        """Return an array that lies here from now on."""
        made = self.empty(values)
        made.add(values)
        return made

    def empty(self, like: np.ndarray) -> "Written":
        """Return an array without rows, to which rows as those of another can be added."""
        return Written(self, self.new(), like.dtype, like.shape[1:])

    def kept(self, pieces: Iterable[Any]) -> Any:
        """Return nested arrays that lie here from now on as `Stored`, row by row.

        Args:
            pieces: Some rows at a time, each nested alike.
        """
        whole: Any = None
        for piece in pieces:
            whole = mapped(self.empty, piece) if whole is None else whole
            mapped(lambda array, some: array.add(some), whole, piece)
        return mapped(lambda array: array.stored(), whole)


@dataclass(eq=False)
class Written:
    """An array on disk, to which rows are added and of which rows are read. Its folder is held so that it stays.

    Attributes:
        aside: The folder.
        path: In it.
        dtype: Of the values.
        sides: Shape of one row.
        n: How many rows it has so far.
    """

    aside: Aside
    path: Path
    dtype: np.dtype[Any]
    sides: tuple[int, ...] = ()
    n: int = 0

    @property
    def nbytes(self) -> int:
        """How many bytes its rows take."""
        return self.n * math.prod(self.sides) * self.dtype.itemsize

    def add(self, values: np.ndarray) -> None:
        """Write more rows behind those that are there: all of them, or none where the disk does not take them.

        Raises:
            NoRoom: It does not.
        """
        with said():
            try:
                with self.path.open("ab") as file:
                    file.write(np.ascontiguousarray(values, self.dtype).reshape(-1).view(np.uint8).data)
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(self.path, self.nbytes)
                raise
        self.n += len(values)

    def opened(self) -> np.ndarray:
        """Return it, of which what is looked at is read: afresh each time, for what was read counts as memory of ours.

        Raises:
            DataError: It is no longer there as it was written.
        """
        if not self.nbytes:  # which cannot be mapped
            return np.empty((self.n, *self.sides), self.dtype)
        try:
            return np.asarray(np.memmap(self.path, self.dtype, "r", shape=(self.n, *self.sides)))
        except (OSError, ValueError) as error:  # gone, or shorter
            raise DataError(
                f"Rows that do not fit into memory were put into {self.path.parent}, and can no longer be read there: {error}. "
                "Expected the folder to stay while rows are read; some systems clear their temporary files. Set TMPDIR to a "
                "folder that nobody clears, and begin again."
            ) from error

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return some rows."""
        return self.opened().take(rows, axis=0)

    def stored(self) -> Stored:
        """Return all rows, which are read when they are needed."""
        return Stored(self, np.arange(self.n), self.sides, self.dtype)


def temporary() -> Path:
    """Return the folder of temporary files: where systems have it in memory the one on disk, unless the user has named one."""
    usual = Path(tempfile.gettempdir())
    named = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return LASTING if not named and _is_in_memory(usual) and os.access(LASTING, os.W_OK) else usual


def _is_in_memory(folder: Path) -> bool:
    """Whether Linux has a folder in memory."""
    try:
        mounts = [line.split()[1:3] for line in MOUNTS.read_text(encoding="utf8").splitlines()]
    except (OSError, ValueError):
        return False
    above = [each for each in mounts if len(each) == 2 and folder.resolve().is_relative_to(each[0])]
    return bool(above) and max(above, key=lambda each: len(each[0]))[1] in ("tmpfs", "ramfs")


def has_room(wanted: int) -> bool:
    """Say whether the disk can do with so many bytes that need not be there."""
    try:
        return wanted <= SHARE * shutil.disk_usage(temporary()).free
    except OSError:
        return False


@contextlib.contextmanager
def said() -> Iterator[None]:
    """Raise `NoRoom`, which says what to do, where the disk does not take rows."""
    try:
        yield
    except OSError as error:
        where = temporary()
        raise NoRoom(
            f"The rows do not fit into memory, and {where}, where they are put meanwhile, does not take them: "
            f"{error.strerror or error}. Expected a folder with room for all of them. Set TMPDIR to one on a larger disk, or pass "
            "fewer rows."
        ) from error


def _owned(folder: Path) -> IO[bytes]:
    """Return a file that says, while it is open, that somebody needs a folder."""
    if sys.platform == "win32":  # what is open cannot be removed there
        return (folder / OWNER).open("wb")
    file = (folder / f"new-{OWNER}").open("wb")
    # File systems without locks raise: there a folder is never taken for one that was left.
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (folder / f"new-{OWNER}").rename(folder / OWNER)
    return file


def _removed(folder: Path, owner: IO[bytes], process: int) -> None:
    """Remove a folder, unless this is a fork of the process that it belongs to."""
    if os.getpid() == process:
        owner.close()
        shutil.rmtree(folder, ignore_errors=True)


def _clear() -> None:
    """Remove the folders of processes that have ended without doing so."""
    with contextlib.suppress(OSError):
        for folder in temporary().glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):  # somebody else's
                _clear_left(folder)


def _clear_left(folder: Path) -> None:
    """Remove a folder whose owner is gone, else raise an OSError."""
    if sys.platform == "win32":
        (folder / OWNER).unlink()
        shutil.rmtree(folder, ignore_errors=True)
        return
    with (folder / OWNER).open("rb") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
