"""Whole searches: the score is that of the model handed over, seeds repeat, budgets cut, runs go on."""

import copy
import dataclasses
import json
import logging
import math
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import optuna
import pandas as pd
import pytest

import autoopt
from autoopt import axes
from autoopt.axes.optimizer import ALGORITHMS
from autoopt.data import Dataset
from autoopt.errors import ModelError, RunError, SearchError, UsageError
from autoopt.records import Trial, TrialEnded
from autoopt.reports import TensorBoard
from autoopt.result import Result
from autoopt.seeding import SPLITTING, derive
from tests import toys
from tests.counts import FULL, at_full_counts

QUICK = autoopt.Search(confirm=0, start=[{"regularization/dropout": 0.2, "optimizer/learning_rate": 0.01}])
DATA = toys.digits(60)
PLAIN = autoopt.Search(confirm=0)
NARROW = autoopt.Space(structure=False, initialization=False, regularization=False, batch_size=False)
SEED = 5


def tune(folder: Path, model_fn: Any = toys.eager, data: Any = None, **changes: Any) -> Result:
    """Search for a moment in a folder."""
    search = PLAIN if "space" in changes else QUICK
    settings = {"epochs": 2, "max_trials": 2, "seed": SEED, "search": search, "verbose": 0, **changes}
    return autoopt.tune(
        model_fn, DATA if data is None else data, directory=folder / "runs", logdir=folder / "logs", **settings
    )  # fmt: skip


def normalized() -> keras.Model:
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(8), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.1),
         layers.Dense(10, "softmax")]
    )  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def two_inputs() -> keras.Model:
    left, right = keras.Input((32,), name="left"), keras.Input((32,), name="right")
    x = keras.layers.Concatenate()([left, right])
    x = keras.layers.Dense(8, activation="relu")(x)
    return keras.Model({"left": left, "right": right}, keras.layers.Dense(10, activation="softmax")(x))


def in_halves(n: int = 120) -> Any:
    x, y = toys.digits(n)
    return {"left": x[:, :32], "right": x[:, 32:]}, y


def frame() -> Any:
    x, y = toys.line()
    return pd.DataFrame(x, columns=list("abcd")), pd.Series(y)


def tf_pair(n: int = 120) -> Any:
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices(toys.digits(n)).batch(30)


def without_callbacks(trial: Trial) -> list[Any]:
    return [keras.callbacks.TerminateOnNaN()] if trial.number else []


KINDS: dict[str, Callable[[], dict[str, Any]]] = {
    "classification": lambda: {"model_fn": toys.dense},
    "regression": lambda: {"model_fn": toys.regressor, "data": toys.line()},
    "batch normalization and dropout": lambda: {"model_fn": normalized},
    "two inputs in a dict": lambda: {"model_fn": two_inputs, "data": in_halves()},
    "a DataFrame": lambda: {"model_fn": toys.regressor, "data": frame()},
    "tf.data": lambda: {"data": tf_pair()},
    "tf.data with validation data": lambda: {"data": tf_pair(), "validation_data": tf_pair(60)},
    "validation data": lambda: {"validation_data": toys.digits(60)},
    "callbacks by trial": lambda: {"callbacks": without_callbacks},
    "balanced classes": lambda: {"class_weight": "balanced"},
    "sample weights": lambda: {"data": (*toys.digits(120), np.linspace(0, 2, 120))},
}


@dataclasses.dataclass
class Finished:
    """A search that has ended, what it was given, and a copy of that from before."""

    result: Result
    given: dict[str, Any]
    before: dict[str, Any]


LIKE_OTHERS = ("a DataFrame", "tf.data with validation data", "callbacks by trial", "balanced classes")
"""Kinds of which others hold everything as well."""


