"""A search by cross-validation: what a trial's score is, which model comes out, and what is kept and told."""

import re
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit

import autoopt
from autoopt.errors import RunError, UsageError
from autoopt.reports.outcome import outcome
from autoopt.result import Result
from tests import toys
from tests.counts import at_full_counts

X, Y = toys.digits(90)


def tune(folder: Path, cv: Any = 3, data: Any = (X, Y), model: Any = toys.eager, **rest: Any) -> Result:
    options = {"confirm": 0, **rest.pop("search", {})}
    given = {
        "epochs": 1, "max_trials": 2, "seed": 0, "verbose": 0, "directory": folder, "logdir": folder / "logs",
        **rest,
    }  # fmt: skip
    return autoopt.tune(model, data, search=autoopt.Search(cv=cv, **options), **given)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("folds")
    return tune(folder, search={"confirm": 1, "confirm_repeats": 2}, project_name="folds")


def test_a_trial_s_score_is_the_mean_over_its_folds(run: Result) -> None:
    for trial in run.trials:
        assert trial.fold_scores and trial.score == pytest.approx(np.mean(trial.fold_scores))
    assert len(run.trials[0].fold_scores) == 3


def test_the_model_handed_over_scores_what_it_is_said_to_on_its_own_fold(run: Result) -> None:
    trial, split = run.best_trial, autoopt.load(run.run_dir).split
    assert split is not None and trial.best_fold is not None
    rows = split.folds[trial.best_fold].validation
    logs = run.best_model.evaluate(X[rows], Y[rows], return_dict=True, verbose=0)

    assert run.best_score == pytest.approx(logs["accuracy"])
    assert run.best_score == pytest.approx(trial.fold_scores[trial.best_fold])
    assert run.best_score == max(trial.fold_scores)


def test_the_folds_are_kept_with_the_run(run: Result) -> None:
    assert run.split is not None
    validating = np.concatenate([fold.validation for fold in run.split.folds])

    assert sorted(validating) == list(range(90))


def test_each_confirmation_run_is_one_more_partition(run: Result) -> None:
    assert run.confirmed is not None and run.confirmed.n == 2
    assert run.confirmed.scores[0] != run.confirmed.scores[1]


def test_means_over_folds_have_an_error_of_seeds_alone_and_claim_nothing(run: Result) -> None:
    assert run.confirmed.of_seeds_alone and run.baseline_confirmed.of_seeds_alone
    assert (run.difference, run.beats_baseline) == (None, None)


def test_no_cuts_but_the_folds_are_told_of(run: Result) -> None:
    assert run.summary()["fresh_cuts"] is False


def test_what_needs_rows_that_no_kept_model_was_trained_on_is_refused(run: Result) -> None:
    text = r"the run .* is a cross-validation of 3 folds\. Expected .* Search without cv"
    with pytest.raises(RunError, match=f"An ensemble is chosen on rows .*{text}"):
        run.ensemble(k=2)
    with pytest.raises(RunError, match=f"An ablation trains and scores each step on one cut .*{text}"):
        run.ablation()


def test_the_outcome_tells_the_mean_and_its_deviation(run: Result) -> None:
    text = "\n".join(outcome(run.summary()))

    assert re.search(r"the best of its 3 folds; their mean is 0\.\d+ ± 0\.\d+\)", text)


def test_means_are_told_beside_each_other(run: Result) -> None:
    told = f"{run.baseline_score:.4g} -> {run.best_trial.score:.4g}"

    assert run.best_trial.score != run.best_score
    assert told in repr(run)


@at_full_counts
def test_equal_seeds_give_equal_tables_and_a_run_goes_on(run: Result, tmp_path: Path) -> None:
    tune(tmp_path, project_name="again", max_trials=1)
    whole = tune(tmp_path, project_name="again", resume=True)

    assert [t.fold_scores for t in whole.trials] == [t.fold_scores for t in run.trials]
    with pytest.raises(UsageError, match="folds was given 2, but the run"):
        tune(tmp_path, cv=2, project_name="again", resume=True)
    with pytest.raises(UsageError, match="other rows in its part fold_0"):
        tune(tmp_path, cv=KFold(3), project_name="again", resume=True)
    with pytest.raises(UsageError, match="executions_per_trial was given 2"):
        tune(tmp_path, search={"executions_per_trial": 2}, project_name="again", resume=True)


def test_groups_of_the_data_make_the_folds(tmp_path: Path) -> None:
    groups = np.arange(90) // 5
    data = autoopt.Dataset.of((X, Y), groups=groups)
    split = tune(tmp_path, cv=GroupKFold(3), data=data, max_trials=1, epochs=1).split

    assert split is not None
    for fold in split.folds:
        assert not set(groups[fold.train]) & set(groups[fold.validation])


def test_rows_that_validate_in_no_fold_do_no_harm(tmp_path: Path) -> None:
    found = tune(tmp_path, cv=ShuffleSplit(2, test_size=0.2), max_trials=1, epochs=1)

    assert found.trials[0].status == "completed" and found.split is not None
    assert [len(fold.validation) for fold in found.split.folds] == [18, 18]


class Own(keras_tuner.HyperModel):  # type: ignore[misc]
    """Trains nothing, and scores by what the first labels are that it validates on."""

    def build(self, hp: Any) -> keras.Model:
        return toys.eager()

    def fit(self, hp: Any, model: keras.Model, *args: Any, **options: Any) -> Any:
        return {"val_loss": float(options["validation_data"][1][:5].sum())}


def test_a_fit_of_the_users_own_is_called_with_each_fold(tmp_path: Path) -> None:
    found = tune(tmp_path, model=Own(), max_trials=1, epochs=1, objective="val_loss")
    assert found.split is not None
    pool = [*found.split.train, *found.split.validation]
    places = [np.sort([pool.index(row) for row in fold.validation]) for fold in found.split.folds]
    expected = [float(Y[[pool[place] for place in some[:5]]].sum()) for some in places]

    assert found.trials[0].fold_scores == tuple(expected)
    assert found.best_score == min(expected)


BAD: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a fold": (1, {}, "a number of folds from 2"),
    "a class": (GroupKFold, {}, "an object of scikit-learn"),
    "a word": ("kfold", {}, "an object of scikit-learn"),
    "no groups": (GroupKFold(3), {}, "does not fit the data"),
    "too many folds": (91, {}, "for data with 90 rows"),
    "validation data": (3, {"validation_data": (X, Y)}, "leave cv out"),
    "weights that are inherited": (
        3,
        {"search": {"inherit": True}},
        "inherit was given True together with cv",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_refused_before_the_first_trial(case: str, tmp_path: Path) -> None:
    cv, rest, text = BAD[case]
    with pytest.raises(UsageError, match=text):
        tune(tmp_path, cv=cv, **rest)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
