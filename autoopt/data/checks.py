"""What makes arrays unfit to learn from: lengths, emptiness, values that are not finite, text labels."""

from typing import Any

import numpy as np

from autoopt.data.nested import leaves
from autoopt.errors import DataError


def check(x: Any, y: Any, sample_weight: Any) -> None:
    """Raise a DataError that says what is wrong with the arrays and what to do; return when nothing is.

    Args:
        x: Inputs, arrays nested as Keras takes them.
        y: Labels, likewise.
        sample_weight: Weights, likewise, or None.
    """
    arrays = [*leaves(x, "x"), *leaves(y, "y"), *leaves(sample_weight, "sample_weight")]
    _check_lengths(arrays)
    for name, array in leaves(y, "y"):
        _check_labels_are_numbers(name, array)
    for name, array in leaves(sample_weight, "sample_weight"):
        _check_labels_are_numbers(name, array)
    for name, array in arrays:
        _check_finite(name, array)


def _check_lengths(arrays: list[tuple[str, np.ndarray]]) -> None:
    first_name, first = arrays[0]
    for name, array in arrays:
        if len(array) == 0:
            raise DataError(
                f"{name} is empty (shape {array.shape}). Expected one row per example. Pass data with "
                "examples in it."
            )
        if len(array) != len(first):
            raise DataError(
                f"{first_name} has {len(first):,} rows and {name} has {len(array):,}. Expected one row of "
                f"each per example. Pass arrays of the same length; {first_name} has shape {first.shape}, "
                f"{name} {array.shape}."
            )


def _check_labels_are_numbers(name: str, array: np.ndarray) -> None:
    if array.dtype.kind in "US":
        seen = ", ".join(repr(text.item()) for text in np.unique(array)[:3])
        raise DataError(
            f"{name} holds text ({seen}). Expected numbers. Encode it: "
            f"{name.split('[')[0]} = sklearn.preprocessing.LabelEncoder().fit_transform({name})."
        )


def _check_finite(name: str, array: np.ndarray) -> None:
    if array.dtype.kind != "f":
        return
    finite = np.isfinite(array)
    if finite.all():
        return
    bad_rows = np.flatnonzero(~finite.reshape(len(array), -1).all(axis=1))
    nans = int(np.isnan(array).sum())
    infinite = int(array.size - finite.sum()) - nans
    found = " and ".join(f"{n:,} {what}" for n, what in ((nans, "NaN"), (infinite, "infinite")) if n)
    label = name.partition("[")[0] == "y"  # nobody knows what a missing label would have been
    fill = ", or fill them in, for example with np.nan_to_num or sklearn.impute.SimpleImputer"
    raise DataError(
        f"{name} has {found} of {array.size:,} values, in {len(bad_rows):,} of {len(array):,} rows; the "
        f"first is row {bad_rows[0]:,}. Expected finite numbers that fit float32. "
        f"Drop those rows{'' if label else fill}."
    )
