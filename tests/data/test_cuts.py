"""Other cuts of the rows that train and validate."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoopt import class_weights
from autoopt.data import Cut, Dataset, Part


def classes(n: int = 60) -> Dataset:
    return Dataset.of((np.arange(float(n))[:, None], np.arange(n) % 3), seed=1)


@settings(max_examples=30, deadline=None)
@given(st.integers(10, 90), st.integers(0, 2**32))
def test_a_fresh_cut_has_parts_as_large_and_every_row_once(n: int, seed: int) -> None:
    made = classes(n)
    cut = made.recut(seed)
    assert cut is not None
    assert (len(cut.train), len(cut.validation)) == (made.train.n, made.validation.n)
    assert sorted([*cut.train, *cut.validation]) == list(range(n))
    assert all((np.diff(rows) > 0).all() for rows in (cut.train, cut.validation))


def test_a_fresh_cut_follows_its_seed_and_nothing_else() -> None:
    made = classes()
    one, again, other = (made.recut(seed) for seed in (0, 0, 1))
    assert one and again and other
    assert (one.validation == again.validation).all()
    assert (one.validation != other.validation).any()


def test_a_fresh_cut_has_each_class_in_its_share() -> None:
    made = classes()
    for seed in range(5):
        cut = made.recut(seed)
        assert cut is not None
        assert (np.bincount(made.parts(cut)[1].y) == [4, 4, 4]).all()


def test_the_parts_of_a_cut_are_rows_of_the_pool() -> None:
    made = classes()
    train, validation = made.parts(Cut(np.arange(40), np.array([7, 50])))
    assert (train.x == made.train.x[:40]).all()  # type: ignore[union-attr]
    assert (validation.x[:, 0] == [made.train.x[7, 0], made.validation.x[2, 0]]).all()  # type: ignore[union-attr]
    assert made.parts(None) == (made.train, made.validation)


def test_inputs_by_name_and_weights_of_examples_are_cut_with_their_rows() -> None:
    rows = np.arange(60.0)
    made = Dataset.of(({"a": rows[:, None], "b": rows}, np.arange(60) % 3, rows + 1), seed=1)
    train, _ = made.parts(made.recut(3))
    assert (train.x["a"][:, 0] == train.x["b"]).all()  # type: ignore[union-attr]
    assert (train.x["b"] + 1 == train.sample_weight).all()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "case", ["validation data given", "a Dataset of parts", "class weights in the weights"]
)
def test_where_there_is_only_one_cut_there_is_no_fresh_one(case: str) -> None:
    x, y = np.zeros((30, 1)), np.arange(30) % 3
    made = {
        "validation data given": lambda: Dataset.of((x, y), validation_data=(x, y)),
        "a Dataset of parts": lambda: Dataset(Part(x, y), Part(x, y)),
        "class weights in the weights": lambda: (
            class_weights.applied({0: 2.0}, Dataset.of((x, y, x[:, 0]))).dataset
        ),
    }[case]()
    assert made.recut(0) is None
    assert not made.pooled


def test_class_weights_beside_the_data_leave_it_to_be_cut() -> None:
    found = class_weights.applied({0: 2.0}, classes())
    assert found.weights and found.dataset.recut(0)


def test_the_test_part_is_in_no_cut() -> None:
    x = np.arange(1000.0)[:, None]
    made = Dataset.of((x, np.arange(1000) % 2), seed=1)
    assert not np.isin(made.test.x, made.pool.x).any()  # type: ignore[union-attr]
    assert replace(made, test=None).pool.n == 800


def test_the_parts_are_views_of_their_pool_and_take_no_memory() -> None:
    made = classes()
    for part in (made.train, made.validation):
        assert np.shares_memory(part.x, made.pool.x)  # type: ignore[union-attr]
    apart = replace(made, whole=None)
    assert (apart.pool.x == made.pool.x).all() and not np.shares_memory(apart.pool.x, made.pool.x)
