"""Small data and nets that the tests share: nothing here takes more than a second to train."""

from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_digits

from autoopt.axes import Origin
from autoopt.data import Dataset, Part
from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters


def digits(n: int = 240) -> tuple[Any, Any]:
    """Return `n` digits of 64 grey values from 0 to 1, and which digits they are."""
    x, y = load_digits(return_X_y=True)
    return (x[:n] / 16).astype("float32"), y[:n]


def line(n: int = 120) -> tuple[Any, Any]:
    """Return four inputs, and a noisy line through them."""
    random = np.random.default_rng(0)
    x = random.normal(size=(n, 4)).astype("float32")
    return x, (x @ np.array([1.0, -2.0, 0.5, 0.0]) + 0.1 * random.normal(size=n)).astype("float32")


def halves(x: Any, y: Any, sample_weight: Any = None) -> Dataset:
    """Return a dataset whose first three quarters train and whose last quarter validates."""
    cut = 3 * len(y) // 4
    weights = (None, None) if sample_weight is None else (sample_weight[:cut], sample_weight[cut:])
    return Dataset(Part(x[:cut], y[:cut], weights[0]), Part(x[cut:], y[cut:], weights[1]))


def dense(units: int = 8) -> keras.Model:
    """Return an uncompiled classifier of the digits."""
    return keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(10, "softmax")]
    )


def compiled(optimizer: Any = "adam", units: int = 8, run_eagerly: bool = False) -> keras.Model:
    """Return the same classifier, compiled."""
    model = dense(units)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=run_eagerly)
    return model


def eager() -> keras.Model:
    """Return the same classifier; a few steps of it take less time than tracing a program would."""
    return compiled(run_eagerly=True)


@keras.saving.register_keras_serializable("tests")
class Doubled(keras.layers.Layer):  # type: ignore[misc]
    """A layer of the user's own: a model with it is a program by itself."""

    def call(self, x: Any) -> Any:
        return 2 * x


def custom() -> keras.Model:
    """Return a classifier of the digits with such a layer."""
    return keras.Sequential(
        [keras.Input((64,)), Doubled(), keras.layers.Dense(8, "relu"), keras.layers.Dense(10, "softmax")]
    )


def regressor(optimizer: Any = "sgd", run_eagerly: bool = True) -> keras.Model:
    """Return a compiled net for the line."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, "tanh"), keras.layers.Dense(1)])
    model.compile(optimizer, "mse", metrics=["mae"], run_eagerly=run_eagerly)
    return model


def hypermodel(model_fn: Any = dense, space: Any = "auto", data: Any = None) -> AutoHyperModel:
    """Return a hypermodel of a model function on the digits."""
    return AutoHyperModel(model_fn, space, halves(*digits()) if data is None else data)


def origin(model_fn: Any = dense, data: Any = None) -> Origin:
    """Return what the axes read of a model function on the digits."""
    return hypermodel(model_fn, data=data).reading().origin


def asking(values: dict[str, Any] | None = None) -> AskingHyperParameters:
    """Return hyperparameters that take some values, and their defaults elsewhere."""
    return AskingHyperParameters(lambda hp: (values or {}).get(hp.name, hp.default))
