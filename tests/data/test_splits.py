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
    exact = len(cut.validation) / len(y)
    if cut.stratified:
        for label in np.unique(y):
            assert abs((y[cut.validation] == label).sum() - exact * (y == label).sum()) <= 1


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


@pytest.mark.parametrize(
    "y",
    [np.linspace(0, 1, 50), np.eye(5)[np.arange(50) % 5], np.arange(50)],
    ids=["real", "one-hot", "unique"],
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
