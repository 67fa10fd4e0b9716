"""What users ask of a cut: a share for the test part, groups that keep together, rows in time order."""

from typing import Any

import numpy as np

from autoopt.data import streams
from autoopt.data.cuts import Rules, Split
from autoopt.data.splits import FREE, ROWS_FOR_A_TEST_PART, TEST_SHARE
from autoopt.errors import DataError

FEWEST_GROUPS = 3
"""One to train on, one to validate on, and one for the test part."""


def asked_share(test_split: Any, validation_data: Any, test_data: Any) -> float | None:
    """Return the share of the rows that is to be the test part, None for what is usual.

    Raises:
        DataError: It is no share, or nothing is to be cut.
    """
    if isinstance(test_split, str) and test_split == "auto":
        return None
    number = isinstance(test_split, int | float | np.number) and not isinstance(test_split, bool)
    if not number or not 0 <= test_split < 1:
        raise DataError(
            f"test_split was given {test_split!r}. Expected a share from 0 up to below 1, such as 0.2, or "
            '"auto": 0.2 of 1,000 rows or more.'
        )
    for name, given in (("validation_data", validation_data), ("test_data", test_data)):
        if test_split and given is not None:
            raise DataError(
                f"test_split={test_split} was given along with {name}, with which no test part is cut. Expected one "
                "of the two. Leave test_split out."
            )
    return float(test_split)


def share_of(n: int, asked: float | None) -> float:
    """Return the share of `n` rows that is the test part."""
    if asked is not None:
        return asked
    return TEST_SHARE if n >= ROWS_FOR_A_TEST_PART else 0.0


def check_ruled(groups: Any, time_order: Any, name: str, given: Any) -> None:
    """Raise a DataError where a cut is asked to respect something, and nothing is to be cut.

    Args:
        groups: As the user gave it.
        time_order: Likewise.
        name: What has its parts already, where it is given.
        given: None where it is not.
    """
    if not isinstance(time_order, bool):
        raise DataError(f"time_order was given {time_order!r}. Expected True or False.")
    if groups is not None and time_order:
        raise DataError(
            "groups was given along with time_order=True. Expected one of the two: the last rows of some groups are "
            "not the last rows of all. Leave one out, or cut the parts yourself: validation_data, test_data."
        )
    asked = "groups" if groups is not None else "time_order" if time_order else ""
    if asked and given is not None:
        raise DataError(
            f"{asked} was given along with {name}, and then nothing is cut. Expected one of the two. "
            f"Leave {asked} out, or pass data as (x, y) alone."
        )


def ruled(groups: Any, time_order: bool, data: Any, n: int) -> Rules:
    """Return what the user asks of a cut of `n` rows.

    Raises:
        DataError: The rows have no order that groups or time could be told by, or there are not enough groups.
    """
    if groups is None and not time_order:
        return FREE
    form = streams.format_of(data)
    if form is not None:
        raise DataError(
            f"{'time_order' if groups is None else 'groups'} was given for a {form.NAME}, whose order is not known. "
            "Expected rows that lie in memory. Pass arrays (x, y)."
        )
    return Rules(None if groups is None else _numbered(groups, n), time_order)


def said(split: Split) -> tuple[str, ...]:
    """Return what is to be said of a split, one sentence each."""
    if split.rules.time_order:
        what = "validate" if split.test is None else "are the test part, and those before them validate"
        return (f"The rows are in time order: the last {what}.",)
    if split.rules.groups is not None:
        parts = [rows for rows in (split.train, split.validation, split.test) if rows is not None]
        counts = [f"{len(np.unique(split.rules.groups[rows])):,}" for rows in parts]
        tested = f", {counts[2]} are in the test part" if split.test is not None else ""
        return (f"No group is in two parts: {counts[0]} train, {counts[1]} validate{tested}.",)
    return ("Each class has about the same share of every part.",) if split.stratified else ()


def _numbered(groups: Any, n: int) -> np.ndarray:
    """Return the number of each row's group."""
    labels = np.asarray(groups)
    if labels.shape != (n,):
        raise DataError(
            f"groups has shape {labels.shape} for {n:,} rows. Expected one label a row, shape ({n},): for example the "
            "column that says whose row it is. Pass that, or of raw rows its name."
        )
    missing = [label is None or label != label for label in labels.tolist()]
    if any(missing):
        raise DataError(
            f"groups has no label in {sum(missing):,} of {n:,} rows; the first is row {missing.index(True):,}. "
            "Expected one for every row. Give rows that belong to no group a label each."
        )
    distinct, numbers = np.unique(labels, return_inverse=True)
    if len(distinct) < FEWEST_GROUPS:
        raise DataError(
            f"groups has {len(distinct)} different label{'' if len(distinct) == 1 else 's'}. Expected at least "
            f"{FEWEST_GROUPS}, one for each part that is cut. Pass finer groups, or cut the parts yourself: "
            "validation_data, test_data."
        )
    return np.asarray(numbers).reshape(-1)
