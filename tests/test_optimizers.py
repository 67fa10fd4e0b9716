"""Optimizers of candidates: steps computed by hand, and what of the user's own is kept."""

from typing import Any

import keras
import numpy as np
import pytest

from autoopt import compiling, optimizers
from autoopt.axes.optimizer import ALGORITHMS
from autoopt.engines import Knobs
from autoopt.recipe import Recipe
from tests import toys

EXPECTED = {
    "gd": (keras.optimizers.SGD, {"momentum": 0.0}),
    "sgd": (keras.optimizers.SGD, {"momentum": 0.0}),
    "momentum": (keras.optimizers.SGD, {"momentum": 0.7, "nesterov": False}),
    "nesterov": (keras.optimizers.SGD, {"momentum": 0.7, "nesterov": True}),
    "rmsprop": (keras.optimizers.RMSprop, {}),
    "adam": (keras.optimizers.Adam, {"weight_decay": None}),
    "adamw": (keras.optimizers.AdamW, {"weight_decay": 0.03}),
    "nadam": (keras.optimizers.Nadam, {}),
    "adamax": (keras.optimizers.Adamax, {}),
    "adagrad": (keras.optimizers.Adagrad, {}),
    "adadelta": (keras.optimizers.Adadelta, {}),
    "lion": (keras.optimizers.Lion, {"weight_decay": 0.03}),
    "muon": (getattr(keras.optimizers, "Muon", None), {"weight_decay": 0.03}),
}
ITS_OWN = {
    **{name: {"momentum": 0.7} for name in ("momentum", "nesterov")},
    **{name: {"weight_decay": 0.03} for name in ("adamw", "lion", "muon")},
}


def optimizer(recipe: Recipe, own: Any = "adam", total_steps: int | None = None) -> Any:
    return optimizers.plan(recipe, compiling.written(toys.compiled(own)), total_steps).made()


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_optimizer_has_what_the_recipe_says(name: str) -> None:
    found = optimizer(Recipe().plus(optimizer=name, learning_rate=0.01, **ITS_OWN.get(name, {})))

    kind, fields = EXPECTED[name]
    config = found.get_config()
    assert isinstance(found, kind)  # torch has subclasses of its own
    assert type(found).__name__ == kind.__name__
    assert float(config["learning_rate"]) == pytest.approx(0.01)
    assert {field: config[field] for field in fields} == fields


def test_one_step_of_momentum_goes_along_the_velocity() -> None:
    # v ← βv − α∇L, θ ← θ + v with α = 0.1, β = 0.5 and ∇L = 1, twice: v = −0.1, −0.15; θ = 1 − 0.25
    found = optimizer(Recipe().plus(optimizer="momentum", learning_rate=0.1, momentum=0.5))
    weight = keras.Variable(np.ones(1, "float32"))
    for _ in range(2):
        found.apply([keras.ops.ones(1)], [weight])

    assert keras.ops.convert_to_numpy(weight) == pytest.approx([0.75])


# One step down L(θ) = ½ · 4θ² from θ = 1, where ∇L = 4θ = 4, with α = 0.1 and β = 0.5; then another from there.
# gd, sgd: θ = 1 − 0.4 = 0.6; then 0.6 − 0.24 = 0.36
# momentum: v = −0.4, θ = 0.6; v = −0.2 − 0.24 = −0.44, θ = 0.16
# nesterov: v = −0.4, θ = 1 + βv − 0.4 = 0.4; v = −0.2 − 0.16 = −0.36, θ = 0.4 − 0.18 − 0.16 = 0.06
DOWN = {"gd": [0.6, 0.36], "sgd": [0.6, 0.36], "momentum": [0.6, 0.16], "nesterov": [0.4, 0.06]}


@pytest.mark.parametrize("name", DOWN)
def test_steps_down_a_quadratic_are_those_computed_by_hand(name: str) -> None:
    beta = {"momentum": 0.5} if name in ("momentum", "nesterov") else {}
    found = optimizer(Recipe().plus(optimizer=name, learning_rate=0.1, **beta))
    weight, path = keras.Variable(np.ones(1, "float32")), []
    for _ in range(2):
        found.apply([4.0 * weight], [weight])
        path.append(float(keras.ops.convert_to_numpy(weight)[0]))

    assert path == pytest.approx(DOWN[name])


def test_gradients_are_clipped_by_the_norm_of_all_together() -> None:
    # ‖(3, 4)‖ = 5, clipped to 1: (0.6, 0.8); α = 1
    recipe = Recipe().plus(optimizer="sgd", learning_rate=1.0, global_clipnorm=1.0)
    plan, knobs = optimizers.plan(recipe, compiling.written(toys.compiled("adam")), None), Knobs()
    knobs.turn({**plan.inputs, "learning_rate": 1.0})
    for made in (plan.made(), plan.traced(knobs)):
        weights = [keras.Variable(np.zeros(1, "float32")) for _ in range(2)]
        made.apply([keras.ops.ones(1) * 3, keras.ops.ones(1) * 4], weights)

        assert [float(weight.numpy()[0]) for weight in weights] == pytest.approx([-0.6, -0.8])


