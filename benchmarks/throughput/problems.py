"""What is tuned: the data, the model as its user wrote it, the space, and the model as the peers build it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import autoopt
from autoopt import model_file

KERNELS = ["glorot_uniform", "he_uniform", "he_normal", "lecun_normal"]
L2 = [0.0, 1e-5, 1e-4, 1e-3]
RATES = (1e-4, 3e-2)
BATCHES = [32, 64, 128]
WITHOUT_FULL_BATCH = ["sgd", "momentum", "rmsprop", "adam", "adamw"]
FIRST_FILTERS = 32
EXAMPLE = Path(__file__).parents[2] / "examples" / "mnist1d.py"

Arrays = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Problem:
    """One problem, the same for every tuner.

    Attributes:
        model_fn: The user's model.
        space: What may vary, for autoopt and for drawing candidates.
        peers: The same for KerasTuner and Optuna.
        train: `(x, y)`.
        validation: Likewise.
        all_different: Whether no two candidates may share a structure.
    """

    model_fn: Callable[[], keras.Model]
    space: autoopt.Space
    peers: keras_tuner.HyperModel
    train: Arrays
    validation: Arrays
    all_different: bool = False


def dense(kernel: str = "glorot_uniform", l2: float = 0.0, rate: float = 1e-3) -> keras.Model:
    """Return the dense net for digits; kernel and penalty are those of the hidden layers."""
    hidden = {
        "activation": "relu",
        "kernel_initializer": kernel,
        "kernel_regularizer": keras.regularizers.L2(l2) if l2 else None,
    }
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(64, **hidden),
            keras.layers.Dense(64, **hidden),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    return _compiled(model, rate)


class DenseHyperModel(keras_tuner.HyperModel):
    """The dense net as a user of KerasTuner writes it, by hand."""

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Ask for everything but the batch size."""
        kernel = hp.Choice("initialization/kernel", ["as_written", *KERNELS])
        return dense(
            "glorot_uniform" if kernel == "as_written" else kernel,
            hp.Choice("regularization/l2", L2),
            hp.Float("optimizer/learning_rate", *RATES, sampling="log", default=1e-3),
        )

    def fit(self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        """Train with a batch size that is asked for."""
        return model.fit(*args, batch_size=hp.Choice("batch_size", BATCHES), **kwargs)


def convolutional() -> keras.Model:
    """Return the net of `examples/mnist1d.py` with 32 filters, which widths make up to 128."""
    layer = {"strides": 2, "padding": "same", "activation": "relu"}
    model = keras.Sequential(
        [
            keras.Input((40, 1)),
            *(keras.layers.Conv1D(FIRST_FILTERS, size, **layer) for size in (5, 3, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    return _compiled(model)


def pinned() -> Problem:
    """Digits; the structure stays, initialization, l2, learning rate and batch size vary."""
    return _split(_digits(), dense, _numbers_only(False), DenseHyperModel())


def joint() -> Problem:
    """Digits; everything varies, and every candidate has a structure of its own.

    Full-batch gradient descent is left out, so that all candidates cost about the same.
    """
    space = autoopt.Space(optimizer=autoopt.axes.Optimizer(WITHOUT_FULL_BATCH))
    return _split(_digits(), dense, space, all_different=True)


def free() -> Problem:
    """Digits; the default space."""
    return _split(_digits(), dense, autoopt.Space())


def different() -> Problem:
    """Digits; structure and algorithm vary, so that there are hundreds of different programs, no more."""
    space = autoopt.Space(
        structure=autoopt.axes.Structure(width=[quarters / 4 for quarters in range(1, 17)]),
        initialization=False,
        regularization=False,
        optimizer=autoopt.axes.Optimizer(WITHOUT_FULL_BATCH, schedule=["constant"]),
        batch_size=False,
    )
    return _split(_digits(), dense, space, all_different=True)


def mnist1d() -> Problem:
    """MNIST-1D; three convolutions of 32, 48, 64, 80, 96 or 128 filters."""
    structure = autoopt.axes.Structure(width=[1.0, 1.5, 2.0, 2.5, 3.0, 4.0], extra_depth=0)
    space = _numbers_only(structure, fix={"structure/conv/depth": 3})
    return _split(model_file.read(str(EXAMPLE)).data(), convolutional, space, all_different=True)


def mnist1d_free() -> Problem:
    """MNIST-1D; the example's own net, the default space."""
    defined = model_file.read(str(EXAMPLE))
    return _split(defined.data(), defined.model_fn, autoopt.Space())


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "pinned": pinned,
    "joint": joint,
    "free": free,
    "different": different,
    "mnist1d": mnist1d,
    "mnist1d-free": mnist1d_free,
}


def _digits() -> Arrays:
    x, y = load_digits(return_X_y=True)
    return x.astype("float32") / 16, y.astype("int32")


def _compiled(model: keras.Model, rate: float = 1e-3) -> keras.Model:
    model.compile(
        optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def _numbers_only(structure: Any, fix: dict[str, Any] | None = None) -> autoopt.Space:
    """Return a space of initialization, l2, Adam's learning rate and batch size, beside a structure."""
    return autoopt.Space(
        structure=structure,
        initialization=autoopt.axes.Initialization(KERNELS, bias=[]),
        regularization=autoopt.axes.Regularization(
            l1=[0.0], l2=L2, dropout=[0.0], spatial_dropout=[0.0], label_smoothing=[0.0]
        ),
        optimizer=autoopt.axes.Optimizer(
            ["adam"], learning_rate=RATES, schedule=["constant"], warmup=[0.0], use_ema=[False]
        ),
        batch_size=BATCHES,
        fix=fix or {},
    )


def _split(
    data: Sequence[Any],
    model_fn: Callable[[], keras.Model],
    space: autoopt.Space,
    peers: keras_tuner.HyperModel | None = None,
    all_different: bool = False,
) -> Problem:
    """Cut one fixed validation part of a fifth; the peers build from autoopt's space where they have none."""
    x, x_val, y, y_val = train_test_split(*data, test_size=0.2, random_state=0, stratify=data[1])
    peers = peers or autoopt.AutoHyperModel(model_fn, space, (x, y))
    return Problem(model_fn, space, peers, (x, y), (x_val, y_val), all_different)
