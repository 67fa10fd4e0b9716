"""The portfolio: points that fit a space, each of them another model."""

from typing import Any

import keras
import pytest
from keras_tuner.engine import hyperparameters as kinds

from autoopt import axes
from autoopt.hyperparameters import Ranged
from autoopt.search import explore, fitting
from autoopt.search.portfolio import OF_IMAGES, PORTFOLIO, wanted
from autoopt.space import Space
from tests import toys


def space(model_fn: Any = toys.dense, **arguments: Any) -> Any:
    return explore(toys.hypermodel(model_fn, Space(**arguments)))


def values(point: Any, whole: Any) -> dict[str, Any]:
    return {hp.name: wanted(point, hp) for hp in whole.space}


def test_every_point_fits_a_dense_net() -> None:
    assert list(fitting(space())) == list(PORTFOLIO)


def test_a_net_of_images_is_tried_with_shifted_ones_too() -> None:
    def model_fn() -> keras.Model:
        layers = [keras.layers.Flatten(), keras.layers.Dense(8, "relu"), keras.layers.Dense(10, "softmax")]
        return keras.Sequential([keras.Input((8, 8, 1)), *layers])

    assert list(fitting(space(model_fn))) == [PORTFOLIO[0], OF_IMAGES, *PORTFOLIO[1:]]


def test_no_point_is_the_users_model_and_no_two_are_the_same() -> None:
    whole = space()
    found = [values(point, whole) for point in fitting(whole)]

    assert {hp.name: hp.default for hp in whole.space} not in found
    assert all(found.count(each) == 1 for each in found)


def test_a_closed_space_has_no_points() -> None:
    closed = space(
        structure=False, initialization=False, regularization=False, optimizer=False
    )  # fmt: skip

    assert fitting(closed) == ()


def test_points_that_a_narrow_space_makes_equal_come_once() -> None:
    assert len(fitting(space(structure=False, initialization=False, regularization=False))) == 2


def test_a_model_that_is_the_point_already_is_not_tried_again() -> None:
    def model_fn() -> keras.Model:
        return toys.compiled(keras.optimizers.Adam(5e-3))

    found = fitting(space(model_fn), [{"optimizer/name": "adam", "optimizer/learning_rate": 5e-3}])
    assert found == ()


@pytest.mark.parametrize("point", PORTFOLIO)
def test_a_point_is_drawn_as_it_stands(point: Any) -> None:
    hypermodel = toys.hypermodel()
    hp = toys.asking()
    hp._ask = lambda known: wanted(point, known)
    recipe = hypermodel.draw(hp)

    assert recipe.settings.schedule == "cosine"
    assert recipe.settings.learning_rate == point["optimizer/learning_rate"]
    assert recipe.structure.width == (
        {"dense": point["structure/*/width"]} if "structure/*/width" in point else {}
    )


def test_a_value_outside_of_the_space_gives_way_to_the_default() -> None:
    hp = next(hp for hp in space().space if hp.name == "regularization/dropout")

    assert wanted({"regularization/*": 0.25}, hp) == 0.0
    assert wanted({"regularization/*": 0.5}, hp) == 0.5


def test_no_point_changes_an_activation_a_normalization_or_the_pooling() -> None:
    def model_fn() -> keras.Model:
        hidden = [keras.layers.Reshape((8, 8)), keras.layers.Conv1D(4, 3, activation="relu")]
        ends = [keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
        return keras.Sequential([keras.Input((64,)), *hidden, *ends])

    whole = space(model_fn, structure=axes.Structure(activation=True, normalization=True, pooling=True))
    parts = [hp for hp in whole.space if hp.name.endswith(("activation", "normalization", "pooling"))]

    assert len(parts) == 3
    assert {wanted(point, hp) for point in fitting(whole) for hp in parts} == {"as_written"}


def test_exploring_reaches_scopes_inside_of_scopes() -> None:
    def model_fn(hp: Any) -> keras.Model:
        if hp.Choice("kind", ["plain", "deep"]) == "deep":
            pass
        with hp.conditional_scope("kind", ["deep"]):
            norm = hp.Boolean("norm")
            with hp.conditional_scope("norm", [True]):
                hp.Float("momentum", 0.5, 0.99)
                if norm:
                    hp.Int("seen_only_when_active", 1, 3)
        return toys.dense()

    names = {hp.name for hp in space(model_fn).space}
    assert {"kind", "norm", "momentum", "seen_only_when_active", "optimizer/name"} <= names


def test_exploring_leaves_the_values_of_the_users_model() -> None:
    whole = space()

    assert whole.values["optimizer/name"] == "adam"
    assert "optimizer/momentum" not in whole.values


def test_a_rate_that_a_starting_point_names_is_taken_whatever_the_algorithms_range() -> None:
    whole = kinds.Float("optimizer/learning_rate", 1e-5, 1.0, sampling="log")
    narrow = Ranged(whole, 1e-5, 1e-3, 1e-4)

    assert wanted({"optimizer/learning_rate": 0.1}, narrow) == 0.1
    assert wanted({"optimizer/learning_rate": 10.0}, narrow) == 1e-4
