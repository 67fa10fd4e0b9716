"""Small spaces: every point is trained once, then the search says so; a repeat is another seed of its point."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras_tuner
import optuna
import pytest

import autoopt
from autoopt.errors import SpaceError
from autoopt.records import Objective, Trial
from autoopt.search import OptunaOracle, best_first
from autoopt.search.parent import parent
from autoopt.search.seeds import over_seeds, points
from autoopt.storage import Journal, RunFolder, quiet
from tests import toys

OBJECTIVE = keras_tuner.Objective("val_loss", "min")
LOSS = Objective("val_loss", "min")
POINTS = 9
"""Plain with three sizes; deep with three sizes and two depths."""


def build(hp: keras_tuner.HyperParameters) -> dict[str, Any]:
    hp.Choice("kind", ["plain", "deep"])
    hp.Float("size", 0.1, 0.3, step=0.1, default=0.2)
    with hp.conditional_scope("kind", ["deep"]):
        hp.Boolean("residual")
    return {name: value for name, value in hp.values.items() if value is not None}


def whole() -> keras_tuner.HyperParameters:
    space = keras_tuner.HyperParameters()
    build(space)
    return space


def proposed(found: OptunaOracle, most: int = 100) -> list[dict[str, Any]]:
    """Run trials until the oracle has no more."""
    seen = []
    while len(seen) < most:
        trial = found.create_trial("tuner")
        if trial.status == "STOPPED":
            return seen
        seen.append(build(trial.hyperparameters))
        found.update_trial(trial.trial_id, {"val_loss": float(len(str(seen[-1])))})
        trial.status = "COMPLETED"
        found.end_trial(trial)
    return seen


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_point_is_proposed_once_and_then_it_is_said(seed: int) -> None:
    found = OptunaOracle(OBJECTIVE, seed=seed)
    seen = proposed(found)

    assert len(seen) == len({tuple(each.items()) for each in seen}) == POINTS
    assert found.exhausted == "all 9 points of the space have been tried"


@pytest.mark.parametrize("stop", [1, 4, POINTS])
def test_a_run_that_goes_on_proposes_what_is_left(stop: int, tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    earlier = proposed(OptunaOracle(OBJECTIVE, seed=3, journal=Journal(path, LOSS)), stop)
    later = proposed(OptunaOracle(OBJECTIVE, seed=3, journal=Journal(path, LOSS), space=whole()))

    assert earlier + later == proposed(OptunaOracle(OBJECTIVE, seed=3))


@pytest.mark.parametrize(
    "sampler",
    [
        lambda: optuna.samplers.BruteForceSampler(seed=0),
        lambda: optuna.samplers.GridSampler({"kind": ["plain"], "size": [0.1, 0.2]}, seed=0),
    ],
    ids=["brute force", "grid"],
)
def test_a_sampler_that_is_through_ends_the_search(sampler: Any) -> None:
    with quiet():
        found = OptunaOracle(OBJECTIVE, seed=0, sampler=sampler())

    assert 1 < len(proposed(found)) <= POINTS + 1
    assert found.exhausted


def tune(tmp_path: Path, space: autoopt.Space, **rest: Any) -> autoopt.Result:
    return autoopt.tune(
        lambda: toys.compiled("sgd", 4), toys.digits(60), space=space, epochs=1, seed=0, verbose=0,
        directory=tmp_path / "runs", logdir=tmp_path / "logs", **rest,
    )  # fmt: skip


CLOSED = {"structure": False, "initialization": False, "regularization": False, "optimizer": False}


def test_a_search_of_a_few_points_ends_with_the_last(tmp_path: Path) -> None:
    space = autoopt.Space(**CLOSED, batch_size=[8, 16, 32])
    result = tune(tmp_path, space, max_trials=20, search=autoopt.Search(confirm=0))

    assert sorted(trial.hyperparameters["batch_size"] for trial in result.trials) == [8, 16, 32]
    assert result.reason == "all 3 points of the space have been tried"


def test_a_repeat_is_another_seed_of_its_point(tmp_path: Path) -> None:
    sampler = optuna.samplers.RandomSampler(seed=1)
    space = autoopt.Space(**CLOSED, batch_size=[8, 16, 32, 48])
    result = tune(tmp_path, space, max_trials=5, search=autoopt.Search(sampler=sampler, confirm=0))
    repeats = [trial for trial in result.trials if trial.repeats is not None]

    assert repeats
    for trial in repeats:
        assert trial.hyperparameters == result.trials[trial.repeats].hyperparameters
        assert trial.history != result.trials[trial.repeats].history


def made(number: int, score: float, repeats: int | None = None) -> Trial:
    return Trial(number, "completed", score, {}, {}, 0, 0.0, 1.0, price=1.0, repeats=repeats)


def test_a_lucky_seed_of_a_point_is_no_better_than_the_point() -> None:
    trials = [made(0, 0.5), made(1, 0.8), made(2, 0.2, repeats=1), made(3, 0.45)]

    ranked = best_first(trials, LOSS)
    assert [trial.number for trial in ranked] == [3, 2, 0, 1]
    assert [trial.number for trial in points(ranked, trials)] == [3, 2, 0]
    found = parent(trials, LOSS)
    assert found is not None and found.number == 3


def test_an_oracle_of_keras_tuner_ends_with_the_last_point_too(tmp_path: Path) -> None:
    space = autoopt.Space(**CLOSED, batch_size=[16, 32])
    result = tune(tmp_path, space, max_trials=20, search=autoopt.Search(oracle="bayesian", confirm=0))

    assert result.reason == "all 2 points of the space have been tried"
    assert {trial.hyperparameters["batch_size"] for trial in result.trials} == {16, 32}


def test_a_starting_point_that_is_no_new_one_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    space, start = autoopt.Space(**CLOSED, batch_size=[16, 32]), [{"batch_size": 32}, {"batch_size": 16}] * 2
    search = autoopt.Search(start=start, confirm=0)
    result = tune(tmp_path, space, max_trials=20, search=search)
    notes = " ".join(RunFolder(result.run_dir).read("run")["notes"])

    assert [trial.number for trial in result.trials] == [0, 1]
    assert "is your own model" in notes and "it is there already" in notes


def test_a_starting_point_that_is_not_searched_is_refused(tmp_path: Path) -> None:
    space = autoopt.Space(**CLOSED, batch_size=[16, 32])
    with pytest.raises(SpaceError, match=r"batch_size = 24, which is none .*Expected one of 16, 32"):
        tune(tmp_path, space, search=autoopt.Search(start=[{"batch_size": 24}]))


def test_rounds_of_one_training_are_one_point_although_one_of_them_is_not_asked_about() -> None:
    first, second, third = (
        made(2, 0.5),
        replace(made(5, 0.4), continues=2),
        replace(made(9, 0.3), continues=5),
    )
    again = made(11, 0.35, repeats=5)

    assert points([third, again, first], [first, second, third, again]) == [third]


@pytest.mark.parametrize(
    "other",
    [{"status": "pruned"}, {"missing": 1}, {"history": {"val_loss": [0.2]}}],
    ids=["pruned", "lacks executions", "of other epochs"],
)
def test_a_seed_that_was_trained_less_says_nothing_of_the_others(other: dict[str, Any]) -> None:
    whole, repeat, less = made(1, 0.4), made(2, 0.6, repeats=1), replace(made(3, 0.9, repeats=1), **other)

    assert over_seeds([whole, repeat, less]) == pytest.approx({1: 0.5, 2: 0.5, 3: 0.9})
