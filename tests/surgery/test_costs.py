"""What an example costs: multiplications by position, whatever the kind of layer, with changes and without."""

from typing import Any

import keras
import pytest
from keras import layers

from autoopt.surgery import Edits, footprint, footprint_of, products, products_of, read, rebuild
from tests import toys

IMAGE, SERIES = keras.Input((6, 6, 2)), keras.Input((7, 3))

BY_POSITION = {
    "a dense layer": (keras.Input((4,)), layers.Dense(5), (4 + 1) * 5),
    "a dense layer at each place": (SERIES, layers.Dense(5), (3 + 1) * 5 * 7),
    "a convolution": (IMAGE, layers.Conv2D(5, 3), (3 * 3 * 2 + 1) * 5 * 4 * 4),
    "a convolution with strides": (IMAGE, layers.Conv2D(5, 3, strides=2, padding="same"), (18 + 1) * 5 * 3 * 3),
    "a transposed convolution": (IMAGE, layers.Conv2DTranspose(5, 2, strides=2, use_bias=False), 2 * 2 * 2 * 5 * 36),
    "a recurrent layer": (SERIES, layers.SimpleRNN(5), (3 + 5 + 1) * 5 * 7),
    "both directions": (SERIES, layers.Bidirectional(layers.SimpleRNN(5)), 2 * (3 + 5 + 1) * 5 * 7),
    "one layer at each place": (SERIES, layers.TimeDistributed(layers.Dense(5)), (3 + 1) * 5 * 7),
    "what is looked up": (keras.Input((7,)), layers.Embedding(100, 5), 0),
    "a length that is not known": (keras.Input((None, 3)), layers.Conv1D(5, 3), (3 * 3 + 1) * 5),
    "no weights": (SERIES, layers.Flatten(), 0),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_POSITION)
def test_a_weight_counts_at_every_position_that_it_meets(name: str) -> None:
    entry, layer, expected = BY_POSITION[name]
    model = keras.Model(entry, layer(entry))

    assert products(model) == expected


def test_a_layer_counts_at_every_call_also_within_a_part() -> None:
    entry, shared = keras.Input((4,)), layers.Dense(4, use_bias=False)
    part = keras.Sequential([keras.Input((4,)), layers.Dense(4, use_bias=False)])
    twice = keras.Model(entry, part(shared(shared(entry))))

    assert products(twice) == 3 * 16
    assert footprint(twice) == 4 + 2 * 4 + 2 * 4  # the inputs, two calls, and what the part has


def test_in_a_subclassed_model_each_weight_counts_once() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.inner(x)

    model = Own()
    model(keras.ops.zeros((1, 4)))

    assert products(model) == model.count_params() == 15


def convolutional() -> keras.Model:
    return keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(3)])


@pytest.mark.parametrize("model_fn", [toys.dense, convolutional])
def test_a_changed_model_is_counted_without_weights_as_it_is_with_them(model_fn: Any) -> None:
    model = model_fn()
    template = read(model)
    edits = Edits(width={template.stages[0].name: 2.0})

    assert products_of(template, Edits()) == products(model)
    assert products_of(template, edits) == products(rebuild(template, edits)) > products(model)
    assert footprint_of(template, edits) == footprint(rebuild(template, edits))
