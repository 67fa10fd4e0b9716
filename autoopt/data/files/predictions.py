"""Predictions beside the rows that they are for, as a CSV that a spreadsheet shows and never runs."""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd

from autoopt.data.tables.numerals import PLAIN, SHAPES
from autoopt.errors import DataError
from autoopt.schema import Raw
from autoopt.untrusted import shown

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet runs: https://owasp.org/www-community/attacks/CSV_Injection"""


def write(path: str | Path | TextIO, raw: Raw | None, predictions: Mapping[str, Any]) -> None:
    """Write the rows with a column for each prediction, a file whole or not at all.

    Args:
        path: Of the CSV; what is there is replaced. Or what is written to.
        raw: The rows that were predicted for; None for arrays, which are not written. Of images, sounds and sequences only
            the names are.
        predictions: One value a row, by the name of the column: texts or numbers.

    Raises:
        DataError: A prediction has another length than the rows, or there is no such folder.

    Example:
        >>> from autoopt.data.files import read
        >>> raw = read(pd.DataFrame({"size": [1.5, 2.0], "said": ["=1+1", "no"], "y": [0, 1]}), types={"said": "category"})
        >>> write("out.csv", raw, {"y": [1, 0]})
        >>> print(Path("out.csv").read_text())
        size,said,y
        1.5,'=1+1,1
        2,no,0
    """
    columns = _columns(raw, predictions)
    if not isinstance(path, str | Path):
        _put(path, columns)
        return
    path = Path(path)
    if not path.parent.is_dir():
        raise DataError(
            f"There is no folder {path.parent}. Expected one to write {path.name} to. Make it first."
        )
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("w", encoding="utf-8", newline="") as file:
            _put(file, columns)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe stands before what would be one.

    Example:
        >>> harmless("=1+1"), harmless("-5"), harmless("a-b")
        ("'=1+1", '-5', 'a-b')
    """
    runs = text.lstrip(" ").startswith(FORMULA) and not SHAPES[PLAIN].fullmatch(text)
    return f"'{text}" if runs else text


def _put(file: TextIO, columns: Mapping[str, Iterable[str]]) -> None:
    rows = csv.writer(file)
    rows.writerow(map(harmless, columns))
    rows.writerows(zip(*columns.values(), strict=True))


def _columns(raw: Raw | None, predictions: Mapping[str, Any]) -> dict[str, Iterable[str]]:
    """Return the cells of each column, as they are written."""
    columns: dict[str, Iterable[str]] = {} if raw is None else _inputs(raw)
    for name, given in predictions.items():
        values = np.asarray(given)
        if raw is not None and values.shape != (raw.n,):
            raise DataError(
                f"The prediction {shown(name)} has shape {values.shape} for {raw.n:,} rows. Expected one value a row, "
                f"shape ({raw.n},). Pass a column for each output."
            )
        columns[_free(name, columns)] = _cells(values)
    return columns


def _inputs(raw: Raw) -> dict[str, Iterable[str]]:
    """Return the cells of the rows themselves."""
    columns: dict[str, Iterable[str]] = {}
    if raw.names:
        columns["file"] = map(harmless, raw.names)
    for column in raw.schema.columns:
        values = raw.x[column.name]
        if values.ndim == 1 and not (raw.names and column.kind == "text"):
            columns[column.name] = _dates(values) if column.kind == "date" else _cells(values)
    return columns


def _cells(values: np.ndarray) -> Iterator[str]:
    if values.dtype.kind in "OUS":
        return (harmless(str(each)) for each in values)
    return ("" if each != each else str(each).removesuffix(".0") for each in values)


def _dates(values: np.ndarray) -> Iterator[str]:
    moments: Sequence[Any] = pd.Timestamp(0) + pd.to_timedelta(values.astype(np.float64), unit="D")
    return ("" if pd.isna(each) else each.round("s").isoformat() for each in moments)


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """Return a name that no column has yet."""
    while name in taken:
        name = f"{name}_predicted"
    return name