@pytest.fixture(scope="module", params=[kind for kind in KINDS if FULL or kind not in LIKE_OTHERS])
def finished(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    given = KINDS[request.param]()
    before = given if request.param.startswith("tf.data") else copy.deepcopy(given)
    return Finished(tune(tmp_path_factory.mktemp("searches"), **given), given, before)


def validation_score(result: Result, given: dict[str, Any]) -> float:
    """Evaluate a run's winner on the rows that validated."""
    data = given.get("data", DATA)
    seed = derive(SEED, SPLITTING)
    part = Dataset.of(data, validation_data=given.get("validation_data"), seed=seed).validation
    source = (part.source,) if hasattr(part, "source") else (part.x, part.y)
    weights = None if hasattr(part, "source") else part.sample_weight
    logs = result.best_model.evaluate(*source, sample_weight=weights, return_dict=True, verbose=0)
    return float(logs[result.objective.name.removeprefix("val_")])


@pytest.mark.slow
def test_the_score_reported_is_the_score_of_the_model_handed_over(finished: Finished) -> None:
    score = validation_score(finished.result, finished.given)

    assert finished.result.best_score == pytest.approx(score, abs=1e-6)
    assert finished.result.best_trial.score == pytest.approx(score, abs=1e-6)


@pytest.mark.slow
def test_a_run_that_is_loaded_is_the_same_run(finished: Finished) -> None:
    result = finished.result
    loaded = autoopt.load(result.run_dir)

    assert loaded.best_score == result.best_score
    assert loaded.trials == result.trials
    assert loaded.best_hyperparameters.values == result.best_hyperparameters.values
    assert validation_score(loaded, finished.given) == pytest.approx(result.best_score, abs=1e-6)


@pytest.mark.slow
def test_every_trial_has_a_history_and_its_best_epoch_gave_its_score(finished: Finished) -> None:
    name, better = (
        finished.result.objective.name,
        {"max": max, "min": min}[finished.result.objective.direction],
    )
    for trial in finished.result.trials:
        assert trial.status == "completed"
        assert trial.score == trial.history[name][trial.best_epoch] == better(trial.history[name])


@pytest.mark.slow
def test_the_data_is_left_as_it_was(finished: Finished) -> None:
    for name in ("data", "validation_data"):
        now, then = finished.given.get(name), finished.before.get(name)
        if now is then:
            continue
        for one, other in zip(keras.tree.flatten(list(now)), keras.tree.flatten(list(then)), strict=True):
            assert np.array_equal(np.asarray(one), np.asarray(other))


@pytest.mark.slow
def test_the_best_score_is_no_worse_than_the_users_model(finished: Finished) -> None:
    result = finished.result

    assert result.objective.gain(result.best_score, result.baseline_score) >= 0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """One search with confirmation and a test part, used by all tests that only look."""
    search = autoopt.Search(confirm=2, confirm_repeats=2)
    return tune(
        tmp_path_factory.mktemp("run"), model_fn=toys.dense, data=toys.digits(1000), search=search, max_trials=4, epochs=3, project_name="digits"
    )  # fmt: skip


def test_trial_0_is_the_users_model(run: Result) -> None:
    hp = run.trials[0].hyperparameters

    assert hp["initialization/kernel"] == "as_written"
    assert (hp["optimizer/name"], hp["optimizer/learning_rate"]) == ("adam", 0.001)
    assert (hp["structure/dense/width"], hp["batch_size"]) == (1.0, 32)
    assert run.baseline_score == run.trials[0].score


def test_trials_are_numbered_from_0_and_counted_with_trial_0_and_without_confirmation(run: Result) -> None:
    assert [trial.number for trial in run.trials] == [0, 1, 2, 3]
    assert all(trial.finished >= trial.started for trial in run.trials)


def test_the_winner_is_confirmed_with_fresh_seeds(run: Result) -> None:
    confirmed = run.confirmed

    assert confirmed.n == len(confirmed.scores) == 2
    assert confirmed.mean == pytest.approx(sum(confirmed.scores) / 2)
    assert run.best_trial.score not in confirmed.scores
    assert confirmed.error > 0


def test_the_users_model_is_confirmed_beside_the_winner(run: Result) -> None:
    own = run.baseline_confirmed

    assert own.n == 2 and own.error > 0
    assert run.beats_baseline is (run.difference.least > 0)
    assert run.difference.mean == pytest.approx(run.confirmed.mean - own.mean)


def test_the_gap_to_the_test_part_is_stated_with_its_error(run: Result) -> None:
    assert run.gap == pytest.approx(run.confirmed.mean - run.test_metrics["accuracy"])
    assert run.test_error > 0
    told = run.summary()
    assert (told["gap"], told["test_error"]) == (run.gap, run.test_error)
    assert told["confirmed"]["error"] == run.confirmed.error


def test_the_test_part_is_scored_once_at_the_end_and_by_nothing_else(run: Result) -> None:
    seed = derive(SEED, SPLITTING)
    test = Dataset.of(toys.digits(1000), seed=seed).test
    logs = run.best_model.evaluate(test.x, test.y, return_dict=True, verbose=0)

    assert run.test_metrics == pytest.approx(logs, abs=1e-6)
    assert not [name for trial in run.trials for name in trial.history if "test" in name]


def test_the_rows_of_each_part_are_kept_with_the_run(run: Result) -> None:
    expected = Dataset.of(toys.digits(1000), seed=derive(SEED, SPLITTING)).split
    found = autoopt.load(run.run_dir).split

    assert found is not None and expected is not None and run.split is not None
    for name, rows in expected.arrays().items():
        assert (found.arrays()[name] == rows).all()
    assert found.folds == ()


def test_a_run_on_parts_that_were_given_has_no_split(tmp_path: Path) -> None:
    x, y = toys.digits(120)

    assert tune(tmp_path, data=(x[:60], y[:60]), validation_data=(x[60:], y[60:]), max_trials=1).split is None


def test_a_test_part_with_other_labels_changes_nothing_but_its_own_score(run: Result, tmp_path: Path) -> None:
    x, y = toys.digits(120)
    found = [
        tune(tmp_path, data=(x[:60], y[:60]), test_data=(x[60:], labels), epochs=1)
        for labels in (y[60:], (y[60:] + 1) % 10)
    ]

    assert [trial.history for trial in found[0].trials] == [trial.history for trial in found[1].trials]
    assert found[0].test_metrics != found[1].test_metrics


def test_the_leaderboard_has_a_row_for_each_trial_best_first(run: Result) -> None:
    table = run.leaderboard()

    assert list(table.columns[:5]) == ["trial", "status", "score", "epochs", "seconds"]
    assert "optimizer/learning_rate" in table.columns
    assert table["score"].is_monotonic_decreasing and len(table) == 4
    assert len(run.leaderboard(2)) == 2


def test_the_best_hyperparameters_are_the_active_ones_with_the_whole_space(run: Result) -> None:
    hp = run.best_hyperparameters

    assert isinstance(hp, keras_tuner.HyperParameters)
    assert hp.values == run.best_trial.hyperparameters
    assert "optimizer/momentum" in {known.name for known in hp.space}


def test_a_pruned_trial_ended_early_and_says_so(run: Result) -> None:
    for trial in run.trials:
        assert (
            trial.epochs == 3 if trial.status == "completed" else trial.note.startswith("Pruned after epoch")
        )


def test_the_winner_is_exported_in_each_format(run: Result, tmp_path: Path) -> None:
    x = toys.digits(3)[0]
    whole = keras.models.load_model(run.export(tmp_path / "best.keras"))
    weights = keras.models.clone_model(whole)
    weights.load_weights(run.export(tmp_path / "best.weights.h5", format="weights"))
    text = run.export(tmp_path / "best.json", format="json").read_text()

    expected = run.best_model.predict(x, verbose=0)
    assert np.allclose(whole.predict(x, verbose=0), expected, atol=1e-6)
    assert np.allclose(weights.predict(x, verbose=0), expected, atol=1e-6)
    assert '"best_score"' in text


def test_an_export_to_a_name_of_another_format_is_refused(run: Result, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.keras"):
        run.export(tmp_path / "best.h5")
    with pytest.raises(UsageError, match="Did you mean 'keras'"):
        run.export(tmp_path / "best.keras", format="kers")


def test_only_the_weights_of_the_best_few_and_of_the_users_model_stay_on_disk(run: Result) -> None:
    kept = sorted(path.name for path in (run.run_dir / "weights").iterdir())

    assert len(kept) == 3 and kept[0].startswith("trial-0000")
    assert f"trial-{run.best_trial.number:04d}.weights.npz" in kept


def test_a_run_that_exists_is_refused_before_anything_is_trained(run: Result) -> None:
    with pytest.raises(RunError, match="exists already"):
        tune(run.run_dir.parent.parent, project_name="digits", model_fn=None)


def table(result: Result) -> list[Any]:
    return [(trial.number, trial.score, trial.hyperparameters, trial.history) for trial in result.trials]


def test_the_same_seed_searches_the_same_and_another_seed_or_none_does_not(tmp_path: Path) -> None:
    first, again = (table(tune(tmp_path, epochs=1, seed=0, space=NARROW)) for _ in range(2))
    other, none = (
        table(tune(tmp_path, epochs=1, seed=seed, space=NARROW, max_trials=1)) for seed in (1, None)
    )

    assert first == again
    assert first[:1] != other and none not in (first[:1], other)


@at_full_counts
def test_a_seed_that_was_drawn_is_written_down_and_repeats_the_search(tmp_path: Path) -> None:
    drawn = tune(tmp_path, seed=None, max_trials=1)
    seed = json.loads((drawn.run_dir / "run.json").read_text())["seed"]

    assert table(tune(tmp_path, seed=seed, max_trials=1)) == table(drawn)


class Slow(keras.callbacks.Callback):  # type: ignore[misc]
    """Makes each epoch as long as it says."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        time.sleep(self.seconds)


def test_a_first_trial_longer_than_the_budget_is_cut_and_kept_and_that_is_said(tmp_path: Path) -> None:
    started = time.time()
    result = tune(tmp_path, max_trials=None, budget=2, epochs=1000, callbacks=[Slow(0.1)])

    assert time.time() - started < 2 + 3
    assert [trial.status for trial in result.trials] == ["pruned"]
    assert result.trials[0].note.startswith("Cut after epoch ")
    assert 0 < result.trials[0].epochs < 1000
    assert result.best_score == result.baseline_score
    assert result.reason == "the budget is used up"
    assert validation_score(result, {}) == pytest.approx(result.best_score, abs=1e-6)


def test_a_budget_holds_for_the_whole_call(tmp_path: Path) -> None:
    started = time.time()
    result = tune(tmp_path, max_trials=None, budget=4, epochs=2, search=autoopt.Search(), space=NARROW)

    assert time.time() - started < 4 + 3
    assert len(result.trials) > 1


ORACLES: dict[str, Callable[[], Any]] = {
    "RandomSearchOracle": lambda: keras_tuner.oracles.RandomSearchOracle(max_trials=3, seed=1),
    "BayesianOptimizationOracle": lambda: keras_tuner.oracles.BayesianOptimizationOracle(
        "val_loss", max_trials=4, num_initial_points=2, seed=1
    ),
    "HyperbandOracle": lambda: keras_tuner.oracles.HyperbandOracle(
        "val_loss", max_epochs=3, factor=3, seed=1
    ),
}


# KerasTuner's Gaussian process says that it did not converge on so few trials.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@at_full_counts
@pytest.mark.parametrize("oracle", ORACLES)
def test_an_oracle_of_keras_tuner_proposes_the_trials(oracle: str, tmp_path: Path) -> None:
    search = autoopt.Search(oracle=ORACLES[oracle](), confirm=0)
    result = tune(tmp_path, max_trials=4, epochs=3, search=search, space=NARROW)

    assert len(result.trials) == (3 if oracle == "RandomSearchOracle" else 4)
    for trial in result.trials[1:]:  # within the range of its algorithm, at its batch size
        rate, algorithm = (
            trial.hyperparameters["optimizer/learning_rate"],
            trial.hyperparameters["optimizer/name"],
        )
        known, growth = ALGORITHMS[algorithm], trial.hyperparameters.get("batch_size", 32) / 32
        low, high = (bound * growth**known.power for bound in (known.low, known.high))
        assert low * 0.999 <= rate <= high * 1.001
    assert result.trials[0].hyperparameters["optimizer/learning_rate"] == 0.001
    assert result.trials[0].epochs == 3
    assert len({str(trial.hyperparameters) for trial in result.trials}) > 1
    assert result.best_score == pytest.approx(validation_score(result, {}), abs=1e-6)


@at_full_counts
def test_an_oracle_of_keras_tuner_goes_on_without_proposing_again_what_was_tried(tmp_path: Path) -> None:
    def resumed(trials: int) -> Result:
        oracle = keras_tuner.oracles.RandomSearchOracle(max_trials=4, seed=1)
        search = autoopt.Search(oracle=oracle, confirm=0)
        return tune(
            tmp_path, max_trials=trials, epochs=1, search=search, space=NARROW, project_name="mine", resume=True
        )  # fmt: skip

    resumed(2)
    result = resumed(4)

    assert [trial.number for trial in result.trials] == list(range(4))
    assert len({str(trial.hyperparameters) for trial in result.trials}) == 4


def test_trials_that_fail_are_kept_with_their_cause_and_the_search_goes_on(tmp_path: Path) -> None:
    chance = random.Random(0)

    def model_fn() -> keras.Model:
        if chance.random() < 0.4:
            raise OSError("the weather is bad")
        return toys.eager()

    while True:  # until the first of all builds, which is tried out beforehand, works
        try:
            result = tune(tmp_path, model_fn, max_trials=8, epochs=1, space=NARROW)
            break
        except ModelError:
            continue

    assert {trial.status for trial in result.trials} >= {"completed", "failed"}
    assert len(result.trials) == 8
    assert all("the weather is bad" in trial.error for trial in result.trials if trial.status == "failed")
    log = (result.run_dir / "log.txt").read_text()
    assert log.count("OSError: the weather is bad") >= sum(
        trial.status == "failed" for trial in result.trials
    )
    assert "Traceback (most recent call last)" in log
    assert result.best_score == max(trial.score for trial in result.trials if trial.score is not None)


def test_trials_whose_loss_is_no_number_fail_and_never_win(tmp_path: Path) -> None:
    space = dataclasses.replace(NARROW, optimizer=axes.Optimizer(["sgd"], learning_rate=(1e-3, 1e30)))
    search = autoopt.Search(confirm=0, start=[{"optimizer/name": "sgd", "optimizer/learning_rate": 1e30}])
    result = tune(tmp_path, toys.regressor, toys.line(), space=space, search=search, epochs=3)

    assert [trial.status for trial in result.trials] == ["completed", "failed"]
    assert result.trials[1].note.startswith("The loss became ")
    assert result.best_trial.number == 0


def test_a_search_without_a_model_to_return_says_why(tmp_path: Path) -> None:
    def broken() -> keras.Model:
        return toys.regressor(keras.optimizers.SGD(1e30))

    space = autoopt.Space(
        **dict.fromkeys(["structure", "initialization", "regularization", "optimizer"], False)
    )
    with pytest.raises(SearchError, match=r"(?s)^The loss became.*no trial ended with a model"):
        tune(tmp_path, broken, toys.line(), max_trials=2, epochs=3, space=space)


def test_a_callback_that_sets_the_rate_closes_the_schedules_and_that_is_said(tmp_path: Path) -> None:
    lower = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 * rate)
    result = tune(tmp_path, callbacks=[lower], search=PLAIN)
    notes = json.loads((result.run_dir / "run.json").read_text())["notes"]

    assert {trial.status for trial in result.trials} == {"completed"}
    assert "No schedule is searched: your callback LearningRateScheduler sets the learning rate." in notes


def test_an_oracle_that_refuses_the_space_is_refused(tmp_path: Path) -> None:
    own = keras_tuner.HyperParameters()
    own.Choice("optimizer/name", ["adam", "sgd"])
    oracle = keras_tuner.oracles.RandomSearchOracle(hyperparameters=own, allow_new_entries=False)

    with pytest.raises(UsageError, match="RandomSearchOracle that refuses hyperparameters"):
        tune(tmp_path, search=autoopt.Search(oracle=oracle))


def test_a_user_metric_is_an_objective(tmp_path: Path) -> None:
    def model_fn() -> keras.Model:
        return toys.regressor("adam")

    result = tune(tmp_path, model_fn, toys.line(), objective="val_mae", max_trials=1)

    assert result.objective.direction == "min"
    assert result.best_score == min(result.trials[0].history["val_mae"])


def test_a_resumed_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    whole = tune(tmp_path, max_trials=3, epochs=1, space=NARROW, project_name="whole")
    tune(tmp_path, max_trials=1, epochs=1, space=NARROW, project_name="halves")
    halves = tune(
        tmp_path, max_trials=3, epochs=1, space=NARROW, project_name="halves", resume=True, seed=None
    )

    assert table(halves) == table(whole)
    assert halves.best_score == whole.best_score
    assert halves.best_score == pytest.approx(validation_score(halves, {}), abs=1e-6)


@at_full_counts  # tests/test_resuming.py looks at a finished run
def test_a_resumed_run_that_has_all_its_trials_only_hands_over(tmp_path: Path) -> None:
    first = tune(tmp_path, max_trials=2, project_name="done")
    again = tune(tmp_path, max_trials=2, project_name="done", resume=True)

    assert table(again) == table(first)
    assert again.best_score == first.best_score


def test_a_trial_that_was_interrupted_is_run_again_under_its_number(tmp_path: Path) -> None:
    class Quit(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(tmp_path, project_name="torn", callbacks=lambda trial: [Quit()] if trial.number == 1 else [])
    result = tune(tmp_path, project_name="torn", resume=True, max_trials=3)

    assert [(trial.number, trial.status) for trial in result.trials] == [
        (0, "completed"),
        (1, "completed"),
        (2, "completed"),
    ]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was begun, for calls that are refused before they change it."""
    folder = tmp_path_factory.mktemp("begun")
    tune(folder, max_trials=1, project_name="mine")
    return folder


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 99}, "seed was given 99, but the run .* was begun with 5"),
        (
            {"space": autoopt.Space(fix={"batch_size": 32})},
            "fix was given {'batch_size': 32}, but the run .* with {}",
        ),
        ({"objective": "val_loss"}, "objective was given 'val_loss'"),
    ],
)
def test_a_resumed_run_compares_what_it_compared_before(changes: Any, message: str, begun: Path) -> None:
    with pytest.raises(RunError, match=message):
        tune(begun, max_trials=2, project_name="mine", resume=True, **changes)


