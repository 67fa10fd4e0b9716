"""Columns of a table that is too large for the memory: on disk, in a folder that goes with the last that reads them."""

import contextlib
import pickle
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from autoopt.errors import DataError
from autoopt.schema import Stored

FEW = 0.5
"""Different values a row, up to which each is kept once, and a number a row says which."""


class Aside:
    """A folder of this process's own; what is in it is written once, and goes with this object."""

    def __init__(self) -> None:
        with _said():
            self._folder = Path(tempfile.mkdtemp(prefix="autoopt-rows-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._count = 0

    def new(self) -> Path:
        """Return the path of a file that is not there yet."""
        self._count += 1
        return self._folder / str(self._count)

    def stored(self, values: np.ndarray) -> Stored:
        """Return a column, numbers or objects of str, that lies here from now on."""
        return Stored(self._reader(values), np.arange(len(values)), (), values.dtype)

    def _reader(self, values: np.ndarray) -> Any:
        if values.dtype != object:
            return Numbers(self._written(values))
        codes, different = pd.factorize(values)
        if len(different) <= FEW * len(values):
            return Coded(self._written(codes.astype(np.int32)), np.asarray(different, object))
        encoded = [each.encode(errors="surrogatepass") for each in values]
        ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        return Prose(self._written(ends), self._written(np.frombuffer(b"".join(encoded), np.uint8)))

    def _written(self, values: np.ndarray) -> "Written":
        path = self.new()
        with _said():
            values.tofile(path)
        return Written(self, path, values.dtype)


@dataclass(frozen=True, eq=False)
class Written:
    """An array on disk. Its folder is held so that it stays."""

    aside: Aside
    path: Path
    dtype: np.dtype[Any]

    def opened(self) -> np.ndarray:
        """Return it, of which what is looked at is read: afresh each time, for what was read counts as memory of ours."""
        return np.memmap(self.path, self.dtype, "r")


@dataclass(frozen=True, eq=False)
class Numbers:
    """Reads numbers."""

    values: Written

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the values of some rows."""
        return np.array(self.values.opened()[rows])


@dataclass(frozen=True, eq=False)
class Coded:
    """Reads texts that repeat: their numbers lie on disk."""

    codes: Written
    different: np.ndarray

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the values of some rows."""
        return self.different[self.codes.opened()[rows]]


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
        self._path = aside.new()

    @property
    def size(self) -> int:
        """Bytes of all pieces."""
        return self._path.stat().st_size if self._path.exists() else 0

    def append(self, piece: Any) -> None:
        """Add a piece."""
        with _said(), self._path.open("ab") as file:
            pickle.dump(piece, file, protocol=pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Any]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file, contextlib.suppress(EOFError):
            while True:
                yield pickle.load(file)  # nobody else can have written it


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """Say what to do where the disk does not take rows."""
    try:
        yield
    except OSError as error:
        where = tempfile.gettempdir()
        raise DataError(
            f"The rows do not fit into memory, and {where}, where they are put meanwhile, does not take them: "
            f"{error.strerror or error}. Expected room for about as much as their file has. Set TMPDIR to a folder on a larger "
            "disk, or pass fewer rows."
        ) from error
