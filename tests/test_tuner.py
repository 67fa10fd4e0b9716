"""Tuner: KerasTuner's constructor, search and queries; the guide as a whole is examples/keras_tuner_guide.py."""

from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

import autoopt
from autoopt.errors import ModelError, RunError, UsageError
from tests import toys
from tests.counts import FULL

OPTIONS: dict[str, Any] = {"objective": "val_loss", "max_trials": 3, "seed": 0}


def build_model(hp: Any) -> keras.Model:
    return toys.compiled(keras.optimizers.Adam(hp.Choice("lr", [1e-2, 1e-3])), hp.Int("units", 4, 12), True)


def data() -> dict[str, Any]:
    (x, y), (x_val, y_val) = toys.digits(40), toys.digits(60)
    return {"x": x, "y": y, "validation_data": (x_val, y_val), "verbose": 0}


class Scored(keras_tuner.HyperModel):  # type: ignore[misc]
    """The same model, whose `fit` trains nothing and returns what it was given."""

    def build(self, hp: Any) -> keras.Model:
        return build_model(hp)

    def fit(
        self,
        hp: Any,
        model: keras.Model,
        x: Any,
        y: Any,
        batch_size: int = 1,
        scale: float = 0.5,
        **rest: Any,
    ) -> Any:
        return {"val_loss": scale * batch_size}


def searched(hypermodel: Any = None, **options: Any) -> autoopt.Tuner:
    tuner = autoopt.Tuner(hypermodel or Scored(), **{**OPTIONS, **options})
    tuner.search(**data())
    return tuner


@pytest.fixture(scope="module")
def tuner(tmp_path_factory: pytest.TempPathFactory) -> autoopt.Tuner:
    """Return one that has searched."""
    folder = tmp_path_factory.mktemp("runs")
    return searched(build_model, directory=folder, logdir=folder / "logs")


def test_only_the_user_s_own_hyperparameters_are_searched_and_each_trial_changes_one(
    tuner: autoopt.Tuner,
) -> None:
    trials = tuner.result.trials

    assert [sorted(trial.hyperparameters) for trial in trials] == 3 * [["lr", "units"]]
    assert dict(trials[0].hyperparameters) == {"lr": 1e-2, "units": 4}
    assert len({str(trial.hyperparameters) for trial in trials}) == 3


def test_the_best_models_have_the_weights_that_were_scored_and_build_makes_them(
    tuner: autoopt.Tuner,
) -> None:
    models, best = tuner.get_best_models(2), tuner.get_best_hyperparameters(2)
    x_val, y_val = data()["validation_data"]
    scores = [model.evaluate(x_val, y_val, verbose=0, return_dict=True)["loss"] for model in models]

    ranked = sorted(trial.score or 0.0 for trial in tuner.result.trials)[:2]
    assert scores == pytest.approx(ranked, rel=1e-5)
    assert [build_model(hp).count_params() for hp in best] == [model.count_params() for model in models]
    assert tuner.remaining_trials == 0


def test_everything_else_is_searched_along_where_the_space_is_auto() -> None:
    tuner = autoopt.Tuner(build_model, **OPTIONS, space="auto")
    names = {hp.name for hp in autoopt.search.explore(tuner.hypermodel).space}  # type: ignore[attr-defined]

    assert {"lr", "units", "initialization/kernel", "optimizer/schedule"} <= names
    assert "optimizer/learning_rate" not in names


def test_a_model_without_hyperparameters_is_searched_whole() -> None:
    assert autoopt.Tuner(toys.eager, **OPTIONS).hypermodel.space == autoopt.Space()


def test_a_search_goes_on_in_another_tuner_of_the_same_name(capsys: Any) -> None:
    searched(max_trials=1)
    other = autoopt.Tuner(Scored(), **OPTIONS)
    other.results_summary()
    known = len(other.get_best_models(5)), other.get_best_hyperparameters()[0].values
    other.search(**data())

    assert "Trial 00 summary\nHyperparameters:\nlr: 0.01\nunits: 4\nScore: 0.5" in capsys.readouterr().out
    assert known == (1, {"lr": 1e-2, "units": 4})
    assert len(other.result.trials) == 3
    assert other.result.run_dir == Path("untitled_project")


def test_overwrite_begins_anew_and_a_second_search_goes_on() -> None:
    searched(max_trials=2)
    tuner = searched(max_trials=1, overwrite=True)
    first = tuner.result.trials[0].started
    tuner.search(**data())

    assert [trial.started for trial in tuner.result.trials] == [first]


def test_the_outcome_tells_the_mean_of_the_winner_s_executions() -> None:
    tuner = searched(max_trials=1, executions_per_trial=2)

    assert tuner.result.summary()["executions"] == {"mean": 0.5, "n": 2}
    assert searched(max_trials=1, overwrite=True).result.summary()["executions"] is None


def test_nothing_can_be_asked_before_a_search() -> None:
    with pytest.raises(RunError, match=r"Call search\(x, y"):
        autoopt.Tuner(build_model, **OPTIONS).get_best_models()


def test_the_space_is_printed_before_a_search(capsys: Any) -> None:
    autoopt.Tuner(build_model, **OPTIONS).search_space_summary(extended=True)

    assert capsys.readouterr().out.splitlines()[1:4] == [
        "Default search space size: 2",
        "lr (Choice)",
        "{'default': 0.01, 'values': [0.01, 0.001], 'ordered': True}",
    ]


