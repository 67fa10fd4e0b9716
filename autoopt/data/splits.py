"""Which rows train, which validate, and which are the test part that nothing looks at until the end."""

import math
from typing import Any

import numpy as np

from autoopt.data.cuts import Cut, Rules, Split
from autoopt.data.nested import leaves
from autoopt.errors import DataError
from autoopt.spelling import named, spelled

TEST_SHARE = 0.2
ROWS_FOR_A_TEST_PART = 1_000

MOST_REAL_CLASSES = 20
"""Distinct whole numbers up to which real labels are taken for classes."""

MOST_RARE = 0.1
"""Share of rows in classes too small to be cut, up to which the others are cut by class."""

DRAWS = 32
"""Cuts by group that are drawn; the one nearest to the shares of rows and classes is taken."""

FREE = Rules()


def split(
    y: Any, n: int, *, validation_split: float, test: float, seed: int | None, rules: Rules = FREE
) -> Split:
    """Cut `n` rows into parts: same seed, same cut; the process's random state is left alone.

    Args:
        y: Labels; stratified by them where they are classes: one column of whole numbers, or one-hot. Then a class
            of two rows or more is in train and in validation, one of three or more in the test part too.
        n: Number of rows.
        validation_split: Share of the rows left after the test part that validates, between 0 and 1.
        test: Share of the rows that is the test part, 0 for none.
        seed: Of the cut; None takes a fresh one.
        rules: Groups keep together, and time order is kept, by these.

    Raises:
        DataError: `validation_split` is out of range, or a part would be empty.
    """
    check_share(validation_split)
    generator = np.random.default_rng(seed)
    labels = classes(y)
    rest, test_rows = np.arange(n), None
    if test:
        rest, test_rows = _cut(rest, labels, math.ceil(test * n), generator, 3, rules)
    count = math.ceil(validation_split * len(rest))
    if count >= len(rest):
        raise DataError(
            f"The data has {n:,} {'row' if n == 1 else 'rows'}, too few to cut "
            f"{spelled('validation_split', validation_split)} from. Expected at least one row to train and one to "
            f"validate. Pass more rows, a smaller {named('validation_split')}, or rows of your own to validate on, as "
            f"{named('validation_data')}."
        )
    train, validation = _cut(rest, labels, count, generator, 2, rules)
    free = rules.groups is None and not rules.time_order
    stratified = labels is not None and free and fits(labels[rest], len(validation), parts=2)
    return Split(train, validation, test_rows, stratified, rules)


def cut_again(split: Split, y: Any, seed: int) -> Cut:
    """Return a fresh cut of the rows that train and validate, by the rules of a split without a time order.

    Args:
        split: What was cut.
        y: Labels of its `pool`.
        seed: Of the cut.
    """
    groups = None if split.rules.groups is None else split.rules.groups[split.pool]
    rows, generator = np.arange(len(split.pool)), np.random.default_rng(seed)
    return Cut(*_cut(rows, classes(y), len(split.validation), generator, 2, Rules(groups)))


def check_share(validation_split: float) -> None:
    """Raise a DataError unless the share is a number between 0 and 1, both excluded."""
    if not isinstance(validation_split, int | float | np.number) or not 0 < validation_split < 1:
        raise DataError(
            f"{spelled('validation_split', validation_split)} was given. Expected a share between 0 and 1, both "
            f"excluded, such as 0.2. To validate on rows of your own, pass {named('validation_data')}."
        )


def check_seed(seed: Any) -> None:
    """Raise a DataError unless the seed is a whole number from 0, or None."""
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if seed is not None and not (whole and seed >= 0):
        raise DataError(
            f"{named('seed')} was given {seed!r}. Expected a whole number from 0, or None for a fresh cut."
        )


def _cut(
    rows: np.ndarray, labels: np.ndarray | None, count: int, generator: np.random.Generator, parts: int,
    rules: Rules,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return the rows that are kept and the `count` that are taken; what is kept is cut until there are `parts` parts."""
    if rules.time_order:
        return rows[: len(rows) - count], rows[len(rows) - count :]
    if rules.groups is not None:
        return _cut_groups(rows, labels, count, generator, rules.groups)
    return _cut_rows(rows, labels, count, generator, parts)


def _cut_rows(
    rows: np.ndarray, labels: np.ndarray | None, count: int, generator: np.random.Generator, parts: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import train_test_split

    drawn, strata = rows, None
    if labels is not None and fits(labels[rows], count, parts):
        # Rows of a class that is too small to be in every part stay where the next cut, and training, find them.
        drawn = rows[np.bincount(labels[rows])[labels[rows]] >= parts]
        strata = labels[drawn]
    state = int(generator.integers(2**32))
    kept, taken = train_test_split(drawn, test_size=count, random_state=state, stratify=strata)
    if labels is not None and strata is not None:
        _spread(taken, kept, labels)
        _spread(kept, taken, labels)
    return np.setdiff1d(rows, taken), np.sort(taken)


def _cut_groups(
    rows: np.ndarray,
    labels: np.ndarray | None,
    count: int,
    generator: np.random.Generator,
    groups: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Take whole groups: of several draws those whose rows, and rows of each class, come nearest to their share."""
    from sklearn.model_selection import GroupShuffleSplit

    strata = np.zeros(len(rows), int) if labels is None else labels[rows]
    distinct = len(np.unique(groups[rows]))
    wanted = np.bincount(strata) * (count / len(rows))
    # As many groups as rows of mean size; at least one on either side.
    take = min(max(round(count / len(rows) * distinct), 1), distinct - 1)
    shuffled = GroupShuffleSplit(DRAWS, test_size=take, random_state=int(generator.integers(2**32)))
    draws = [taken for _, taken in shuffled.split(rows, groups=groups[rows])]

    def distance(taken: np.ndarray) -> float:
        return float(np.abs(np.bincount(strata[taken], minlength=len(wanted)) - wanted).sum())

    taken = rows[min(draws, key=distance)]
    return np.setdiff1d(rows, taken), np.sort(taken)


def _spread(here: np.ndarray, there: np.ndarray, labels: np.ndarray) -> None:
    """Give `here` a row of each class that only `there` has, in exchange for one of its largest class."""
    for label in np.setdiff1d(labels[there], labels[here]):
        gone = np.flatnonzero(labels[here] == np.bincount(labels[here]).argmax())[0]
        found = np.flatnonzero(labels[there] == label)[0]
        here[gone], there[found] = there[found], here[gone]


def classes(y: Any) -> np.ndarray | None:
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


def fits(labels: np.ndarray, count: int, parts: int) -> bool:
    """Say whether every class but a few rare ones can be in all parts, with a place for each on both sides."""
    sizes = np.bincount(labels)
    large = sizes[sizes >= parts]
    enough = large.sum() >= (1 - MOST_RARE) * len(labels)
    return bool(enough and len(large) and min(count, large.sum() - count) >= len(large))
