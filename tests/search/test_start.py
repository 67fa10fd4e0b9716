"""Starting points: mappings, and what KerasTuner keeps of a search."""

import json
import re
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import pytest

import autoopt
from autoopt.errors import SpaceError, UsageError
from autoopt.search import Search, starting_points
from tests import toys


def space() -> keras_tuner.HyperParameters:
    hp = keras_tuner.HyperParameters()
    hp.Int("units", 8, 64, step=8)
    hp.Choice("optimizer/name", ["adam", "sgd"])
    hp.Float("optimizer/learning_rate", 1e-4, 0.1, sampling="log")
    hp.Choice("batch_size", [16, 32])
    return hp


def of_another_model() -> keras_tuner.HyperParameters:
    hp = keras_tuner.HyperParameters()
    hp.Int("layers", 1, 3)
    return hp


def project(
    folder: Path,
    hp: keras_tuner.HyperParameters,
    trials: list[tuple[dict[str, Any], float | None]],
    objective: str = "val_accuracy",
) -> Path:
    """Leave what a KerasTuner search leaves: some trials, each with its values and its score."""
    direction = "max" if objective == "val_accuracy" else "min"
    oracle = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective(objective, direction), max_trials=len(trials), hyperparameters=hp, seed=1
    )
    oracle.verbose = 0
    oracle._set_project_dir(str(folder), "project")
    for values, score in trials:
        trial = oracle.create_trial("tuner0")
        trial.hyperparameters.values = values
        trial.status = "FAILED" if score is None else "COMPLETED"
        if score is not None:
            for step, metric in enumerate((score / 2, score) if direction == "max" else (score * 2, score)):
                oracle.update_trial(trial.trial_id, {"loss": 1 / score, objective: metric}, step=step)
        oracle.end_trial(trial)
    oracle.save()
    return folder / "project"


def points(given: Any) -> Any:
    return starting_points(given, space())[0]


@pytest.mark.parametrize("objective", ["val_accuracy", "val_loss"])
def test_the_best_completed_trials_of_a_project_are_points_best_first(objective: str, tmp_path: Path) -> None:
    scores = [(16, 0.5), (24, None), (32, 0.9), (40, 0.1), (48, 0.7), (56, 0.6), (64, 0.8), (8, 0.2)]
    made = project(tmp_path, space(), [({"units": n}, score) for n, score in scores], objective)

    best = [32, 64, 48, 56, 16] if objective == "val_accuracy" else [40, 8, 16, 56, 48]
    assert [point["units"] for point in points(made)] == best


def test_each_file_that_keras_tuner_writes_is_a_point(tmp_path: Path) -> None:
    values = {"units": 24, "optimizer/name": "sgd", "optimizer/learning_rate": 0.05, "batch_size": 16}
    hp = space()
    hp.values = values
    bare = tmp_path / "hp.json"
    bare.write_text(json.dumps(hp.get_config()))
    made = project(tmp_path, hp, [(values, 0.5)])

    assert points(bare) == points([str(bare)]) == points(hp) == points([hp]) == (values,)
    assert (
        points(made / "oracle.json") == points(made / "trial_0" / "trial.json") == points(made) == (values,)
    )


def test_what_does_not_fit_is_left_out_and_said(tmp_path: Path) -> None:
    values = {"layers": 2, "units": 12.5, "optimizer/name": "nadam", "batch_size": 16, "tuner/epochs": 2}
    made = project(tmp_path, of_another_model(), [(values, 0.5), ({**values, "batch_size": 32}, 0.6)])
    found, notes = starting_points([{"units": 16}, made], space())

    assert found == ({"units": 16}, {"batch_size": 32}, {"batch_size": 16})
    assert notes == [
        f"Of {made} as starting points this is left out: 'layers', which this search does not have; "
        "units = 12.5, optimizer/name = 'nadam', which is outside of its range."
    ]


def test_values_between_two_choices_do_not_fit() -> None:
    hp = keras_tuner.HyperParameters()
    hp.values = {"batch_size": 24, "units": 16}

    assert points(hp) == ({"units": 16},)


def test_equal_points_are_one_point(tmp_path: Path) -> None:
    trials = [({"layers": 1, "units": 16}, 0.5), ({"layers": 2, "units": 16}, 0.6)]
    made = project(tmp_path, of_another_model(), trials)

    assert points([{"units": 16}, made]) == ({"units": 16},)


def test_a_project_of_which_nothing_fits_is_refused_with_the_nearest_names(tmp_path: Path) -> None:
    made = project(tmp_path, of_another_model(), [({"unitz": 3}, 0.5)])

    with pytest.raises(
        SpaceError, match=r"of which nothing fits: it has 'unitz', 'layers', which .*Did you mean 'units'"
    ):
        points(made)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"unit": 8}, "start names 'unit', which this search does not have. Did you mean 'units'"),
        ({"units": 100}, "units was given 100, which is outside of its range"),
    ],
)
def test_a_mapping_has_to_fit(point: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        points([point])


WRONG = {
    "nothing.json": (None, "which is not there.*Did you mean 'nothing_else.json'"),
    "text.json": ("units: 3", "which cannot be read. It is no JSON: .*trial.json, oracle.json"),
    "list.json": ("[1, 2]", "which holds no hyperparameters. Expected a JSON that KerasTuner wrote"),
    "other.json": ('{"values": 3}', "which holds no hyperparameters"),
    "empty.json": ('{"space": [], "values": {}}', "nothing fits: it has no values"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_keras_tuner_did_not_write_is_refused(name: str, tmp_path: Path) -> None:
    content, message = WRONG[name]
    (tmp_path / "nothing_else.json").write_text("{}")
    if content is not None:
        (tmp_path / name).write_text(content)

    with pytest.raises(SpaceError, match=re.compile(message, re.DOTALL)):
        points(tmp_path / name)


def test_a_folder_of_projects_is_refused_with_their_names(tmp_path: Path) -> None:
    project(tmp_path, space(), [({"units": 16}, 0.5)])

    with pytest.raises(
        SpaceError, match=r"no completed trial_\*/trial.json. Projects in it: project. Expected"
    ):
        points(tmp_path)


@pytest.mark.parametrize("start", [{"a": 1}, 3, [3], None])
def test_what_is_no_starting_point_is_refused(start: Any) -> None:
    with pytest.raises(UsageError, match="Expected a list of points, each a mapping of names to values"):
        Search(start=start)


def test_a_search_goes_on_from_a_project_of_the_same_model_function(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def model_fn(hp: keras_tuner.HyperParameters) -> keras.Model:
        return toys.compiled(units=hp.Int("units", 4, 16), run_eagerly=True)

    hp = keras_tuner.HyperParameters()
    hp.Int("units", 4, 16)
    hp.Float("decay", 0.1, 0.9)
    made = project(tmp_path, hp, [({"units": 12, "decay": 0.5}, 0.9)])
    result = autoopt.tune(
        model_fn, toys.digits(60), epochs=1, max_trials=2, seed=0, directory=tmp_path / "runs",
        logdir=tmp_path / "logs", search=Search(start=made, confirm=0),
    )  # fmt: skip

    assert [trial.hyperparameters["units"] for trial in result.trials] == [4, 12]
    assert f"Of {made} as starting points this is left out: 'decay', which" in capsys.readouterr().out
