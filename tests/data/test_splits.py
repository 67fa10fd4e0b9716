"""How rows are cut into parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoopt.data.dataset import prepare
from autoopt.data.splits import split
from autoopt.errors import DataError

labels = st.lists(st.integers(-3, 6), min_size=10, max_size=200).map(np.array)
shares = st.floats(0.05, 0.9)


@settings(max_examples=60, deadline=None)
@given(labels, shares, st.integers(0, 2**32), st.booleans())
def test_parts_are_disjoint_and_cover_every_row(y: np.ndarray, share: float, seed: int, test: bool) -> None:
    y = np.tile(y, 10)
    cut = split(y, len(y), validation_split=share, test=test, seed=seed)
    assert (cut.test is not None) == (test and len(y) >= 1_000)
    every = np.concatenate([part for part in (cut.train, cut.validation, cut.test) if part is not None])
    assert sorted(every.tolist()) == list(range(len(y)))
    assert min(len(cut.train), len(cut.validation)) > 0


@settings(max_examples=60, deadline=None)
@given(labels, shares, st.integers(0, 2**32))
def test_a_stratified_part_has_its_share_of_each_class(y: np.ndarray, share: float, seed: int) -> None:
    cut = split(y, len(y), validation_split=share, test=False, seed=seed)
    exact, (classes, sizes) = len(cut.validation) / len(y), np.unique(y, return_counts=True)
    # What is exchanged so that each class is on both sides.
    rare = int((np.minimum(exact, 1 - exact) * sizes < 1).sum())
    if cut.stratified:
        for label in classes:
            assert abs((y[cut.validation] == label).sum() - exact * (y == label).sum()) <= 1 + rare


@settings(max_examples=60, deadline=None)
@given(labels, shares, st.integers(0, 2**32), st.booleans())
def test_a_class_of_a_few_rows_is_in_every_part_where_that_can_be(
    y: np.ndarray, share: float, seed: int, many: bool
) -> None:
    y = np.concatenate([np.full(1_000 if many else 40, 9), y])
    cut = split(y, len(y), validation_split=share, test=True, seed=seed)
    classes, sizes = np.unique(y, return_counts=True)
    parts = {2: [cut.train, cut.validation], 3: [] if cut.test is None else [cut.test]}
    if cut.stratified and (cut.test is None or len(y) * 0.9 < sizes[sizes > 2].sum()):
        for least, whose in parts.items():
            for rows in whose:
                assert set(classes[sizes >= least]) <= set(y[rows])


@settings(max_examples=30, deadline=None)
@given(labels, st.integers(0, 2**32))
def test_the_same_seed_cuts_the_same_rows(y: np.ndarray, seed: int) -> None:
    one, other = (split(y, len(y), validation_split=0.3, test=True, seed=seed) for _ in range(2))
    assert (one.train == other.train).all()
    assert (one.validation == other.validation).all()


def test_1797_rows_are_cut_as_the_documentation_says() -> None:
    made = prepare((np.zeros((1797, 2)), np.arange(1797) % 10))
    assert made.notes[0] == "1,149 examples train, 288 validate, 360 are the test part."


def test_rows_numbers_kept_in_the_dataset_are_those_that_were_taken() -> None:
    x = np.arange(1000.0)[:, None]
    made = prepare((x, np.arange(1000) % 2), seed=3)
    assert made.split is not None
    assert (x[made.split.validation] == made.validation.x).all()


def test_999_rows_give_no_test_part() -> None:
    assert prepare((np.zeros((999, 2)), np.zeros(999))).test is None


def test_only_validation_is_cut_when_test_data_is_given() -> None:
    x, y = np.zeros((2000, 2)), np.arange(2000) % 4
    made = prepare((x, y), test_data=(x[:50], y[:50]))
    assert made.test is not None
    assert (made.train.n, made.validation.n, made.test.n) == (1600, 400, 50)


def test_a_rare_class_is_in_train_and_validation() -> None:
    y = np.array([0] * 192 + [1] * 8)
    made = prepare((np.zeros((200, 1)), y))
    assert (made.validation.y.sum(), made.train.y.sum()) == (2, 6)


@pytest.mark.parametrize("form", ["class numbers", "a column", "real", "one-hot", "in a dict"])
def test_the_same_classes_are_cut_alike_in_every_form(form: str) -> None:
    y = np.array([0] * 60 + [1] * 3 + [2] * 2 + [3])
    forms = {
        "a column": y[:, None],
        "real": y.astype("float32"),
        "one-hot": np.eye(4)[y],
        "in a dict": {"y": y},
    }
    cut = split(forms.get(form, y), len(y), validation_split=0.2, test=True, seed=1)

    assert cut.stratified
    assert (np.bincount(y[cut.validation]) == [12, 1, 1]).all()
    assert (np.bincount(y[cut.train]) == [48, 2, 1, 1]).all()


@pytest.mark.parametrize(
    "y",
    [np.linspace(0, 1, 50), 1 - np.eye(5)[np.arange(50) % 5], np.arange(50), np.arange(50.0)],
    ids=["real", "several labels", "unique", "whole numbers"],
)
def test_labels_that_are_no_classes_are_cut_without_strata(y: np.ndarray) -> None:
    made = prepare((np.zeros((50, 1)), y))
    assert made.split is not None
    assert not made.split.stratified


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, "0.2", float("nan"), None, True])
def test_a_share_out_of_range_is_refused(share: object) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        prepare((np.zeros((50, 1)), np.zeros(50)), validation_split=share)  # type: ignore[arg-type]


def test_too_few_rows_to_cut_are_refused_with_their_number() -> None:
    with pytest.raises(DataError, match=r"has 1 row, too few.*validation_data"):
        prepare((np.zeros((1, 2)), np.zeros(1)))
    with pytest.raises(DataError, match="has 3 rows, too few"):
        prepare((np.zeros((3, 2)), np.zeros(3)), validation_split=0.9)
