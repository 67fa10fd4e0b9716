"""pandas: DataFrames and Series as arrays. pandas is never imported: who has a DataFrame has it loaded."""

import sys
from typing import Any

import numpy as np

from autoopt.errors import DataError


def recognizes(value: Any) -> bool:
    """Say whether `value` is a DataFrame or a Series."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series)


def columns(value: Any) -> tuple[str, ...]:
    """Return a DataFrame's column names in order, nothing for anything else."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(value, pandas.DataFrame):
        return ()
    return tuple(str(column) for column in value.columns)


def to_array(value: Any, name: str) -> np.ndarray:
    """Return a Series as one 1-D array, a DataFrame as one 2-D array, missing values as NaN.

    A DataFrame becomes float32. A Series keeps its type, as does a DataFrame of integer labels (`name`
    starts with `y`).

    Raises:
        DataError: A DataFrame's columns hold text, categories or dates; the message names them.
    """
    pandas = sys.modules["pandas"]
    if isinstance(value, pandas.Series):
        return _column(value)
    kinds = pandas.api.types
    bad = [name for name, column in value.items() if not kinds.is_numeric_dtype(column.dtype)]
    if bad:
        raise DataError(
            f"{name} has columns that are no numbers: {', '.join(f'{c!r} ({value[c].dtype})' for c in bad)}. "
            f"Expected numeric and boolean columns only. Encode them, for example pandas.get_dummies({name}, "
            f"columns={bad!r}), or drop them."
        )
    whole = all(kinds.is_integer_dtype(column.dtype) for _, column in value.items())
    if name.startswith("y") and whole and not value.isna().any(axis=None):
        return np.asarray(value.to_numpy())
    with np.errstate(over="ignore"):
        return np.asarray(value.to_numpy(dtype=np.float32, na_value=np.nan))


def _column(series: Any) -> np.ndarray:
    kinds = sys.modules["pandas"].api.types
    if not kinds.is_extension_array_dtype(series.dtype) or not kinds.is_numeric_dtype(series.dtype):
        return np.asarray(series)
    if series.isna().any() or kinds.is_float_dtype(series.dtype):
        return np.asarray(series.to_numpy(dtype=np.float32, na_value=np.nan))
    return np.asarray(
        series.to_numpy(dtype=bool if kinds.is_bool_dtype(series.dtype) else series.dtype.numpy_dtype)
    )
