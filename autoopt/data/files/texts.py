"""Text files as one text each."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autoopt import memory
from autoopt.data.files.encoding import read_text
from autoopt.data.files.loaded import Loaded, changed, skipped
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
                values[place] = _text(self.paths[row])
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
    for place, path in enumerate(paths):
        try:
            text = _text(path)
            found[place] = text if loaded else None
            different.add(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest())
        except Unreadable as error:
            wrong[place] = str(error)
        if progress is not None:
            progress(place + 1, len(paths))
    notes, rows = skipped(paths, wrong), np.array(list(found), np.int64)
    values: Any = Stored(Written(tuple(paths)), rows, (), np.dtype(object))
    if loaded:
        values = np.array(list(found.values()), object)
    return Loaded(values, rows, notes=notes, distinct=len(different))


def _text(path: Path) -> str:
    return read_text(path, MOST_BYTES).strip()
