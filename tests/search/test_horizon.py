"""How many epochs a trial has where that is left open: as many as let a dozen trials fit into the budget."""

import json
import time
from typing import Any

import pytest

import autoopt
from autoopt.executors import InlineExecutor
from autoopt.search import Limits, Search, asked_epochs, epochs_for
from autoopt.worker import Worker
from tests import toys
from tests.executors.jobs import duties_of


def found(made: Worker, budget: float | None, **options: Any) -> tuple[int, str]:
    executor = InlineExecutor(made)
    limits = Limits(options.pop("max_trials", None), budget, time.time(), 9)
    return epochs_for(made, executor, limits, Search(**options), seed=0, trainings=1)


def test_a_budget_that_is_short_for_the_usual_epochs_gets_fewer_and_says_so() -> None:
    epochs, said = found(duties_of().worker(), 0.05)
    assert epochs == 10 and "Trials have up to 10 epochs" in said and "epochs=50" in said


def test_time_enough_leaves_the_usual_epochs() -> None:
    assert found(duties_of().worker(), 3600.0) == (50, "")


@pytest.mark.parametrize("options", [{"oracle": "random"}, {}])
def test_without_a_budget_or_with_an_oracle_of_the_user_s_they_stay(options: dict[str, Any]) -> None:
    assert found(duties_of().worker(), 0.05 if options else None, **options) == (50, "")


def test_a_run_that_goes_on_keeps_its_epochs() -> None:
    assert asked_epochs("auto", 17) == 17
    assert asked_epochs("auto", None) == 50
    assert asked_epochs(3, 17) == 3  # and is refused, as other epochs than before are


def test_a_search_writes_down_the_epochs_that_it_has_chosen() -> None:
    result = autoopt.tune(toys.eager, toys.digits(80), budget=0.5, seed=0, verbose=0)
    assert json.loads((result.run_dir / "run.json").read_text())["epochs"] == 10
