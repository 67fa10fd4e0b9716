"""Normalization: which are exchanged, and where one is put in."""

from typing import Any

import keras
import pytest
from keras import layers

from autoopt.surgery import Edits, Template, read, rebuild
from tests.surgery.zoo import dense_chain, pooled_cnn, recurrent, residual_cnn

BATCH, LAYER = "BatchNormalization", "LayerNormalization"


def chain(*hidden: Any, shape: tuple[int, ...] = (8, 8, 3)) -> Template:
    ends = [layers.Flatten(), layers.Dense(2)] if len(shape) > 1 else [layers.Dense(2)]
    return read(keras.Sequential([keras.Input(shape), *hidden, *ends]))


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def set_to(template: Template, value: str) -> keras.Model:
    return rebuild(template, Edits(normalization={template.stages[0].name: value}))


@pytest.mark.parametrize(("value", "kind"), [("batch", BATCH), ("layer", LAYER)])
def test_one_goes_between_each_hidden_layer_and_its_activation(value: str, kind: str) -> None:
    model = set_to(read(dense_chain()), value)

    assert kinds(model) == ["Dense", kind, "Activation"] * 2 + ["Dense"]
    names = [layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")]
    assert names == ["linear", "relu", "linear", "relu", "softmax"]
    assert all(layer.use_bias for layer in model.layers[::3])


def test_it_goes_before_an_activation_layer_and_dropout_stays_behind_it() -> None:
    template = chain(layers.Conv2D(4, 3), layers.Dropout(0.1), layers.ReLU(), layers.MaxPooling2D())

    assert kinds(set_to(template, "batch"))[:5] == ["Conv2D", BATCH, "Dropout", "ReLU", "MaxPooling2D"]


def test_dropout_that_is_put_in_stands_behind_the_activation() -> None:
    model = rebuild(read(dense_chain()), Edits(normalization={"dense": "layer"}, dropout=0.2))

    assert kinds(model)[:4] == ["Dense", LAYER, "Activation", "Dropout"]


def test_an_activation_with_arguments_of_its_own_moves_as_it_is() -> None:
    model = set_to(chain(layers.Dense(4, layers.LeakyReLU(0.2)), shape=(3,)), "batch")

    assert float(model.layers[2].activation.negative_slope) == pytest.approx(0.2)


def test_the_activation_of_the_search_is_the_one_that_moves() -> None:
    model = rebuild(
        read(dense_chain()), Edits(normalization={"dense": "batch"}, activation={"dense": "silu"})
    )

    assert [layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")] == [
        *["linear", "silu"] * 2,
        "softmax",
    ]


@pytest.mark.parametrize(("value", "kind"), [("none", None), ("layer", LAYER)])
def test_where_there_are_some_these_are_exchanged_or_taken_out(value: str, kind: str | None) -> None:
    template = read(pooled_cnn())
    model = rebuild(template, Edits(normalization={"conv": value}))

    assert template.stages[0].normalization == ("none", "layer")
    assert [name for name in kinds(model) if "Normalization" in name] == ([kind] if kind else [])
    assert kinds(model)[-6:] == kinds(pooled_cnn())[-6:]


def test_a_deeper_stage_has_one_in_each_copy() -> None:
    model = rebuild(read(dense_chain()), Edits(depth={"dense": 4}, normalization={"dense": "batch"}))

    assert kinds(model).count(BATCH) == 4


def test_none_is_kept_by_a_stage_that_loses_its_only_one_to_its_depth() -> None:
    template = chain(layers.Conv2D(4, 3, activation="relu"), layers.Conv2D(4, 3), layers.BatchNormalization())
    model = rebuild(template, Edits(depth={"conv": 1}, normalization={"conv": "none"}))

    assert kinds(model) == ["Conv2D", "Flatten", "Dense"]


def test_a_new_one_computes_in_the_dtype_of_its_neighbour() -> None:
    template = chain(layers.Dense(4, "relu", dtype="float64"), shape=(3,))
    model = set_to(template, "layer")

    assert [layer.dtype for layer in model.layers[:3]] == ["float64"] * 3


CLOSED = {
    "over another axis": [layers.Conv2D(4, 3), layers.BatchNormalization(axis=1), layers.ReLU()],
    "over several axes": [layers.Conv2D(4, 3), layers.LayerNormalization(axis=[1, 2, 3]), layers.ReLU()],
    "frozen": [layers.Conv2D(4, 3), layers.BatchNormalization(trainable=False), layers.ReLU()],
    "before no activation": [layers.Conv2D(4, 3), layers.MaxPooling2D()],
    "before shares": [layers.Conv2D(4, 3, activation="softmax")],
    "before a gate's sigmoid": [layers.Conv2D(4, 3), layers.Activation("sigmoid")],
    "before a penalized activity": [layers.Conv2D(4, 3, activation="relu", activity_regularizer="l2")],
    "before a penalty": [layers.Conv2D(4, 3), layers.ActivityRegularization(0.1), layers.MaxPooling2D()],
}


@pytest.mark.parametrize("what", CLOSED)
def test_what_does_not_normalize_or_activate_plainly_stays(what: str) -> None:
    fresh = [type(layer).from_config(layer.get_config()) for layer in CLOSED[what]]

    assert [stage.normalization for stage in chain(*fresh).stages] == [()]


@pytest.mark.parametrize(
    "layer", [layers.GroupNormalization(2), layers.RMSNormalization(), layers.UnitNormalization()]
)
def test_others_can_become_any_of_the_three(layer: keras.layers.Layer) -> None:
    template = chain(layers.Conv2D(4, 3), layer, layers.ReLU())

    assert template.stages[0].normalization == ("none", "batch", "layer")
    assert kinds(set_to(template, "batch"))[1] == BATCH


def test_one_that_is_called_twice_stays() -> None:
    inputs = keras.Input((4,))
    shared = layers.BatchNormalization()
    x = shared(layers.Dense(4)(inputs))
    x = layers.ReLU()(shared(layers.Dense(4)(x)))
    template = read(keras.Model(inputs, layers.Dense(1)(x)))

    assert not any("none" in stage.normalization for stage in template.stages)


def test_a_block_exchanges_its_own_and_no_other() -> None:
    model = rebuild(read(residual_cnn()), Edits(normalization={"block": "layer"}))

    assert kinds(model)[:5] == ["InputLayer", "Conv2D", "Conv2D", LAYER, "Add"]


def test_recurrent_layers_are_not_normalized() -> None:
    template = read(recurrent())
    stages = [stage.name for stage in template.stages if stage.normalization]
    model = rebuild(template, Edits(normalization=dict.fromkeys(stages, "layer")))

    assert stages == ["conv", "dense"]

    at = kinds(model).index("Bidirectional")
    assert kinds(model)[at - 1 : at + 3] == ["Activation", "Bidirectional", "Dense", LAYER]
