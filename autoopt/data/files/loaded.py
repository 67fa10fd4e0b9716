"""What came of reading many files: an array of those that could be read, and which they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autoopt.errors import DataError
from autoopt.untrusted import Unreadable, brief, shown

MOST_LISTED = 5
"""Files that a note names."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """Files that were read.

    Attributes:
        values: One row a file: an array, or `Stored` where that would be too large.
        kept: The places of these files among all.
        shape: Of one row, where it has one.
        rate: Samples a second of sound, 0 for anything else.
        distinct: How many of the texts are different, 0 for anything else.
        notes: One sentence each.
    """

    values: Any
    kept: np.ndarray
    shape: tuple[int, ...] = ()
    rate: int = 0
    notes: tuple[str, ...] = ()
    distinct: int = 0


def skipped(paths: Sequence[Path], why: dict[int, str]) -> tuple[str, ...]:
    """Return what is to be said of files that cannot be read.

    Args:
        paths: All files.
        why: What is wrong with some of them, by place.

    Raises:
        DataError: None can be read.
    """
    if not why:
        return ()
    first = next(iter(why))
    if len(why) == len(paths):
        raise DataError(
            f"None of {len(paths):,} files can be read; the first is {paths[first]}: {why[first]} Pass files that open "
            "elsewhere."
        )
    left_out = "is" if len(why) == 1 else "are"
    return (
        f"{len(why):,} of {len(paths):,} files cannot be read and {left_out} left out: {some_files(paths, list(why))}. The first: "
        f"{why[first]}",
    )


def some_files(paths: Sequence[Path], places: Sequence[int]) -> str:
    """Return the first of some files, each with the folder that it lies in."""
    names = ", ".join(
        shown(f"{paths[place].parent.name}/{paths[place].name}") for place in places[:MOST_LISTED]
    )
    return names + (", …" if len(places) > MOST_LISTED else "")


def said(error: BaseException) -> str:
    """Return what is wrong with a file as a sentence."""
    if isinstance(error, Unreadable):
        return str(error)
    return f"{brief(str(error) or type(error).__name__).rstrip('.')}."


def changed(path: Path, error: BaseException) -> DataError:
    """Return what is said of a file that could be read before, and cannot when a batch needs it."""
    return DataError(
        f"{path} could be read before, and now cannot: {said(error)} Expected files that stay as they are while they are learnt "
        "from. Put it back, or begin again without it."
    )
