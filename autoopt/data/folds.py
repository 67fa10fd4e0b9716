"""Cross-validation: the folds of the rows that train and validate, by a number or by a splitter of scikit-learn."""

import copy
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from autoopt.data.cuts import Cut
from autoopt.data.dataset import Dataset
from autoopt.data.nested import leaves
from autoopt.data.parts import Stream
from autoopt.data.splits import classes, fits
from autoopt.errors import DataError
from autoopt.spelling import spelled, typed

FEWEST_FOLDS, MOST_FOLDS = 2, 100
"""Of a cross-validation: each fold is a training of every trial."""


@runtime_checkable
class Splitter(Protocol):
    """What scikit-learn calls a cross-validator, for example `sklearn.model_selection.KFold(5)`."""

    def split(
        self, features: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the rows that train and those that validate."""
        ...

    def get_n_splits(self, features: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return how many folds there are."""
        ...


def folds(dataset: Dataset, cv: Any, seed: int) -> tuple[Cut, ...]:
    """Return the folds of a Dataset's pool; the test part is in none of them.

    A number means stratified folds where the labels are classes and plain ones otherwise, of whole groups where
    there are groups, and later and later rows in time order. What shuffles without a seed of its own follows `seed`.

    Args:
        dataset: Cut from one whole.
        cv: How many folds, or a splitter, which sees the rows in the order in which they were given.
        seed: Of the partition.

    Raises:
        DataError: There is no whole to make folds of, or they do not fit it.
    """
    split = dataset.split
    if split is None or not dataset.pooled:
        raise DataError(_no_whole(dataset))
    order = np.argsort(split.pool)  # the pool has the rows that train first
    groups = None if split.rules.groups is None else split.rules.groups[split.pool][order]
    labels = classes(dataset.pool.y)
    y = next(array for _, array in leaves(dataset.pool.y, "y"))[order] if labels is None else labels[order]
    if isinstance(cv, int):
        splitter, y = _usual(cv, y, labels is not None, groups, split.rules.time_order)
    else:
        splitter = cv
        _check_in_order(cv, split.rules.time_order)
    found = _drawn(_seeded(splitter, seed), cv, y, groups)
    return tuple(Cut(np.sort(order[train]), np.sort(order[validation])) for train, validation in found)


def named(dataset: Dataset, cuts: Sequence[Cut]) -> tuple[Cut, ...]:
    """Return folds of a pool as rows of the data that it was cut from."""
    assert dataset.split is not None
    pool = dataset.split.pool
    return tuple(Cut(np.sort(pool[cut.train]), np.sort(pool[cut.validation])) for cut in cuts)


def _no_whole(dataset: Dataset) -> str:
    if dataset.weighed:
        return (
            "cv was given along with class_weight and labels or weights that class weights have to be multiplied "
            "into, which leaves only one cut. Expected one of the two. Leave class_weight out, or cv."
        )
    if isinstance(dataset.train, Stream) and dataset.train.ordered:
        return (
            "cv was given along with rows that are too large for the memory as arrays, which folds are made of. Expected rows "
            f"that fit. Pass fewer, or smaller images ({spelled('types', {'image': '64x48'})}), let them take more ({typed('Resources(memory=…)', '--memory')}), or "
            "leave cv out."
        )
    return (
        "cv was given along with parts of the data, as in validation_data or in a Dataset of parts. Expected one whole "
        "to make folds of: arrays, or batches that fit in memory. Pass data as (x, y), or leave cv out."
    )


def _usual(
    count: int, y: np.ndarray, classified: bool, groups: np.ndarray | None, time_order: bool
) -> tuple[Any, np.ndarray]:
    """Return the splitter that a number of folds means, and the labels that it looks at."""
    from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold, TimeSeriesSplit

    _check_many(count, count + time_order, len(y), "rows")
    if time_order:
        return TimeSeriesSplit(count), y
    smallest = int(np.unique(y, return_counts=True)[1].min()) if classified else 0
    if groups is not None:
        _check_many(count, count, len(np.unique(groups)), "groups")
        return StratifiedGroupKFold(count, shuffle=True), y if smallest >= count else np.zeros(len(y), int)
    if not classified or not fits(y, len(y) // count, parts=count):
        return KFold(count, shuffle=True), y
    _check_many(count, count, smallest, "rows of the smallest class")
    return StratifiedKFold(count, shuffle=True), y


def _check_many(count: int, needed: int, found: int, what: str) -> None:
    if found < needed:
        raise DataError(
            f"cv={count} was given for data with {found:,} {what} to train and validate on. Expected at least "
            f"{needed:,}. Pass a smaller number, or a splitter, for example sklearn.model_selection.ShuffleSplit(5)."
        )


def _check_in_order(cv: Any, time_order: bool) -> None:
    from sklearn.model_selection import PredefinedSplit, TimeSeriesSplit

    if time_order and not isinstance(cv, TimeSeriesSplit | PredefinedSplit):
        raise DataError(
            f"cv was given {cv!r} for data in time order, where it would train on rows later than those that validate. "
            "Expected folds in time order. Pass a number of folds, or a sklearn.model_selection.TimeSeriesSplit."
        )
    if isinstance(cv, TimeSeriesSplit) and not time_order:
        raise DataError(
            f"cv was given {cv!r} for data that is not said to be in time order, and may be tested on rows amid those "
            "that train. Expected rows in time order. Pass data=autoopt.Dataset.of(data, time_order=True)."
        )


def _seeded(splitter: Any, seed: int) -> Any:
    """Return a splitter that draws nothing from the process's own generator, nor from one of the user's."""
    own = copy.deepcopy(splitter)
    if getattr(own, "random_state", seed) is None:
        own.random_state = seed
    return own


def _drawn(
    splitter: Any, cv: Any, y: np.ndarray, groups: np.ndarray | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return what a splitter yields.

    Raises:
        DataError: It does not fit the data, or what it yields are no folds of it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # of classes that are not in every fold
        warnings.filterwarnings("ignore", "The groups parameter is ignored", UserWarning)
        try:
            if (count := splitter.get_n_splits(y, y, groups)) > MOST_FOLDS:
                raise DataError(
                    f"cv was given {cv!r:.200}, which makes {count:,} folds, each a training of every trial. Expected at most "
                    f"{MOST_FOLDS}. Pass a number such as 5 or 10."
                )
            found = [(np.asarray(one), np.asarray(other)) for one, other in splitter.split(y, y, groups)]
        except (ValueError, TypeError, IndexError, UserWarning) as error:
            raise DataError(_unfit(cv, str(error))) from None
    if len(found) < FEWEST_FOLDS:
        raise DataError(_unfit(cv, f"it gives {len(found)} fold, and one is no cross-validation"))
    seen = len(np.unique(np.concatenate([rows for fold in found for rows in fold])))
    if seen < len(y):
        raise DataError(_unfit(cv, f"it knows {seen:,} of the {len(y):,} rows that train and validate"))
    for train, validation in found:
        if objection := _objection(train, validation, groups, len(y)):
            raise DataError(_unfit(cv, objection))
    return found


def _objection(train: np.ndarray, validation: np.ndarray, groups: np.ndarray | None, n: int) -> str:
    """Return what is wrong with a fold, empty where nothing is."""
    if not len(train) or not len(validation):
        return "a fold has no row to train or to validate on"
    every = np.concatenate([train, validation])
    if every.dtype.kind not in "iu" or every.min() < 0 or every.max() >= n:
        return f"a fold has rows that are not among the {n:,} that train and validate"
    if np.intersect1d(train, validation).size:
        return "rows validate that are trained on in the same fold"
    if groups is not None and np.intersect1d(groups[train], groups[validation]).size:
        return "it tears groups apart"
    return ""


def _unfit(cv: Any, reason: str) -> str:
    return (
        f"cv was given {cv!r:.200}, which does not fit the data: {reason.strip().rstrip('.')}. Expected a splitter that does; "
        "groups and time order are said with autoopt.Dataset.of(data, groups=…). Pass another, or a number of folds."
    )
