"""Endings: which bias an output starts from, and what comes behind it."""

from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras import layers

from autoopt.surgery import Ending, read


def chain(*last: layers.Layer, shape: tuple[int, ...] = (4,)) -> keras.Model:
    return keras.Sequential([keras.Input(shape, name="in"), *last])


def frozen() -> keras.Model:
    return chain(layers.Dense(3), layers.Dense(2, name="out", trainable=False))


def called_twice() -> keras.Model:
    one, other = keras.Input((4,)), keras.Input((4,))
    shared = layers.Dense(1, name="out")
    return keras.Model([one, other], [shared(one), shared(other)])


def named() -> keras.Model:
    inputs = keras.Input((4,))
    outputs = {
        "side": layers.Dense(1, "sigmoid", name="right")(inputs),
        "number": layers.Dense(2, name="left")(inputs),
    }
    return keras.Model(inputs, outputs)


def merged() -> keras.Model:
    inputs = keras.Input((4,))
    branches = [layers.Dense(2)(inputs) for _ in range(2)]
    return keras.Model(inputs, layers.Activation("softmax")(layers.Add()(branches)))


class OwnStep(keras.Model):  # type: ignore[misc]
    """A model that is not rebuilt, because it trains in a way of its own."""

    def train_step(self, *args: Any) -> Any:
        return super().train_step(*args)


def own_step() -> keras.Model:
    inputs = keras.Input((4,))
    return OwnStep(inputs, layers.Dense(3, "softmax", name="out")(inputs))


class Doubled(layers.Layer):  # type: ignore[misc]
    """A layer that Keras does not find by its name."""

    def call(self, x: Any) -> Any:
        return 2 * x


IMAGE = (8, 8, 1)
SOFTMAX = Ending("out", "out", 3, "softmax")
CASES: dict[str, tuple[Callable[[], keras.Model], tuple[Ending | None, ...]]] = {
    "softmax": (lambda: chain(layers.Dense(3, "softmax", name="out")), (SOFTMAX,)),
    "linear": (lambda: chain(layers.Dense(3, name="out")), (Ending("out", "out", 3, "linear"),)),
    "activation apart": (
        lambda: chain(layers.Dense(3, name="last"), layers.Activation("sigmoid", name="out")),
        (Ending("out", "last", 3, "sigmoid"),),
    ),
    "softmax layer": (
        lambda: chain(layers.Dense(3, name="last"), layers.Softmax(name="out")),
        (Ending("out", "last", 3, "softmax"),),
    ),
    "average of a convolution": (
        lambda: chain(
            layers.Conv2D(3, 1, name="last"), layers.GlobalAveragePooling2D(), layers.Softmax(name="out"),
            shape=IMAGE,
        ),
        (Ending("out", "last", 3, "softmax"),),
    ),
    "pixels": (
        lambda: chain(layers.Conv2D(3, 1, activation="softmax", name="out"), shape=IMAGE), (SOFTMAX,),
    ),
    "names": (named, (Ending("side", "right", 1, "sigmoid"), Ending("number", "left", 2, "linear"))),
    "own train_step": (own_step, (SOFTMAX,)),
    "own layer": (lambda: chain(Doubled(), layers.Dense(3, "softmax", name="out")), (SOFTMAX,)),
    "own layer at the end": (lambda: chain(layers.Dense(3), Doubled()), (None,)),
    "two activations": (lambda: chain(layers.Dense(3, "relu"), layers.Activation("softmax")), (None,)),
    "softmax over another axis": (
        lambda: chain(layers.Conv2D(3, 1), layers.Softmax(axis=1), shape=IMAGE), (None,),
    ),
    "channels first": (
        lambda: chain(layers.Conv2DTranspose(3, 1, data_format="channels_first"), shape=IMAGE), (None,),
    ),
    "no bias": (lambda: chain(layers.Dense(3, "softmax", use_bias=False)), (None,)),
    "frozen": (frozen, (None,)),
    "a sum": (merged, (None,)),
    "called twice": (called_twice, (None, None)),
    "recurrent": (lambda: chain(layers.LSTM(3), shape=(5, 2)), (None,)),
    "normalized": (lambda: chain(layers.Dense(3), layers.BatchNormalization()), (None,)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_output_starts_from_one_free_bias_or_from_none(case: str) -> None:
    make, expected = CASES[case]

    assert read(make()).endings == expected
