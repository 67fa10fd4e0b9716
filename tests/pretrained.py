"""Models with a pretrained part, for the tests: its weights come from a file that lies where the test runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from tests import toys

FILE = "backbone.keras"
IMAGE = (8, 8, 1)


def images(n: int = 64) -> tuple[Any, Any]:
    """Return digits as images."""
    x, y = toys.digits(n)
    return x.reshape(-1, *IMAGE), y


def adapted() -> layers.Layer:
    """Return a normalization that has learnt mean and variance."""
    layer = layers.Normalization(axis=None, name="adapted")
    layer.adapt(images()[0] * 4.0 + 1.0)
    return layer


def residual() -> keras.Model:
    """Return a small net of four blocks with preprocessing: a stem, two residual blocks, and an end."""
    inputs = keras.Input(IMAGE)
    x = adapted()(layers.Rescaling(2.0)(inputs))
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same", name="stem")(x)))
    for number in (1, 2):
        y = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same", name=f"block{number}")(x))
        x = layers.Add()([x, layers.ReLU()(y)])
    x = layers.Dense(6, activation="relu", name="end")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, x, name="part")


def chain() -> keras.Model:
    """Return a small Sequential, preprocessing included."""
    return keras.Sequential(
        [
            keras.Input(IMAGE),
            adapted(),
            layers.Flatten(),
            layers.Dense(8, "relu"),
            layers.BatchNormalization(),
            layers.Dense(8, "relu"),
            layers.Dense(6, "relu"),
        ],
        name="part",
    )


def scribbled(part: keras.Model) -> keras.Model:
    """Set weights that no initializer draws, statistics of normalizations included."""
    random = np.random.default_rng(7)
    for layer in part._flatten_layers():
        if not layer._layers and not isinstance(layer, layers.Normalization):
            layer.set_weights(
                [random.uniform(0.1, 0.6, w.shape) - 0.2 * (w.ndim > 1) for w in layer.get_weights()]
            )
    return part


def saved(make: Callable[[], keras.Model] = residual) -> str:
    """Write a pretrained part to the folder of the test, and return its path."""
    path = str(Path(FILE).absolute())
    scribbled(make()).save(path)
    return path


def on_top_of(part: keras.Model) -> keras.Model:
    """Return a compiled classifier of digits on a part."""
    inputs = keras.Input(IMAGE)
    x = layers.Dense(8, activation="relu", name="hidden")(part(inputs))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax", name="out")(x))
    model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def function(make: Callable[[], keras.Model] = residual) -> Callable[[], keras.Model]:
    """Return a model function that loads the part from the file which it has been written to."""
    path = saved(make)
    return lambda: on_top_of(keras.models.load_model(path))


def part_of(model: keras.Model) -> keras.Model:
    """Return the nested model."""
    return next(layer for layer in model.layers if isinstance(layer, keras.Model))
