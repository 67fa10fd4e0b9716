"""Durable: a file is there as it was or as it is now, whenever the power goes."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from autoopt.untrusted import make_way


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Hand out another name in the same folder, and at the end give that file the name it is meant for.

    What was written is flushed to the disk before it is renamed. Where writing fails the old file stays. A link that has
    the other name is not followed.

    Args:
        target: The file to write; its folder is there.
    """
    fresh = target.with_name(f"{target.stem}.new{target.suffix}")
    make_way(fresh)
    try:
        yield fresh
        _flushed(fresh, os.O_RDWR)
        fresh.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # Windows opens no folders
        _flushed(target.parent, os.O_RDONLY)


def _flushed(path: Path, flags: int) -> None:
    file = os.open(path, flags)
    try:
        os.fsync(file)
    finally:
        os.close(file)
