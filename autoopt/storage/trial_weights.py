"""Weights of trials in a run folder: written, read, and kept in memory where the folder may take no more."""

import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autoopt.errors import RunError
from autoopt.storage.disk import WEIGHTS, bytes_of, there
from autoopt.storage.files import Files
from autoopt.untrusted import Unreadable, damage, inside, member_names, read_arrays

logger = logging.getLogger(__name__)

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
        """Whether a trial's weights can be had; those of a file whose directory of arrays is damaged cannot."""
        path = self._path(number)
        return self._files.content(path) is not None or (there(path) and _is_whole(path))

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
            _check_names(found)
            return [found[f"arr_{i}"] for i in range(len(found))]

    def drop(self, number: int) -> None:
        """Remove a trial's weights."""
        self._in_memory.pop(number, None)
        self._files.drop(self._path(number))

    def fit(self, ranked: Collection[int], room: int) -> None:
        """Put aside the weights for which there is no room: the best are on disk, each where it still fits.

        What cannot be read stays where it is: a search does not end for it.

        Args:
            ranked: Trials that have weights, the best first.
            room: Bytes for all of them.
        """
        for number in filter(self.has, ranked):
            size = self._size(number)
            stays = size <= room or not self._at_hand(number)
            room -= size if stays else 0
            self._files.put_aside(self._path(number), not stays)

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
        """Return the bytes that the weights of some trials, which can be had, take on disk."""
        return sum(bytes_of(self._path(number)) for number in numbers if self.has(number))

    def _at_hand(self, number: int) -> bool:
        """Have a trial's weights in memory, and say whether they could be read."""
        if self._files.content(self._path(number)) is None:
            try:
                self.keep(number, self.load(number))
            except RunError as error:
                logger.info("Trial %d's weights stay on disk: %s", number, error)
                return False
        return True

    def _size(self, number: int) -> int:
        return bytes_of(self._path(number)) or self._in_memory.get(number, 0)

    def _path(self, number: int) -> Path:
        return inside(self._folder / f"trial-{number:04d}.weights.npz", self._folder.parent)


def _save(path: Path, arrays: Sequence[np.ndarray[Any, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    np.savez(path, *arrays)


def _is_whole(path: Path) -> bool:
    """Whether the directory of an archive can be read, and names the arrays of some weights; they are not read."""
    try:
        _check_names(member_names(path))
    except (Unreadable, OSError):
        return False
    return True


def _check_names(names: Collection[str]) -> None:
    """Check that arrays are named as `np.savez` does.

    Raises:
        Unreadable: They are not.
    """
    lacking = next((name for i in range(len(names)) if (name := f"arr_{i}") not in names), None)
    if lacking is not None:
        raise Unreadable(f"It lacks {lacking}. Expected arr_0 and so on, as np.savez names them.")


def _portable(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an array that NumPy can read back: bfloat16 and its like fit float32 without loss."""
    return array.astype(np.float32) if array.dtype.kind == "V" else array
