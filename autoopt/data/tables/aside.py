"""Columns of a table that is too large for the memory, as they lie aside on disk."""

import contextlib
import pickle
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from autoopt.data.aside import Aside, Written, said
from autoopt.schema import Stored

FEW = 0.5
"""Different values a row, up to which each is kept once, and a number a row says which."""


def stored(aside: Aside, values: np.ndarray) -> Stored:
    """Return a column, numbers or objects of str, that lies aside from now on."""
    return Stored(_reader(aside, values), np.arange(len(values)), (), values.dtype)


def _reader(aside: Aside, values: np.ndarray) -> Any:
    if values.dtype != object:
        return aside.written(values)
    codes, different = pd.factorize(values)
    if len(different) <= FEW * len(values):
        return Coded(aside.written(codes.astype(np.int32)), np.asarray(different, object))
    encoded = [each.encode(errors="surrogatepass") for each in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return Prose(aside.written(ends), aside.written(np.frombuffer(b"".join(encoded), np.uint8)))


@dataclass(frozen=True, eq=False)
class Coded:
    """Reads texts that repeat: their numbers lie on disk."""

    codes: Written
    different: np.ndarray

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the values of some rows."""
        return self.different[self.codes(rows)]


@dataclass(frozen=True, eq=False)
class Prose:
    """Reads texts that stand on disk one after the other."""

    ends: Written
    letters: Written

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the values of some rows."""
        ends, letters = self.ends.opened(), self.letters.opened()
        found = np.empty(len(rows), object)
        for place, row in enumerate(rows):
            found[place] = letters[ends[row] : ends[row + 1]].tobytes().decode(errors="surrogatepass")
        return found


class Pieces:
    """Pieces of a column, in a file to which each is added.

    Args:
        aside: Where the file lies.
    """

    def __init__(self, aside: Aside) -> None:
        self._aside, self._path = aside, aside.new()
        weakref.finalize(self, self._path.unlink, missing_ok=True).atexit = False  # the folder goes then

    @property
    def size(self) -> int:
        """Bytes of all pieces."""
        return self._path.stat().st_size if self._path.exists() else 0

    def append(self, piece: Any) -> None:
        """Add a piece."""
        with said(), self._path.open("ab") as file:
            pickle.dump(piece, file, protocol=pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Any]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file, contextlib.suppress(EOFError):
            while True:
                yield pickle.load(file)  # nobody else can have written it
