"""Importance: which hyperparameters mattered, read from the journal of a run."""

import json
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pytest
from click.testing import CliRunner

import autoopt
from autoopt.cli import main
from autoopt.errors import RunError, UsageError
from autoopt.hyperparameters import AskingHyperParameters, ranged
from autoopt.records import Objective, Trial
from autoopt.storage import EVALUATORS, Journal, RunFolder

OBJECTIVE = Objective("val_loss", "min")


def draw(hp: Any) -> dict[str, Any]:
    """Ask for a rate whose range follows the algorithm, a number that one algorithm has, and two that do nothing."""
    name = hp.Choice("optimizer/name", ["sgd", "adam"])
    low = 1e-3 if name == "sgd" else 1e-4
    ranged(hp, "optimizer/learning_rate", (low, 100 * low, 10 * low), (1e-4, 0.1, 1e-3))
    with hp.conditional_scope("optimizer/name", ["sgd"]):
        hp.Float("optimizer/momentum", 0.5, 0.99)
    with hp.conditional_scope("optimizer/name", ["sgd"]):
        hp.Float("noise", 0.0, 1.0)
    with hp.conditional_scope("optimizer/name", ["adam"]):
        hp.Float("noise", 0.0, 2.0)
    return dict(hp.values)


def run_of(score: Any, trials: int = 60, folder: str = "run") -> Path:
    """Write a run whose trials are drawn at random, and scored by a function of their values."""
    path = Path(folder)
    path.mkdir()
    space = keras_tuner.HyperParameters().get_config()
    RunFolder(path).write("run", {"objective": vars(OBJECTIVE), "space": space, "defaults": {}})
    import optuna

    journal = Journal(path / "journal.log", OBJECTIVE, optuna.samplers.RandomSampler(seed=0))
    for _ in range(trials):
        number = journal.open()
        hp = AskingHyperParameters(lambda known, number=number: journal.suggest(number, known))
        draw(hp)
        status = "pruned" if number % 3 else "completed"
        values = dict(hp.values)
        reached = score(values, journal.positions(number))
        journal.report(number, 0, reached)
        journal.close(Trial(number, status, reached, values, {"val_loss": [reached]}, 0, 0.0, 1.0))
    return path


def place(values: Any, positions: Any) -> float:
    """A score that the rate's place in its range decides."""
    return float((next(iter(positions.values())) - 0.6) ** 2)


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a run of 60 trials that the rate's place decides."""
    return autoopt.load(run_of(place, folder=str(tmp_path_factory.mktemp("decided") / "run")))


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_what_decides_everything_comes_first_under_the_name_that_users_know(
    decided: Any, evaluator: str
) -> None:
    found = decided.importance(evaluator)
    assert found.hyperparameter[0] == "optimizer/learning_rate"
    assert found.importance[0] > 0.5
    assert set(found.hyperparameter) == {
        "optimizer/learning_rate", "optimizer/name", "optimizer/momentum", "noise",
    }  # fmt: skip


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_importances_are_1_together_sorted_and_the_same_each_time(decided: Any, evaluator: str) -> None:
    found = decided.importance(evaluator, seed=3)
    assert np.isclose(found.importance.sum(), 1.0)
    assert found.importance.is_monotonic_decreasing and (found.importance >= 0).all()
    assert found.equals(decided.importance(evaluator, seed=3))


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_a_choice_that_decides_everything_comes_first(evaluator: str) -> None:
    found = autoopt.load(run_of(lambda values, _: float(values["optimizer/name"] == "sgd")))
    assert found.importance(evaluator).hyperparameter[0] == "optimizer/name"


def test_a_conditional_hyperparameter_is_counted_where_it_was_active(decided: Any) -> None:
    found = decided.importance().set_index("hyperparameter")
    active = sum(trial.hyperparameters["optimizer/name"] == "sgd" for trial in decided.trials)
    assert found.trials["optimizer/momentum"] == active < 60
    assert found.trials["noise"] == 60


@pytest.mark.parametrize(
    ("trials", "message"), [(9, "has 9 trials with a score: not enough"), (12, "all of them the same")]
)
def test_a_run_that_cannot_tell_says_how_many_trials_it_takes(trials: int, message: str) -> None:
    run = run_of(lambda values, _: 1.0 if trials > 9 else values["noise"], trials)
    with pytest.raises(RunError, match=message) as raised:
        autoopt.load(run).importance()
    assert "at least 10" in str(raised.value)


def test_an_unknown_evaluator_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'fanova'"):
        autoopt.load(run_of(place, 2)).importance("fanov")


def test_the_command_prints_the_same_table(decided: Any) -> None:
    run = decided.run_dir
    told = CliRunner().invoke(main, ["importance", str(run)])
    assert told.exit_code == 0 and told.output.splitlines()[0].split() == [
        "hyperparameter",
        "importance",
        "trials",
    ]
    assert told.output.splitlines()[1].startswith("optimizer/learning_rate")
    listed = json.loads(CliRunner().invoke(main, ["importance", str(run), "--json"]).output)
    assert [row["hyperparameter"] for row in listed] == list(decided.importance().hyperparameter)
    few = CliRunner().invoke(main, ["importance", str(run_of(place, 3, "few"))])
    assert few.exit_code == 2 and "has 3 trials with a score" in few.output
