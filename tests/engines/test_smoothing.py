"""Smoothed labels: what Keras does under `label_smoothing`, in training alone, with ε as an input."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import losses

from autoopt.data import Dataset, Part
from autoopt.engines import KerasEngine, evaluate
from autoopt.engines.smoothing import smooth
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from tests import toys
from tests.engines import zoo
from tests.engines.laboratory import (
    ENGINES,
    EVERY_ENGINE,
    apart,
    assert_meant,
    assigned,
    fitted,
    ran,
)

EPSILON = 0.2
X, Y = toys.digits(zoo.N)
ONE_HOT = np.eye(10, dtype="float32")[Y]
SEVERAL = (X[:, 20:30] > 0.5).astype("float32")
WEIGHTS = np.linspace(0, 2, zoo.N, dtype="float32")


def net(loss: Any, activation: str | None = "softmax") -> keras.Model:
    hidden, out = keras.layers.Dense(8, "tanh"), keras.layers.Dense(10, activation)
    model = keras.Sequential([keras.Input((64,)), hidden, out])
    model.compile("sgd", loss)
    return model


@dataclass(frozen=True)
class Case:
    """A loss, its labels, and the loss of Keras that has the same smoothing as an argument, with its labels."""

    loss: Any
    y: np.ndarray
    keras: losses.Loss
    smoothed: np.ndarray
    activation: str | None = "softmax"
    sample_weight: np.ndarray | None = None


SHARES = losses.CategoricalCrossentropy(label_smoothing=EPSILON)
LOGITS = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=EPSILON)
SPARSE = "sparse_categorical_crossentropy"
CLASSES = {SPARSE: "SparseCategoricalCrossentropy", "binary_crossentropy": "BinaryCrossentropy"}
MEAN = {"reduction": "mean_with_sample_weight"}
CASES = {
    "sparse": Case(SPARSE, Y, SHARES, ONE_HOT),
    "sparse in a column": Case(SPARSE, Y[:, None], SHARES, ONE_HOT),
    "sparse from logits": Case(
        losses.SparseCategoricalCrossentropy(from_logits=True), Y, LOGITS, ONE_HOT, activation=None
    ),
    "sparse with sample weights": Case(
        losses.sparse_categorical_crossentropy, Y, SHARES, ONE_HOT, sample_weight=WEIGHTS
    ),
    "categorical, and the mean over sample weights": Case(
        losses.CategoricalCrossentropy(**MEAN), ONE_HOT,
        losses.CategoricalCrossentropy(label_smoothing=EPSILON, **MEAN), ONE_HOT, sample_weight=WEIGHTS,
    ),
    "binary": Case(
        "binary_crossentropy", SEVERAL, losses.BinaryCrossentropy(label_smoothing=EPSILON), SEVERAL, "sigmoid"
    ),
    "binary from logits": Case(
        losses.BinaryCrossentropy(from_logits=True), SEVERAL,
        losses.BinaryCrossentropy(from_logits=True, label_smoothing=EPSILON), SEVERAL, None,
    ),
}  # fmt: skip


def number(tensor: Any) -> float:
    return float(keras.ops.convert_to_numpy(tensor))


def source(make: Any, part: Part) -> AutoHyperModel:
    return AutoHyperModel(make, data=Dataset(part, part))


@pytest.mark.parametrize("case", CASES)
def test_the_loss_is_that_of_keras_in_training_and_as_written_in_evaluation(case: str) -> None:
    found = CASES[case]
    model = net(found.loss, found.activation)
    smooth(model, lambda: EPSILON)
    own = losses.get(found.loss)
    own = own if isinstance(own, losses.Loss) else getattr(losses, CLASSES[own.__name__])()
    predicted, weights = model(X), found.sample_weight
    trained, evaluated = (
        model.compute_loss(None, keras.ops.array(found.y), predicted, weights, training)
        for training in (True, False)
    )

    assert number(trained) == pytest.approx(number(found.keras(found.smoothed, predicted, weights)), abs=1e-6)
    assert number(evaluated) == pytest.approx(number(own(found.y, predicted, weights)), abs=1e-6)


@EVERY_ENGINE
def test_training_is_fit_under_the_loss_of_keras_and_scores_are_under_the_loss_as_written(
    engine: str,
) -> None:
    part, weights = Part(X, Y), zoo.CLASS_WEIGHTS
    made = source(lambda: net(SPARSE), part)
    candidate = made.candidate(Recipe().plus(label_smoothing=EPSILON), {}, 9, 1)
    model = net(SHARES)
    model.set_weights(candidate.plain().get_weights())
    reached, fitting = ran(ENGINES[engine](), candidate, assigned(part, weights=weights))
    expected, reference = fitted(model, Part(X, ONE_HOT), weights)
    plain = net(SPARSE)
    plain.set_weights(fitting.weights())

    assert_meant(engine, fitting)
    assert reached.history["loss"] == pytest.approx(expected["loss"], abs=1e-5)
    assert apart(fitting.weights(), reference) <= 1e-5
    assert reached.history["val_loss"][-1] == pytest.approx(evaluate(plain, part)["loss"], abs=1e-5)


def smoothed_by_hand(loss: losses.Loss) -> keras.Model:
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Identity()(inputs))
    model.compile("sgd", loss)
    return smooth(model, lambda: 0.3)


BY_HAND = {
    # ε = 0.3 over three classes: labels (0.1, 0.8, 0.1) in place of (0, 1, 0)
    "sparse": (losses.SparseCategoricalCrossentropy(), [1], -0.1 * np.log(0.7 * 0.1) - 0.8 * np.log(0.2)),
    "categorical": (
        losses.CategoricalCrossentropy(), [[0.0, 1.0, 0.0]], -0.1 * np.log(0.7 * 0.1) - 0.8 * np.log(0.2)
    ),
    # over two: 0.85 and 0.15 in place of 1 and 0; the mean over three outputs
    "binary": (
        losses.BinaryCrossentropy(), [[0.0, 1.0, 0.0]],
        -(0.15 * np.log(0.7 * 0.8 * 0.1) + 0.85 * np.log(0.3 * 0.2 * 0.9)) / 3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_HAND)
def test_a_smoothed_loss_has_the_value_computed_by_hand(case: str) -> None:
    loss, y, expected = BY_HAND[case]
    model, predicted = smoothed_by_hand(loss), keras.ops.array([[0.7, 0.2, 0.1]])
    values = [
        float(model.compute_loss(None, keras.ops.array(y), predicted, training=training))
        for training in (True, False)
    ]

    assert values[0] == pytest.approx(expected, abs=1e-6)
    assert values[1] == pytest.approx(float(loss(keras.ops.array(y), predicted)), abs=1e-6)


def two_headed(smoothing: float = 0.0) -> keras.Model:
    model = zoo.two_headed()
    binary = losses.BinaryCrossentropy(label_smoothing=smoothing)
    model.compile("sgd", {"number": "mse", "side": binary}, loss_weights={"number": 0.5, "side": 2.0})
    return model


def test_of_several_outputs_those_with_a_crossentropy_are_smoothed() -> None:
    part, model = zoo.pairs(), two_headed()
    predicted = model(part.x)
    found, expected = (
        number(each.compute_loss(part.x, part.y, predicted))
        for each in (smooth(model, lambda: EPSILON), two_headed(EPSILON))
    )

    assert found == pytest.approx(expected, abs=1e-6)
    assert found != pytest.approx(number(two_headed().compute_loss(part.x, part.y, predicted)), abs=1e-3)


def test_a_model_that_was_trained_with_smoothed_labels_is_saved_with_the_loss_as_written(
    tmp_path: Path,
) -> None:
    part = Part(X, Y)
    candidate = source(toys.eager, part).candidate(Recipe().plus(label_smoothing=EPSILON), {}, 9, 1)
    reached, fitting = ran(KerasEngine(), candidate, assigned(part, epochs=1))
    fitting.model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")

    assert loaded.loss == SPARSE
    assert "compute_loss" not in vars(loaded)
    assert evaluate(loaded, part)["loss"] == pytest.approx(reached.history["val_loss"][-1], abs=1e-5)


def test_the_hypermodels_own_fit_smooths_labels_too() -> None:
    made = source(toys.eager, Part(X, Y))
    model = made.build(toys.asking())
    expected = SHARES(ONE_HOT, model(X))
    asked = toys.asking({"regularization/label_smoothing": EPSILON})
    found = made.fit(asked, model, X, Y, epochs=1, batch_size=64, verbose=0).history

    assert found["loss"] == pytest.approx([number(expected)], abs=1e-5)


KEPT = {
    "own training step": (zoo.own_step, Part(X, Y), "the model has a train_step of its own"),
    "own smoothing": (
        lambda: net(SHARES), Part(X, ONE_HOT),
        "the loss categorical_crossentropy has arguments of its own, such as label_smoothing",
    ),
    "regression": (
        toys.regressor, zoo.values(),
        "the loss mean_squared_error is none of sparse_categorical_crossentropy, "
        "categorical_crossentropy, binary_crossentropy",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", KEPT)
def test_labels_that_are_not_smoothed_have_a_reason_and_are_not_asked_for(case: str) -> None:
    make, part, reason = KEPT[case]
    made, hp = source(make, part), toys.asking()
    made.draw(hp)

    assert made.reading().origin.unsmoothed == reason
    assert "regularization/label_smoothing" not in hp.values
    assert "label_smoothing" not in made.candidate(Recipe(), {}, 9, 1).knobs
