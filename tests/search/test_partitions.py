"""The folds of a search: one partition for its trials, another for each repeat, and who ends trials after folds."""

from typing import Any

import keras_tuner
import numpy as np
import optuna
import pytest
from sklearn.model_selection import KFold

from autoopt.data import Dataset
from autoopt.recipe import Recipe
from autoopt.records import Objective
from autoopt.search import Partitions, Search, trainings
from autoopt.worker import Job

DATA = Dataset.of((np.zeros((60, 1)), np.arange(60) % 3), seed=1)
LOSS = Objective("val_loss", "min")


def validating(repeat: int, cv: Any = 5, seed: int = 0) -> list[list[int]]:
    return [cut.validation.tolist() for cut in Partitions(DATA, cv, seed).cuts(repeat)]


def test_a_partition_follows_the_seed_and_the_repeat_and_nothing_else() -> None:
    assert validating(0) == validating(0)
    assert validating(0) != validating(1) != validating(2)
    assert validating(0) != validating(0, seed=1)


def test_a_splitter_with_a_seed_of_its_own_has_one_partition_for_all() -> None:
    own = KFold(5, shuffle=True, random_state=np.random.RandomState(3))

    assert validating(0, own) == validating(1, own) == validating(0, own, seed=7)


def test_the_data_is_told_its_folds() -> None:
    split = Partitions(DATA, 4, seed=0).noted().split

    assert split is not None and len(split.folds) == 4


def ends(search: Search, *others: Objective) -> bool:
    """Whether the eleventh trial, far worse than all before, is ended after two folds."""
    found = trainings(search, Partitions(DATA, 5, seed=0), [LOSS, *others], [])
    jobs = [Job(number, Recipe(), {}, 1, 1, seed=0) for number in range(11)]
    return [found.hopeless(job, [float(job.number)] * 2) for job in jobs][-1]


@pytest.mark.parametrize(
    ("given", "ended"),
    [
        ({}, True),
        ({"pruner": optuna.pruners.NopPruner()}, False),
        ({"oracle": keras_tuner.oracles.RandomSearchOracle(max_trials=3)}, False),
    ],
    ids=["as usual", "a pruner of the user's", "an oracle of the user's"],
)
def test_hopeless_trials_end_after_their_first_folds_unless_the_user_has_said_who_ends_them(
    given: dict[str, Any], ended: bool
) -> None:
    assert ends(Search(cv=5, **given)) is ended


def test_with_several_objectives_all_trials_are_trained_on_all_folds() -> None:
    assert not ends(Search(cv=5), Objective("parameters", "min"))
