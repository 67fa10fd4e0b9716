"""`tune` under constraints: what is over a limit is no trial, and never what is handed over."""

import contextlib
import functools
import io
import math
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import pytest

import autoopt
from autoopt import Constraints, Result, Search, Space
from autoopt.errors import RunError, SearchError, SpaceError
from autoopt.pricing import epoch_price
from tests import toys
from tests.counts import at_full_counts

WRITTEN = (64 + 1) * 8 + (8 + 1) * 10
HALF = (64 + 1) * 4 + (4 + 1) * 10
"""Parameters of the digits' net, and of the least that the search makes of it."""


def searched(
    folder: Path, model_fn: Any = toys.eager, trials: int = 3, search: Any = None, **rest: Any
) -> Result:
    defaults = {
        "epochs": 1, "max_trials": trials, "seed": 0, "verbose": 0, "directory": folder / "runs",
        "logdir": folder / "logs", "search": search or Search(confirm=0),
    }  # fmt: skip
    return autoopt.tune(model_fn, toys.digits(60), **{**defaults, **rest})


@pytest.fixture
def tune(tmp_path: Path) -> Any:
    return functools.partial(searched, tmp_path)


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A search without constraints."""
    return searched(tmp_path_factory.mktemp("free"))


BELOW = Constraints(max_params=WRITTEN - 1)


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, str]:
    """A search for less than the user's own model, and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = searched(tmp_path_factory.mktemp("below"), constraints=BELOW, verbose=1)
    return result, printed.getvalue()


def counts(result: Result, model_fn: Any = toys.eager) -> list[int]:
    hypermodel = autoopt.AutoHyperModel(model_fn)
    return [hypermodel.build(toys.asking(dict(t.hyperparameters))).count_params() for t in result.trials]


def table(result: Result) -> list[Any]:
    return [(trial.hyperparameters, trial.score) for trial in result.trials]


def test_a_model_over_the_limit_is_trained_as_the_reference_and_never_wins(below: Any) -> None:
    result, printed = below
    first, *others = counts(result)

    assert first == WRITTEN and max(others) < WRITTEN
    assert [trial.status for trial in result.trials] == ["completed"] * 3
    assert result.best_trial.number > 0 and result.best_model.count_params() < WRITTEN
    assert 0 not in list(result.leaderboard()["trial"])
    assert result.baseline_score == result.trials[0].score
    assert (
        f"Your own model has {WRITTEN} parameters, more than max_params={WRITTEN - 1}: it is trained as the "
        "reference, and cannot win." in printed
    )


@at_full_counts
def test_equal_seeds_give_equal_tables(tune: Any, below: Any) -> None:
    assert table(tune(constraints=BELOW)) == table(below[0])


@at_full_counts
def test_a_limit_that_nothing_reaches_changes_nothing(tune: Any, free: Result) -> None:
    assert table(tune(constraints=Constraints(max_params=10**9, max_latency_ms=1e6))) == table(free)


def test_a_run_that_goes_on_finds_what_it_would_have(tune: Any, below: Any) -> None:
    tune(trials=2, constraints=BELOW, project_name="parts")
    resumed = tune(constraints=BELOW, project_name="parts", resume=True)

    assert table(resumed) == table(below[0])


def test_a_run_goes_on_under_its_own_constraints_alone(tune: Any) -> None:
    tune(trials=1, constraints=Constraints(max_params=10_000), project_name="first")
    with pytest.raises(RunError, match=r"constraints was given .*max_params=None.*was begun with .*10000"):
        tune(project_name="first", resume=True)


def test_a_search_in_which_nothing_fits_names_the_nearest(tune: Any, tmp_path: Path) -> None:
    found = rf"within the constraints was found: the nearest has {HALF} parameters, more than max_params=200"
    with pytest.raises(SearchError, match=found) as raised:
        tune(constraints=Constraints(max_params=200), project_name="none")

    assert f"your own model has {WRITTEN} parameters" in str(raised.value)
    with pytest.raises(RunError, match=r"no trial within its constraints"):
        _ = autoopt.load("none", tmp_path / "runs").best_trial