@pytest.mark.parametrize("resume", [False, True])
def test_a_new_run_replaces_the_logs_of_one_of_its_name_that_was_removed(
    tmp_path: Path, resume: bool
) -> None:
    sink = TensorBoard(tmp_path / "logs" / "mine")
    sink(TrialEnded(Trial(3, "completed", 0.5, {}, {}, 0, 0.0, 1.0)))
    sink.close()
    tune(tmp_path, max_trials=1, project_name="mine", epochs=1, space=NARROW, resume=resume)
    assert [path.name for path in (tmp_path / "logs" / "mine").glob("trial-*")] == ["trial-0000"]


def test_a_run_that_goes_on_keeps_its_logs(tmp_path: Path) -> None:
    tune(tmp_path, max_trials=1, project_name="mine", epochs=1, space=NARROW)
    tune(tmp_path, max_trials=2, project_name="mine", epochs=1, space=NARROW, resume=True)
    trials = sorted(path.name for path in (tmp_path / "logs" / "mine").glob("trial-*"))
    assert trials == ["trial-0000", "trial-0001"]


def test_overwrite_replaces_the_run_and_its_logs(tmp_path: Path) -> None:
    tune(tmp_path, max_trials=2, project_name="mine", epochs=1, space=NARROW)
    result = tune(tmp_path, max_trials=1, project_name="mine", epochs=1, space=NARROW, resume="overwrite")

    assert len(result.trials) == 1
    assert [path.name for path in (tmp_path / "logs" / "mine").glob("trial-*")] == ["trial-0000"]


