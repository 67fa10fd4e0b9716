"""Text files as one text each."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autoopt import memory
from autoopt.data.files.encoding import read_text
from autoopt.data.files.loaded import Loaded, changed, skipped, some_files
from autoopt.data.parts import Progress
from autoopt.schema import Stored
from autoopt.untrusted import Unreadable

MOST_BYTES = 10 * 2**20
"""Of one file."""


@dataclass(frozen=True)
class Written:
    """Files that are opened each time their texts are needed.

    Attributes:
        paths: All files.
    """

    paths: Sequence[Path]

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the texts of some files as objects of str."""
        values = np.empty(len(rows), object)
        for place, row in enumerate(rows):
            try:
                values[place], _ = _text(self.paths[row])
            except (Unreadable, OSError) as error:
                raise changed(self.paths[row], error) from error
        return values


def read(paths: Sequence[Path], progress: Progress | None = None, limit: int | None = None) -> Loaded:
    """Return texts as objects of str.

    Args:
        paths: Of the files.
        progress: Told of files.
        limit: Bytes of memory; more than fits stays in the files, each of which is read once to see that it can be.

    Raises:
        DataError: No file can be read.
    """
    loaded = memory.fits(sum(path.stat().st_size for path in paths), limit)
    found: dict[int, Any] = {}
    wrong: dict[int, str] = {}
    different: set[bytes] = set()
    empty: list[int] = []
    strange: list[int] = []
    for place, path in enumerate(paths):
        try:
            text, as_said = _text(path)
            found[place] = text if loaded else None
            empty += [] if text else [place]
            strange += [] if as_said else [place]
            different.add(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest())
        except Unreadable as error:
            wrong[place] = str(error)
        if progress is not None:
            progress(place + 1, len(paths))
    notes = (*skipped(paths, wrong), *_oddities(paths, empty, strange))
    rows = np.array(list(found), np.int64)
    values: Any = Stored(Written(tuple(paths)), rows, (), np.dtype(object))
    if loaded:
        values = np.array(list(found.values()), object)
    return Loaded(values, rows, notes=notes, distinct=len(different))


def _oddities(paths: Sequence[Path], empty: Sequence[int], strange: Sequence[int]) -> Iterator[str]:
    """Yield what is to be said of texts that were read, and may not be what they were meant to be."""
    if empty:
        yield (
            f"{len(empty):,} of {len(paths):,} texts {'is' if len(empty) == 1 else 'are'} empty: {some_files(paths, empty)}. "
            "Nothing can be told from such a text."
        )
    if strange:
        one = len(strange) == 1
        yield (
            f"{len(strange):,} of {len(paths):,} texts {'is' if one else 'are'} not UTF-8 and {'was' if one else 'were'} read as "
            f"Windows-1252: {some_files(paths, strange)}. If letters with accents look wrong, save {'it' if one else 'them'} as UTF-8."
        )


def _text(path: Path) -> tuple[str, bool]:
    text, as_said = read_text(path, MOST_BYTES)
    return text.strip(), as_said
