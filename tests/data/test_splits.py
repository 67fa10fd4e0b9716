"""How rows are cut into parts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoopt.data import Cut, Dataset, Part, Split
from autoopt.data.rules import share_of
from autoopt.data.splits import split
from autoopt.errors import DataError

labels = st.lists(st.integers(-3, 6), min_size=10, max_size=200).map(np.array)
shares = st.floats(0.05, 0.9)


@settings(max_examples=60, deadline=None)
@given(labels, shares, st.integers(0, 2**32), st.booleans())
def test_parts_are_disjoint_and_cover_every_row(y: np.ndarray, share: float, seed: int, test: bool) -> None:
    y = np.tile(y, 10)
    cut = split(y, len(y), validation_split=share, test=share_of(len(y), None) * test, seed=seed)
    assert (cut.test is not None) == (test and len(y) >= 1_000)
    every = np.concatenate([part for part in (cut.train, cut.validation, cut.test) if part is not None])
    assert sorted(every.tolist()) == list(range(len(y)))
    assert min(len(cut.train), len(cut.validation)) > 0


@settings(max_examples=60, deadline=None)
@given(labels, shares, st.integers(0, 2**32))
def test_a_stratified_part_has_its_share_of_each_class(y: np.ndarray, share: float, seed: int) -> None:
    cut = split(y, len(y), validation_split=share, test=0, seed=seed)
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
    cut = split(y, len(y), validation_split=share, test=share_of(len(y), None), seed=seed)
    classes, sizes = np.unique(y, return_counts=True)
    parts = {2: [cut.train, cut.validation], 3: [] if cut.test is None else [cut.test]}
    if cut.stratified and (cut.test is None or len(y) * 0.9 < sizes[sizes > 2].sum()):
        for least, whose in parts.items():
            for rows in whose:
                assert set(classes[sizes >= least]) <= set(y[rows])


@settings(max_examples=30, deadline=None)
@given(labels, st.integers(0, 2**32))
def test_the_same_seed_cuts_the_same_rows(y: np.ndarray, seed: int) -> None:
    one, other = (
        split(y, len(y), validation_split=0.3, test=share_of(len(y), None), seed=seed) for _ in range(2)
    )
    assert (one.train == other.train).all()
    assert (one.validation == other.validation).all()


def test_1797_rows_are_cut_as_the_documentation_says() -> None:
    made = Dataset.of((np.zeros((1797, 2)), np.arange(1797) % 10))
    assert made.notes[0] == "1,149 examples train, 288 validate, 360 are the test part."


def test_rows_numbers_kept_in_the_dataset_are_those_that_were_taken() -> None:
    x = np.arange(1000.0)[:, None]
    made = Dataset.of((x, np.arange(1000) % 2), seed=3)
    assert made.split is not None
    assert (x[made.split.validation] == made.validation.x).all()


def test_999_rows_give_no_test_part() -> None:
    assert Dataset.of((np.zeros((999, 2)), np.zeros(999))).test is None


def test_only_validation_is_cut_when_test_data_is_given() -> None:
    x, y = np.zeros((2000, 2)), np.arange(2000) % 4
    made = Dataset.of((x, y), test_data=(x[:50], y[:50]))
    assert made.test is not None
    assert (made.train.n, made.validation.n, made.test.n) == (1600, 400, 50)


def test_a_rare_class_is_in_train_and_validation() -> None:
    y = np.array([0] * 192 + [1] * 8)
    made = Dataset.of((np.zeros((200, 1)), y))
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
    cut = split(forms.get(form, y), len(y), validation_split=0.2, test=share_of(len(y), None), seed=1)

    assert cut.stratified
    assert (np.bincount(y[cut.validation]) == [12, 1, 1]).all()
    assert (np.bincount(y[cut.train]) == [48, 2, 1, 1]).all()


@pytest.mark.parametrize(
    "y",
    [np.linspace(0, 1, 50), 1 - np.eye(5)[np.arange(50) % 5], np.arange(50), np.arange(50.0)],
    ids=["real", "several labels", "unique", "whole numbers"],
)
def test_labels_that_are_no_classes_are_cut_without_strata(y: np.ndarray) -> None:
    made = Dataset.of((np.zeros((50, 1)), y))
    assert made.split is not None
    assert not made.split.stratified


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, "0.2", float("nan"), None, True])
def test_a_share_out_of_range_is_refused(share: object) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        Dataset.of((np.zeros((50, 1)), np.zeros(50)), validation_split=share)  # type: ignore[arg-type]


def test_too_few_rows_to_cut_are_refused_with_their_number() -> None:
    with pytest.raises(DataError, match=r"has 1 row, too few.*validation_data"):
        Dataset.of((np.zeros((1, 2)), np.zeros(1)))
    with pytest.raises(DataError, match="has 3 rows, too few"):
        Dataset.of((np.zeros((3, 2)), np.zeros(3)), validation_split=0.9)


def ends(made: Dataset) -> list[list[int]]:
    """Return the first and the last row of each part."""
    assert made.split is not None and made.split.test is not None
    return [
        [int(rows[0]), int(rows[-1])] for rows in (made.split.train, made.split.validation, made.split.test)
    ]


def test_in_time_order_the_last_rows_test_and_those_before_them_validate() -> None:
    x = np.arange(1000.0)[:, None]
    made = Dataset.of((x, np.arange(1000) % 2), time_order=True, seed=5)
    assert ends(made) == [[0, 639], [640, 799], [800, 999]]
    assert (made.validation.x[:, 0] == np.arange(640, 800)).all()  # type: ignore[union-attr]
    assert made.recut(0) is None
    assert made.notes[-1].startswith("The rows are in time order")


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 40), st.integers(0, 2**32), st.booleans())
def test_no_group_has_rows_in_two_parts(count: int, seed: int, named: bool) -> None:
    groups = np.random.default_rng(seed).integers(count, size=1000) ** 2
    labels = np.array([f"patient {number}" for number in groups]) if named else groups
    made = Dataset.of((np.zeros((1000, 1)), np.arange(1000) % 3), groups=labels, seed=seed)
    assert made.split is not None and made.split.test is not None
    parts = [set(groups[rows]) for rows in (made.split.train, made.split.validation, made.split.test)]
    assert sum(map(len, parts)) == len(set(groups)) and all(parts)
    again = made.recut(seed)
    assert again is not None
    of_pool = groups[made.split.pool]
    assert not set(of_pool[again.train]) & set(of_pool[again.validation])


def test_groups_of_one_size_are_cut_by_class_and_in_their_share() -> None:
    groups, y = np.arange(1000) // 10, np.arange(1000) // 10 % 2
    made = Dataset.of((np.zeros((1000, 1)), y), groups=groups, seed=0)
    assert (made.train.n, made.validation.n, made.test.n) == (640, 160, 200)  # type: ignore[union-attr]
    for part in (made.validation, made.test):
        assert abs(part.y.mean() - 0.5) < 0.05  # type: ignore[union-attr]
    assert made.notes[-1] == "No group is in two parts: 64 train, 16 validate, 20 are in the test part."


def test_a_share_for_the_test_part_is_taken_as_asked() -> None:
    x, y = np.zeros((300, 1)), np.arange(300) % 2
    assert Dataset.of((x, y), test_split=0.1).test.n == 30  # type: ignore[union-attr]
    assert Dataset.of((np.zeros((1000, 1)), np.zeros(1000)), test_split=0).test is None


def test_zero_is_a_seed_and_none_is_a_fresh_one() -> None:
    def validating(seed: int | None) -> list[int]:
        split = Dataset.of((np.zeros((200, 1)), np.zeros(200)), seed=seed).split
        assert split is not None
        return list(map(int, split.validation))

    assert validating(0) == validating(0) != validating(1)
    assert validating(None) != validating(None)


X, Y = np.zeros((40, 1)), np.arange(40) % 2
REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "too few to test on": ({"test_data": (X[:12], Y[:12])}, "12 examples: .* ± 0.29.* at least 25"),
    "a test part of one class": ({"test_data": (X[:30], 0 * Y[:30])}, "all of one class"),
    "a cut too small": ({"test_split": 0.2}, "The test part has 8 examples"),
    "no share": ({"test_split": 1.0}, "from 0 up to below 1"),
    "a share and a part": ({"test_split": 0.5, "test_data": (X, Y)}, "Leave test_split out"),
    "too few labels": ({"groups": Y[:7]}, "one label a row"),
    "two groups": ({"groups": Y}, "2 different labels"),
    "a row without a group": ({"groups": [None, *Y[1:]]}, "the first is row 0"),
    "groups in time order": ({"groups": Y, "time_order": True}, "Leave one out"),
    "groups of what is not cut": ({"groups": Y, "validation_data": (X, Y)}, "nothing is cut"),
    "no truth value": ({"time_order": "yes"}, "True or False"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_cut_as_asked_is_refused(case: str) -> None:
    asked, text = REFUSED[case]
    with pytest.raises(DataError, match=text):
        Dataset.of((X, Y), **asked)  # type: ignore[arg-type]


def test_groups_of_data_without_an_order_or_with_parts_are_refused() -> None:
    made = Dataset.of((X, Y))
    with pytest.raises(DataError, match="along with autoopt"):
        Dataset.of(made, groups=Y)
    with pytest.raises(DataError, match="test_split was given along with an autoopt"):
        Dataset.of(made, test_split=0.5)
    with pytest.raises(DataError, match="all of one class"):
        Dataset.of(Dataset(made.train, made.validation, Part(X, 0 * Y)))


def test_a_split_is_read_back_as_it_was_written() -> None:
    made = Dataset.of((np.zeros((1000, 1)), np.arange(1000) % 2), groups=np.arange(1000) // 9).split
    assert made is not None
    whole = replace(made, folds=(Cut(made.train, made.validation), Cut(made.validation, made.train)))
    again = Split.of_arrays(whole.arrays())
    assert (again.stratified, again.rules.time_order, len(again.folds)) == (False, False, 2)
    for name, rows in whole.arrays().items():
        assert (again.arrays()[name] == rows).all()
