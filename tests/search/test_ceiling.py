"""The ceiling: what a candidate costs, found once a structure, and by how much it is over a limit."""

from dataclasses import replace
from typing import Any

import keras
import pytest

from autoopt import Constraints
from autoopt.recipe import Recipe, Settings, Structure
from autoopt.records import Trial
from autoopt.search import Ceiling
from autoopt.search.ceiling import latency
from tests import toys

AS_WRITTEN, WIDER = Recipe(), Recipe(Structure(width={"dense": 2.0}))
WITH_ADAM = Recipe(Structure(optimizer="adam"), Settings(learning_rate=0.1, batch_size=8))


def convolutional() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Reshape((8, 8)),
            keras.layers.Conv1D(4, 3, activation="relu"),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


class Counting:
    """A model function that knows how often it was called."""

    def __init__(self, model_fn: Any) -> None:
        self.calls, self._model_fn = 0, model_fn

    def __call__(self) -> keras.Model:
        self.calls += 1
        return self._model_fn()  # type: ignore[no-any-return]


def ceiling(model_fn: Any = toys.dense, **limits: Any) -> Ceiling:
    data = toys.halves(*toys.digits(64))
    return Ceiling(Constraints(**limits), toys.hypermodel(model_fn, data=data), data)


def trial(number: int, price: float, seconds: float, epochs: int = 2) -> Trial:
    """Return a trial whose epochs took so many seconds."""
    history, costs = {"loss": [1.0] * epochs}, {"compile": 90.0, "train": seconds * epochs, "evaluate": 90.0}
    return Trial(number, "completed", 1.0, {}, history, 0, 0.0, 200.0, costs=costs, price=price)


def test_nothing_is_over_no_limit() -> None:
    assert ceiling().excess(WIDER, {}) is None
    assert ceiling().slow(trial(0, 1.0, 1e9)) is None


@pytest.mark.parametrize("model_fn", [toys.dense, convolutional])
@pytest.mark.parametrize("recipe", [AS_WRITTEN, WIDER])
def test_the_limit_itself_is_within(model_fn: Any, recipe: Recipe) -> None:
    width = recipe.structure.width and {next(iter(toys.origin(model_fn).template.stages)).name: 2.0}
    recipe = Recipe(Structure(width=width))
    count = toys.hypermodel(model_fn).assemble(recipe, {}).count_params()
    over = ceiling(model_fn, max_params=count - 1).excess(recipe, {})

    assert ceiling(model_fn, max_params=count).excess(recipe, {}) is None
    assert over is not None and over.ratio == count / (count - 1)
    assert over.text == f"has {count:,} parameters, more than max_params={count - 1}"


def test_the_model_of_a_dense_chain_is_not_built_to_be_counted() -> None:
    model_fn = Counting(toys.dense)
    found = ceiling(model_fn, max_params=600)
    found.excess(AS_WRITTEN, {})
    before = model_fn.calls

    assert found.excess(WIDER, {}) is not None
    assert model_fn.calls == before


def test_a_structure_is_measured_once() -> None:
    model_fn = Counting(toys.compiled)
    found = ceiling(model_fn, max_latency_ms=1e6)
    assert found.excess(AS_WRITTEN, {}) is None
    before = model_fn.calls

    assert found.excess(WITH_ADAM, {}) is None
    assert model_fn.calls == before


def test_a_prediction_that_takes_longer_than_the_limit_is_over_it() -> None:
    over = ceiling(max_latency_ms=1e-6).excess(AS_WRITTEN, {})

    assert over is not None and over.ratio > 1
    assert over.text.startswith("takes ") and over.text.endswith(
        " ms a prediction, more than max_latency_ms=1e-06"
    )


def test_latency_is_that_of_the_model_and_in_milliseconds() -> None:
    class Waiting(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            import time

            time.sleep(0.02)
            return x

    model = keras.Sequential([keras.Input((4,)), Waiting()])
    model.compile("sgd", "mse", run_eagerly=True)

    assert 20.0 <= latency(model, toys.line(1)[0]) < 2000.0


def test_an_epoch_is_training_alone() -> None:
    found = ceiling(max_seconds_per_epoch=2.0)

    assert found.slow(trial(0, 1.0, 2.0)) is None
    over = found.slow(trial(0, 1.0, 3.0))
    assert over is not None and over.text == "took 3 s an epoch, more than max_seconds_per_epoch=2.0"


def price(recipe: Recipe) -> float:
    from autoopt.pricing import epoch_price as priced

    data = toys.halves(*toys.digits(64))
    hypermodel = toys.hypermodel(data=data)
    steps = data.train.steps(hypermodel.batch_size(recipe))
    return priced(steps, data.train.n, hypermodel.products(recipe, {}))


def test_the_epochs_of_a_trial_of_several_executions_are_counted_in_all_of_them() -> None:
    found = ceiling(max_seconds_per_epoch=2.0)

    assert found.slow(replace(trial(0, 1.0, 3.0), executions=2)) is None


def test_what_costs_no_less_than_a_slow_trial_is_over_the_limit() -> None:
    found = ceiling(max_seconds_per_epoch=1.0)
    assert found.excess(WIDER, {}) is None
    found.note(trial(4, price(AS_WRITTEN), 1.5))
    over = found.excess(WIDER, {})

    assert over is not None
    assert over.text.startswith("costs no less than trial 4, which took 1.5 s an epoch")
    assert found.excess(Recipe(Structure(width={"dense": 0.5})), {}) is None


def test_a_trial_that_cost_as_much_and_was_fast_enough_counts_more_than_a_slow_one() -> None:
    found = ceiling(max_seconds_per_epoch=1.0)
    found.note(trial(4, price(AS_WRITTEN), 1.5))
    found.note(trial(5, price(WIDER), 0.5))

    assert found.excess(WIDER, {}) is None


def test_an_epoch_of_a_trial_of_several_executions_is_one_of_its_trainings() -> None:
    found = ceiling(max_seconds_per_epoch=2.0)

    assert found.slow(replace(trial(0, 1.0, 3.0), executions=2)) is None
    assert found.slow(replace(trial(0, 1.0, 6.0), executions=2)) is not None


def test_a_trial_without_an_epoch_says_nothing() -> None:
    found = ceiling(max_seconds_per_epoch=1.0)
    empty = trial(4, 1.0, 1.5, epochs=0)
    found.note(empty)

    assert found.slow(empty) is None
    assert found.excess(WIDER, {}) is None
