"""Models and data that engines have to train as `keras.Model.fit` does; 43 examples, so the last batch is short."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from autoopt.data import Part
from tests import toys
from tests.counts import FULL

N = 43


@dataclass(frozen=True)
class Case:
    """One model to be trained, and on what.

    Attributes:
        make: Returns it, compiled.
        data: Returns what it learns from.
        weights: Class to weight.
        tolerance: How far weights and losses may be from those of `fit`; None is 1e-5, and 1e-4 under XLA.
        modes: Whether every mode trains it, or only the one that the rule chooses; at full counts every mode
            trains all that differ in what XLA compiles.
    """

    make: Callable[[], keras.Model]
    data: Callable[[], Part]
    weights: Mapping[int, float] | None = None
    tolerance: float | None = None
    modes: bool = FULL


def images() -> Part:
    return Part(*toys.digits(N))


def shaped(*shape: int) -> Callable[[], Part]:
    def data() -> Part:
        x, y = toys.digits(N)
        return Part(x.reshape(-1, *shape), y)

    return data


def weighted() -> Part:
    return Part(*toys.digits(N), np.linspace(0, 2, N, dtype="float32"))


def one_hot() -> Part:
    x, y = toys.digits(N)
    return Part(x, np.eye(10, dtype="float32")[y])


def values() -> Part:
    return Part(*toys.line(N))


def pairs() -> Part:
    x, y = toys.line(N)
    return Part({"left": x, "right": -x}, {"number": y, "side": (y > 0).astype("float32")})


def words() -> Part:
    x, y = toys.digits(N)
    return Part((16 * x[:, 16:32]).astype("int32"), y)


def classifier(
    *hidden: layers.Layer, shape: tuple[int, ...] = (64,), optimizer: Any = "sgd", **rest: Any
) -> keras.Model:
    model = keras.Sequential([keras.Input(shape), *hidden, layers.Dense(10, "softmax")])
    compilation = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **rest}
    model.compile(optimizer, **compilation)
    return model


def dense(optimizer: Any = "sgd", **rest: Any) -> keras.Model:
    return classifier(layers.Dense(8, "tanh"), optimizer=optimizer, **rest)


def convolutional() -> keras.Model:
    hidden = (layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten())
    return classifier(*hidden, shape=(8, 8, 1))


def normalized() -> keras.Model:
    # The gradient of a bias before a BatchNormalization is nothing but rounding.
    return classifier(layers.Dense(8, use_bias=False), layers.BatchNormalization(), layers.ReLU())


def lstm() -> keras.Model:
    return classifier(layers.LSTM(5), shape=(8, 8))


def gru() -> keras.Model:
    return classifier(layers.GRU(3), shape=(8, 8))


def embedding() -> keras.Model:
    return classifier(layers.Embedding(17, 4), layers.GlobalAveragePooling1D(), shape=(16,))


def restricted() -> keras.Model:
    """Return a net with penalties, a constraint and a frozen layer."""
    first = layers.Dense(8, "relu", trainable=False)
    return classifier(
        first,
        layers.Dense(8, "relu", kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer="l2"),
        layers.Dense(6, "relu", kernel_constraint=keras.constraints.MaxNorm(0.5)),
    )


def mixed() -> keras.Model:
    return classifier(layers.Dense(8, "tanh", dtype="mixed_bfloat16"), layers.Dense(6, "tanh"))


def scaled() -> keras.Model:
    """Return a float16 net: Keras puts a LossScaleOptimizer around its optimizer."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return dense()
    finally:
        keras.config.set_dtype_policy(policy)


def two_headed() -> keras.Model:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    x = layers.Dense(6, activation="tanh")(layers.Concatenate()([left, right]))
    outputs = {
        "number": layers.Dense(1, name="number")(x),
        "side": layers.Dense(1, activation="sigmoid", name="side")(x),
    }
    model = keras.Model({"left": left, "right": right}, outputs)
    model.compile(
        "sgd", {"number": "mse", "side": "binary_crossentropy"}, loss_weights={"number": 0.5, "side": 2.0},
        metrics={"side": ["accuracy", keras.metrics.AUC(name="area")]},
    )  # fmt: skip
    return model


