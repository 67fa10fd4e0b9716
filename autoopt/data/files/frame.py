"""DataFrames of pandas and polars. polars is never imported: who has a frame of it has it loaded."""

import sys
from typing import Any

import pandas as pd

from autoopt.data.files.delimited import checked_names
from autoopt.data.tables import Table


def recognizes(data: Any) -> bool:
    """Say whether something is a DataFrame."""
    return isinstance(data, pd.DataFrame) or _is_polars(data)


def size(data: Any) -> int:
    """Return the bytes that reading a DataFrame takes beside it; 0 of a lazy one, which knows it once it is collected."""
    if not _is_polars(data):
        return int(data.memory_usage(index=False).sum())
    return 0 if hasattr(data, "collect") else int(data.estimated_size())


def read(data: Any) -> Table:
    """Return the rows of a DataFrame; its index is no column.

    Raises:
        DataError: Two columns have the same name.
    """
    if _is_polars(data):
        whole = data.collect() if hasattr(data, "collect") else data
        table = Table(checked_names(whole.columns, "The frame"))
        table.add([_series(whole[name]) for name in whole.columns])
        return table
    table = Table(checked_names([str(name) for name in data.columns], "The DataFrame"))
    table.add([data.iloc[:, place] for place in range(data.shape[1])])
    return table


def _is_polars(data: Any) -> bool:
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(data, polars.DataFrame | polars.LazyFrame)


def _series(column: Any) -> pd.Series:
    # to_pandas() of polars would ask for pyarrow.
    if column.dtype.is_numeric() or column.dtype.is_temporal():
        return pd.Series(column.to_numpy())
    return pd.Series(column.to_list(), dtype=object)