OWN = {
    "adam": keras.optimizers.Adam(2e-3, beta_1=0.8, epsilon=1e-5, clipnorm=1.0),
    "momentum": keras.optimizers.SGD(0.02, momentum=0.8, clipvalue=0.5),
    "nadam": keras.optimizers.Nadam(1e-3, beta_2=0.9),
}


@pytest.mark.parametrize("name", OWN)
def test_an_empty_recipe_keeps_the_users_optimizer_to_the_last_field(name: str) -> None:
    found = optimizer(Recipe(), OWN[name])

    assert type(found) is type(OWN[name])
    assert found is not OWN[name]
    assert found.get_config() == OWN[name].get_config()


def test_a_new_rate_keeps_the_rest_of_the_users_optimizer() -> None:
    found = optimizer(Recipe().plus(optimizer="adam", learning_rate=0.05), OWN["adam"]).get_config()

    assert found["learning_rate"] == pytest.approx(0.05)
    assert (found["beta_1"], found["clipnorm"]) == (0.8, 1.0)


def test_another_algorithm_clips_gradients_as_the_users_does() -> None:
    found = optimizer(Recipe().plus(optimizer="sgd", learning_rate=0.05), OWN["adam"]).get_config()

    assert found["clipnorm"] == 1.0


def test_a_schedule_of_the_users_own_is_kept_by_an_empty_recipe() -> None:
    decay = keras.optimizers.schedules.CosineDecay(1e-3, 100)
    found = optimizer(Recipe(), keras.optimizers.Adam(decay))

    assert found.get_config()["learning_rate"]["config"] == decay.get_config()


def test_a_schedule_of_the_users_own_gives_way_to_the_recipes() -> None:
    decay = keras.optimizers.schedules.CosineDecay(1e-3, 100)
    recipe = Recipe().plus(optimizer="adam", learning_rate=0.1, schedule="polynomial")
    found = optimizer(recipe, keras.optimizers.Adam(decay), total_steps=100)

    assert float(found.learning_rate) == pytest.approx(0.1)
    assert type(found._learning_rate).__name__ == "PolynomialDecay"


NUMBERS = {
    "sgd": {},
    "momentum": {"momentum": 0.7},
    "nesterov": {"momentum": 0.7},
    "rmsprop": {},
    "adam": {"global_clipnorm": 0.5},
    "adamw": {"weight_decay": 0.03},
    "lion": {"weight_decay": 0.03, "global_clipnorm": 0.5},
}


@pytest.mark.parametrize("name", NUMBERS)
def test_an_optimizer_that_is_told_its_numbers_steps_as_kerass_own_does(name: str) -> None:
    recipe = Recipe().plus(optimizer=name, learning_rate=0.1, **NUMBERS[name])
    plan, knobs = optimizers.plan(recipe, compiling.written(toys.compiled("adam")), None), Knobs()
    knobs.turn({**plan.inputs, "learning_rate": 0.1})
    weights = []
    for made in (plan.made(), plan.traced(knobs)):
        weight = keras.Variable(np.ones(3, "float32"))
        for gradient in ([1.0, 2.0, -1.0], [0.5, -2.0, -1.0], [0.0, 1.0, 1.0]):
            made.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        weights.append(keras.ops.convert_to_numpy(weight))

    assert weights[1] == pytest.approx(weights[0], abs=1e-6)


@pytest.mark.parametrize("name", NUMBERS)
def test_plans_that_differ_in_numbers_alone_have_one_key(name: str) -> None:
    origin = compiling.written(toys.compiled("adam"))

    def key(**changes: Any) -> str:
        recipe = Recipe().plus(optimizer=name, **{**NUMBERS[name], "learning_rate": 0.1, **changes})
        return optimizers.plan(recipe, origin, 10).key

    other = {number: value / 2 for number, value in NUMBERS[name].items()}
    assert key() == key(learning_rate=0.2) == key(schedule="cosine") == key(**other)


def test_plans_of_other_algorithms_or_other_configurations_have_other_keys() -> None:
    keys = {optimizers.plan(Recipe(), compiling.written(toys.compiled(own)), 10).key for own in OWN.values()}
    keys |= {
        optimizers.plan(Recipe().plus(optimizer=name), compiling.written(toys.compiled("adam")), 10).key
        for name in NUMBERS
    }

    assert len(keys) == len(OWN) + len(NUMBERS)


def test_a_step_in_parts_keeps_the_accumulation_that_the_user_has() -> None:
    # Three batches a step as written, each of them cut into two.
    own = compiling.written(toys.compiled(keras.optimizers.SGD(0.1, gradient_accumulation_steps=3)))
    found = optimizers.plan(Recipe(), own, None, parts=2)

    assert found.config["gradient_accumulation_steps"] == 6


def test_one_decay_is_an_input_only_where_it_is_the_decay_of_all_weights() -> None:
    muon = keras.optimizers.Muon
    own = [muon(0.01, weight_decay=0.1, adam_weight_decay=other) for other in (0.1, 0.2)]
    inputs = [optimizers.plan(Recipe(), compiling.written(toys.compiled(each)), None).inputs for each in own]

    assert [set(each) for each in inputs] == [{"weight_decay"}, set()]
