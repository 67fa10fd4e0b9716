"""Optimizers of candidates: schedules by hand computed values, and what of the user's own is kept."""

from typing import Any

import keras
import numpy as np
import pytest

from autoopt import compiling, optimizers
from autoopt.axes.optimizer import ALGORITHMS, SCHEDULES
from autoopt.engines import Knobs
from autoopt.recipe import Recipe
from tests import toys

# α = 0.1 over T = 100 steps, at t = 0, 25, 50, 75, 100.
BY_HAND = {
    # α γ^(t/T), γ = 0.01: 0.1, 0.1·10^-0.5, 0.1·10^-1, 0.1·10^-1.5, 0.1·10^-2
    "exponential": [0.1, 0.0316227766, 0.01, 0.00316227766, 0.001],
    # α (1 − t/T)²
    "polynomial": [0.1, 0.05625, 0.025, 0.00625, 0.0],
    # α (1 + cos πt/T) / 2
    "cosine": [0.1, 0.0853553391, 0.05, 0.0146446609, 0.0],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_schedule_has_the_values_computed_by_hand(name: str) -> None:
    schedule = optimizers.schedule(name, 0.1, 100)

    rates = [float(schedule(step)) for step in (0, 25, 50, 75, 100)]
    assert rates == pytest.approx(BY_HAND[name], abs=1e-7)


@pytest.mark.parametrize("name", BY_HAND)
def test_without_a_number_of_steps_the_rate_stands_still(name: str) -> None:
    schedule = optimizers.schedule(name, 0.1, None)

    assert [float(schedule(step)) for step in (0, 25, 100)] == pytest.approx([0.1] * 3)


def test_a_constant_rate_is_a_number() -> None:
    assert optimizers.schedule("constant", 0.1, 100) == 0.1


@pytest.mark.parametrize("name", BY_HAND)
def test_the_schedule_ends_with_the_last_step_of_the_training(name: str) -> None:
    hypermodel = toys.hypermodel(toys.eager)
    recipe = Recipe().plus(optimizer="sgd", learning_rate=0.1, schedule=name, batch_size=50)
    model = hypermodel.assemble(recipe, {}, total_steps=8, seed=0)  # 4 steps an epoch, the last of 30
    x, y = toys.digits(180)
    model.fit(x, y, batch_size=50, epochs=2, verbose=0)

    assert float(keras.ops.convert_to_numpy(model.optimizer.iterations)) == 8
    assert float(model.optimizer.learning_rate) == pytest.approx(BY_HAND[name][-1], abs=1e-7)


EXPECTED = {
    "gd": (keras.optimizers.SGD, {"momentum": 0.0}),
    "sgd": (keras.optimizers.SGD, {"momentum": 0.0}),
    "momentum": (keras.optimizers.SGD, {"momentum": 0.7}),
    "rmsprop": (keras.optimizers.RMSprop, {}),
    "adam": (keras.optimizers.Adam, {"weight_decay": None}),
    "adamw": (keras.optimizers.AdamW, {"weight_decay": 0.03}),
}
ITS_OWN = {"momentum": {"momentum": 0.7}, "adamw": {"weight_decay": 0.03}}


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


@pytest.mark.parametrize("total_steps", [1, 7, 100, None])
@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_are_those_of_kerass_schedules_at_every_step(name: str, total_steps: int | None) -> None:
    steps = np.arange(120)  # past the end too
    schedule = optimizers.schedule(name, 0.3, total_steps)
    expected = [float(schedule(step)) if callable(schedule) else schedule for step in steps]

    assert optimizers.rates(name, 0.3, total_steps, steps) == pytest.approx(expected, rel=1e-5, abs=1e-7)


NUMBERS = {
    "sgd": {},
    "momentum": {"momentum": 0.7},
    "rmsprop": {},
    "adam": {},
    "adamw": {"weight_decay": 0.03},
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
