"""Laws that every axis keeps: defaults mean "as written", names follow one scheme, fields have their types."""

import dataclasses
import functools
import re
import typing
from collections.abc import Mapping
from typing import Any

import keras
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoopt import axes
from autoopt.axes import Origin
from autoopt.axes.optimizer import ALGORITHMS
from autoopt.errors import SpaceError
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.recipe import Recipe, Settings, Structure
from tests import toys

AXES = {
    "structure": axes.Structure(),
    "initialization": axes.Initialization(),
    "regularization": axes.Regularization(),
    "augmentation": axes.Augmentation(["horizontal", "vertical"], rotation=[0.0, 0.05]),
    "optimizer": axes.Optimizer(),
    "batch_size": axes.BatchSize(),
}
NAMES = {
    "structure": r"structure/([a-z_0-9]+/(depth|width|activation|normalization)|pooling)",
    "initialization": r"initialization/kernel",
    "regularization": r"regularization/(l1|l2|dropout)",
    "augmentation": r"augmentation/(flip|shift|rotation|mixup)",
    "optimizer": r"optimizer/(name|learning_rate|schedule|momentum|weight_decay)",
    "batch_size": r"batch_size",
}


def optimizers() -> dict[str, Any]:
    kinds = keras.optimizers
    return {
        "sgd": kinds.SGD(0.02),
        "momentum": kinds.SGD(0.02, momentum=0.8),
        "nesterov": kinds.SGD(0.02, momentum=0.8, nesterov=True),
        "adam": kinds.Adam(2e-3, beta_1=0.8),
        "adamw": kinds.AdamW(1e-3, weight_decay=0.02),
        "rmsprop": kinds.RMSprop(1.0),  # beyond the range that is searched
        "nadam": kinds.Nadam(1e-3),
        "scheduled": kinds.Adam(kinds.schedules.CosineDecay(1e-3, 100)),
    }


def branched() -> keras.Model:
    inputs = keras.Input((64,))
    image = keras.layers.Reshape((8, 8, 1))(inputs)
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", kernel_regularizer="l2")(image)
    x = keras.layers.Dropout(0.25)(keras.layers.Flatten()(x))
    x = keras.layers.Dense(8, activation="relu", kernel_regularizer="l2")(x)
    return keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))


