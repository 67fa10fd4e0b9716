"""The folds of a cross-validation: of the pool, by the rules of the data, and only where they fit it."""

from typing import Any

import numpy as np
import pytest
from sklearn import model_selection

from autoopt import class_weights
from autoopt.data import Cut, Dataset, folds, named
from autoopt.errors import DataError

X = np.arange(60.0)[:, None]
CLASSES, VALUES, GROUPS = np.arange(60) % 3, np.linspace(0, 1, 60), np.arange(60) // 4


def made(y: np.ndarray = CLASSES, **rest: Any) -> Dataset:
    return Dataset.of((X, y), seed=1, **rest)


def same(some: tuple[Cut, ...], others: tuple[Cut, ...]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(np.array_equal(one.validation, other.validation) for one, other in pairs)


NUMBERS: dict[str, Any] = {
    "classes": {},
    "values": {"y": VALUES},
    "a column of values": {"y": VALUES[:, None]},
    "one-hot": {"y": np.eye(4)[CLASSES]},
    "groups": {"groups": GROUPS},
    "groups of values": {"groups": GROUPS, "y": VALUES},
}


@pytest.mark.parametrize("case", NUMBERS)
def test_a_number_of_folds_validates_every_row_once(case: str) -> None:
    dataset = made(**NUMBERS[case])
    found = folds(dataset, 5, seed=0)
    assert sorted(np.concatenate([cut.validation for cut in found])) == list(range(60))
    for cut in found:
        assert sorted([*cut.train, *cut.validation]) == list(range(60))
    assert same(found, folds(dataset, 5, seed=0))
    assert not same(found, folds(dataset, 5, seed=1))


def test_folds_of_classes_have_each_in_its_share() -> None:
    dataset = made()
    for cut in folds(dataset, 5, seed=0):
        assert (np.bincount(dataset.pool.y[cut.validation]) == 4).all()


def test_folds_of_groups_tear_none_apart() -> None:
    for cut in named(made(groups=GROUPS), folds(made(groups=GROUPS), 5, seed=0)):
        assert not set(GROUPS[cut.train]) & set(GROUPS[cut.validation])


def test_folds_in_time_order_validate_on_what_follows() -> None:
    dataset = Dataset.of((np.zeros((1000, 1)), np.arange(1000) % 2), time_order=True)
    found = named(dataset, folds(dataset, 4, seed=0))
    assert [int(cut.validation[-1]) for cut in found] == [319, 479, 639, 799]
    assert all(cut.train.max() < cut.validation.min() for cut in found)


def test_the_test_part_is_in_no_fold() -> None:
    dataset = Dataset.of((np.arange(1000.0)[:, None], np.arange(1000) % 2), seed=3)
    assert dataset.split is not None and dataset.split.test is not None
    for cut in named(dataset, folds(dataset, 3, seed=0)):
        assert not set(dataset.split.test) & {*cut.train, *cut.validation}


SPLITTERS = {
    "plain": model_selection.KFold(5),
    "shuffled": model_selection.KFold(5, shuffle=True),
    "with a seed": model_selection.KFold(5, shuffle=True, random_state=3),
    "stratified": model_selection.StratifiedKFold(4, shuffle=True),
    "repeated": model_selection.RepeatedKFold(n_splits=3, n_repeats=2),
    "repeated by class": model_selection.RepeatedStratifiedKFold(n_splits=3, n_repeats=2),
    "drawn": model_selection.ShuffleSplit(3, test_size=0.3),
    "told": model_selection.PredefinedSplit(np.arange(60) % 3),
}


@pytest.mark.parametrize("name", SPLITTERS)
def test_a_splitter_sees_the_rows_in_the_order_in_which_they_were_given(name: str) -> None:
    splitter, dataset = SPLITTERS[name], made()
    before = dict(vars(splitter))
    found = named(dataset, folds(dataset, splitter, seed=7))
    seeded = before.get("random_state", 0) is None
    if seeded:
        splitter = type(splitter)(**{"random_state": 7, **_arguments(name)})
    expected = list(splitter.split(X, CLASSES))

    assert dict(vars(SPLITTERS[name])) == before
    for cut, (train, validation) in zip(found, expected, strict=True):
        assert (cut.train == np.sort(train)).all() and (cut.validation == np.sort(validation)).all()


def _arguments(name: str) -> dict[str, Any]:
    return {
        "plain": {"n_splits": 5, "random_state": None},
        "shuffled": {"n_splits": 5, "shuffle": True},
        "stratified": {"n_splits": 4, "shuffle": True},
        "repeated": {"n_splits": 3, "n_repeats": 2},
        "repeated by class": {"n_splits": 3, "n_repeats": 2},
        "drawn": {"n_splits": 3, "test_size": 0.3},
    }[name]


def test_a_splitter_of_groups_is_given_them() -> None:
    dataset = made(groups=GROUPS)
    for cut in named(dataset, folds(dataset, model_selection.GroupKFold(5), seed=0)):
        assert not set(GROUPS[cut.train]) & set(GROUPS[cut.validation])


def weighed() -> Dataset:
    return class_weights.applied("balanced", Dataset.of((X, CLASSES, X[:, 0]))).dataset


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "no groups": (made, model_selection.GroupKFold(3), "does not fit the data"),
    "more folds than rows": (lambda: made(VALUES), 61, "61 was given for data with 60 rows"),
    "more folds than rows, by a splitter": (made, model_selection.KFold(61), "does not fit the data"),
    "more folds than groups": (lambda: made(groups=GROUPS), 16, "15 groups"),
    "more folds than rows of a class": (
        lambda: made(np.array([0] * 40 + [1] * 17 + [2] * 3)), 5, "3 rows of the smallest class",
    ),
    "likewise by a splitter": (
        lambda: made(np.array([0] * 40 + [1] * 17 + [2] * 3)), model_selection.StratifiedKFold(5), "least populated",
    ),
    "strata of values": (lambda: made(VALUES), model_selection.StratifiedKFold(5), "does not fit the data"),
    "groups torn apart": (lambda: made(groups=GROUPS), model_selection.PredefinedSplit(CLASSES), "tears groups"),
    "one fold": (made, model_selection.ShuffleSplit(1), "one is no cross-validation"),
    "other rows": (made, model_selection.PredefinedSplit(np.arange(90) % 3), "not among the 60"),
    "no time order": (made, model_selection.TimeSeriesSplit(3), "time_order=True"),
    "validation data": (lambda: made(validation_data=(X, CLASSES)), 3, "validation_data"),
    "class weights in the weights": (weighed, 3, "Leave class_weight out"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_folds_that_do_not_fit_the_data_are_refused(case: str) -> None:
    dataset, cv, text = REFUSED[case]
    with pytest.raises(DataError, match=text):
        folds(dataset(), cv, seed=0)
