"""A trial that inherits starts as the function that its parent is, in every engine."""

from typing import Any

import keras
import numpy as np
import pytest

from autoopt.axes import Origin
from autoopt.engines import engine_named
from autoopt.heritage import Heritage, grows
from autoopt.recipe import Recipe, Structure
from autoopt.records import Objective
from autoopt.worker import Job, Outcome, Worker
from tests import toys
from tests.counts import at_full_counts
from tests.engines.laboratory import Fit

WIDER = Recipe(Structure(depth={"dense": 2}, width={"dense": 2.0}))


def two_layers() -> keras.Model:
    hidden = [keras.layers.Dense(8, "relu") for _ in range(2)]
    return keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10, "softmax")])


GROWTH = {
    "itself": ({}, {}, False),
    "wider": ({}, {"width": {"dense": 2.0}}, True),
    "deeper": ({}, {"depth": {"dense": 3}}, True),
    "back to as written": ({"depth": {"dense": 1}}, {}, True),
    "narrower": ({"width": {"dense": 4.0}}, {"width": {"dense": 2.0}}, False),
    "deeper and narrower": ({}, {"depth": {"dense": 3}, "width": {"dense": 0.5}}, False),
    "another optimizer": ({}, {"optimizer": "sgd"}, False),
    "wider, with another optimizer": ({}, {"width": {"dense": 2.0}, "optimizer": "gd"}, False),
}


@pytest.mark.parametrize("name", GROWTH)
def test_only_what_is_wider_or_deeper_and_neither_less_grows(name: str) -> None:
    parent, child, expected = GROWTH[name]
    origin: Origin = toys.origin(two_layers)

    assert grows(Recipe(Structure(**parent)), Recipe(Structure(**child)), origin.template) is expected


def test_another_rate_or_batch_size_is_no_growth_and_another_regularization_is() -> None:
    template = toys.origin(two_layers).template
    parent, wider = Recipe(), Recipe().plus(width={"dense": 2.0})

    assert grows(parent, wider.plus(dropout=0.2, l2=1e-4, initializer="he_normal"), template)
    assert grows(parent, wider.plus(initializer_scale=0.1, bias="class_priors"), template)
    assert not grows(parent, wider.plus(learning_rate=1e-6), template)
    assert not grows(parent, wider.plus(batch_size=8), template)


def trained(engine: str, heritage: Heritage | None, recipe: Recipe, rate: float) -> Outcome:
    data = toys.halves(*toys.digits(120))
    worker = Worker(
        toys.hypermodel(toys.dense, data=data),
        data,
        Fit() if engine == "keras" else engine_named(engine),
        Objective("val_loss", "min"),
    )
    recipe = recipe.plus(optimizer="sgd", learning_rate=rate)
    epochs = 8 if heritage is None else 1
    return worker.run(
        Job(1, recipe, {}, epochs, epochs, 0, heritage=heritage), lambda epoch, logs: "continue"
    )


@pytest.mark.parametrize("engine", ["keras", "auto"])
def test_a_child_begins_with_the_loss_of_its_parent(engine: str) -> None:
    parent = trained(engine, None, Recipe(), 0.1)
    child = trained(engine, Heritage(7, Recipe(), parent.weights or ()), WIDER, 1e-9)

    assert (parent.trial.inherited, child.trial.inherited) == (None, 7)
    assert child.trial.score == pytest.approx(parent.trial.score, rel=1e-4)
    assert [array.shape for array in child.weights or ()] == [
        (64, 16),
        (16,),
        (16, 16),
        (16,),
        (16, 10),
        (10,),
    ]


@at_full_counts
def test_both_kinds_of_engine_start_a_child_from_the_same_weights() -> None:
    parent = trained("keras", None, Recipe(), 0.1)
    children: list[Any] = [
        trained(engine, Heritage(0, Recipe(), parent.weights or ()), WIDER, 1e-9)
        for engine in ("keras", "auto")
    ]

    for one, other in zip(children[0].weights, children[1].weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_other_values_of_the_users_own_hyperparameters_are_another_model() -> None:
    def model_fn(hp: Any) -> keras.Model:
        return toys.dense(hp.Choice("units", [8, 16]))

    hypermodel = toys.hypermodel(model_fn)
    hypermodel.draw(toys.asking())
    deeper = Recipe(Structure(depth={"dense": 2}))

    assert hypermodel.grows(Recipe(), {"units": 8}, deeper, {"units": 8})
    assert not hypermodel.grows(Recipe(), {"units": 8}, deeper, {"units": 16})
