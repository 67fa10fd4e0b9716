"""Which rows train, which validate, and which are the test part that nothing looks at until the end."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoopt.data.nested import leaves
from autoopt.errors import DataError

TEST_SHARE = 0.2
ROWS_FOR_A_TEST_PART = 1_000

MOST_REAL_CLASSES = 20
"""Distinct whole numbers up to which real labels are taken for classes."""

MOST_RARE = 0.1
"""Share of rows in classes too small to be cut, up to which the others are cut by class."""


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
        y: Labels; stratified by them where they are classes: one column of whole numbers, or one-hot. Then a class
            of two rows or more is in train and in validation, one of three or more in the test part too.
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
        rest, test_rows = _cut(rest, labels, math.ceil(TEST_SHARE * n), generator, parts=3)
    count = math.ceil(validation_split * len(rest))
    if count >= len(rest):
        raise DataError(
            f"The data has {n:,} {'row' if n == 1 else 'rows'}, too few to cut "
            f"validation_split={validation_split} from. Expected at least one row to train and one to "
            "validate. Pass more rows, a smaller validation_split, or validation_data=(x, y)."
        )
    train, validation = _cut(rest, labels, count, generator, parts=2)
    stratified = labels is not None and _fits(labels[rest], len(validation), parts=2)
    return Split(train, validation, test_rows, stratified)


def cut_again(y: Any, n: int, validating: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which of `n` rows train and which validate, as `split` cuts them where there is no test part.

    Args:
        y: Labels.
        n: Number of rows.
        validating: How many of them validate.
        seed: Of the cut.
    """
    return _cut(np.arange(n), _classes(y), validating, np.random.default_rng(seed), parts=2)


def check_share(validation_split: float) -> None:
    """Raise a DataError unless the share is a number between 0 and 1, both excluded."""
    if not isinstance(validation_split, int | float | np.number) or not 0 < validation_split < 1:
        raise DataError(
            f"validation_split={validation_split!r} was given. Expected a share between 0 and 1, both "
            "excluded, such as 0.2. To validate on rows of your own, pass validation_data=(x, y)."
        )


def _cut(
    rows: np.ndarray, labels: np.ndarray | None, count: int, generator: np.random.Generator, parts: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that are kept and the `count` that are taken; what is kept is cut until there are `parts` parts."""
    from sklearn.model_selection import train_test_split

    drawn, strata = rows, None
    if labels is not None and _fits(labels[rows], count, parts):
        # Rows of a class that is too small to be in every part stay where the next cut, and training, find them.
        drawn = rows[np.bincount(labels[rows])[labels[rows]] >= parts]
        strata = labels[drawn]
    state = int(generator.integers(2**32))
    kept, taken = train_test_split(drawn, test_size=count, random_state=state, stratify=strata)
    if labels is not None and strata is not None:
        _spread(taken, kept, labels)
        _spread(kept, taken, labels)
    return np.setdiff1d(rows, taken), np.sort(taken)


def _spread(here: np.ndarray, there: np.ndarray, labels: np.ndarray) -> None:
    """Give `here` a row of each class that only `there` has, in exchange for one of its largest class."""
    for label in np.setdiff1d(labels[there], labels[here]):
        gone = np.flatnonzero(labels[here] == np.bincount(labels[here]).argmax())[0]
        found = np.flatnonzero(labels[there] == label)[0]
        here[gone], there[found] = there[found], here[gone]


def _classes(y: Any) -> np.ndarray | None:
    """Return one class number per row, or None where the labels are no classes."""
    arrays = [array for _, array in leaves(y, "y")]
    if len(arrays) != 1 or arrays[0].dtype.kind not in "biuf":
        return None
    found = arrays[0]
    if found.ndim == 2 and found.shape[1] > 1:
        hot = ((found == 0) | (found == 1)).all() and (found.sum(axis=1) == 1).all()
        return found.argmax(axis=1) if hot else None
    if found.ndim != 1 and found.shape[1:] != (1,):
        return None
    distinct, numbers = np.unique(found, return_inverse=True)
    whole = found.dtype.kind != "f" or (
        len(distinct) <= MOST_REAL_CLASSES and bool((distinct == np.floor(distinct)).all())
    )
    return np.asarray(numbers).reshape(-1) if whole else None


def _fits(labels: np.ndarray, count: int, parts: int) -> bool:
    """Say whether every class but a few rare ones can be in all parts, with a place for each on both sides."""
    sizes = np.bincount(labels)
    large = sizes[sizes >= parts]
    enough = large.sum() >= (1 - MOST_RARE) * len(labels)
    return bool(enough and len(large) and min(count, large.sum() - count) >= len(large))
