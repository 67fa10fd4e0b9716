"""CSV and TSV: rows of text, read piece by piece."""

import contextlib
import csv
import itertools
import warnings
from collections import Counter
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

import pandas as pd

from autoopt.data.files.dialect import Dialect, dialect_of, numeric_places
from autoopt.data.files.encoding import encoding_of
from autoopt.data.parts import Progress
from autoopt.data.tables import Expected, Table
from autoopt.data.tables.numerals import MISSING_NUMBERS
from autoopt.errors import DataError
from autoopt.untrusted import brief, shown

SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".data", ".dat")
ROWS = 50_000
"""Of one piece."""

WORDS_FOR_NOTHING = sorted(
    {spelled for word in MISSING_NUMBERS for spelled in (word, word.upper(), word.title())}
)
"""What stands for nothing among numbers, as people spell it."""

NOTHING = Expected()
"""Nothing is known yet."""

PRECISION = {"float_precision": "round_trip"} if int(pd.__version__.partition(".")[0]) < 3 else {}
"""Others crash pandas 2 on long exponents (https://github.com/pandas-dev/pandas/pull/63098); pandas 3 has one way."""


def read(path: Path, known: Expected = NOTHING, progress: Progress | None = None) -> Table:
    """Return the rows of a file: columns of plain numbers as such, all others as text, letter by letter.

    Args:
        path: Of the file.
        known: Of the columns.
        progress: Told of bytes.

    Raises:
        DataError: It is empty, no text, or a row has more cells than the first.
    """
    encoding, notes = encoding_of(path)
    try:
        return _read(path, encoding, list(notes), known, progress)
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        said = str(error).replace("Error tokenizing data. C error: ", "")
        raise DataError(
            f"{path} cannot be read as CSV: {brief(said).strip().rstrip('.')}. Expected as many cells in each row as in the "
            "first. Put cells that have the delimiter in them in quotes, and close each quote."
        ) from error


def checked_names(names: Sequence[str], source: object) -> tuple[str, ...]:
    """Return the names of columns.

    Raises:
        DataError: Two have the same.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"{source} has columns of the same name: {', '.join(map(shown, twice[:5]))}. Expected a name of its own for each. "
            "Rename or remove them."
        )
    return tuple(names)


def _read(path: Path, encoding: str, notes: list[str], known: Expected, progress: Progress | None) -> Table:
    dialect, rows = dialect_of(path, encoding, known.names)
    if not rows:
        raise DataError(
            f"{path} is empty. Expected rows, below one with the names of the columns. Pass another file."
        )
    numbered = [f"column_{place}" for place in range(1, len(rows[0]) + 1)]
    given = [each.strip() or made for each, made in zip(rows[0], numbered, strict=True)]
    names = checked_names(given if dialect.header else numbered, path)
    if not dialect.header:
        notes.append(f"{path.name} has no header: its columns are called {names[0]} to {names[-1]}.")
    numeric = {names[place] for place in numeric_places(rows[1:] or rows, names, dialect.comma)}
    texts = set(names) - numeric | set(known.texts)
    while True:
        disk = known.disk(path.stat().st_size)
        table = Table(names, list(notes), dialect.comma, dialect.delimiter, disk=disk)
        surprises = _fill(table, path, encoding, dialect, texts, progress)
        if not surprises:
            return table
        texts |= surprises  # what was read of these as numbers is not what stood there: all is read again


def _fill(
    table: Table, path: Path, encoding: str, dialect: Dialect, texts: Set[str], progress: Progress | None
) -> set[str]:
    """Add all rows; return columns that turn out to have something else than numbers, at the first."""
    total, unfilled, last = path.stat().st_size, 0, table.names[-1]
    numeric = [name for name in table.names if name not in {*texts, last}]
    layout = _layout(dialect, table.names, numeric)
    if len(table.names) == 1:
        # There a blank line is a row; those in front of a header are none.
        layout |= {"skip_blank_lines": False, "skiprows": _blank(path, encoding) if dialect.header else 0}
    with (
        path.open("rb") as file,
        warnings.catch_warnings(),
        pd.read_csv(file, encoding=encoding, chunksize=ROWS, **layout) as pieces,
    ):
        warnings.simplefilter("error", pd.errors.ParserWarning)  # of rows that are longer than the first
        for piece in pieces:
            surprises = {name for name in numeric if piece[name].dtype.kind not in "iuf"}
            if surprises:
                return surprises
            unfilled += int((piece[last] == "").sum())
            table.add([piece[name] for name in table.names])
            if progress is not None:
                progress(min(file.tell(), total), total)
    # pandas fills what lacks: only a row whose last cell is empty may be short, and counting cells takes long.
    if unfilled:
        table.notes.extend(_unfilled(unfilled, path, encoding, dialect, len(table.names)))
    return set()


def _unfilled(count: int, path: Path, encoding: str, dialect: Dialect, width: int) -> list[str]:
    """Return what is to be said of rows whose last cell is empty: that they are short, or blank."""
    if width == 1:
        rows = f"{count:,} row{'s' if count > 1 else ''} of {path.name}"
        return [f"{rows} {'are' if count > 1 else 'is'} blank: what lacks is taken as missing."]
    short = _short(path, encoding, dialect, width)
    if not short:
        return []
    rows = f"{short:,} row{'s have' if short > 1 else ' has'}"
    return [f"{rows} fewer cells than the first in {path.name}: what lacks is taken as missing."]


def _layout(dialect: Dialect, names: Sequence[str], numeric: Sequence[str]) -> dict[str, Any]:
    """Return how pandas is to read a file: some columns as numbers, all others letter by letter."""
    return {
        "sep": dialect.delimiter,
        "skipinitialspace": dialect.delimiter == " ",
        "header": 0 if dialect.header else None,
        "names": list(names),
        "index_col": False,
        "keep_default_na": False,
        "low_memory": False,  # one type a column and piece
        "dtype": {name: str for name in names if name not in set(numeric)},
        "na_values": dict.fromkeys(numeric, WORDS_FOR_NOTHING),
        **PRECISION,
    }


def _blank(path: Path, encoding: str) -> int:
    """Return how many blank lines a file begins with."""
    with path.open(encoding=encoding) as file:
        return sum(1 for _ in itertools.takewhile(lambda line: not line.strip(), file))


def _short(path: Path, encoding: str, dialect: Dialect, width: int) -> int:
    """Return how many rows have fewer cells than the first."""
    with (
        path.open(encoding=encoding, newline="") as file,
        contextlib.suppress(csv.Error),
    ):  # cells too large for csv
        return sum(
            0 < len(row) < width
            for row in csv.reader(
                file, delimiter=dialect.delimiter, skipinitialspace=dialect.delimiter == " "
            )
        )
    return 0
