"""How candidates are compiled: schedules by hand computed values, optimizers, and what stays the user's."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from autoopt import compiling
from autoopt.axes.optimizer import ALGORITHMS
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
    schedule = compiling.schedule(name, 0.1, 100)

    rates = [float(schedule(step)) for step in (0, 25, 50, 75, 100)]
    assert rates == pytest.approx(BY_HAND[name], abs=1e-7)


@pytest.mark.parametrize("name", BY_HAND)
def test_without_a_number_of_steps_the_rate_stands_still(name: str) -> None:
    schedule = compiling.schedule(name, 0.1, None)

    assert [float(schedule(step)) for step in (0, 25, 100)] == pytest.approx([0.1] * 3)


def test_a_constant_rate_is_a_number() -> None:
    assert compiling.schedule("constant", 0.1, 100) == 0.1


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
    return compiling.optimizer(recipe, compiling.written(toys.compiled(own)), total_steps)


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


def test_the_optimizer_inside_of_a_loss_scale_is_read() -> None:
    inner = keras.optimizers.Adam(2e-3, beta_1=0.8)
    model = toys.compiled(keras.optimizers.LossScaleOptimizer(inner))
    found = compiling.written(model)

    assert (found.algorithm, found.learning_rate) == ("adam", pytest.approx(2e-3))


class Scaled(keras.metrics.Mean):
    """A metric without `get_config`: made again from its configuration, it would have another factor."""

    def __init__(self, factor: float = 1.0, **rest: Any) -> None:
        super().__init__(**rest)
        self.factor = factor

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(self.factor * keras.ops.cast(y_true, "float32"))


def measured_by(metric: Callable[[], keras.metrics.Metric]) -> Callable[[], keras.Model]:
    """Return a model function whose model is compiled with what `metric` returns."""

    def model_fn() -> keras.Model:
        model = toys.dense()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=[metric()], run_eagerly=True)
        return model

    return model_fn


def test_a_metric_object_that_the_user_holds_is_not_shared_between_trials() -> None:
    metric = keras.metrics.SparseTopKCategoricalAccuracy(k=2, name="top")
    model = toys.hypermodel(measured_by(lambda: metric)).assemble(Recipe(), {}, seed=0)

    logs = model.train_on_batch(*toys.digits(20), return_dict=True)
    assert logs["top"] > 0
    assert float(metric.total) == 0.0


def test_a_metric_that_each_model_makes_anew_is_used_as_it_is() -> None:
    model = toys.hypermodel(measured_by(lambda: Scaled(2.0, name="scaled"))).assemble(Recipe(), {}, seed=0)

    x, y = toys.digits(20)
    assert model.test_on_batch(x, y, return_dict=True)["scaled"] == pytest.approx(2.0 * y.mean())


def test_a_metric_that_cannot_be_made_again_serves_one_trial_after_the_other() -> None:
    class Needy(Scaled):
        def __init__(self, factor: float, **rest: Any) -> None:
            super().__init__(factor, **rest)

    metric = Needy(3.0, name="needy")
    hypermodel = toys.hypermodel(measured_by(lambda: metric))
    x, y = toys.digits(20)
    for _ in range(2):
        logs = hypermodel.assemble(Recipe(), {}, seed=0).evaluate(x, y, return_dict=True, verbose=0)
        assert logs["needy"] == pytest.approx(3.0 * y.mean())


def test_a_model_that_was_not_compiled_has_no_compilation() -> None:
    assert compiling.compilation(toys.dense()) is None


def test_the_arguments_of_compile_are_kept() -> None:
    def model_fn() -> keras.Model:
        model = toys.dense()
        model.compile(
            "adam", keras.losses.SparseCategoricalCrossentropy(), weighted_metrics=["accuracy"], jit_compile=False
        )  # fmt: skip
        return model

    built = toys.hypermodel(model_fn).assemble(Recipe().plus(l2=1e-3), {}, seed=0)
    assert isinstance(built.loss, keras.losses.SparseCategoricalCrossentropy)
    assert built.jit_compile is False
    x, y = toys.digits(20)
    assert "weighted_accuracy" in built.test_on_batch(x, y, return_dict=True)
