"""Tracing subclassed models, and refusing those that a Functional model would not equal."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from autoopt.surgery import Edits, read, rebuild
from tests.surgery.zoo import DeeperModel, OriginalModel, dense_chain


class Subclass(keras.Model):
    """Two layers, and what `how` does with them."""

    def __init__(self, how: Callable[..., Any]) -> None:
        super().__init__()
        self.hidden, self.out = layers.Dense(4, name="hidden"), layers.Dense(1, name="out")
        self.normal, self.drop = layers.BatchNormalization(name="normal"), layers.Dropout(0.1, name="drop")
        self.how = how

    def call(self, inputs: Any, training: Any = None) -> Any:
        return self.how(self, inputs, training)


class CustomTraining(OriginalModel):
    """A training step of its own."""

    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


class Weighted(keras.Model):
    """A weight that no layer holds."""

    def __init__(self) -> None:
        super().__init__()
        self.out = layers.Dense(1)
        self.scale = self.add_weight(shape=(4,), initializer="ones")

    def call(self, inputs: Any) -> Any:
        return self.out(inputs * self.scale)


@pytest.mark.parametrize("make", [OriginalModel, DeeperModel])
def test_a_subclass_of_plain_layer_calls_can_be_edited(make) -> None:
    template = read(make(), (12,))

    assert rebuild(template, Edits(depth={"dense": 3})).output_shape == (None, 3)


def test_structures_and_dtypes_of_inputs_are_taken() -> None:
    embed = layers.Embedding(9, 4)
    model = Subclass(lambda self, x, training: self.out(self.hidden(x["a"] + embed(x["b"])[:, 0])))
    model.embed = embed
    template = read(model, {"a": (4,), "b": ((2,), "int32")})
    rebuilt = rebuild(template, Edits())

    assert template.reason == ""
    assert rebuilt({"a": np.ones((3, 4)), "b": np.ones((3, 2), "int32")}).shape == (3, 1)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (
            lambda self, x, training: self.out(x) if (x[0, 0] > 0) else x,
            "cannot be called on symbolic inputs",
        ),
        (
            lambda self, x, training: self.out(self.drop(self.hidden(x)) if training else self.hidden(x)),
            "calls other layers in training than in prediction",
        ),
        (
            lambda self, x, training: self.out(self.normal(x, training=False)),
            "calls normal with training=False",
        ),
        (lambda self, x, training: self.out(self.drop(x, training=True)), "calls drop with training=True"),
        (lambda self, x, training: self.out(np.asarray(x)), "cannot be called on symbolic inputs"),
    ],
    ids=["branches on values", "branches on training", "fixed normalization", "fixed dropout", "numpy"],
)
def test_a_call_that_is_more_than_layer_calls_closes_the_model(how, reason) -> None:
    template = read(Subclass(how), (4,))

    assert (template.config, template.stages) == (None, ())
    assert reason in template.reason


def test_a_training_step_of_its_own_closes_the_model() -> None:
    assert "overrides train_step" in read(CustomTraining(), (12,)).reason


def test_weights_of_its_own_close_the_model() -> None:
    template = read(Weighted(), (4,))

    assert template.config is None
    assert template.reason


def test_a_functional_subclass_is_closed_with_its_name() -> None:
    class Named(keras.Model):
        def greet(self) -> str:
            return "hello"

    inputs = keras.Input((4,))
    assert "is of the class Named" in read(Named(inputs, layers.Dense(1)(inputs))).reason


@pytest.mark.parametrize(
    ("model", "advice"),
    [
        (OriginalModel, "give the shape of its inputs"),
        (lambda: keras.Sequential([layers.Dense(1)]), "add keras.Input"),
    ],
    ids=["subclass", "sequential"],
)
def test_a_model_without_inputs_says_what_to_add(model, advice) -> None:
    assert advice in read(model()).reason


def test_an_unbuilt_sequential_is_traced_and_stays_sequential() -> None:
    chain = [layers.Dense(4, "relu"), layers.BatchNormalization(), layers.Dropout(0.1), layers.Dense(1)]
    model = rebuild(read(keras.Sequential(chain), (3,)), Edits(depth={"dense": 2}))

    assert isinstance(model, keras.Sequential)
    assert model.input_shape == (None, 3)


def test_a_sequential_forgets_the_batch_it_was_built_by() -> None:
    model = keras.Sequential([layers.Dense(4, "relu"), layers.Dense(1)])
    model(np.ones((5, 3)))

    assert rebuild(read(model), Edits()).input_shape == (None, 3)


def test_reading_leaves_inputs_and_outputs_of_the_model_alone() -> None:
    model = dense_chain()
    weights = model.get_weights()
    read(model)

    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
