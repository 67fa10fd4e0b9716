"""A run that goes on does so on the very rows of its first session, says what has changed, and loses nothing."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from sklearn.model_selection import KFold

import autoopt
from autoopt import storage
from autoopt.asked import versions
from autoopt.checks import trains_likewise
from autoopt.data import Dataset
from autoopt.errors import RunError
from autoopt.fingerprints import Fingerprint
from autoopt.records import Trial
from autoopt.resuming import Earlier, Now, earlier
from autoopt.search import Partitions, Search
from tests import toys
from tests.counts import at_full_counts

X, Y = np.zeros((60, 1)), np.arange(60) % 2


def data(cv: Any = None, test_data: Any = None, **rest: Any) -> Dataset:
    made = Dataset.of((X, Y), test_data=test_data, seed=rest.pop("seed", 0), **rest)
    return made if cv is None else Partitions(made, cv, 0).noted()


def begun(folder: Path, dataset: Dataset, **asked: Any) -> storage.RunFolder:
    made = storage.create(folder, "one", False)
    made.write("run", {"rows": [dataset.train.n, dataset.validation.n], **asked})
    assert dataset.split is not None
    made.save_split(dataset.split.arrays())
    return made


@pytest.mark.parametrize("cv", [None, 3, KFold(3)], ids=["one cut", "a number", "a splitter"])
def test_a_run_goes_on_with_what_it_was_begun_with(cv: Any, tmp_path: Path) -> None:
    trains_likewise(
        begun(tmp_path, data(cv), executions_per_trial=2), True, data(cv), Search(executions_per_trial=2)
    )


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({}, {"seed": 1}),
        ({"cv": KFold(3)}, {"cv": KFold(3, shuffle=True, random_state=0)}),
        ({"cv": 3}, {"cv": KFold(3)}),
    ],
    ids=["another cut", "folds in another order", "folds by another rule"],
)
def test_as_many_rows_that_are_others_are_refused(
    first: dict[str, Any], then: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(
        RunError, match=r"other rows in its part .* Expected the rows of the run\. Pass the data"
    ):
        trains_likewise(begun(tmp_path, data(**first)), True, data(**then), Search())


def test_other_executions_are_refused_and_named(tmp_path: Path) -> None:
    folder = begun(tmp_path, data(), executions_per_trial=3)
    with pytest.raises(RunError, match=r"executions_per_trial was given 1, .* was begun with 3: .* Pass 3"):
        trains_likewise(folder, True, data(), Search())
    trains_likewise(folder, "overwrite", data(), Search())


def test_what_an_older_version_did_not_write_down_is_not_compared(tmp_path: Path) -> None:
    folder = storage.create(tmp_path, "old", False)
    folder.write("run", {"seed": 0})
    trains_likewise(folder, True, data(3), Search(executions_per_trial=2))


PRINTS = {"train": "t", "validation": "v", "test": "", "code": "c", "model": "m"}


def now(max_trials: int | None = None, budget: float | None = None, weight: Any = None, span: float = 1.0,
        **prints: str) -> Now:  # fmt: skip
    space = keras_tuner.HyperParameters()
    space.Float("regularization/dropout", 0.0, span)
    return Now(Fingerprint(**{**PRINTS, **prints}), space, weight, max_trials, budget)


def ended(number: int, finished: float = 20.0) -> Trial:
    return Trial(number, "completed", 0.5, {}, {"val_loss": [0.5]}, 0, 10.0, finished)


def session(folder: storage.RunFolder, asked: Now, trials: int, **rest: Any) -> Earlier:
    """Begin a session on top of some trials, as it writes itself down."""
    found = earlier(folder, [ended(number) for number in range(trials)], asked)
    space = {"space": asked.space.get_config(), "versions": versions(), "backend": keras.backend.backend()}
    folder.write("run", {**space, **found.written, "began": 5.0, **rest})
    return found


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ({}, ""),
        ({"train": "other"}, "The train part holds other data"),
        ({"train": "other", "validation": "other"}, "The train and validation parts hold other data"),
        ({"code": "other"}, "code of your model function has changed, though not the model .* run again"),
        ({"span": 2.0}, "space has changed .*: another range: regularization/dropout"),
        ({"weight": {0: 2.0}}, r"class_weight is \{0: 2.0\} now, and was None before"),
    ],
)
def test_what_has_changed_is_said(then: dict[str, Any], words: str, tmp_path: Path) -> None:
    folder = storage.create(tmp_path, "one", False)
    session(folder, now(), 0)
    going_on, *notes = session(folder, now(**then), 3).notes

    assert going_on == "Going on: 3 trials have finished before, in 15.0 s."
    assert [bool(re.search(words, note)) for note in notes] == [True] * bool(words)


def test_other_versions_are_said(tmp_path: Path) -> None:
    folder = storage.create(tmp_path, "one", False)
    session(folder, now(), 0, versions={"keras": "3.0.0"}, backend="theano")
    notes = session(folder, now(), 1).notes
    assert re.search(r"keras 3\.0\.0 → [\d.]+, backend theano → \w+\.$", notes[-1])


def test_another_model_is_refused_but_not_where_another_keras_may_tell_it_otherwise(tmp_path: Path) -> None:
    folder = storage.create(tmp_path, "one", False)
    session(folder, now(), 0)
    with pytest.raises(
        RunError, match=r"model is another one than the run .* was begun with: .* Pass the model"
    ):
        session(folder, now(model="other"), 3)
    session(folder, now(), 3, versions={"keras": "3.0.0"})
    assert "keras 3.0.0" in session(folder, now(model="other"), 3).notes[-1]


def test_seconds_of_all_sessions_count_and_what_a_killed_one_lost_does_not(tmp_path: Path) -> None:
    folder = storage.create(tmp_path, "one", False)
    session(folder, now(), 0)  # began at 5 and was killed, its last trial ended at 20
    assert session(folder, now(), 3, began=100.0).spent == 15.0
    folder.write("result", {"ended": 107.0})
    found = session(folder, now(budget=22.0), 3)
    assert found.spent == 22.0
    assert found.notes[0] == "Going on: 3 trials have finished before, in 22.0 s, of a budget of 22 s."
    assert "Nothing is left to search: pass a larger max_trials" in found.notes[1]


def test_of_an_older_version_seconds_are_known_and_nothing_is_compared(tmp_path: Path) -> None:
    folder = storage.create(tmp_path, "one", False)
    folder.write("run", {"seed": 0})
    folder.write("result", {"seconds": 3.5})
    found = earlier(folder, [ended(0)], now())
    assert (found.spent, found.recoded, len(found.notes)) == (3.5, False, 1)


def run(folder: Path, trials: int, space: autoopt.Space | str = "auto", **options: Any) -> autoopt.Result:
    return autoopt.tune(
        toys.eager, toys.digits(60), epochs=1, max_trials=trials, seed=0, verbose=0, project_name="run", resume=True,
        directory=folder / "runs", logdir=folder / "logs", search=autoopt.Search(confirm=1, confirm_repeats=2),
        space=space, **options,
    )  # fmt: skip


class Counted(keras.callbacks.Callback):  # type: ignore[misc]
    """Counts the trainings that begin."""

    begun = 0

    def on_train_begin(self, logs: Any = None) -> None:
        Counted.begun += 1


def test_a_finished_run_is_what_it_was_and_more_is_just_a_larger_number(tmp_path: Path) -> None:
    first = run(tmp_path, 3, callbacks=[Counted()])
    trained = Counted.begun
    again = run(tmp_path, 3, callbacks=[Counted()])

    assert Counted.begun == trained
    assert (again.best_score, again.confirmed, again.trials) == (
        first.best_score,
        first.confirmed,
        first.trials,
    )
    assert again.reason == first.reason
    longer = run(tmp_path, 4, callbacks=[Counted()])
    assert longer.trials[:3] == first.trials
    assert len(longer.trials) == 4
    assert longer.summary()["seconds"] > again.summary()["seconds"] == first.summary()["seconds"]


@at_full_counts
def test_what_was_confirmed_with_other_class_weights_is_run_again(tmp_path: Path) -> None:
    run(tmp_path, 2, callbacks=[Counted()])
    trained = Counted.begun
    run(tmp_path, 2, callbacks=[Counted()], class_weight={number: 1.0 + number for number in range(10)})
    assert Counted.begun > trained


def test_a_budget_that_was_spent_trains_nothing_and_keeps_what_was_confirmed(tmp_path: Path) -> None:
    first = run(tmp_path, 2)
    spent = autoopt.load(first.run_dir).summary()["seconds"]
    again = run(tmp_path, 9, budget=spent / 2)

    assert (again.reason, len(again.trials)) == ("the budget is used up", 2)
    assert again.confirmed == first.confirmed


@at_full_counts
def test_a_space_that_was_widened_is_accepted_and_searched(tmp_path: Path) -> None:
    narrow = autoopt.Space(structure=False, initialization=False, regularization=False, batch_size=[16],
                           optimizer=autoopt.axes.Optimizer(["sgd"], schedule=("constant",)))  # fmt: skip
    wide = replace(narrow, optimizer=autoopt.axes.Optimizer(["adamw"], schedule=("constant",)))
    run(tmp_path, 3, narrow)
    result = run(tmp_path, 6, wide)

    assert {trial.hyperparameters["optimizer/name"] for trial in result.trials[3:]} >= {"adamw"}
    assert "another range: optimizer/name" in " ".join(read(result)["notes"])


def read(result: autoopt.Result) -> dict[str, Any]:
    return storage.RunFolder(result.run_dir).read("run")


def test_a_winner_whose_weights_were_lost_is_found_in_its_model_and_nothing_is_trained(
    tmp_path: Path,
) -> None:
    first = run(tmp_path, 3)
    for path in (first.run_dir / "weights").iterdir():
        path.unlink()
    again = run(tmp_path, 3, budget=first.summary()["seconds"] / 2)

    assert again.best_trial == first.best_trial
    for one, other in zip(first.best_model.get_weights(), again.best_model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@at_full_counts
def test_weights_that_do_not_fit_a_changed_branch_are_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def model_fn(wide: int) -> Any:
        def build(hp: Any) -> keras.Model:
            return toys.compiled(units=wide if hp.Boolean("wide", default=False) else 4, run_eagerly=True)

        return build

    def tune(function: Any, trials: int) -> autoopt.Result:
        search = autoopt.Search(confirm=2, confirm_repeats=1, start=[{"wide": True}])
        return autoopt.tune(
            function, toys.digits(60), epochs=2, max_trials=trials, seed=0, verbose=0, project_name="run", resume=True,
            directory=tmp_path / "runs", logdir=tmp_path / "logs", search=search,
        )  # fmt: skip

    tune(model_fn(8), 2)
    run_json = tmp_path / "runs" / "run" / "run.json"
    asked = json.loads(run_json.read_text())
    run_json.write_text(json.dumps({**asked, "made_of": {**asked["made_of"], "code": "before"}}))
    result = tune(model_fn(16), 3)

    assert "weights of trial 1 do not fit its model any more" in caplog.text
    assert len(result.trials) == 3 and result.best_model.predict(toys.digits(2)[0], verbose=0).shape == (
        2,
        10,
    )


def test_a_model_that_is_not_the_winners_is_not_handed_out(tmp_path: Path) -> None:
    first = run(tmp_path, 2)
    told = json.loads((first.run_dir / "result.json").read_text())
    assert told["model"] == told["best"]
    (first.run_dir / "result.json").write_text(json.dumps({**told, "model": None}))
    with pytest.raises(RunError, match=r"is not the model of the winner, trial \d.* autoopt resume"):
        _ = autoopt.load(first.run_dir).best_model
