"""Listings: what a layer is, told alike whether its configuration comes from a model or from a file."""

import json
from typing import Any

import keras
import pytest
from keras import layers

from autoopt.surgery import listed


def detail(layer: Any, shape: tuple[int, ...] = (8, 8, 3)) -> str:
    """Return what is told of a layer."""
    return listed(keras.Sequential([keras.Input(shape), layer]).get_config())[1].detail


def test_a_model_and_its_file_are_told_alike() -> None:
    inner = layers.LSTM(3, kernel_regularizer="l2", return_sequences=True)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)), layers.Conv2D(4, 3, strides=2, kernel_constraint="max_norm"),
            layers.MaxPooling2D(2), layers.Reshape((1, 4)), layers.Bidirectional(inner), layers.Dense(1),
        ]
    )  # fmt: skip
    config = model.get_config()
    assert listed(config) == listed(json.loads(json.dumps(config)))


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        (lambda: layers.Dense(1), "1 unit"),
        (lambda: layers.Conv2D(1, 1), "1 filter, kernel_size 1 × 1"),
        (lambda: layers.Conv2D(4, 3, strides=(1, 2)), "4 filters, kernel_size 3 × 3, strides 1 × 2"),
        (lambda: layers.MaxPooling2D(3, strides=1), "pool_size 3 × 3, strides 1 × 1"),
        (lambda: layers.MaxPooling2D(2), "pool_size 2 × 2"),
    ],
)
def test_only_steps_go_without_saying(layer: Any, told: str) -> None:
    assert detail(layer()) == told


def test_a_layer_inside_of_another_tells_its_penalties() -> None:
    inner = layers.Dense(2, "relu", kernel_regularizer=keras.regularizers.L2(0.5))
    assert detail(layers.TimeDistributed(inner), (3, 4)) == "of Dense, 2 units, relu, L2 l2 0.5"
