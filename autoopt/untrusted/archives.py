"""Archives: `.npz` files read without pickle, of which what they claim is checked before room is made for it."""

import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from autoopt import memory
from autoopt.untrusted.files import Unreadable
from autoopt.untrusted.text import brief

MOST_MEMBERS = 100_000
"""Arrays in one file: a model has a thousandth of that."""

DAMAGE = (
    OSError, EOFError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, MemoryError, SyntaxError,
    struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What zipfile, zlib and NumPy raise of a file that is damaged, encrypted, or of a kind that they do not know."""


def read_arrays(path: Path, names: Collection[str] | None = None) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays of an `.npz` by name; nothing in it is run.

    Args:
        path: Of the file.
        names: Those to read, as far as they are there; None for all.

    Raises:
        Unreadable: It is no such archive, needs pickle, or claims more than this machine has memory for.
    """
    check_archive(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {each.filename.removesuffix(".npy"): each for each in archive.infolist()}
            wanted = {name: each for name, each in members.items() if names is None or name in names}
            return {name: _array(archive, each, name) for name, each in wanted.items()}
    except DAMAGE as error:
        raise Unreadable(f"It cannot be read ({_said(error)}). Expected arrays of numbers.") from error


def member_names(path: Path) -> list[str]:
    """Return the names of the arrays in an `.npz`.

    Raises:
        Unreadable: It is no such archive.
    """
    check_archive(path)
    with zipfile.ZipFile(path) as archive:
        return [each.removesuffix(".npy") for each in archive.namelist()]


def check_archive(path: Path) -> None:
    """Check that what a zip archive says of itself fits into this machine; nothing is unpacked.

    Raises:
        Unreadable: It is no archive, or claims more.
    """
    if not path.is_file():
        raise Unreadable("It is no file. Expected one.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except DAMAGE as error:
        why = "it is one array, no archive of several" if _is_array(path) else _said(error)
        raise Unreadable(f"It is no archive of arrays ({why}). Expected one.") from error
    claimed, room = sum(each.file_size for each in members), memory.total()
    if len(members) > MOST_MEMBERS:
        raise Unreadable(f"It holds {len(members):,} members. Expected {MOST_MEMBERS:,} at most.")
    if room is not None and claimed > room:
        raise Unreadable(
            f"It claims to hold {memory.spoken(claimed)} in {memory.spoken(path.stat().st_size)}, more than this "
            f"machine has memory for. Expected less than {memory.spoken(room)}."
        )


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> np.ndarray[Any, Any]:
    """Return one array, once its header is found to claim what the archive has of it."""
    with archive.open(member) as file:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
        claimed, held = math.prod(shape) * dtype.itemsize, member.file_size - file.tell()
    if dtype.hasobject:
        raise Unreadable(f"Its {name} holds objects that only pickle reads. Expected numbers.")
    if claimed != held or dtype.itemsize == 0:
        raise Unreadable(f"Its {name} claims {claimed:,} bytes and has {held:,}. Expected as many.")
    with archive.open(member) as file:
        return np.asarray(npy.read_array(file, allow_pickle=False))


def _is_array(path: Path) -> bool:
    """Whether a file is what `np.save` writes."""
    try:
        with path.open("rb") as file:
            return file.read(len(npy.MAGIC_PREFIX)) == npy.MAGIC_PREFIX
    except OSError:
        return False


def _said(error: BaseException) -> str:
    return brief(str(error) or type(error).__name__)
