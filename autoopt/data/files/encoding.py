"""How the letters of a text file are written: UTF-8, with a mark or without, UTF-16 with one, else Windows-1252."""

import codecs
from pathlib import Path

from autoopt.errors import DataError
from autoopt.untrusted import Unreadable, read_bytes

BLOCK = 2**20
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""What a file may begin with to say how it is written."""

FALLBACK = "cp1252"
"""What spreadsheets in Western Europe and America write; five bytes mean nothing in it."""

CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\f\r")
MOST_CONTROLS = 0.01
"""Share of the bytes: a file with more is no text."""


def encoding_of(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the encoding of a whole text file, and what is to be said of it.

    Raises:
        DataError: It is no text, or in none of them.
    """
    with path.open("rb") as file:
        start = file.read(BLOCK)
    marked = next((name for mark, name in MARKS.items() if start.startswith(mark)), None)
    if marked is None and _is_binary(start):
        raise DataError(
            f"{path} is no text: it begins with the bytes {start[:8]!r}. Expected rows of text, as CSV has them. If it is of "
            "another format, give it the ending that this format has."
        )
    if marked is not None or (wrong := _first_wrong(path, "utf-8")) is None:
        encoding = marked or "utf-8"
        return encoding, _refused(path, encoding) if marked and _first_wrong(
            path, encoding
        ) is not None else ()
    if _first_wrong(path, FALLBACK) is not None:
        _refused(path, "utf-8")
    return FALLBACK, (
        f"{path.name} is not UTF-8 (byte {wrong:,} on): it was read as Windows-1252. If letters with accents look wrong, "
        "save it as UTF-8.",
    )


def read_text(path: Path, most: int) -> tuple[str, bool]:
    """Return a small text file, and whether it is what its encoding says; what cannot be read is raised as `Unreadable`.

    Args:
        path: Of the file.
        most: Bytes that it may have.
    """
    if path.is_file() and path.stat().st_size > most:
        raise Unreadable(f"It has more than {most / 1e6:.0f} MB. Expected less.")
    found = read_bytes(path, most)
    if _is_binary(found) and not any(map(found.startswith, MARKS)):
        raise Unreadable("It is no text. Expected one.")
    marked = next((name for mark, name in MARKS.items() if found.startswith(mark)), "utf-8")
    try:
        return found.decode(marked), True
    except UnicodeDecodeError:
        return found.decode(FALLBACK, errors="replace"), False


def _refused(path: Path, encoding: str) -> tuple[str, ...]:
    raise DataError(
        f"{path} cannot be read as {encoding.upper()}, nor as Windows-1252. Expected text in UTF-8. Save it as UTF-8, or "
        "read it with pandas.read_csv(path, encoding=…) and pass the DataFrame."
    )


def _is_binary(start: bytes) -> bool:
    return b"\0" in start or len(start) - len(start.translate(None, CONTROLS)) > MOST_CONTROLS * len(start)


def _first_wrong(path: Path, encoding: str) -> int | None:
    """Return the first byte that an encoding cannot have; None where it can have all."""
    decoder, before = codecs.getincrementaldecoder(encoding)(), 0
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return before + error.start
            if not block:
                return None
            before += len(block)
