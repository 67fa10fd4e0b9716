"""Sample weights reach the loss from every format: a weight of 0 leaves an example out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.data import Dataset, Part, prepare
from autoopt.engines import candidate_of
from tests import toys
from tests.engines.laboratory import ENGINES, EVERY_ENGINE, assigned, made, ran

X, Y = toys.digits(60)
LEFT_OUT = np.arange(60) % 3 == 0
WEIGHTS = np.where(LEFT_OUT, 0.0, 60 / 40).astype("float32")  # Keras divides by all 60


class Whole(keras.utils.PyDataset):
    """All examples in one batch."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Any:
        return X, Y, WEIGHTS


def arrays(folder: Path) -> Any:
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


def two_outputs() -> keras.Model:
    entry = keras.Input((64,))
    digit = keras.layers.Dense(10, "softmax", name="digit")(entry)
    model = keras.Model(entry, {"digit": digit, "odd": keras.layers.Dense(1, "sigmoid", name="odd")(entry)})
    losses = {"digit": "sparse_categorical_crossentropy", "odd": "binary_crossentropy"}
    model.compile(keras.optimizers.SGD(0.3), losses)
    return model


def one_output() -> keras.Model:
    return toys.compiled(keras.optimizers.SGD(0.3))


FORMATS: list[tuple[Callable[[Path], Any], Callable[[], keras.Model]]] = [
    (arrays, one_output), (column, one_output), (archive, one_output), (tf_data, one_output),
    (lambda _: Whole(), one_output), (loader, one_output), (in_dicts, two_outputs), (one_for_two, two_outputs),
]  # fmt: skip
NAMES = ["arrays", "column", "npz", "tf.data", "PyDataset", "DataLoader", "dicts", "one for two outputs"]


def prepared(data: Any) -> Dataset:
    return prepare(data, validation_data=None if isinstance(data, Path) else data)


@pytest.mark.parametrize(("data", "make"), FORMATS, ids=NAMES)
@EVERY_ENGINE
def test_a_weight_of_0_leaves_an_example_out_in_every_format(
    engine: str, data: Callable[[Path], Any], make: Callable[[], keras.Model], tmp_path: Path
) -> None:
    dataset = prepared(data(tmp_path))
    y: Any = {"digit": Y, "odd": Y % 2} if make is two_outputs else Y
    kept = Part(X, y).take(np.flatnonzero(~LEFT_OUT))
    weighted = assigned(
        dataset.train, dataset.validation, size=60 if isinstance(dataset.train, Part) else None
    )
    histories = [
        ran(ENGINES[engine](), candidate_of(made(make)), task)[0].history
        for task in (weighted, assigned(kept, size=40))
    ]

    for name in ("loss", "val_loss"):
        assert histories[0][name] == pytest.approx(histories[1][name], abs=1e-5), name
