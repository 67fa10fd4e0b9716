"""Pooling head: where a model has one, and what it can become."""

from typing import Any

import keras
import pytest
from keras import layers

from autoopt.surgery import Edits, read, rebuild
from tests.surgery.zoo import attention, pooled_cnn, residual_cnn, signal_cnn, two_towers


def convolutional(*head: Any, shape: tuple[int | None, ...] = (8, 8, 1), filters: int = 4) -> keras.Model:
    return keras.Sequential([keras.Input(shape), layers.Conv2D(filters, 3, activation="relu"), *head])


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize(
    ("make", "offered"),
    [
        (pooled_cnn, ("average", "max")),
        (signal_cnn, ("average", "max")),
        (residual_cnn, ("flatten", "max")),
        (attention, ("average", "max")),
        (two_towers, ()),
    ],
)
def test_the_ways_that_are_not_as_written_are_offered(make, offered) -> None:
    assert read(make()).pooling == offered


@pytest.mark.parametrize(
    ("make", "value", "kind"),
    [
        (pooled_cnn, "average", "GlobalAveragePooling2D"),
        (signal_cnn, "max", "GlobalMaxPooling1D"),
        (residual_cnn, "flatten", "Flatten"),
    ],
)
def test_the_head_is_exchanged_and_nothing_else(make, value: str, kind: str) -> None:
    written, model = kinds(rebuild(read(make()), Edits())), kinds(rebuild(read(make()), Edits(pooling=value)))

    at = next(at for at, (one, other) in enumerate(zip(written, model, strict=True)) if one != other)
    assert model == [*written[:at], kind, *written[at + 1 :]]


def test_layers_that_take_any_vector_may_stand_before_the_dense_ones() -> None:
    head = [layers.Flatten(), layers.BatchNormalization(), layers.Dropout(0.1), layers.Dense(2)]

    assert read(convolutional(*head)).pooling == ("average", "max")


def large() -> keras.Model:
    # 62 × 62 × 64 × 100 is 24.6 million weights, more than 2**24.
    return convolutional(
        layers.GlobalMaxPooling2D(), layers.Dense(100), layers.Dense(2), shape=(64, 64, 1), filters=64
    )


def large_when_shallow() -> keras.Model:
    # 4 × 4 as written; without the second segment, and the pooling in it, 64 × 64 × 64 × 100.
    deeper = [layers.Conv2D(64, 3, padding="same"), layers.MaxPooling2D(16), layers.GlobalMaxPooling2D()]
    return convolutional(*deeper, layers.Dense(100), layers.Dense(2), shape=(66, 66, 1), filters=64)


@pytest.mark.parametrize("make", [large, large_when_shallow])
def test_an_image_is_not_flattened_into_a_kernel_of_more_than_2_to_the_24_weights(make) -> None:
    assert read(make()).pooling == ("average",)


def test_an_image_of_any_size_is_pooled_and_not_flattened() -> None:
    model = convolutional(layers.GlobalMaxPooling2D(), layers.Dense(2), shape=(None, None, 1))

    assert read(model).pooling == ("average",)


def mlp() -> keras.Model:
    return keras.Sequential([keras.Input((8, 8)), layers.Flatten(), layers.Dense(4, "relu"), layers.Dense(2)])


def masked() -> keras.Model:
    inputs = keras.Input((6,), dtype="int32")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(9, 4, mask_zero=True)(inputs))
    return keras.Model(inputs, layers.Dense(2)(layers.Dense(4, "relu")(x)))


def two_heads() -> keras.Model:
    inputs = keras.Input((6, 4))
    x = layers.Conv1D(4, 3, activation="relu")(inputs)
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    return keras.Model(inputs, layers.Dense(2)(x))


def beside_a_table() -> keras.Model:
    inputs, table = keras.Input((6, 4)), keras.Input((3,))
    x = layers.Dense(4, "relu")(layers.Flatten()(layers.Conv1D(4, 3, activation="relu")(inputs)))
    return keras.Model([inputs, table], layers.Dense(2)(layers.Concatenate()([x, table])))


def squeezing() -> keras.Model:
    inputs = keras.Input((6, 4))
    x = layers.Conv1D(4, 3, activation="relu")(inputs)
    gate = layers.Dense(4, "sigmoid")(layers.Dense(2, "relu")(layers.GlobalAveragePooling1D()(x)))
    x = layers.Multiply()([x, layers.Reshape((1, 4))(gate)])
    return keras.Model(inputs, layers.Conv1D(2, 1)(x))


CLOSED = {
    "a vector of raw pixels": mlp,
    "a sequence with a mask": masked,
    "two heads": two_heads,
    "a tower beside another input": beside_a_table,
    "a gate": squeezing,
    "a vector that is reshaped": lambda: convolutional(
        layers.Flatten(), layers.Reshape((36, 4)), layers.Flatten(), layers.Dense(2)
    ),
    "axes that are kept": lambda: convolutional(
        layers.GlobalAveragePooling2D(keepdims=True), layers.Flatten(), layers.Dense(2)
    ),
    "an output": lambda: convolutional(layers.Flatten()),
    "channels first": lambda: convolutional(
        layers.Permute((3, 1, 2)), layers.Flatten(data_format="channels_first"), layers.Dense(2)
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CLOSED)
def test_what_is_no_head_stays(what: str) -> None:
    assert read(CLOSED[what]()).pooling == ()