def test_given_hyperparameters_take_the_place_of_the_model_s_own() -> None:
    given = keras_tuner.HyperParameters()
    given.Choice("lr", [0.1, 0.5])
    trials = searched(hyperparameters=given, tune_new_entries=False).result.trials

    assert {name for trial in trials for name in trial.hyperparameters} == {"lr"}
    assert {trial.hyperparameters["lr"] for trial in trials} == {0.1, 0.5}


def test_compile_arguments_take_the_place_of_the_model_s_own() -> None:
    tuner = autoopt.Tuner(toys.dense, optimizer=keras.optimizers.SGD(0.5), metrics=["mse"], loss="mae")
    model = tuner.hypermodel.build(keras_tuner.HyperParameters())

    assert (model.loss, type(model.optimizer).__name__) == ("mae", "SGD")
    assert float(model.optimizer.learning_rate) == 0.5


def test_a_fit_of_the_user_s_own_is_given_what_search_was_given() -> None:
    tuner = autoopt.Tuner(Scored(), **{**OPTIONS, "max_trials": 1})
    tuner.search(**data(), batch_size=7, scale=2.0)

    assert tuner.result.best_score == 14.0


def test_a_validation_split_takes_the_last_rows_and_a_batch_size_is_the_only_one() -> None:
    tuner, (x, y) = autoopt.Tuner(build_model, **{**OPTIONS, "max_trials": 1}), toys.digits(60)
    tuner.search(x, y, validation_split=0.25, batch_size=10, verbose=0)
    model = tuner.get_best_models()[0]

    assert model.evaluate(x[45:], y[45:], verbose=0)[0] == pytest.approx(tuner.result.best_score, rel=1e-5)
    assert tuner.result.trials[0].hyperparameters["batch_size"] == 10


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an oracle": ({"oracle": 1}, "Pass search=autoopt.Search"),
    "Hyperband's epochs": ({"max_epochs": 5}, r"Pass epochs to search\(\)"),
    "an unknown name": ({"budge": "5m"}, "Did you mean 'budget'"),
    "no executions": ({"executions_per_trial": 0}, "Expected a whole number from 1"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_means_nothing_here_is_refused_with_what_to_do(kind: str) -> None:
    options, message = REFUSED[kind]
    with pytest.raises(UsageError, match=message):
        autoopt.Tuner(build_model, **OPTIONS, **options)


def test_what_changes_no_result_is_accepted() -> None:
    autoopt.Tuner(build_model, **OPTIONS, max_consecutive_failed_trials=5, tuner_id="one")


def test_a_hypermodel_is_needed() -> None:
    with pytest.raises(ModelError, match="model_fn was given None"):
        autoopt.Tuner()


def test_a_subclass_whose_run_trial_would_not_be_called_is_refused() -> None:
    with pytest.raises(UsageError, match="override its fit"):
        type("MyTuner", (autoopt.Tuner,), {})


def test_search_refuses_no_data_and_arguments_of_fit_that_it_sees_to_itself() -> None:
    tuner = autoopt.Tuner(build_model, **OPTIONS)
    with pytest.raises(UsageError, match="search was given no data"):
        tuner.search(epochs=1)
    with pytest.raises(UsageError, match="search was given shuffle"):
        tuner.search(np.zeros((8, 64)), np.zeros(8), shuffle=False)


def test_the_best_models_have_schedules_as_long_as_their_training() -> None:
    fixed = {"optimizer/schedule": "linear", "batch_size": 16}
    space = autoopt.Space(batch_size=[16], fix=fixed)
    tuner, (x, y) = autoopt.Tuner(toys.eager, **{**OPTIONS, "max_trials": 1}, space=space), toys.digits(40)
    tuner.search(x, y, validation_data=(x, y), epochs=2, verbose=0)
    schedule = tuner.get_best_models()[0].optimizer._learning_rate

    assert schedule.decay_steps == 2 * 3  # batches of 16, 16 and 8


def test_the_trials_that_remain_are_those_that_the_run_on_disk_has_not() -> None:
    searched(max_trials=2)

    assert autoopt.Tuner(Scored(), **OPTIONS).remaining_trials == 1
    assert autoopt.Tuner(Scored(), **OPTIONS, overwrite=True).remaining_trials == 3


class Summed(Scored):
    """The same, scored by the rows that it is given."""

    def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, **rest: Any) -> Any:
        return {"val_loss": float(x.sum())}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [5, None] if FULL else [None])
def test_without_validation_data_the_rows_are_cut_as_tune_cuts_them(seed: int | None) -> None:
    options: dict[str, Any] = {**OPTIONS, "max_trials": 1, "seed": seed}
    tuner, data = autoopt.Tuner(Summed(), **options), toys.digits(60)
    for _ in range(2):  # the second goes on with the seed of the first
        tuner.search(*data, verbose=0)
    options["seed"] = tuner.result.summary()["seed"]
    tuned = autoopt.tune(Summed(), data, **options, epochs=1, verbose=0, search=autoopt.Search(confirm=0))

    assert tuner.result.best_score == tuned.best_score


WRONG = {
    "trials as text": ({"max_trials": "3"}, {}, "max_trials was given '3'"),
    "a misspelt argument": ({"max_trial": 3}, {}, "Did you mean 'max_trials'"),
    "a split as text": ({}, {"validation_split": "0.2"}, "validation_split was given '0.2'"),
    "a split of all": ({}, {"validation_split": 1.0}, "validation_split was given 1.0"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_argument_says_what_to_do(wrong: str, tmp_path: Path) -> None:
    own, of_search, message = WRONG[wrong]
    x, y = toys.digits(40)

    with pytest.raises(UsageError, match=message):
        autoopt.Tuner(lambda hp: toys.dense(), directory=tmp_path, **own).search(x, y, **of_search)