def test_where_no_layer_can_change_it_is_said_before_the_first_trial(tune: Any, tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match=rf"Your own model has {WRITTEN} parameters.*leave structure open"):
        tune(constraints=Constraints(max_params=200), space=Space(structure=False))

    assert not (tmp_path / "runs").exists()


def test_a_starting_point_over_the_limit_is_named(tune: Any, capsys: Any) -> None:
    search = Search(confirm=0, start=[{"structure/dense/width": 4.0, "optimizer/learning_rate": 0.02}])
    result = tune(trials=2, search=search, constraints=Constraints(max_params=WRITTEN), verbose=1)

    assert "Starting point 1 has 2,410 parameters" in capsys.readouterr().out
    assert result.trials[1].hyperparameters["optimizer/learning_rate"] == 0.02
    assert counts(result)[1] <= WRITTEN


ORACLES = {
    "hyperband": lambda: keras_tuner.oracles.HyperbandOracle(objective="val_loss", max_epochs=27, seed=1),
    "random": lambda: keras_tuner.oracles.RandomSearchOracle(objective="val_loss", max_trials=60, seed=1),
    "bayesian": lambda: keras_tuner.oracles.BayesianOptimizationOracle(
        objective="val_loss", max_trials=60, num_initial_points=5, seed=1
    ),
}


@at_full_counts
@pytest.mark.parametrize("name", ORACLES)
def test_another_oracle_is_asked_again(name: str, tune: Any) -> None:
    oracle = ORACLES[name]()
    search = Search(oracle=oracle, confirm=0)
    result = tune(trials=3, search=search, constraints=Constraints(max_params=WRITTEN))

    assert max(counts(result)) <= WRITTEN
    assert [trial.status for trial in result.trials] == ["completed"] * 3
    assert len(oracle.trials) > 3


def test_a_candidate_has_the_price_that_its_trial_will_have(tune: Any) -> None:
    result = tune(toys.compiled, trials=2)
    hypermodel = autoopt.AutoHyperModel(toys.compiled)
    for trial in result.trials:
        hp = toys.asking(dict(trial.hyperparameters))
        recipe = hypermodel.draw(hp)
        size = hypermodel.batch_size(recipe)

        assert trial.price == epoch_price(
            math.ceil(48 / (size or 1)), 48, hypermodel.products(recipe, hp.values)
        )


def test_another_oracle_ends_where_it_has_nothing_that_fits(tune: Any) -> None:
    oracle = keras_tuner.oracles.RandomSearchOracle(objective="val_loss", max_trials=9, seed=1)
    with pytest.raises(
        SearchError, match=r"No trial within the constraints ended with a model: the oracle has"
    ):
        tune(search=Search(oracle=oracle, confirm=0), constraints=Constraints(max_params=200))


def convolutional(hp: keras_tuner.HyperParameters) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Reshape((8, 8)),
            keras.layers.Conv1D(hp.Int("filters", 2, 32, default=16), 3, activation="relu"),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model


@at_full_counts
def test_models_with_hyperparameters_of_the_users_own_are_counted_too(tune: Any) -> None:
    result = tune(convolutional, constraints=Constraints(max_params=400))
    first, *others = counts(result, convolutional)

    assert first > 400 and max(others) <= 400
    assert result.best_model.count_params() <= 400


@at_full_counts
def test_where_every_prediction_takes_too_long_nothing_is_returned(tune: Any) -> None:
    with pytest.raises(
        SearchError, match=r"the nearest takes .* ms a prediction, more than max_latency_ms=1e-06"
    ):
        tune(constraints=Constraints(max_latency_ms=1e-6))


def test_where_every_epoch_takes_too_long_nothing_is_returned(tune: Any) -> None:
    with pytest.raises(
        SearchError, match=r"your own model took .* s an epoch, more than max_seconds_per_epoch"
    ):
        tune(constraints=Constraints(max_seconds_per_epoch=1e-6))


def test_epochs_within_the_limit_win_as_ever(tune: Any, free: Result) -> None:
    limited = tune(constraints=Constraints(max_seconds_per_epoch=1000))

    assert table(limited) == table(free)
    assert [trial.excess for trial in limited.trials] == [""] * 3
