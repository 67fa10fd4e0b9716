"""Widths: what is tied, what is frozen, and how they are rounded."""

import keras
import pytest
from keras import layers

from autoopt.surgery import Edits, read, rebuild
from autoopt.surgery.graph import Graph
from autoopt.surgery.width import groups, scaled
from tests.surgery.zoo import residual_cnn


def found(model: keras.Model) -> set[tuple[str, ...]]:
    return {group.layers for group in groups(Graph(model.get_config()))}


@pytest.mark.parametrize(
    ("width", "multiplier", "multiple", "expected"),
    [(10, 1.0, 4, 10), (7, 0.5, 1, 4), (3, 0.1, 1, 1), (32, 0.1, 8, 8), (12, 1.5, 4, 16), (5, 2.0, 1, 10)],
)
def test_a_width_is_rounded_to_what_divides_it_and_never_0(width, multiplier, multiple, expected) -> None:
    assert scaled(width, multiplier, multiple) == expected


def test_layers_that_are_added_are_equally_wide() -> None:
    stem, inside = (layer for layer in residual_cnn().layers if isinstance(layer, layers.Conv2D))
    model = rebuild(read(residual_cnn()), Edits(width={"block": 2.0}))

    assert [layer.filters for layer in model.layers if isinstance(layer, layers.Conv2D)] == [
        2 * stem.filters,
        2 * inside.filters,
    ]


def test_a_layer_that_is_added_to_the_input_is_frozen() -> None:
    inputs = keras.Input((4,))
    x = layers.Add()([layers.Dense(4, name="tied")(inputs), inputs])
    model = keras.Model(inputs, layers.Dense(2, name="out")(layers.Dense(3, name="free")(x)))

    assert found(model) == {("free",)}


def test_the_output_is_frozen_through_activations_and_concatenations() -> None:
    inputs = keras.Input((4,))
    x = layers.Dense(3, name="hidden")(inputs)
    parts = [layers.Dense(2)(x), layers.Softmax()(layers.Dense(2)(x))]

    assert found(keras.Model(inputs, layers.Concatenate()(parts))) == {("hidden",)}


def test_a_concatenation_follows_its_parts_unless_its_sum_is_tied() -> None:
    inputs = keras.Input((4,))
    parts = [layers.Dense(2, name="one")(inputs), layers.Dense(3, name="two")(inputs)]
    joined = layers.Concatenate()(parts)
    free = keras.Model(inputs, layers.Dense(1)(joined))
    tied = keras.Model(inputs, layers.Dense(1)(layers.Add()([joined, layers.Dense(5, name="sum")(inputs)])))

    assert found(free) == {("one",), ("two",)}
    assert found(tied) == set()


@pytest.mark.parametrize(
    "closing",
    [
        layers.Reshape((2, 3)),
        layers.Permute((1,)),
        layers.Rescaling([2.0] * 6),
        layers.Dropout(0.1, noise_shape=(1, 6)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_what_is_not_understood_freezes_what_it_reads(closing) -> None:
    inputs = keras.Input((4,))
    x = layers.Flatten()(closing(layers.Dense(6)(inputs)))

    assert found(keras.Model(inputs, layers.Dense(1)(x))) == set()


def test_an_array_in_the_graph_freezes_what_it_is_added_to() -> None:
    inputs = keras.Input((4,))
    x = layers.Dense(6)(inputs) + keras.ops.ones((6,))

    assert found(keras.Model(inputs, layers.Dense(1)(x))) == set()


def test_images_with_channels_first_are_frozen() -> None:
    inputs = keras.Input((2, 8, 8))
    x = layers.Conv2D(4, 3, data_format="channels_first")(inputs)

    assert found(keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)))) == set()


def test_a_shared_layer_ties_what_its_calls_read() -> None:
    one, two = keras.Input((3,)), keras.Input((4,))
    shared = layers.Dense(2, name="shared")
    parts = [shared(layers.Dense(5, name="left")(one)), shared(layers.Dense(5, name="right")(two))]
    model = keras.Model([one, two], layers.Dense(1)(layers.Concatenate()(parts)))

    assert found(model) == {("left", "right"), ("shared",)}


def test_group_counts_divide_the_new_widths() -> None:
    inputs = keras.Input((6, 6, 3))
    x = layers.Conv2D(8, 3, name="first")(inputs)
    x = layers.GroupNormalization(groups=4)(x)
    x = layers.Conv2D(6, 3, groups=2, name="grouped")(x)
    model = keras.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling2D()(x)))
    edited = rebuild(read(model), Edits(width={"conv": 0.3}))

    assert (edited.get_layer("first").filters, edited.get_layer("grouped").filters) == (4, 2)


def test_stages_of_equal_width_that_are_tied_belong_to_the_first() -> None:
    inputs = keras.Input((4,))
    x = first = layers.Dense(6)(inputs)
    x = layers.Dense(6)(layers.Dense(6)(x))
    x = layers.Dense(6)(layers.Add()([x, first]))
    model = keras.Model(inputs, layers.Dense(1)(layers.Add()([x, first])))

    widened = rebuild(read(model), Edits(width={"dense": 2.0}))
    assert [layer.units for layer in widened.layers if isinstance(layer, layers.Dense)] == [12, 6, 12, 12, 1]


def test_a_reshape_inside_a_wrapper_freezes_what_it_reads() -> None:
    inputs = keras.Input((5, 4))
    x = layers.TimeDistributed(layers.Reshape((-1, 6)))(layers.Dense(6)(inputs))

    assert found(keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)))) == set()


def test_as_many_groups_as_filters_on_more_channels_freeze_both() -> None:
    inputs = keras.Input((4, 4, 1))
    x = layers.Conv2D(4, 1, groups=4)(layers.Conv2D(8, 1)(inputs))

    assert found(keras.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling2D()(x)))) == set()
