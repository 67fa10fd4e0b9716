"""Images as bytes of one common size, grey or in colour."""

import re
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autoopt.data.files.album import Album
from autoopt.data.files.extra import needed
from autoopt.data.files.loaded import Loaded, changed, said, skipped
from autoopt.data.parts import Progress
from autoopt.errors import DataError
from autoopt.schema import MOST_VALUES, Stored
from autoopt.spelling import spelled, typed
from autoopt.untrusted import Unreadable

MOST_SIDE = 128
"""Pixels of the longer side of the common size where none is given."""

MOST_PIXELS = 50_000_000
"""Of one file: more may be a small file that unpacks to fill the memory."""

COLOURS = 3
"""Values of a pixel that is not grey."""

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
"""What Pillow may take a file for, whatever it is called; others of its readers run programs."""

SIZE = re.compile(r"\s*([1-9]\d{0,3})\s*(?:[x×]\s*([1-9]\d{0,3})\s*)?")
"""How users write height and width."""

GREY_MODES = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L")
DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    ArithmeticError,
    MemoryError,
    struct.error,
    Unreadable,
)
"""What Pillow raises of a file that is damaged."""


@dataclass(frozen=True)
class Pictures:
    """Files that are opened each time their pixels are needed.

    Attributes:
        paths: All files.
        shape: (height, width, channels) of what comes of each.
    """

    paths: Sequence[Path]
    shape: tuple[int, int, int]

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the pixels of some files as uint8 (rows, height, width, channels)."""
        values = np.empty((len(rows), *self.shape), np.uint8)
        for place, row in enumerate(rows):
            try:
                values[place] = _pixels(self.paths[row], *self.shape)
            except DAMAGE as error:
                raise changed(self.paths[row], error) from error
        return values


def read(
    paths: Sequence[Path],
    progress: Progress | None = None,
    shape: Sequence[int] = (),
    size: tuple[int, int] | None = None,
    limit: int | None = None,
) -> Loaded:
    """Return images as uint8 (rows, height, width, channels).

    Args:
        paths: Of the files.
        progress: Told of files; each is opened twice.
        shape: (height, width, channels) where it is known; else it is found.
        size: (height, width) that the user asks for; None for the median of the files, 128 pixels a side at most.
        limit: Bytes of memory; more than fits is put aside on disk, or stays in the files where that has no room either.

    Raises:
        DataError: Pillow is not installed, or no file can be read.
    """
    needed("PIL", paths[0])
    wrong: dict[int, str] = {}
    heads = _heads(paths, wrong, progress)
    colours = 1 if _all_grey(heads) else COLOURS
    height, width, channels = shape or (*_common(paths, wrong, heads, size), colours)
    pictures = Pictures(tuple(paths), (height, width, channels))
    album = Album.of(pictures.shape, len(heads), limit)
    kept: list[int] = []
    for place in heads:
        try:
            pixels = _pixels(paths[place], height, width, channels)
        except DAMAGE as error:
            wrong[place] = said(error)
        else:
            album.add(pixels)
            kept.append(place)
        if progress is not None:
            progress(len(paths) + place + 1, 2 * len(paths))
    notes = (*skipped(paths, wrong), *_told(heads, height, width, channels, bool(shape)), *album.notes)
    rows = np.array(kept, np.int64)
    anew = Stored(pictures, rows, pictures.shape, np.dtype(np.uint8), opened=True)
    return Loaded(album.rows(anew), rows, pictures.shape, notes=notes)


def _heads(
    paths: Sequence[Path], wrong: dict[int, str], progress: Progress | None
) -> dict[int, tuple[int, int, bool]]:
    """Return what `_head` says of each file by place, and note down which are wrong."""
    heads = {}
    for place, path in enumerate(paths):
        try:
            heads[place] = _head(path)
        except DAMAGE as error:
            wrong[place] = said(error)
        if progress is not None:
            progress(place + 1, 2 * len(paths))
    return heads


def _open(path: Path) -> Any:
    from PIL import Image

    # Pillow warns of what _head refuses with a limit of ours.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Image.open(path, formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise Unreadable(f"{error}.") from error


def _head(path: Path) -> tuple[int, int, bool]:
    """Return height, width and whether it is grey, without unpacking it."""
    with _open(path) as image:
        width, height = image.size
        if image.getexif().get(0x0112, 1) > 4:  # the camera was held upright
            width, height = height, width
        if width * height > MOST_PIXELS:
            raise Unreadable(f"It has {width:,} × {height:,} pixels. Expected {MOST_PIXELS:,} at most.")
        return height, width, image.mode in GREY_MODES


def _pixels(path: Path, height: int, width: int, channels: int) -> np.ndarray:
    from PIL import Image, ImageOps

    with _open(path) as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = ImageOps.exif_transpose(opened)
        if image.mode.startswith("I"):  # 16 bits a pixel, which convert() would cut off
            image = Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
        if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert("L" if channels == 1 else "RGB")
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(image, np.uint8).reshape(height, width, channels)


def _all_grey(heads: dict[int, tuple[int, int, bool]]) -> bool:
    return all(grey for _, _, grey in heads.values())


def _common(
    paths: Sequence[Path],
    wrong: dict[int, str],
    heads: dict[int, tuple[int, int, bool]],
    size: tuple[int, int] | None,
) -> tuple[int, int]:
    """Return the height and width that all are brought to."""
    if not heads:
        skipped(paths, wrong)
    if size is not None:
        return size
    height, width = np.median([head[:2] for head in heads.values()], axis=0)
    scale = min(1.0, MOST_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def size_of(text: Any) -> tuple[int, int]:
    """Return the height and width that a text as "64x48" or "64" stands for.

    Raises:
        DataError: It stands for none.

    Example:
        >>> size_of("64x48"), size_of("64")
        ((64, 48), (64, 64))
    """
    found = SIZE.fullmatch(str(text))
    height, width = (0, 0) if found is None else (int(found[1]), int(found[2] or found[1]))
    if not 0 < height * width <= MOST_VALUES // COLOURS:
        given = typed(
            python=f"types['image'] was given {text!r}",
            shell=f"{spelled('types', {'image': text})} was given",
        )
        raise DataError(
            f'{given}. Expected height and width in pixels, as "64x48", or one number for both: up to '
            f"{MOST_VALUES // COLOURS:,} pixels. Pass {spelled('types', {'image': '64'})} for 64 × 64."
        )
    return height, width


def _told(
    heads: dict[int, tuple[int, int, bool]], height: int, width: int, channels: int, known: bool
) -> tuple[str, ...]:
    sizes = {head[:2] for head in heads.values()}
    if known or sizes == {(height, width)}:
        return ()
    colour = "grey" if channels == 1 else "in colour"
    found = f"{len(sizes):,} sizes" if len(sizes) > 1 else "{} × {} pixels".format(*next(iter(sizes)))
    return (
        f"Images of {found} are brought to {height} × {width}, {colour}. Another: {spelled('types', {'image': '64x48'})}.",
    )
