"""Ablation: which changes are one, that every point of the path is legal, and that its ends are the right ones."""

from pathlib import Path as Folder
from typing import Any

import keras
import numpy as np
import pytest

import autoopt
from autoopt import Search, Source
from autoopt.afterwards.ablation import _plan
from autoopt.afterwards.again import Again, Ended
from autoopt.afterwards.path import Path
from autoopt.errors import RunError, UsageError
from autoopt.records import Objective, Trial
from tests import toys

WINNER = {
    "optimizer/name": "momentum",
    "optimizer/learning_rate": 0.05,
    "optimizer/momentum": 0.9,
    "optimizer/schedule": "cosine",
    "optimizer/warmup": 0.1,
    "batch_size": 16,
    "regularization/l2": 1e-5,
    "structure/dense/width": 2.0,
}


def slow() -> keras.Model:
    """Return a classifier whose rate is too small to learn anything in an epoch."""
    return toys.compiled(keras.optimizers.Adam(1e-5))


def path(values: dict[str, Any] = WINNER, model_fn: Any = slow) -> Path:
    draw = toys.hypermodel(model_fn).draw
    ends = [toys.asking(each) for each in ({}, values)]
    for hp in ends:
        draw(hp)
    return Path(draw, *(dict(hp.values) for hp in ends))


def test_what_depends_on_another_change_is_one_change_with_it() -> None:
    assert [sorted(change) for change in path().changes()] == [
        ["batch_size", "optimizer/learning_rate", "optimizer/momentum", "optimizer/name"],
        ["optimizer/schedule", "optimizer/warmup"],
        ["regularization/l2"],
        ["structure/dense/width"],
    ]


def test_a_schedule_without_warm_up_takes_its_warm_up_along() -> None:
    assert path({"optimizer/schedule": "one_cycle"}).changes() == [{"optimizer/schedule", "optimizer/warmup"}]


def test_a_rate_alone_is_a_change_of_its_own() -> None:
    assert path({"optimizer/learning_rate": 1e-3, "regularization/dropout": 0.1}).changes() == [
        {"optimizer/learning_rate"}, {"regularization/dropout"},
    ]  # fmt: skip


def test_the_time_that_is_told_counts_what_a_trial_trained_itself_and_one_execution_of_it() -> None:
    def trial(number: int, seconds: float, **rest: Any) -> Trial:
        history = {"val_loss": [1.0] * 10}
        return Trial(number, "completed", 0.5, {}, history, 9, 0.0, seconds, **rest)

    nothing: Any = None
    again = Again(nothing, nothing, nothing, None, 10, 0)
    whole = trial(0, 22.0, executions=2, costs={"compile": 2.0})  # a second an epoch
    for best in (trial(1, 10.0), trial(1, 3.0, first_epoch=7), trial(1, 0.0, first_epoch=10, continues=0)):
        ended = Ended(nothing, Objective("val_loss", "min"), best, [whole, best], {}, again)
        assert "about 1m03s" in _plan(ended, again, 3, 2, None)


def own(hp: Any) -> keras.Model:
    """Return a net that asks for its second number only where the first one says so, without a scope."""
    units = hp.Int("extra", 4, 8, default=8) if hp.Boolean("deep", default=False) else 4
    return toys.compiled(units=units)


def test_what_a_model_function_asks_for_only_sometimes_is_one_change_with_what_decides() -> None:
    assert path({"deep": True, "extra": 6}, own).changes() == [{"deep", "extra"}]


@pytest.mark.parametrize("better", ["width", "l2"])
def test_every_point_is_legal_and_the_ends_are_the_users_model_and_the_winner(better: str) -> None:
    way = path()
    name = next(name for name in WINNER if name.endswith(better))
    random = np.random.default_rng(0)
    trials = [
        Trial(i, "completed", float(values[name] != way.before[name]), values, {}, 0, 0.0, 1.0)
        for i, values in enumerate([way.before, way.after] * 5 + [
            {**way.before, name: way.after[name]} for _ in range(random.integers(5, 6))
        ])
    ]  # fmt: skip
    order = way.ordered(trials, Objective("val_accuracy", "max"), seed=0)
    applied = [frozenset[str]().union(*order[:count]) for count in range(len(order) + 1)]
    assert way.point(applied[0]).values == way.before and way.point(applied[-1]).values == way.after
    assert name in order[0]
    for names in applied:
        for value, (low, high) in _ranged(way, names):
            assert low <= value <= high


