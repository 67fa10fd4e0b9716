"""Where pixels go as they are read: into memory, aside on disk where they do not fit, or nowhere where that has no room."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoopt import memory
from autoopt.data.aside import Aside, NoRoom, Written, has_room
from autoopt.schema import Stored


@dataclass
class Album:
    """Images of one shape, to which others are added.

    Attributes:
        values: Room for them in memory; None where all would be too large.
        written: What has them on disk; None likewise.
        count: How many there are so far.
        notes: What is to be said of a disk that does not take them.
    """

    values: np.ndarray | None = None
    written: Written | None = None
    count: int = 0
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, shape: tuple[int, ...], count: int, limit: int | None) -> "Album":
        """Return one for so many images at most.

        Args:
            shape: Of an image.
            count: How many.
            limit: Bytes of memory; None for what is available.
        """
        size = count * math.prod(shape)
        if memory.fits(size, limit):
            return cls(np.empty((count, *shape), np.uint8))
        if not has_room(size):
            return cls()
        try:
            return cls(written=Aside().empty(np.empty((0, *shape), np.uint8)))
        except NoRoom as error:
            return cls(notes=_said(error))

    def add(self, pixels: np.ndarray) -> None:
        """Take one more image."""
        if self.values is not None:
            self.values[self.count] = pixels
        elif self.written is not None:
            try:
                self.written.add(pixels[None])
            except NoRoom as error:
                self.written, self.notes = None, _said(error)
        self.count += 1

    def rows(self, anew: Stored) -> Any:
        """Return the images, or what reads them anew where none were kept."""
        if self.values is not None:
            return self.values[: self.count]
        return anew if self.written is None else self.written.stored()


def _said(error: NoRoom) -> tuple[str, ...]:
    return (f"{error} Until then each file is opened whenever its image is needed, which takes longer.",)
