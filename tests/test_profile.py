"""Where the time of a search went: seconds by kind that add up, programs, and the line at the end."""

from typing import Any

import pytest

import autoopt
from autoopt.reports.outcome import outcome
from tests import toys

SECONDS = ("compile", "train", "evaluate", "suggest", "log", "checkpoint", "other")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("profile")
    return autoopt.tune(
        lambda: toys.compiled("sgd"), toys.digits(120), space=autoopt.Space(structure=False, optimizer=False),
        epochs=2, max_trials=4, seed=0, search=autoopt.Search(confirm=0), verbose=0,
        directory=folder / "runs", logdir=folder / "logs",
    )  # fmt: skip


def test_the_seconds_by_kind_add_up_to_the_total(result: Any) -> None:
    profile = result.profile()

    assert all(profile[kind] >= 0 for kind in SECONDS)
    assert sum(profile[kind] for kind in SECONDS) == pytest.approx(profile["total"])
    assert profile["train"] > 0 and profile["log"] > 0


def test_what_was_before_and_after_the_search_makes_up_the_rest_of_the_call(result: Any) -> None:
    profile = result.profile()

    assert profile["begin"] > 0 and profile["end"] > 0
    whole = profile["begin"] + profile["total"] + profile["end"]
    assert whole == pytest.approx(result.summary()["seconds"], abs=0.01)


def test_every_trial_is_counted_on_its_program(result: Any) -> None:
    profile = result.profile()

    assert profile["trials"] == len(result.trials) == 4
    assert profile["programs"] == len(profile["trials_per_program"])
    assert sum(profile["trials_per_program"]) == sum(trial.program is not None for trial in result.trials)


def test_a_trial_says_which_engine_trained_it_and_what_it_cost(result: Any) -> None:
    trial = autoopt.load(result.run_dir).trials[0]

    assert trial.engine.split(",")[0] in ("tensorflow", "jax", "keras")
    assert set(trial.costs) == {"compile", "train", "evaluate"}
    assert sum(trial.costs.values()) <= trial.seconds


def test_the_outcome_has_a_line_on_time_and_programs(result: Any) -> None:
    lines = [line for line in outcome(result.summary()) if line.startswith("  time ")]

    assert len(lines) == 1
    assert "training" in lines[0] and "compiling" in lines[0]
    assert "before the first trial" in lines[0] and "confirming and ending" in lines[0]