def _ranged(way: Path, names: frozenset[str]) -> list[tuple[float, tuple[float, float]]]:
    point = way.point(names)
    return [(point.values[name], span) for name, span in point.ranges.items()]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a run that the point which it starts from wins."""
    place = tmp_path_factory.mktemp("ablation")
    start = {"optimizer/learning_rate": 0.01, "regularization/l2": 1e-5, "optimizer/schedule": "cosine"}
    return autoopt.tune(
        slow, toys.digits(), epochs=2, max_trials=2, seed=0, verbose=0, search=Search(start=[start], confirm=0),
        directory=place / "runs", logdir=place / "logs", class_weight="balanced",
    )  # fmt: skip


def test_each_step_is_trained_with_the_same_seeds_and_the_last_one_is_the_winner(
    run: Any, capsys: Any
) -> None:
    found = run.ablation(repeats=2)
    told = capsys.readouterr().out
    assert "3 changes lead from your model to the winner. 4 steps with 2 seeds each are 8 trainings" in told
    assert list(found.columns) == ["step", "change", "before", "after", "mean", "std", "gain"]
    assert list(found.step) == [0, 1, 2, 3] and found.change[0] == "your model"
    assert set(found.change[1:]) == {change.name for change in run.changes}
    assert np.allclose(found.gain[1:], np.diff(found["mean"])) and found.gain.sum() > 0.05
    assert run._folder.read("ablation")["steps"][-1]["values"] == dict(run.best_trial.hyperparameters)
    # The rate that learns nothing is what is wrong with the user's model.
    assert found.change[found.gain.idxmax()] == "optimizer/learning_rate"


def test_what_was_trained_is_read_without_model_or_data(run: Any, capsys: Any) -> None:
    first = run.ablation(repeats=1, verbose=0)
    kept = (run.run_dir / "ablation.json").read_text()
    assert autoopt.load(run.run_dir).ablation(repeats=5).equals(first)
    assert (run.run_dir / "ablation.json").read_text() == kept and not capsys.readouterr().out


def test_a_loaded_run_trains_the_same_with_what_it_was_made_of(run: Any) -> None:
    table = run.ablation(repeats=1, verbose=0)
    (run.run_dir / "ablation.json").unlink()
    with pytest.raises(RunError, match=r"source=autoopt\.Source\(model_fn, data\)"):
        autoopt.load(run.run_dir).ablation()
    source = Source(slow, toys.digits(), class_weight="balanced")
    again = autoopt.load(run.run_dir, source=source).ablation(repeats=1, verbose=0)
    assert np.allclose(again["mean"], [step["scores"][0] for step in run._folder.read("ablation")["steps"]])
    assert list(again.change) == list(table.change)


def test_other_data_is_refused(run: Any) -> None:
    with pytest.raises(
        RunError, match=r"160 examples that train and 40 that validate, but the run .* was made of 192"
    ):
        autoopt.load(run.run_dir, source=Source(slow, toys.digits(200)))


def test_a_budget_too_small_for_one_training_of_each_step_is_refused(run: Any) -> None:
    (run.run_dir / "ablation.json").unlink(missing_ok=True)
    with pytest.raises(
        UsageError, match=r"budget was given 1e-06 seconds\. Expected enough for one training of each of 4"
    ):
        run.ablation(budget=1e-6)
    with pytest.raises(UsageError, match="repeats was given 0"):
        run.ablation(repeats=0)


def test_a_run_that_the_users_model_won_has_no_path() -> None:
    result = autoopt.tune(slow, toys.digits(80), epochs=1, max_trials=1, verbose=0, search=Search(confirm=0))
    with pytest.raises(RunError, match="is your model: there is no path to it"):
        result.ablation()
    assert not (Folder("autoopt_runs") / result.run_dir.name / "ablation.json").exists()
