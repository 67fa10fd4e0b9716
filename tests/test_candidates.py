"""Candidates: which of them share a program, and which numbers it is given."""

from typing import Any

import keras
import pytest

from autoopt.engines import Candidate, Knobs
from autoopt.recipe import Recipe
from tests import toys


def candidate(recipe: Recipe, model_fn: Any = toys.dense, values: Any = None, seed: int = 0) -> Candidate:
    return toys.hypermodel(model_fn).candidate(recipe, values or {}, 10, seed)


BASE = Recipe().plus(optimizer="momentum", learning_rate=0.1, momentum=0.9, dropout=0.2)
SAME = {
    "learning_rate": 0.2,
    "schedule": "cosine",
    "momentum": 0.5,
    "dropout": 0.4,
    "initializer": "he_normal",
    "initializer_scale": 0.1,
    "bias": "class_priors",
    "batch_size": 7,
    "full_batch": True,
    "l1": 1e-3,
    "l2": 1e-3,
    "label_smoothing": 0.1,
}
OTHER = {
    "width": {"dense": 2.0},
    "depth": {"dense": 2},
    "activation": {"dense": "gelu"},
    "normalization": {"dense": "batch"},
    "optimizer": "adam",
    "dropout": 0.0,
    "max_norm": 3.0,
}


@pytest.mark.parametrize("name", SAME)
def test_settings_are_not_in_the_key(name: str) -> None:
    hypermodel = toys.hypermodel()
    keys = {hypermodel.candidate(recipe, {}, 10, 0).key for recipe in (BASE, BASE.plus(**{name: SAME[name]}))}

    assert len(keys) == 1


@pytest.mark.parametrize("name", OTHER)
def test_structure_is_in_the_key(name: str) -> None:
    hypermodel = toys.hypermodel()
    keys = {
        hypermodel.candidate(recipe, {}, 10, 0).key for recipe in (BASE, BASE.plus(**{name: OTHER[name]}))
    }

    assert len(keys) == 2


def test_names_that_keras_counts_up_are_not_in_the_key() -> None:
    assert candidate(BASE).key == candidate(BASE).key


def test_the_knobs_hold_the_numbers_of_the_recipe() -> None:
    found = candidate(BASE.plus(l1=1e-3, l2=2e-3, max_norm=3.0, label_smoothing=0.1)).knobs

    # one hidden Dense and its dropout
    numbers = {"momentum": 0.9, "label_smoothing": 0.1}
    assert found == {"dropout": [0.2], "l1": [1e-3], "l2": [2e-3], "max_norm": [3.0], **numbers}


def test_the_rates_are_those_of_the_schedule() -> None:
    found = candidate(BASE.plus(schedule="polynomial"))

    # α (1 − t/T)² with α = 0.1 and T = 10
    assert found.rates(5, 2, []) == pytest.approx([0.025, 0.016])


def test_nothing_is_built_before_it_is_asked_for() -> None:
    built: list[int] = []

    def model_fn() -> keras.Model:
        built.append(1)
        return toys.dense()

    hypermodel = toys.hypermodel(model_fn)
    hypermodel.reading()
    before = len(built)
    for seed in range(3):
        hypermodel.candidate(BASE, {}, 10, seed)

    assert len(built) == before


def test_a_model_with_layers_of_the_users_is_compiled_as_it_is_and_its_rate_is_an_input_still() -> None:
    hypermodel = toys.hypermodel(toys.custom)
    one = hypermodel.candidate(Recipe().plus(optimizer="sgd", learning_rate=0.1), {}, 10, 0)
    other = hypermodel.candidate(Recipe().plus(optimizer="sgd", learning_rate=0.2), {}, 10, 1)

    assert one.key == other.key
    assert [type(layer).__name__ for layer in one.twin(Knobs()).layers] == ["Doubled", "Dense", "Dense"]


class Mine(keras.optimizers.SGD):  # type: ignore[misc]
    """An optimizer of the user's own, of which a configuration may say too little."""


def test_an_optimizer_of_the_users_own_is_not_taken_apart() -> None:
    found = candidate(Recipe(), lambda: toys.compiled(Mine(0.3)))

    assert found.rates is None
    assert isinstance(found.model.optimizer, Mine)
