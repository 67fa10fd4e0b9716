"""What is shown of data before a search begins: a row a column, as plain data."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from autoopt.schema import Column, Raw, Stored
from autoopt.untrusted import brief, printable

EXAMPLES, LONGEST = 3, 40
"""Values that are shown of a column, and letters of each."""

LOOKED_AT = 1_000
"""Values among which they are found."""


def describe(raw: Raw) -> list[Mapping[str, str]]:
    """Return a row for each input and one for the target: its name, kind, missing, different values, examples.

    Everything is text that a terminal may be given as it is.

    Example:
        >>> from autoopt.data.files import read
        >>> raw = read(pd.DataFrame({"size": [1.5, 2.0, None, 4.0], "label": ["a", "b", "a", "b"]}))
        >>> for row in describe(raw):
        ...     print(*row.values(), sep=" | ")
        size | number | 25% | 3 | 1.5, 2, 4
        label | binary | 0% | 2 | a, b
    """
    rows = [_row(column, raw) for column in raw.schema.columns]
    name = ", ".join(raw.schema.target) or "folder"
    if raw.y is None:
        return rows
    if raw.schema.classes:
        examples, distinct = ", ".join(map(_shown, raw.schema.classes[:EXAMPLES])), len(raw.schema.classes)
        more = ", …" if distinct > EXAMPLES else ""
        return [*rows, _line(name, raw.schema.task, 0.0, distinct, examples + more)]
    span = f"{np.nanmin(raw.y):g} to {np.nanmax(raw.y):g}"
    return [*rows, _line(name, raw.schema.task, 0.0, len(np.unique(raw.y)), span)]


def _row(column: Column, raw: Raw) -> Mapping[str, str]:
    values = raw.x[column.name]
    if values.ndim > 1:
        shape = " × ".join(map(str, values.shape[1:]))
        rate = f", {raw.schema.rate:,} a second" if raw.schema.rate else ""
        return _line(column.name, raw.schema.modality, 0.0, len(values), f"{shape}{rate}")
    found = column.categories[:EXAMPLES] or _first(values)
    examples = [_dated(each) if column.kind == "date" else _shown(each) for each in found]
    return _line(column.name, column.kind, column.missing, column.distinct, ", ".join(examples))


def _line(name: str, kind: str, missing: float, distinct: int, examples: str) -> Mapping[str, str]:
    share = "<1%" if 0 < missing < 0.01 else f"{missing:.0%}"
    return {
        "name": _shown(name), "kind": kind, "missing": share, "distinct": f"{distinct:,}", "examples": examples,
    }  # fmt: skip


def _first(values: Any) -> list[object]:
    values = np.asarray(values[:LOOKED_AT]) if isinstance(values, Stored) else values
    known = values[values != ""] if values.dtype == object else values[~np.isnan(values)]
    return list(pd.unique(known[:LOOKED_AT])[:EXAMPLES])


def _shown(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float | np.floating) else str(value)
    return brief(printable(text, kept=""), LONGEST)


def _dated(value: object) -> str:
    return str((pd.Timestamp(0) + pd.Timedelta(days=float(value))).date())  # type: ignore[arg-type]