def test_a_first_interrupt_returns_the_best_so_far(tmp_path: Path) -> None:
    class Interrupt(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            signal.raise_signal(signal.SIGINT)

    result = tune(
        tmp_path, max_trials=9, epochs=3, callbacks=lambda trial: [Interrupt()] if trial.number == 1 else []
    )  # fmt: skip

    assert [trial.status for trial in result.trials] == ["completed", "pruned"]
    assert result.reason == "interrupted"
    assert result.confirmed is None
    assert result.best_score == pytest.approx(validation_score(result, {}), abs=1e-6)


def world() -> dict[str, Any]:
    """Return the state of the process that a call must leave alone."""
    return {
        "python": random.getstate(),
        "numpy": [str(part) for part in np.random.get_state()],
        "policy": keras.config.dtype_policy().name,
        "floatx": keras.config.floatx(),
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "root": (logging.getLogger().level, list(logging.getLogger().handlers)),
        "ours": (logging.getLogger("autoopt").level, list(logging.getLogger("autoopt").handlers)),
        "filters of handlers": [list(handler.filters) for handler in logging.getLogger().handlers],
        "optuna": (optuna.logging.get_verbosity(), list(logging.getLogger("optuna").handlers)),
        "filters": list(__import__("warnings").filters),
    }


def test_nothing_of_the_process_changes(tmp_path: Path) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    before = world()
    tune(tmp_path, max_trials=3, epochs=1, space=NARROW, search=autoopt.Search(confirm=1, confirm_repeats=1))

    after = world()
    assert {name: after[name] for name in before if after[name] != before[name]} == {}


def test_nothing_of_the_process_changes_when_a_call_is_refused(tmp_path: Path) -> None:
    before = world()
    with pytest.raises(UsageError):
        tune(tmp_path, objective="val_acuracy")

    assert world() == before


def test_callbacks_of_the_user_are_left_as_they_were(tmp_path: Path) -> None:
    stop = keras.callbacks.EarlyStopping("val_loss", patience=3)
    given = [stop]
    before = {name: value for name, value in vars(stop).items()}
    tune(tmp_path, callbacks=given, max_trials=1)

    assert given == [stop] and vars(stop) == before


@at_full_counts
def test_class_weights_along_with_sample_weights_train_as_their_product(tmp_path: Path) -> None:
    x, y = toys.digits(120)
    own = np.linspace(0, 2, 120)
    product = (x, y, own * np.where(y == 1, 3.0, 1.0))
    runs = [
        tune(tmp_path, data=(x, y, own), class_weight={1: 3.0}, max_trials=1),
        tune(tmp_path, data=product, max_trials=1),
    ]

    losses = [run.trials[0].history["loss"] for run in runs]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)


def test_nothing_in_a_run_is_a_pickle(run: Result) -> None:
    for path in run.run_dir.rglob("*"):
        if path.is_file():
            assert path.suffix in {".json", ".lock", ".log", ".npz", ".keras", ".txt"}
            assert not path.read_bytes().startswith(b"\x80")
    assert math.isfinite(run.best_score)
