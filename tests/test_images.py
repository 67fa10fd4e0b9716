"""Where augmentation is open: one image to classify, which the model does not augment by itself."""

from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras import layers

import autoopt
from autoopt import Space, axes
from autoopt.axes import Origin
from autoopt.data import Dataset
from autoopt.errors import SpaceError
from autoopt.hypermodel import AutoHyperModel
from tests import toys

ASKED = Space(augmentation=axes.Augmentation(["horizontal"], rotation=[0.0, 0.05]))
NAMES = ["augmentation/flip", "augmentation/shift", "augmentation/rotation", "augmentation/mixup"]
OPEN = ["augmentation/shift", "augmentation/mixup"]


def images(n: int = 60) -> Dataset:
    x, y = toys.digits(n)
    return toys.halves(x.reshape(n, 8, 8, 1), y)


def classifier(
    *first: layers.Layer, shape: Any = (8, 8, 1), dtype: str = "float32", **compiled: Any
) -> keras.Model:
    hidden = (layers.Flatten(), layers.Dense(10, "softmax"))
    model = keras.Sequential([keras.Input(shape, dtype=dtype), *first, *hidden])
    model.compile("sgd", compiled.pop("loss", "sparse_categorical_crossentropy"), **compiled)
    return model


def segmenting() -> keras.Model:
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(3, 1, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def two_images() -> keras.Model:
    inputs = [keras.Input((8, 8, 1)), keras.Input((8, 8, 1))]
    joined = layers.Flatten()(layers.Concatenate()(inputs))
    return keras.Model(inputs, layers.Dense(10, "softmax")(joined))


def deciding(method: str) -> Any:
    """Return a model function whose model decides on its loss by a method of its own."""

    def own(self: keras.Model, *given: Any, **named: Any) -> Any:
        return getattr(keras.Sequential, method)(self, *given, **named)

    kind = type("Deciding", (keras.Sequential,), {method: own})
    hidden = (layers.Flatten(), layers.Dense(10, "softmax"))

    def model_fn() -> keras.Model:
        model = kind([keras.Input((8, 8, 1)), *hidden])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    return model_fn


class Untold(keras.Model):  # type: ignore[misc]
    """A model that is not told whether it trains."""

    def __init__(self) -> None:
        super().__init__()
        self.flat, self.out = layers.Flatten(), layers.Dense(10, "softmax")

    def call(self, x: Any) -> Any:
        return self.out(self.flat(x))


def origin(model_fn: Any, space: Any = "auto") -> Origin:
    return AutoHyperModel(model_fn, space, images()).reading().origin


def asked(model_fn: Any, space: Any = "auto") -> list[str]:
    """Return which of its hyperparameters are asked for."""
    hp = toys.asking()
    AutoHyperModel(model_fn, space, images()).draw(hp)
    return [known.name for known in hp.space if known.name.startswith("augmentation/")]


def test_a_classifier_of_images_has_shifts_and_mixtures_open_and_the_rest_by_name() -> None:
    assert asked(classifier) == OPEN
    assert asked(classifier, ASKED) == NAMES
    assert asked(classifier, Space(augmentation=False)) == []


NO_IMAGE = {
    "a list of numbers": (toys.dense, r"shape \(64,\)\. Expected one of \(height, width, 1 to 4 channels\)"),
    "two images": (two_images, r"\(8, 8, 1\), \(8, 8, 1\)\. Expected one"),
    "channels first": (lambda: classifier(shape=(3, 8, 8)), "channels last"),
    "a list as an image": (lambda: classifier(shape=(40, 1, 1)), "at least 8 pixels a side"),
    "whole numbers": (lambda: classifier(dtype="int32"), "of real numbers, but they are int32"),
}


@pytest.mark.parametrize("case", NO_IMAGE)
def test_where_there_is_no_image_nothing_is_said_unless_augmentation_is_asked_for(case: str) -> None:
    model_fn, message = NO_IMAGE[case]

    assert asked(model_fn) == [] and not origin(model_fn).closed
    with pytest.raises(SpaceError, match=message):
        origin(model_fn, ASKED)


CLOSED = {
    "own layers": (lambda: classifier(layers.RandomFlip(name="mirror")), r"by itself \(mirror\)"),
    "dense prediction": (segmenting, "lies on the image"),
    "untold": (Untold, "no argument training"),
}


@pytest.mark.parametrize("case", CLOSED)
def test_where_images_cannot_be_augmented_it_is_said_why(case: str) -> None:
    model_fn, message = CLOSED[case]

    assert message.replace("\\", "") in (origin(model_fn).closed or {})["augmentation"]
    assert asked(model_fn) == []
    with pytest.raises(SpaceError, match=rf"{message}.*Leave augmentation out"):
        origin(model_fn, ASKED)


def test_a_regression_on_images_is_augmented_only_if_that_is_asked_for() -> None:
    def model_fn() -> keras.Model:
        return classifier(loss="mse")

    assert "axes.Augmentation() opens it" in (origin(model_fn).closed or {})["augmentation"]
    assert asked(model_fn) == []
    assert asked(model_fn, ASKED) == NAMES


@pytest.mark.parametrize("method", ["train_step", "compute_loss", "compute_loss_and_updates", "compile"])
def test_a_loss_of_the_models_own_closes_mixtures_and_smoothing_alone(method: str) -> None:
    found = origin(deciding(method))

    assert asked(deciding(method)) == OPEN[:1]
    assert f"Deciding has a {method} of its own" in (found.closed or {})["mixup"]
    assert found.unsmoothed == f"the model has a {method} of its own"


def test_what_a_kerastuner_tuner_builds_is_augmented_in_training() -> None:
    hp = keras_tuner.HyperParameters()
    hp.values = {"augmentation/shift": 0.1}
    model = AutoHyperModel(classifier, data=images()).build(hp)
    x = np.random.default_rng(0).random((20, 8, 8, 1)).astype("float32")
    trained, evaluated = (keras.ops.convert_to_numpy(model(x, training=flag)) for flag in (True, False))

    assert not np.array_equal(trained, evaluated)


def test_the_winner_is_a_plain_model_and_scores_what_its_augmented_trial_scored(tmp_path: Path) -> None:
    x, y = toys.digits(60)
    result = autoopt.tune(
        classifier, (x.reshape(60, 8, 8, 1), y), space=Space(fix={"augmentation/shift": 0.1}), epochs=2, max_trials=1,
        search=autoopt.Search(confirm=0), directory=tmp_path, logdir=tmp_path, verbose=0, seed=0,
    )  # fmt: skip

    assert result.best_hyperparameters.get("augmentation/shift") == 0.1
    assert result.best_score == result.trials[0].score
    assert [type(layer) for layer in result.best_model.layers] == [layers.Flatten, layers.Dense]
    assert "autoopt" not in str(result.best_model.get_config())
