"""The peers' joint spaces, as a good engineer would write them by hand for each kind of net; the same for all peers.

What varies in each: depth and widths, activation, batch normalization, initializer, l2, dropout, optimizer, learning
rate (logarithmic), its schedule, and batch size. Convolutional nets vary in kernel size and in their head as well.
"""

from collections.abc import Callable
from typing import Any

import keras
import keras_tuner

L = keras.layers
HP = Any
"""`keras_tuner.HyperParameters`, or what asks Optuna in the same words."""

ACTIVATIONS = ["relu", "gelu", "elu", "tanh"]
INITIALIZERS = ["glorot_uniform", "he_normal", "he_uniform", "lecun_normal"]
PENALTIES = [0.0, 1e-5, 1e-4, 1e-3]
OPTIMIZERS = ["adam", "adamw", "rmsprop", "sgd"]
RATES = (1e-4, 3e-2)
OF_SGD = 10.0
"""Momentum descent takes larger rates than the adaptive methods."""

BATCHES = [16, 32, 64, 128]


class Joint(keras_tuner.HyperModel):
    """A net and how it is trained.

    Args:
        net: Asks for everything that concerns layers.
        examples: That are trained on: a schedule ends with the last epoch.
        epochs: Most epochs a trial.
    """

    def __init__(self, net: Callable[[HP], keras.Model], examples: int, epochs: int) -> None:
        super().__init__()
        self._net, self._examples, self._epochs = net, examples, epochs

    def build(self, hp: HP) -> keras.Model:
        """Return the compiled model."""
        model = self._net(hp)
        name = hp.Choice("optimizer", OPTIMIZERS)
        rate = hp.Float("learning_rate", *RATES, sampling="log") * (OF_SGD if name == "sgd" else 1.0)
        steps = self._epochs * -(-self._examples // hp.Choice("batch_size", BATCHES))
        if hp.Choice("schedule", ["constant", "cosine"]) == "cosine":
            rate = keras.optimizers.schedules.CosineDecay(rate, steps)
        model.compile(_optimizer(name, rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def fit(self, hp: HP, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        """Train with the batch size that is asked for."""
        return model.fit(*args, batch_size=hp.Choice("batch_size", BATCHES), **kwargs)


def dense(inputs: int, classes: int) -> Callable[[HP], keras.Model]:
    """Return the space of dense nets: 1 to 4 hidden layers of 32 to 512 units."""

    def net(hp: HP) -> keras.Model:
        layers = [keras.Input((inputs,))]
        for place in range(hp.Int("depth", 1, 4)):
            units = hp.Choice(f"units_{place}", [32, 64, 128, 256, 512])
            layers += [L.Dense(units, **_weights(hp)), *_after(hp), *_dropout(hp)]
        return keras.Sequential([*layers, L.Dense(classes, activation="softmax")])

    return net


def sequences(shape: tuple[int, ...], classes: int) -> Callable[[HP], keras.Model]:
    """Return the space of 1-D convolutional nets: 1 to 4 of 16 to 128 filters, each halving the length."""

    def net(hp: HP) -> keras.Model:
        layers, size = [keras.Input(shape)], hp.Choice("kernel_size", [3, 5, 7])
        for place in range(hp.Int("depth", 1, 4)):
            filters = hp.Choice(f"filters_{place}", [16, 32, 64, 96, 128])
            layers += [L.Conv1D(filters, size, strides=2, padding="same", **_weights(hp)), *_after(hp)]
        head = (
            L.GlobalAveragePooling1D()
            if hp.Choice("head", ["flatten", "average"]) == "average"
            else L.Flatten()
        )
        return keras.Sequential([*layers, head, *_hidden(hp), L.Dense(classes, activation="softmax")])

    return net


def images(shape: tuple[int, ...], classes: int) -> Callable[[HP], keras.Model]:
    """Return the space of 2-D convolutional nets for small images: 1 to 4 of 16 to 128 filters, the second halves."""

    def net(hp: HP) -> keras.Model:
        layers = [keras.Input(shape)]
        for place in range(hp.Int("depth", 1, 4)):
            filters = hp.Choice(f"filters_{place}", [16, 32, 64, 96, 128])
            layers += [L.Conv2D(filters, 3, padding="same", **_weights(hp)), *_after(hp)]
            layers += [L.MaxPooling2D()] if place % 2 else []
        head = (
            L.GlobalAveragePooling2D()
            if hp.Choice("head", ["flatten", "average"]) == "average"
            else L.Flatten()
        )
        return keras.Sequential([*layers, head, *_hidden(hp), L.Dense(classes, activation="softmax")])

    return net


def _weights(hp: HP) -> dict[str, Any]:
    """Return a layer's arguments; the bias is left to the normalization where there is one."""
    penalty = hp.Choice("l2", PENALTIES)
    return {
        "kernel_initializer": hp.Choice("initializer", INITIALIZERS),
        "kernel_regularizer": keras.regularizers.L2(penalty) if penalty else None,
        "use_bias": not hp.Boolean("batch_normalization"),
    }


def _after(hp: HP) -> list:
    """Return what follows the weights of each hidden layer."""
    normalization = [L.BatchNormalization()] if hp.Boolean("batch_normalization") else []
    return [*normalization, L.Activation(hp.Choice("activation", ACTIVATIONS))]


def _dropout(hp: HP) -> list:
    rate = hp.Float("dropout", 0.0, 0.5, step=0.1)
    return [L.Dropout(rate)] if rate else []


def _hidden(hp: HP) -> list:
    """Return what stands between convolutions and the output: dropout, and a dense layer or none."""
    units = hp.Choice("dense_units", [0, 64, 128])
    dense = [L.Dense(units, **_weights(hp)), *_after(hp)] if units else []
    return [*_dropout(hp), *dense]


def _optimizer(name: str, rate: Any) -> keras.optimizers.Optimizer:
    if name == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    return {
        "adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW, "rmsprop": keras.optimizers.RMSprop
    }[name](rate)  # fmt: skip
