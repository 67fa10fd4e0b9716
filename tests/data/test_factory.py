"""A function that makes batches of a size: read like the batches that it makes, and searched like arrays."""

from typing import Any

import keras
import numpy as np
import pytest

import autoopt
from autoopt.data import Dataset, Stream
from autoopt.errors import DataError
from autoopt.recipe import Recipe
from autoopt.step_size import step_size
from tests.toys import digits, eager

X, Y = digits(96)


class Batches(keras.utils.PyDataset):
    """Batches of the digits."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def __len__(self) -> int:
        return -(-len(X) // self.size)

    def __getitem__(self, index: int) -> Any:
        rows = slice(index * self.size, (index + 1) * self.size)
        return X[rows], Y[rows]


def data(batch_size: int) -> Batches:
    return Batches(batch_size)


def test_it_is_read_in_batches_of_the_size_that_is_asked_for() -> None:
    train = Dataset.of(data, validation_data=(X, Y)).train
    assert isinstance(train, Stream) and (train.steps(None), train.steps(16)) == (3, 6)
    assert train.batched(16).size == 16 and train.first().n == 32


def test_a_size_that_it_has_of_its_own_is_the_one_as_written() -> None:
    def sized(batch_size: int = 24) -> Batches:
        return Batches(batch_size)

    made = Dataset.of(sized, validation_data=(X, Y))
    assert isinstance(made.train, Stream) and (made.train.steps(None), made.train.steps(16)) == (4, 6)
    assert step_size(Recipe(), made) == 24


def test_a_function_whose_other_arguments_have_defaults_is_no_data() -> None:
    with pytest.raises(DataError, match=r"a function data\(batch_size\)"):
        Dataset.of(lambda path="rows.npz": (X, Y))


def test_without_rows_that_validate_it_is_read_into_memory() -> None:
    assert Dataset.of(data).pool.n == 96


def test_its_batch_size_is_searched() -> None:
    search = autoopt.Search(start=[{"batch_size": 16}], confirm=0)
    result = autoopt.tune(
        eager, data, validation_data=(X, Y), space=autoopt.Space(structure=False), epochs=1, max_trials=2,
        search=search, seed=0, verbose=0,
    )  # fmt: skip
    assert [trial.error for trial in result.trials] == [None, None]
    assert result.trials[1].hyperparameters["batch_size"] == 16


@pytest.mark.parametrize("made", [lambda size: (X, Y), lambda size: None])
def test_what_makes_no_batches_is_refused(made: Any) -> None:
    with pytest.raises(DataError, match=r"data\(32\) returned a .*Expected batches of that size"):
        Dataset.of(made)


def test_a_function_of_no_arguments_is_no_data() -> None:
    with pytest.raises(DataError, match=r"a function data\(batch_size\)"):
        Dataset.of(lambda: (np.zeros(3), np.zeros(3)))