class OwnStep(keras.Model):  # type: ignore[misc]
    """Sees its inputs twice as large in training, and logs a number of its own."""

    if keras.backend.backend() == "jax":

        def train_step(self, state: Any, data: Any) -> Any:
            logs, state = super().train_step(state, (2 * data[0], *data[1:]))
            return {**logs, "twice": 2 * logs["loss"]}, state
    else:

        def train_step(self, data: Any) -> Any:
            logs = super().train_step((2 * data[0], *data[1:]))
            return {**logs, "twice": 2 * logs["loss"]}


class Counting(keras.Model):  # type: ignore[misc]
    """Counts its steps in a variable that Keras does not list; JAX has none such."""

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        import tensorflow as tf

        self.kept = [tf.Variable(0.0)]

    def train_step(self, data: Any) -> Any:
        self.kept[0].assign_add(1.0)
        return {**super().train_step(data), "steps": self.kept[0].value()}


def counting() -> keras.Model:
    x = keras.Input((64,))
    model = Counting(x, layers.Dense(10, "softmax")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def own_step() -> keras.Model:
    x = keras.Input((64,))
    model = OwnStep(x, layers.Dense(10, "softmax")(layers.Dense(8, "tanh")(x)))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Subclassed(keras.Model):  # type: ignore[misc]
    """No Functional model: it has its weights after its first call alone."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = layers.Dense(8, "tanh"), layers.Dense(10, "softmax")

    def call(self, x: Any) -> Any:
        self.add_loss(keras.ops.mean(keras.ops.square(self.hidden(x))))
        return self.out(self.hidden(x))


def subclassed() -> keras.Model:
    model = Subclassed()
    model(np.zeros((1, 64), "float32"))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def measured() -> keras.Model:
    metrics = [keras.metrics.AUC(name="area"), keras.metrics.Precision(name="right")]
    return dense(loss="categorical_crossentropy", metrics=metrics, weighted_metrics=["accuracy"])


CLASS_WEIGHTS = {i: 1.0 + i for i in range(9)}
CASES = {
    "dense": Case(dense, images, modes=True),
    "convolutional": Case(convolutional, shaped(8, 8, 1)),
    "BatchNormalization": Case(normalized, images, modes=True),
    "LSTM": Case(lstm, shaped(8, 8)),
    "GRU": Case(gru, shaped(8, 8), modes=False),
    "two inputs and two outputs": Case(two_headed, pairs),
    "sample weights": Case(dense, weighted, modes=False),
    "class weights": Case(dense, images, CLASS_WEIGHTS, modes=False),
    "stateful metrics, and class weights of one-hot labels": Case(
        measured, one_hot, CLASS_WEIGHTS, modes=False
    ),
    "own train_step": Case(own_step, images),
    "subclassed, with a loss of its own": Case(subclassed, images, modes=False),
    "mixed precision": Case(mixed, images, tolerance=2e-2, modes=False),
    "mixed precision with a loss scale": Case(scaled, images, tolerance=2e-2, modes=False),
    "embedding": Case(embedding, words, modes=False),
    "regression": Case(lambda: toys.regressor(run_eagerly=False), values, modes=False),
    "penalties, a constraint and a frozen layer": Case(restricted, images, modes=False),
}


def _decaying() -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.5, 9), momentum=0.9, nesterov=True)


OPTIMIZERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "Adam": lambda: keras.optimizers.Adam(1e-2),
    "a schedule of the user's own": _decaying,
    "clipped, with weight decay and averages": lambda: keras.optimizers.AdamW(
        1e-2, weight_decay=0.1, clipnorm=0.1, use_ema=True, ema_overwrite_frequency=2
    ),
    "gradient accumulation": lambda: keras.optimizers.SGD(0.1, gradient_accumulation_steps=2),
}
