"""Predictions beside the rows that they are for, as a CSV that is laid out as theirs, and that a spreadsheet shows and never runs."""

import csv
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from autoopt.data.tables.numerals import COMMA, PLAIN, SHAPES
from autoopt.errors import DataError
from autoopt.schema import Raw
from autoopt.untrusted import shown

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What a cell begins with that a spreadsheet runs: https://owasp.org/www-community/attacks/CSV_Injection"""


ENDS = ("\t", "\r", "\n")
"""What a cell begins with that may end it for a spreadsheet."""

SPACES = re.compile(r"^[\s\0-\x1f\x7f-\xa0\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
"""What is seen as nothing in front of a formula."""


def write(path: str | Path | TextIO, raw: Raw | None, predictions: Mapping[str, Any]) -> None:
    """Write the rows with a column for each prediction, a file whole or not at all.

    Args:
        path: Of the CSV; what is there is replaced. Or what is written to. Cells and decimals are divided as in the file
            of the rows, but for one that has spaces between cells.
        raw: The rows that were predicted for, read by a schema: all columns of their file are written as they stand, also
            those that nothing was learnt from. Of images, sounds and texts in files the names are; None for arrays, which
            are not written.
        predictions: One value a row, by the name of the column: texts or numbers.

    Raises:
        DataError: A prediction has another length than the rows, or there is no such folder, or it cannot be
            written to.

    Example:
        >>> from autoopt.data.files import read
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"id": [123456789, 7], "said": ["=1+1", "no"], "y": [0, 1]})
        >>> learnt = read(rows, types={"said": "category"}, drop=["id"])
        >>> write("out.csv", read(rows, schema=learnt.schema), {"y": [1, 0]})
        >>> print(Path("out.csv").read_text())
        id,said,y,y_predicted
        123456789,'=1+1,0,1
        7,no,1,0
    """
    layout = _layout(raw)
    columns = _columns(raw, predictions, layout)
    if not isinstance(path, str | Path):
        _put(path, columns, layout)
        return
    path = Path(path)
    if not path.parent.is_dir():
        raise DataError(
            f"There is no folder {path.parent}. Expected one to write {path.name} to. Make it first."
        )
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("w", encoding="utf-8", newline="") as file:
            _put(file, columns, layout)
        new.replace(path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}. Expected a place of yours. Name another file."
        ) from error
    finally:
        new.unlink(missing_ok=True)


@dataclass(frozen=True)
class Layout:
    """How a CSV is written: what stands between cells, and how numbers are spelled."""

    delimiter: str = ","
    style: str = PLAIN

    def number(self, value: Any) -> str:
        """Return a number as text."""
        text = str(value).removesuffix(".0")
        return text.replace(".", ",") if self.style == COMMA else text


def _layout(raw: Raw | None) -> Layout:
    """Return how the file of the rows is laid out, and CSV in general where they are of no such file."""
    table = None if raw is None else raw.table
    if table is None or table.delimiter == " ":
        return Layout()
    return Layout(table.delimiter, COMMA if table.comma else PLAIN)


def harmless(text: str, style: str = PLAIN) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe stands before what would be one.

    Args:
        text: Of a cell.
        style: How numbers are spelled there: they stay as they are.

    Example:
        >>> harmless("=1+1"), harmless("-5"), harmless("a-b"), harmless("-0,5", COMMA)
        ("'=1+1", '-5', 'a-b', '-0,5')
    """
    runs = SPACES.sub("", text).startswith(FORMULA) or text.lstrip(" ").startswith(ENDS)
    runs = runs and not any(SHAPES[each].fullmatch(text) for each in (PLAIN, style))
    return f"'{text}" if runs else text


def _put(file: TextIO, columns: Mapping[str, Iterable[str]], layout: Layout) -> None:
    rows = csv.writer(file, delimiter=layout.delimiter)
    rows.writerow(map(harmless, columns))
    rows.writerows(zip(*columns.values(), strict=True))


def _columns(raw: Raw | None, predictions: Mapping[str, Any], layout: Layout) -> dict[str, Iterable[str]]:
    """Return the cells of each column, as they are written."""
    columns: dict[str, Iterable[str]] = {} if raw is None else _inputs(raw, layout)
    for name, given in predictions.items():
        values = np.asarray(given)
        if raw is not None and values.shape != (raw.n,):
            raise DataError(
                f"The prediction {shown(name)} has shape {values.shape} for {raw.n:,} rows. Expected one value a row, "
                f"shape ({raw.n},). Pass a column for each output."
            )
        columns[_free(name, columns)] = _cells(values, layout)
    return columns


def _inputs(raw: Raw, layout: Layout) -> dict[str, Iterable[str]]:
    """Return the cells of the rows themselves."""
    columns: dict[str, Iterable[str]] = {}
    if raw.names:
        columns["file"] = map(harmless, raw.names)
    for name in () if raw.table is None else raw.table.names:
        columns[name] = (harmless(each, layout.style) for each in raw.table.texts(name))
    return columns


def _cells(values: np.ndarray, layout: Layout) -> Iterator[str]:
    if values.dtype.kind in "OUS":
        return (harmless(str(each)) for each in values)
    return ("" if each != each else layout.number(each) for each in values)


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """Return a name that no column has yet."""
    while name in taken:
        name = f"{name}_predicted"
    return name
