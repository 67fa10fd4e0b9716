"""JSON lines: one object a line, its keys the names of columns."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pandas as pd

from autoopt.data.files.delimited import NOTHING
from autoopt.data.files.encoding import encoding_of
from autoopt.data.parts import Progress
from autoopt.data.tables import Expected, Table
from autoopt.errors import DataError
from autoopt.untrusted import shown

SUFFIXES = (".jsonl", ".ndjson", ".json")
ROWS = 20_000


def read(path: Path, known: Expected = NOTHING, progress: Progress | None = None) -> Table:
    """Return the rows of a file; a key that an object lacks is missing there.

    Args:
        path: Of the file.
        known: Not needed here: names and types are in the file.
        progress: Told of bytes.

    Raises:
        DataError: A line is no object.
    """
    encoding, notes = encoding_of(path)
    names: dict[str, None] = {}
    pieces: list[dict[str, list[Any]]] = []
    done, total = 0, path.stat().st_size
    with path.open(encoding=encoding) as file:
        rows: list[dict[str, Any]] = []
        for number, line in enumerate(file, 1):
            done += len(line)
            if line.strip():
                rows.append(_object(line, number, path))
                names.update(dict.fromkeys(rows[-1]))
            if len(rows) == ROWS:
                pieces.append({name: [row.get(name) for row in rows] for name in names})
                rows = []
                if progress is not None:
                    progress(min(done, total), total)
        pieces.append({name: [row.get(name) for row in rows] for name in names})
    if not names:
        raise DataError(f"{path} is empty. Expected one JSON object a line. Pass another file.")
    table = Table(tuple(names), list(notes))
    for piece in pieces:
        size = len(next(iter(piece.values())))
        table.add([_series(piece.get(name, [None] * size)) for name in names])
    return table


def _object(line: str, number: int, path: Path) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} has no JSON in line {number:,}: {shown(line.strip())}. Expected one object a line. A file that is one "
            "array is written anew with pandas.read_json(path).to_json(path, orient='records', lines=True)."
        ) from error
    if isinstance(found, dict):
        return found
    raise DataError(
        f"{path} has {shown(found)} in line {number:,}. Expected an object with names and values. Write one object a line."
    )


def _series(values: list[Any]) -> pd.Series:
    """Return a column of which all are numbers or none; anything else stays as it is."""
    plain = all(
        each is None or (isinstance(each, int | float) and not isinstance(each, bool)) for each in values
    )
    if plain and any(each is not None for each in values):
        with contextlib.suppress(OverflowError):  # a whole number of hundreds of digits
            return pd.Series([float("nan") if each is None else float(each) for each in values])
    return pd.Series(values, dtype=object)
