"""Weights of trials in a run folder: written, read, and kept in memory where the folder may take no more."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autoopt.storage.disk import WEIGHTS
from autoopt.storage.files import Files
from autoopt.untrusted import Unreadable, damage, inside, read_arrays

Weights = Sequence[Any]
"""Arrays in Keras's order."""

IN_MEMORY = 256 * 10**6
"""Bytes of weights that stay in memory though they are on disk, in case that the folder is taken away; the best do anyway."""

ENTRY = 300
"""Most bytes that an array takes in a file beside its values."""


class TrialWeights:
    """The weights of some trials of one run.

    Args:
        folder: The run's.
        files: Writes them.
    """

    def __init__(self, folder: Path, files: Files) -> None:
        self._folder, self._files = folder / "weights", files
        self._in_memory: dict[int, int] = {}

    def keep(self, number: int, weights: Weights) -> None:
        """Take a trial's weights, which must not change any more; `Files.write` writes them."""
        portable = [_portable(np.asarray(array)) for array in weights]
        self._in_memory[number] = sum(array.nbytes + ENTRY for array in portable)
        self._files.keep(self._path(number), portable, _save, WEIGHTS)

    def has(self, number: int) -> bool:
        """Whether a trial's weights can be had."""
        path = self._path(number)
        return self._files.content(path) is not None or path.exists()

    def load(self, number: int) -> list[np.ndarray[Any, Any]]:
        """Return a trial's weights.

        Raises:
            RunError: They are not there, or damaged.
        """
        path = self._path(number)
        known = self._files.content(path)
        if known is not None:
            return list(known)
        with damage(path, "Remove it: its trial is trained again when the run goes on."):
            found = read_arrays(path)
            lacking = next((name for i in range(len(found)) if (name := f"arr_{i}") not in found), None)
            if lacking is not None:
                raise Unreadable(f"It lacks {lacking}. Expected arr_0 and so on, as np.savez names them.")
            return [found[f"arr_{i}"] for i in range(len(found))]

    def drop(self, number: int) -> None:
        """Remove a trial's weights."""
        self._in_memory.pop(number, None)
        self._files.drop(self._path(number))

    def fit(self, ranked: Collection[int], room: int) -> None:
        """Put aside the weights for which there is no room: the best are on disk, each where it still fits.

        Args:
            ranked: Trials that have weights, the best first.
            room: Bytes for all of them.
        """
        for number in filter(self.has, ranked):
            size = self._size(number)
            fits = size <= room
            room -= size if fits else 0
            if not fits and self._files.content(self._path(number)) is None:
                self.keep(number, self.load(number))
            self._files.put_aside(self._path(number), not fits)

    def forget(self, ranked: Collection[int]) -> None:
        """Hold no more in memory of what is on disk than the best and a little.

        Args:
            ranked: Trials that have weights, the best first.
        """
        total = 0
        for place, number in enumerate(ranked):
            total += self._in_memory.get(number, 0)
            if place > 0 and total > IN_MEMORY and self._files.forget(self._path(number)):
                total -= self._in_memory.pop(number)

    def on_disk(self, numbers: Collection[int]) -> int:
        """Return the bytes that the weights of some trials take on disk."""
        return sum(path.stat().st_size for path in map(self._path, numbers) if path.exists())

    def _size(self, number: int) -> int:
        path = self._path(number)
        return path.stat().st_size if path.exists() else self._in_memory.get(number, 0)

    def _path(self, number: int) -> Path:
        return inside(self._folder / f"trial-{number:04d}.weights.npz", self._folder.parent)


def _save(path: Path, arrays: Sequence[np.ndarray[Any, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    np.savez(path, *arrays)


def _portable(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an array that NumPy can read back: bfloat16 and its like fit float32 without loss."""
    return array.astype(np.float32) if array.dtype.kind == "V" else array
