"""Sample weights reach the loss from every format: a weight of 0 leaves an example out."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.data import Dataset, Part
from autoopt.engines import candidate_of
from tests import toys
from tests.counts import FULL
from tests.engines.laboratory import ENGINES, Fit, assert_meant, assigned, made, ran

X, Y = toys.digits(60)
LEFT_OUT = np.arange(60) % 3 == 0
WEIGHTS = np.where(LEFT_OUT, 0.0, 60 / 40).astype("float32")  # Keras divides by all 60


class Whole(keras.utils.PyDataset):
    """All examples in one batch."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Any:
        return X, Y, WEIGHTS


def column(folder: Path) -> Any:
    return X, Y[:, None], WEIGHTS[:, None]


def archive(folder: Path) -> Any:
    path = folder / "digits.npz"
    np.savez(path, x=X, y=Y, sample_weight=WEIGHTS, x_val=X, y_val=Y, sample_weight_val=WEIGHTS)
    return path


def tf_data(folder: Path) -> Any:
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((X, Y, WEIGHTS)).batch(60)


def loader(folder: Path) -> Any:
    data = pytest.importorskip("torch.utils.data")
    return data.DataLoader(list(zip(X, Y, WEIGHTS, strict=True)), 60)


def in_dicts(folder: Path) -> Any:
    return X, {"digit": Y, "odd": Y % 2}, {"digit": WEIGHTS, "odd": WEIGHTS}


def one_for_two(folder: Path) -> Any:
    return X, {"digit": Y, "odd": Y % 2}, WEIGHTS


def two_outputs(eager: bool) -> keras.Model:
    entry = keras.Input((64,))
    digit = keras.layers.Dense(10, "softmax", name="digit")(entry)
    model = keras.Model(entry, {"digit": digit, "odd": keras.layers.Dense(1, "sigmoid", name="odd")(entry)})
    losses = {"digit": "sparse_categorical_crossentropy", "odd": "binary_crossentropy"}
    model.compile(keras.optimizers.SGD(0.3), losses, run_eagerly=eager)
    return model


def one_output(eager: bool) -> keras.Model:
    return toys.compiled(keras.optimizers.SGD(0.3), run_eagerly=eager)


IN_MEMORY = {"column": (column, one_output), "dicts": (in_dicts, two_outputs)}
IN_ONE = {"one for two outputs": (one_for_two, two_outputs)}
STREAMS = {"tf.data": tf_data, "PyDataset": lambda _: Whole(), "DataLoader": loader}
FORMATS: dict[str, Any] = {
    **IN_MEMORY, **IN_ONE, "npz": (archive, one_output),
    **{name: (stream, one_output) for name, stream in STREAMS.items()},
}  # fmt: skip
# What comes in batches is never compiled whole.
LIKE_OTHERS = ("dicts", "DataLoader")
"""Formats that `fit` is handed as others: arrays by output, and batches one by one."""

CASES = [("keras", name) for name in FORMATS if FULL or name not in LIKE_OTHERS] + [
    ("automatic", name) for name in (*IN_MEMORY, *IN_ONE)
]


@functools.cache
def without_them(make: Callable[[bool], keras.Model]) -> Any:
    """Train on the others alone."""
    y: Any = {"digit": Y, "odd": Y % 2} if make is two_outputs else Y
    kept = Part(X, y).take(np.flatnonzero(~LEFT_OUT))
    return ran(Fit(), candidate_of(made(lambda: make(True))), assigned(kept, size=40))[0].history


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "form"), CASES, ids=[" ".join(case) for case in CASES])
def test_a_weight_of_0_leaves_an_example_out_in_every_format(engine: str, form: str, tmp_path: Path) -> None:
    given, make = FORMATS[form]
    data = given(tmp_path)
    dataset = Dataset.of(data, validation_data=None if isinstance(data, Path) else data)
    size = 60 if isinstance(dataset.train, Part) else None
    candidate = candidate_of(made(lambda: make(engine == "keras")))
    reached, fitting = ran(
        ENGINES[engine](), candidate, assigned(dataset.train, dataset.validation, size=size)
    )
    assert_meant(engine, fitting)

    for name in ("loss", "val_loss"):
        assert reached.history[name] == pytest.approx(without_them(make)[name], abs=1e-5), name
