"""How a file of rows is laid out: what stands between its cells, and whether its first row has the names."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autoopt.data.tables.numerals import MISSING, MISSING_NUMBERS, PLAIN, SHAPES

DELIMITERS = ",\t;|"
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
FEWEST_BELOW = 6
"""Cells that have to come again below a word, for it to be a name and no value."""

ALIGNED = 0.9
"""Share of the rows that have as many cells as most, above which spaces divide cells and not words."""

SAMPLE = 2**16
"""Letters that are looked at."""

CODE, CODE_NAME = re.compile(r"0\d"), re.compile(r"zip|post|code|phone|(\b|_)id\b", re.IGNORECASE)
"""Numbers that are none, and names of columns that may have such further down."""


@dataclass(frozen=True)
class Dialect:
    """How rows are written.

    Attributes:
        delimiter: What stands between cells.
        header: Whether the first row has the names.
        comma: Whether numbers have decimal commas.
    """

    delimiter: str
    header: bool
    comma: bool = False


def dialect_of(path: Path, encoding: str, known: Sequence[str] = ()) -> tuple[Dialect, list[list[str]]]:
    """Return how a file is laid out, and its first rows.

    Args:
        path: Of the file.
        encoding: Of its text.
        known: Names of columns that it may have, where they are known.
    """
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(SAMPLE)
    whole = len(sample) < SAMPLE
    given = "\t" if path.suffix.lower() in (".tsv", ".tab") else None
    scores = {each: _regularity(_rows(sample, each, whole)) for each in DELIMITERS}
    # Spaces stand in texts too: they divide cells only where nothing else does.
    likeliest = max(scores, key=scores.__getitem__) if any(map(any, scores.values())) else " "
    least = ALIGNED if likeliest == " " else 0.0
    delimiter = given or (likeliest if _regularity(_rows(sample, likeliest, whole))[0] > least else ",")
    rows = _rows(sample, delimiter, whole)
    if not rows:
        return Dialect(delimiter, True), rows
    comma = delimiter == ";" and any(DECIMAL_COMMA.fullmatch(cell.strip()) for row in rows for cell in row)
    header = bool({each.strip() for each in rows[0]} & set(known)) if known else _has_header(rows)
    return Dialect(delimiter, header, comma), rows


def numeric_places(rows: Sequence[Sequence[str]], names: Sequence[str], comma: bool) -> list[int]:
    """Return which columns are plain numbers in the first rows, and are not codes in which a 0 in front counts.

    Args:
        rows: Some, without the header.
        names: Of the columns.
        comma: Whether numbers have decimal commas: then a point may stand between thousands.
    """
    places = []
    for place, name in enumerate(names):
        cells = [row[place].strip() for row in rows if len(row) > place]
        filled = [each for each in cells if each.casefold() not in MISSING_NUMBERS]
        plain = all(map(SHAPES[PLAIN].fullmatch, filled)) and not any(map(CODE.match, filled))
        plain = plain and not (comma and any("." in each for each in filled))
        if filled and plain and not CODE_NAME.search(name):
            places.append(place)
    return places


def _rows(sample: str, delimiter: str, whole: bool) -> list[list[str]]:
    """Return the rows of a sample, the last left out where it may be cut off."""
    found = []
    try:
        for row in csv.reader(
            io.StringIO(sample, newline=""), delimiter=delimiter, skipinitialspace=delimiter == " "
        ):
            found.append(row)
    except csv.Error:  # a quote that the sample's end leaves open, or a cell too large; reading says so
        whole = True
    rows = [row for row in found if row]
    return rows if whole or len(rows) < 2 else rows[:-1]


def _regularity(rows: list[list[str]]) -> tuple[float, int]:
    """Return the share of the rows that have as many cells as most, and how many these are."""
    if not rows:
        return 0.0, 0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    return (count / len(rows), width) if width > 1 else (0.0, 0)


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: it has a word over numbers, or over others that come again, or no numbers."""
    first, rest = rows[0], rows[1:]
    for place, cell in enumerate(first):
        below = [
            row[place] for row in rest if len(row) > place and row[place].strip().casefold() not in MISSING
        ]
        if below and all(map(_is_number, below)) and not _is_number(cell):
            return True
        if (
            len(below) >= FEWEST_BELOW
            and 2 * len(set(below)) <= len(below)
            and cell not in below
            and not _is_number(cell)
        ):
            return True
    return not any(map(_is_number, first))


def _is_number(cell: str) -> bool:
    return any(shape.fullmatch(cell.strip()) for shape in SHAPES.values())
