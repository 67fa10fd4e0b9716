"""Requests that a template has no room for, and models that cannot be rebuilt."""

import keras
import pytest
from keras import layers

from autoopt.errors import SpaceError
from autoopt.surgery import Edits, SurgeryError, Template, read, rebuild
from tests.surgery.zoo import attention, autoencoder, dense_chain, two_towers


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        (Edits(depth={"dens": 2}), r"no stage 'dens'. Did you mean 'dense'\? Known: 'dense'"),
        (Edits(width={"conv": 2.0}), "no stage 'conv'.*Known: 'dense'"),
        (Edits(depth={"dense": 0}), "was given 0. Expected 1 to 4 segments; as written it has 2"),
        (Edits(depth={"dense": 5}), "was given 5. Expected 1 to 4 segments"),
        (Edits(width={"dense": 0.0}), "Expected a multiplier above 0"),
        (Edits(width={"dense": -2.0}), "Expected a multiplier above 0"),
        (Edits(width={"dense": float("nan")}), "Expected a multiplier above 0"),
    ],
    ids=["stage of depth", "stage of width", "too shallow", "too deep", "no width", "below 0", "nan"],
)
def test_a_wrong_request_says_what_would_be_right(edits, message) -> None:
    with pytest.raises(SurgeryError, match=message):
        rebuild(read(dense_chain()), edits)


def test_a_width_that_is_tied_cannot_be_multiplied() -> None:
    with pytest.raises(SurgeryError, match=r"was given 2.0. Expected 1, because its widths\s+are tied"):
        rebuild(read(attention()), Edits(width={"dense_1": 2.0}))


def test_a_model_without_configuration_says_why() -> None:
    with pytest.raises(SpaceError, match=r"cannot be rebuilt: It is odd\."):
        rebuild(Template(None, reason="It is odd."), Edits())


def test_a_python_lambda_closes_the_model_and_says_what_to_do() -> None:
    inputs = keras.Input((4,))
    x = layers.Lambda(lambda value: value * 2)(layers.Dense(4)(inputs))
    template = read(keras.Model(inputs, layers.Dense(1)(x)))

    assert template.config is None
    assert "Lambda" in template.reason


def test_a_custom_layer_that_is_not_registered_closes_the_model() -> None:
    class Doubled(layers.Layer):
        def call(self, value):
            return value * 2

    template = read(keras.Sequential([keras.Input((4,)), layers.Dense(4), Doubled(), layers.Dense(1)]))

    assert template.config is None
    assert "register_keras_serializable" in template.reason


def test_a_registered_custom_layer_only_freezes_what_it_touches() -> None:
    @keras.saving.register_keras_serializable("autoopt.tests")
    class Tripled(layers.Layer):
        def call(self, value):
            return value * 3

    chain = [layers.Dense(4), Tripled(), layers.Dense(4), layers.Dense(1)]
    template = read(keras.Sequential([keras.Input((4,)), *chain]))

    assert [stage.open_width for stage in template.stages] == [False, True]


def test_a_model_without_hidden_layers_says_so_and_keeps_its_other_parts_open() -> None:
    template = read(keras.Sequential([keras.Input((4,)), layers.Dense(1)]))

    assert template.config is not None
    assert "It has no hidden layers" in template.reason
    assert template.dropout == 0.0


def test_a_depth_that_would_change_the_output_shape_is_not_offered() -> None:
    assert [(stage.min_depth, stage.depth) for stage in read(autoencoder()).stages] == [(2, 2)]


def test_the_structure_of_inputs_and_outputs_is_kept() -> None:
    model = rebuild(read(two_towers()), Edits(width={"dense_3": 2.0}))

    assert (set(model.input), set(model.output)) == ({"one", "two"}, {"a", "b"})


def test_the_model_is_handed_back_uncompiled() -> None:
    model = dense_chain()
    model.compile("adam", "sparse_categorical_crossentropy")

    assert not rebuild(read(model), Edits()).compiled


def test_precision_and_trainability_of_layers_are_kept() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, dtype="mixed_bfloat16"), layers.Dense(1)])
    rebuilt = rebuild(read(model), Edits(depth={"dense": 2}, dropout=0.1))
    model.trainable = False

    assert {layer.dtype_policy.name for layer in rebuilt.layers[:4]} == {"mixed_bfloat16"}
    assert not rebuild(read(model), Edits(dropout=0.1)).trainable_weights


def test_frozen_layers_are_left_as_they_are() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.Dense(4), layers.Dense(1)])
    model.layers[0].trainable = False

    assert [(stage.name, stage.depth) for stage in read(model).stages] == [("dense", 1)]
