"""`tune` with several objectives: the front is kept, its knee is handed over, and what knows no front is refused."""

import contextlib
import functools
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import optuna
import pytest

import autoopt
from autoopt import Constraints, Result, Search, axes
from autoopt.errors import RunError, UsageError
from autoopt.front import front
from autoopt.reports import outcome
from tests import toys
from tests.counts import at_full_counts

NARROW = autoopt.Space(structure=axes.Structure(width=(0.5, 1.0, 2.0), extra_depth=0))
GOALS = ["parameters", "val_loss"]
HALF = {"structure/dense/width": 0.5}
"""The smallest net of the space: it is on every front that it is tried for."""

WRITTEN = (64 + 1) * 8 + (8 + 1) * 10
CONFIRMED = Search(confirm=2, confirm_repeats=1, start=[HALF])


def searched(folder: Path, model_fn: Any = toys.eager, **rest: Any) -> Result:
    given = {
        "objective": GOALS, "epochs": 1, "max_trials": 5, "seed": 0, "verbose": 0, "space": NARROW,
        "search": Search(confirm=0), "directory": folder / "runs", "logdir": folder / "logs",
    }  # fmt: skip
    return autoopt.tune(model_fn, toys.digits(60), **{**given, **rest})


@pytest.fixture
def tune(tmp_path: Path) -> Any:
    return functools.partial(searched, tmp_path)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, str]:
    """A search for a small and good net with confirmation, read back from disk, and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = searched(tmp_path_factory.mktemp("pareto"), verbose=1, search=CONFIRMED)
    return autoopt.load(result.run_dir), printed.getvalue()


def counted(result: Result, number: int) -> int:
    values = dict(result.trials[number].hyperparameters)
    return int(autoopt.AutoHyperModel(toys.eager).build(toys.asking(values)).count_params())


def kept(result: Result) -> list[int]:
    return [int(path.name[6:10]) for path in sorted((result.run_dir / "weights").iterdir())]


def test_each_trial_has_a_value_of_each_objective(found: Any) -> None:
    result, _ = found

    assert [each.name for each in result.objectives] == ["val_loss", "parameters"]
    assert result.objective == result.objectives[0]
    for trial in result.trials:
        assert trial.scores == {"val_loss": trial.score, "parameters": counted(result, trial.number)}


def test_the_front_is_told_with_the_winner_first_and_its_weights_are_kept(found: Any) -> None:
    result, _ = found
    on_front = [trial.number for trial in front(result.trials, result.objectives)]
    pareto = result.pareto()

    assert 1 < len(on_front) < len(result.trials)
    assert sorted(pareto["trial"]) == on_front
    assert kept(result) == sorted({0, *on_front}), "the user's own model is confirmed as well"
    assert pareto["trial"][0] == result.best_trial.number == result.front[0].number
    assert list(pareto)[:3] == ["trial", "val_loss", "parameters"] and "batch_size" in pareto


def test_the_winner_is_a_confirmed_member_of_the_front_and_its_model_is_handed_over(found: Any) -> None:
    result, _ = found

    assert result.confirmed is not None and result.confirmed.n == 1
    assert result.best_model.count_params() == result.best_trial.scores["parameters"]
    assert result.best_score == pytest.approx(result.best_trial.score, rel=1e-5)


def test_the_leaderboard_begins_with_the_front(found: Any) -> None:
    board = found[0].leaderboard()
    on_front = list(board["front"])

    assert on_front == sorted(on_front, reverse=True) and len(board) == 5
    assert set(board["trial"][: sum(on_front)]) == set(found[0].pareto()["trial"])
    assert "parameters" in board


def test_what_is_printed_names_the_trade_off_and_the_knee(found: Any) -> None:
    result, printed = found
    lines = outcome(result.summary())

    assert "for the best trade-off of val_loss (min) and parameters (min)." in printed
    assert "with several objectives none is hopeless for one of them alone" in printed
    assert any(line.endswith("on the front") for line in printed.splitlines())
    assert f"Front: {len(result.front)} trials" in lines
    assert [line.split()[0] for line in lines if line.endswith("the knee")] == [str(result.best_trial.number)]


def test_equal_seeds_propose_the_same(found: Any, tune: Any) -> None:
    again = tune(search=replace(CONFIRMED, confirm=0), max_trials=3)

    assert [(t.hyperparameters, t.scores) for t in again.trials] == [
        (t.hyperparameters, t.scores) for t in found[0].trials[:3]
    ]


def test_the_journal_is_a_study_of_both_directions(found: Any) -> None:
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(found[0].run_dir / "journal.log"))
    )
    study = optuna.load_study(study_name="autoopt", storage=storage)

    assert [each.name for each in study.directions] == ["MINIMIZE", "MINIMIZE"]
    assert {t.number for t in study.best_trials} >= set(found[0].pareto()["trial"])


def test_clocks_are_objectives_too_and_executions_are_averaged(tune: Any) -> None:
    goals = ["val_accuracy", "latency", "seconds_per_epoch", "val_loss"]
    result = tune(objective=goals, max_trials=2, search=Search(confirm=0, executions_per_trial=2))

    for trial in result.trials:
        assert list(trial.scores) == goals and trial.scores["val_accuracy"] == trial.score
        assert 0.0 < trial.scores["latency"] < 5_000 and trial.scores["seconds_per_epoch"] > 0.0
        assert trial.scores["val_loss"] != trial.reached("val_loss")


def test_what_is_over_a_limit_is_on_no_front(tune: Any) -> None:
    result = tune(constraints=Constraints(max_params=WRITTEN - 1), max_trials=3)

    assert result.trials[0].excess and 0 not in list(result.pareto()["trial"])
    assert (result.pareto()["parameters"] < WRITTEN).all()


@at_full_counts
def test_a_run_goes_on_with_the_same_objectives_alone(tune: Any) -> None:
    first = tune(max_trials=2, project_name="mine").trials
    with pytest.raises(RunError, match=r"objective was given \[\('val_loss', 'min'\)\], but the run"):
        tune(objective="val_loss", max_trials=3, project_name="mine", resume=True)
    again = tune(objective=GOALS[::-1], max_trials=4, project_name="mine", resume=True)

    assert again.trials[:2] == first and len(again.trials) == 4
    assert kept(again) == sorted(again.pareto()["trial"])


def test_a_run_of_one_objective_goes_on_with_no_second(tune: Any) -> None:
    one = tune(objective=["val_loss"], max_trials=1, project_name="mine")

    assert one.objectives == (one.objective,) and list(one.pareto()["trial"]) == [0]
    assert "others" not in (one.run_dir / "run.json").read_text()
    assert '"scores"' not in (one.run_dir / "journal.log").read_text()
    with pytest.raises(RunError, match=r"begun with \[\('val_loss', 'min'\)\]"):
        tune(max_trials=2, project_name="mine", resume=True)


REFUSED: dict[str, tuple[Any, str]] = {
    "oracle": (
        Search(oracle=keras_tuner.oracles.RandomSearchOracle(max_trials=2)),
        "oracle was given RandomSearchOracle for the objectives val_loss and parameters.*a sum of objectives",
    ),
    "pruner": (Search(pruner=optuna.pruners.MedianPruner()), "pruner was given MedianPruner.*by one number"),
    "sampler": (
        Search(sampler=optuna.samplers.CmaEsSampler()),
        "sampler was given CmaEsSampler.*NSGAIISampler",
    ),
}


@pytest.mark.parametrize("part", REFUSED)
def test_what_knows_no_front_is_refused_before_the_search(part: str, tune: Any, tmp_path: Path) -> None:
    search, message = REFUSED[part]
    with pytest.raises(UsageError, match=message):
        tune(search=search)
    assert not (tmp_path / "runs").exists()


def test_two_scores_that_the_model_lacks_are_refused(tune: Any) -> None:
    with pytest.raises(UsageError, match="'val_f1' and 'val_auc', none of which the model reports"):
        tune(objective=["val_f1", "val_auc", "parameters"])


def test_a_score_that_the_model_lacks_is_measured_as_one_of_several(tune: Any) -> None:
    result = tune(objective=["val_accuracy", "val_f1"], max_trials=1)

    assert result.trials[0].scores["val_f1"] == result.trials[0].history["val_f1"][0]


@at_full_counts
def test_a_sampler_of_optuna_for_several_objectives_is_used(tune: Any) -> None:
    sampler, pruner = optuna.samplers.NSGAIISampler(seed=0), optuna.pruners.NopPruner()
    result = tune(search=Search(sampler=sampler, pruner=pruner, confirm=0), max_trials=3)

    assert len(result.trials) == 3 and len(result.pareto())


class Own(keras_tuner.HyperModel):  # type: ignore[misc]
    """Trains by a fit of its own."""

    def build(self, hp: Any) -> keras.Model:
        return toys.eager()

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return model.fit(*args, **{**kwargs, "verbose": 0})


def test_a_trial_without_a_value_of_an_objective_has_failed_and_says_so(tune: Any) -> None:
    with pytest.raises(autoopt.errors.SearchError, match=r"no finite value of it.*Did you mean 'val_loss'"):
        tune(model_fn=Own(), objective=["val_accuracy", ("val_los", "min")], max_trials=3)


@at_full_counts
def test_a_tuner_hands_out_the_front_with_its_knee_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(hp: Any) -> keras.Model:
        return toys.compiled(units=hp.Int("units", 2, 16, default=8), run_eagerly=True)

    tuner = autoopt.Tuner(build, objective=GOALS, max_trials=4, seed=0, directory=tmp_path)
    tuner.search(*toys.digits(60), epochs=1, verbose=0)
    sizes = [model.count_params() for model in tuner.get_best_models(10)]

    assert sizes[: len(tuner.result.front)] == list(tuner.result.pareto()["parameters"])
    capsys.readouterr()
    tuner.results_summary(1)
    lines = capsys.readouterr().out.splitlines()
    assert (
        'Objective(name="parameters", direction="min")' in lines and lines[-1] == f"parameters: {sizes[0]}.0"
    )