def imaging() -> keras.Model:
    layers = [keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    return keras.Sequential([keras.Input((8, 8, 1)), *layers])


MODELS = {
    "uncompiled": toys.dense,
    "branched": branched,
    "imaging": imaging,
    **{
        name: functools.partial(lambda name: toys.compiled(optimizers()[name]), name) for name in optimizers()
    },
}


@functools.cache
def origin(model: str) -> Origin:
    return toys.origin(MODELS[model])


def random_asking(draw: Any) -> AskingHyperParameters:
    """Ask hypothesis for each value."""

    def ask(hp: Any) -> Any:
        if hasattr(hp, "min_value"):
            numbers = st.floats if isinstance(hp.min_value, float) else st.integers
            return draw(numbers(hp.min_value, hp.max_value), label=hp.name)
        return draw(st.sampled_from(list(hp.values)), label=hp.name)

    return AskingHyperParameters(ask)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("axis", AXES)
def test_defaults_mean_as_written(axis: str, model: str) -> None:
    drawn = AXES[axis].draw(toys.asking(), origin(model))

    assert Recipe().plus(**drawn) == Recipe()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("axis", AXES)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_equal_values_are_asked_for_by_equal_names_in_equal_order(axis: str, model: str, data: Any) -> None:
    first = random_asking(data.draw)
    AXES[axis].draw(first, origin(model))
    again = toys.asking(first.values)
    AXES[axis].draw(again, origin(model))

    assert list(again.values.items()) == list(first.values.items())
    assert [hp.get_config() for hp in again.space] == [hp.get_config() for hp in first.space]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("axis", AXES)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_every_name_follows_the_scheme_and_every_field_has_its_type(axis: str, model: str, data: Any) -> None:
    hp = random_asking(data.draw)
    drawn = AXES[axis].draw(hp, origin(model))

    assert all(re.fullmatch(NAMES[axis], known.name) for known in hp.space)
    kinds = {**typing.get_type_hints(Structure), **typing.get_type_hints(Settings)}
    assert all(isinstance(value, _class(kinds[name])) for name, value in drawn.items())


def _class(hint: Any) -> Any:
    return Mapping if typing.get_origin(hint) is Mapping else hint


PARTS = ("structure/conv/activation", "structure/conv/normalization", "structure/pooling")


def asked(axis: axes.Structure) -> dict[str, Any]:
    """Return the parts that a structure axis asks for in the net with branches, and their values."""
    hp = toys.asking()
    axis.draw(hp, origin("branched"))
    return {known.name: known.values for known in hp.space if known.name in PARTS}


def test_every_part_that_the_model_has_a_place_for_is_asked_for() -> None:
    found = asked(axes.Structure(activation=True, normalization=True, pooling=True))

    assert found == {
        PARTS[0]: ["as_written", "gelu", "silu", "elu", "tanh", "selu"],
        PARTS[1]: ["as_written", "batch", "layer"],
        PARTS[2]: ["as_written", "average", "max"],
    }


def test_a_part_that_is_narrowed_to_what_is_written_or_closed_is_not_asked_for() -> None:
    closed = axes.Structure(activation=["relu"], normalization=False, pooling=())

    assert asked(closed) == {}


def test_a_part_that_is_drawn_is_in_the_recipe() -> None:
    values = {PARTS[0]: "gelu", PARTS[1]: "layer", PARTS[2]: "max"}
    axis = axes.Structure(activation=["gelu"], normalization=["layer"], pooling=["max"])
    drawn = Recipe().plus(**axis.draw(toys.asking(values), origin("branched"))).structure

    assert (drawn.activation, drawn.normalization, drawn.pooling) == (
        {"conv": "gelu"},
        {"conv": "layer"},
        "max",
    )


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_only_what_the_algorithm_has_is_asked_for(model: str, data: Any) -> None:
    hp = random_asking(data.draw)
    drawn = {
        **axes.Optimizer().draw(hp, origin(model)),
        **axes.BatchSize().draw(hp, origin(model)),
    }

    name = hp.values["optimizer/name"]
    assert ("optimizer/momentum" in hp.values) == (name == "momentum")
    assert ("optimizer/weight_decay" in hp.values) == (name == "adamw")
    assert ("batch_size" in hp.values) == (name != "gd")
    assert bool(drawn.get("full_batch")) == (name == "gd")


@pytest.mark.parametrize("model", ["uncompiled", "branched", "scheduled"])
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_recipe_that_can_be_drawn_builds_and_trains(model: str, data: Any) -> None:
    hypermodel = toys.hypermodel(MODELS[model])
    hp = random_asking(data.draw)

    candidate = hypermodel.assemble(hypermodel.draw(hp), hp.values, total_steps=10, seed=0)
    candidate.run_eagerly = True

    x, y = toys.digits(8)
    assert candidate.train_on_batch(x, y, return_dict=True)["loss"] > 0


NARROWED = {
    "structure": (axes.Structure(width=(2.0,), extra_depth=0), "structure/dense/width", {1.0, 2.0}),
    "initialization": (axes.Initialization(["orthogonal"]), "initialization/kernel", {"as_written", "orthogonal"}),
    "regularization": (axes.Regularization(l1=(0.0, 0.5)), "regularization/l1", {0.0, 0.5}),
    "augmentation": (axes.Augmentation(shift=[0.2]), "augmentation/shift", {0.0, 0.2}),
    "optimizer": (axes.Optimizer(["sgd"]), "optimizer/name", {"adam", "sgd"}),
    "batch_size": (axes.BatchSize([10, 20]), "batch_size", {10, 20, 32}),
}  # fmt: skip


@pytest.mark.parametrize("axis", NARROWED)
def test_a_narrowed_axis_offers_what_it_was_given_and_what_is_written(axis: str) -> None:
    narrowed, name, expected = NARROWED[axis]
    hp = toys.asking()
    narrowed.draw(hp, origin("imaging" if axis == "augmentation" else "uncompiled"))

    assert {value for known in hp.space if known.name == name for value in known.values} == expected


def test_a_narrowed_learning_rate_holds_for_every_algorithm() -> None:
    hp = toys.asking()
    axes.Optimizer(learning_rate=(1e-3, 1e-2)).draw(hp, origin("uncompiled"))

    rates = [known for known in hp.space if known.name == "optimizer/learning_rate"]
    assert {(rate.min_value, rate.max_value) for rate in rates} == {(1e-3, 1e-2)}


def test_a_rate_beyond_the_usual_range_widens_it_to_the_users_own() -> None:
    hp = toys.asking()
    axes.Optimizer().draw(hp, origin("rmsprop"))

    assert max(known.max_value for known in hp.space if known.name == "optimizer/learning_rate") >= 1.0
    assert hp.values["optimizer/learning_rate"] == 1.0


def test_a_schedule_of_the_users_own_stays_until_another_is_drawn() -> None:
    own = axes.Optimizer().draw(toys.asking({"batch_size": 64}), origin("scheduled"))
    other = axes.Optimizer().draw(toys.asking({"optimizer/schedule": "cosine"}), origin("scheduled"))

    assert own == {}
    assert other["schedule"] == "cosine" and other["learning_rate"] is not None


def test_full_batch_descent_is_offered_only_where_data_can_be_batched_anew() -> None:
    stream = dataclasses.replace(origin("uncompiled"), rebatch=False)
    hp = toys.asking()
    axes.Optimizer().draw(hp, stream)

    assert "gd" not in next(known.values for known in hp.space if known.name == "optimizer/name")


REFUSED = {
    "optimizer": (lambda: axes.Optimizer(["admw"]), "'admw' is not known.* Did you mean 'adamw'"),
    "schedule": (lambda: axes.Optimizer(schedule=["cosin"]), "Did you mean 'cosine'"),
    "learning rate": (lambda: axes.Optimizer(learning_rate=(0.0, 1.0)), "both above 0"),
    "initializer": (lambda: axes.Initialization(["he_norm"]), "Did you mean 'he_normal'"),
    "dropout": (lambda: axes.Regularization(dropout=(1.0,)), "0 up to below 1"),
    "l2": (lambda: axes.Regularization(l2=(-1.0,)), "0 or more"),
    "width": (lambda: axes.Structure(width=(0.0,)), "factors above 0"),
    "depth": (lambda: axes.Structure(extra_depth=-1), "from 0"),
    "activation": (lambda: axes.Structure(activation=["gleu"]), "'gleu' is not known. Did you mean 'gelu'"),
    "normalization": (lambda: axes.Structure(normalization="batch"), "'batch'. Expected a list"),
    "pooling": (lambda: axes.Structure(pooling=["averge"]), "Did you mean 'average'"),
    "batch size": (lambda: axes.BatchSize([0]), "whole numbers from 1"),
    "flip": (lambda: axes.Augmentation(flip=["horizontl"]), "Did you mean 'horizontal'"),
    "shift": (lambda: axes.Augmentation(shift=[0.6]), "shares of the side from 0 to 0.5"),
    "rotation": (lambda: axes.Augmentation(rotation=[45]), "shares of a full turn from 0 to 0.5"),
    "mixup": (lambda: axes.Augmentation(mixup=0.2), "a list of values of α from 0 to 1"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_an_axis_cannot_be_is_refused_with_what_it_can(what: str) -> None:
    make, message = REFUSED[what]

    with pytest.raises(SpaceError, match=message):
        make()


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(SpaceError, match="more than the 180 examples"):
        axes.BatchSize([512]).draw(toys.asking(), origin("uncompiled"))


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_default_rate_of_an_algorithm_lies_in_its_range(name: str) -> None:
    assert ALGORITHMS[name].low <= ALGORITHMS[name].default <= ALGORITHMS[name].high
