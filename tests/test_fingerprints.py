"""What tells that a run that goes on has the data and the model that it was begun with."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from autoopt.data import Dataset, Part, Stream
from autoopt.fingerprints import Fingerprint
from tests import toys

X, Y = toys.digits(40)


def of(model_fn: Any = toys.compiled, data: Dataset | None = None) -> Fingerprint:
    dataset = toys.halves(X, Y) if data is None else data
    return Fingerprint.of(model_fn, toys.hypermodel(model_fn, data=dataset), dataset)


def branches() -> keras.Model:
    x = keras.Input((64,))
    one, other = keras.layers.Dense(4, "relu")(x), keras.layers.Dense(4, "relu")(x)
    return keras.Model(x, keras.layers.Dense(10, "softmax")(keras.layers.Add()([one, other])))


def wired_otherwise() -> keras.Model:
    x = keras.Input((64,))
    one = keras.layers.Dense(4, "relu")(x)
    keras.layers.Dense(4, "relu")(x)
    return keras.Model(x, keras.layers.Dense(10, "softmax")(keras.layers.Add()([one, one])))


@pytest.mark.parametrize(
    "model_fn", [toys.compiled, branches, toys.custom], ids=["dense", "branches", "own layer"]
)
def test_two_builds_of_a_model_are_the_same_whatever_else_was_built(model_fn: Any) -> None:
    before = of(model_fn)
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1), keras.layers.Dense(1)])
    assert of(model_fn) == before


@pytest.mark.parametrize(
    "other",
    [
        lambda: toys.compiled(units=9),
        lambda: toys.compiled("sgd"),
        lambda: toys.compiled(keras.optimizers.Adam(0.1)),
        toys.dense,
        wired_otherwise,
    ],
    ids=["width", "optimizer", "rate", "not compiled", "wiring"],
)
def test_another_model_is_told(other: Callable[[], keras.Model]) -> None:
    first = branches if other is wired_otherwise else toys.compiled
    assert of(other).model != of(first).model


def changed(part: str) -> Dataset:
    x, y, weight = X.copy(), Y.copy(), None
    if part == "x":
        x[0, 0] += 1
    elif part == "y":
        y[0] = 9 - y[0]
    elif part == "weight":
        weight = np.ones(len(y))
    elif part == "type":
        x = x.astype("float64")
    return toys.halves(x, y, weight)


@pytest.mark.parametrize("part", ["x", "y", "weight", "type"])
def test_other_data_is_told(part: str) -> None:
    assert of(data=changed(part)).train != of().train


def test_equal_data_is_the_same_wherever_it_lies() -> None:
    assert of(data=toys.halves(np.asfortranarray(X), Y.copy())) == of()
    words = np.array(["a", "b"] * 20, dtype=object)
    one, other = (toys.halves(X, np.array([str(word) for word in words], dtype=object)) for _ in range(2))
    assert Fingerprint.of(toys.compiled, toys.hypermodel(toys.compiled), one) == Fingerprint.of(
        toys.compiled, toys.hypermodel(toys.compiled), other
    )


def test_a_stream_is_told_by_its_shapes() -> None:
    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __init__(self, columns: int) -> None:
            super().__init__()
            self.columns = columns

        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return np.random.default_rng().normal(size=(8, self.columns)), np.zeros(8)

    def told(columns: int) -> str:
        part = Stream(Batches(columns), 16)
        hypermodel = toys.hypermodel(toys.compiled)
        return Fingerprint.of(toys.compiled, hypermodel, Dataset(part, Part(X, Y))).train

    assert told(4) == told(4) != told(5)


def test_code_is_told_where_it_can_be_read() -> None:
    class Hyper(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> keras.Model:
            return toys.compiled()

    assert of(toys.compiled).code != of(branches).code
    assert of(functools.partial(toys.compiled, units=8)).code == of(toys.compiled).code
    assert of(Hyper()).code
    assert of(toys.compiled()).code == ""
