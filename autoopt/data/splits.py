"""Which rows train, which validate, and which are the test part that nothing looks at until the end."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from autoopt.errors import DataError

TEST_SHARE = 0.2
ROWS_FOR_A_TEST_PART = 1_000


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of each part, ascending, in the order in which the data was given or read.

    Attributes:
        train: Rows that are trained on.
        validation: Rows that the objective is measured on.
        test: Rows that nothing looks at until the end; None without a test part.
        stratified: Whether each class has about the same share of every part.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray | None
    stratified: bool


def split(y: Any, n: int, *, validation_split: float, test: bool, seed: int | None) -> Split:
    """Cut `n` rows into parts: same seed, same cut; the process's random state is left alone.

    Args:
        y: Labels; stratified by them where they are one column of integers or booleans.
        n: Number of rows.
        validation_split: Share of the rows left after the test part that validates, between 0 and 1.
        test: Whether a test part of 20 % is cut first; only from 1,000 rows on.
        seed: Of the cut; None takes a fresh one.

    Raises:
        DataError: `validation_split` is out of range, or a part would be empty.
    """
    check_share(validation_split)
    generator = np.random.default_rng(seed)
    labels = _classes(y)
    rest, test_rows = np.arange(n), None
    if test and n >= ROWS_FOR_A_TEST_PART:
        rest, test_rows = _cut(rest, labels, TEST_SHARE, generator)
    if np.ceil(validation_split * len(rest)) >= len(rest):
        raise DataError(
            f"The data has {n:,} {'row' if n == 1 else 'rows'}, too few to cut "
            f"validation_split={validation_split} from. Expected at least one row to train and one to "
            "validate. Pass more rows, a smaller validation_split, or validation_data=(x, y)."
        )
    train, validation = _cut(rest, labels, validation_split, generator)
    return Split(train, validation, test_rows, labels is not None and _fits(labels[rest], len(validation)))


def check_share(validation_split: float) -> None:
    """Raise a DataError unless the share is a number between 0 and 1, both excluded."""
    if not isinstance(validation_split, int | float | np.number) or not 0 < validation_split < 1:
        raise DataError(
            f"validation_split={validation_split!r} was given. Expected a share between 0 and 1, both "
            "excluded, such as 0.2. To validate on rows of your own, pass validation_data=(x, y)."
        )


def _cut(
    rows: np.ndarray, labels: np.ndarray | None, share: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import train_test_split

    count = int(np.ceil(share * len(rows)))
    strata = labels[rows] if labels is not None and _fits(labels[rows], count) else None
    state = int(generator.integers(2**32))
    kept, taken = train_test_split(rows, test_size=count, random_state=state, stratify=strata)
    return np.sort(kept), np.sort(taken)


def _classes(y: Any) -> np.ndarray | None:
    """Return one class number per row, or None where the labels are no single column of classes."""
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "biu":
        return None
    if y.ndim == 1 or y.shape[1:] == (1,):
        return np.asarray(np.unique(y, return_inverse=True)[1]).reshape(-1)
    return None


def _fits(labels: np.ndarray, count: int) -> bool:
    """Say whether every class can be in both parts: two rows of each, and a place for each on both sides."""
    sizes = np.bincount(labels)
    sizes = sizes[sizes > 0]
    return bool(sizes.min() >= 2 and min(count, len(labels) - count) >= len(sizes))
