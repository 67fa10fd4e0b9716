"""What is not active in a trial is nowhere: not in its record, the tables, the logs, nor the sampler's model."""

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend, JournalStorage
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.plugins.hparams import plugin_data_pb2

import autoopt
from autoopt.reports import trials_table
from autoopt.storage import unpositioned
from tests import toys

OWN = {"adam": None, "momentum": "optimizer/momentum", "adamw": "optimizer/weight_decay", "gd": None}
"""Each algorithm to the name that it alone has."""

POINTS = [{"optimizer/name": name} for name in OWN if name != "adam"]


def inactive(algorithm: str) -> set[str]:
    """Return the names that a trial of an algorithm must not have."""
    others = {name for name in OWN.values() if name not in (None, OWN[algorithm])}
    return others | ({"batch_size"} if algorithm == "gd" else set())


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> autoopt.Result:
    """Return a search that tries four algorithms, of which each has names of its own."""
    folder = tmp_path_factory.mktemp("conditional")
    return autoopt.tune(
        toys.eager, toys.digits(120), epochs=1, max_trials=4, seed=0, verbose=0, directory=folder / "runs",
        project_name="mine", logdir=folder / "logs", search=autoopt.Search(confirm=0, start=POINTS),
        space=autoopt.Space(structure=False, optimizer=autoopt.axes.Optimizer(list(OWN))),
    )  # fmt: skip


def each(result: autoopt.Result) -> dict[str, autoopt.Trial]:
    found = {trial.hyperparameters["optimizer/name"]: trial for trial in result.trials}
    assert list(found) == list(OWN)
    return found


def hparams(folder: Path) -> dict[str, Any]:
    """Return the hyperparameters in a trial's TensorBoard session."""
    found: dict[str, Any] = {}
    for path in folder.glob("*tfevents*"):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                content = value.metadata.plugin_data.content
                found |= plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    return found


@pytest.mark.parametrize("algorithm", OWN)
def test_the_record_of_a_trial_has_what_is_active(result: autoopt.Result, algorithm: str) -> None:
    names = set(each(result)[algorithm].hyperparameters)

    assert not names & inactive(algorithm)
    assert OWN[algorithm] is None or OWN[algorithm] in names


@pytest.mark.parametrize("algorithm", OWN)
def test_the_sampler_s_model_has_what_is_active(result: autoopt.Result, algorithm: str) -> None:
    storage = JournalStorage(JournalFileBackend(str(result.run_dir / "journal.log")))
    study = optuna.load_study(study_name="autoopt", storage=storage)
    trial = each(result)[algorithm]

    asked = set(map(unpositioned, study.trials[trial.number].params))
    assert asked == set(trial.hyperparameters)


@pytest.mark.parametrize("algorithm", OWN)
def test_the_table_of_trials_has_what_is_active(result: autoopt.Result, algorithm: str) -> None:
    text = "\n".join(trials_table([each(result)[algorithm]], result.trials, "val_accuracy"))

    assert not [name for name in inactive(algorithm) if name in text]


@pytest.mark.parametrize("algorithm", OWN)
def test_the_leaderboard_is_empty_where_something_is_not_active(
    result: autoopt.Result, algorithm: str
) -> None:
    board = result.leaderboard().set_index("trial")
    row = board.loc[each(result)[algorithm].number]

    assert all(row[list(inactive(algorithm))].isna())


@pytest.mark.parametrize("algorithm", OWN)
def test_tensorboard_has_what_is_active(result: autoopt.Result, algorithm: str) -> None:
    trial = each(result)[algorithm]
    folder = result.run_dir.parent.parent / "logs" / "mine" / f"trial-{trial.number:04d}"

    assert set(hparams(folder)) == set(trial.hyperparameters)
