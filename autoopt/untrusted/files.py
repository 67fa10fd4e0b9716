"""Files: whether a path stays in its folder, and whether it is a file of a size that may be read."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from autoopt.errors import RunError


class Unreadable(Exception):
    """What was found in a file and what was expected, in two sentences; whoever reads it names the file."""


@contextlib.contextmanager
def damage(path: Path, advice: str) -> Iterator[None]:
    """Raise a RunError that names a file where what is read in it meanwhile cannot be.

    Args:
        path: Of the file.
        advice: What to do, a sentence.
    """
    try:
        yield
    except Unreadable as error:
        raise RunError(f"{path} is damaged. {error} {advice}") from error


def inside(path: Path, folder: Path) -> Path:
    """Return a path in a run folder.

    Raises:
        RunError: A link leads out of it.
    """
    if is_inside(path, folder):
        return path
    raise RunError(
        f"{path} is a link that leads out of the run folder. Expected a file in it. Put what it points to in its place if "
        "you trust it, or remove it."
    )


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path, all links followed, lies in a folder; what is not there yet may."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # links in a circle
        return False


def make_way(path: Path) -> None:
    """Remove what stands where a file is going to be written and is none: a link may lead anywhere, a pipe to nowhere.

    Raises:
        RunError: It is a folder, which may hold something.
    """
    if path.is_dir() and not path.is_symlink():
        raise RunError(
            f"{path} is a folder. Expected a file, or nothing: it is going to be written. Remove it."
        )
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.unlink()


def read_bytes(path: Path, most: int) -> bytes:
    """Return what a file holds.

    Args:
        path: Of the file.
        most: Bytes that it may have.

    Raises:
        Unreadable: It is no file, larger than that, or the system does not let it be read.
    """
    if not path.is_file():  # a pipe would never end
        raise Unreadable("It is no file. Expected one.")
    try:
        with path.open("rb") as file:
            found = file.read(most + 1)
    except OSError as error:
        raise Unreadable(f"It cannot be read: {error.strerror}. Expected a file of yours.") from error
    if len(found) > most:
        raise Unreadable(f"It has more than {most / 1e6:.0f} MB. Expected less: no search writes so much.")
    return found
