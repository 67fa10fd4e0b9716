"""What is returned as a DataFrame: rows whose words may be anybody's, and no text that pandas can hold."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def framed(rows: Sequence[Any], columns: Sequence[str] | None = None) -> pd.DataFrame:
    r"""Return rows as a DataFrame; halves of pairs, which Arrow's strings do not take, are written out.

    Args:
        rows: Tuples, or mappings by column.
        columns: Their names; None takes those of the mappings.

    Example:
        >>> framed([("\ud800", 1)], ["name", "trials"])["name"].tolist()
        ['\\ud800']
    """
    plain = [
        {_text(name): _text(value) for name, value in row.items()}
        if isinstance(row, Mapping)
        else tuple(map(_text, row))
        for row in rows
    ]
    return pd.DataFrame(plain, columns=None if columns is None else list(columns))


def _text(value: Any) -> Any:
    return value.encode("utf8", "backslashreplace").decode("utf8") if isinstance(value, str) else value
