"""The plan of a search in words, and how far it will come."""

import io
import time
from typing import Any

import keras_tuner
import optuna
import pytest

from autoopt import Search
from autoopt.records import Foreseen, Objective, SearchStarted, Trial, TrialEnded
from autoopt.reports import Console
from autoopt.search import Forecast, Limits, plan_of
from autoopt.search.plan import KNOWN_AFTER, expected_seconds

HYPERBAND = keras_tuner.oracles.HyperbandOracle("val_loss", max_epochs=27, seed=1)
MEDIAN = optuna.pruners.MedianPruner()

PLANS: dict[str, tuple[Search, int, list[str]]] = {
    "our own": (
        Search(),
        50,
        [
            "Plan: trials of up to 50 epochs.",
            "After 9 and 25 of them the best third goes on, but nothing ends while its learning rate rises; your "
            "model never does.",
            "Then the best 3 and your model run again 3 times up to their best epochs, with fresh seeds and on fresh cuts of the data.",
        ],
    ),
    "too few epochs for a comparison": (
        Search(confirm=0),
        2,
        ["Plan: trials of up to 2 epochs.", "None of them ends early."],
    ),
    "a pruner and a sampler of the user's": (
        Search(pruner=MEDIAN, sampler=optuna.samplers.RandomSampler(0), confirm=1, confirm_repeats=1),
        1,
        [
            "Plan: RandomSampler proposes trials of up to 1 epoch.",
            "Your MedianPruner says which of them end early; your model never does.",
            "Then the best and your model run again once up to their best epochs, with fresh seeds and on fresh cuts of the data.",
        ],
    ),
    "a pruner that ends nothing": (
        Search(pruner=optuna.pruners.NopPruner(), confirm=0),
        50,
        ["Plan: trials of up to 50 epochs.", "None of them ends early."],
    ),
    "Hyperband": (
        Search(oracle=HYPERBAND, confirm=0),
        27,
        [
            "Plan: HyperbandOracle runs brackets of trials × epochs: 27 × 1 → 9 × 3 → 3 × 9 → 1 × 27; "
            "12 × 3 → 4 × 9 → 2 × 27; 6 × 9 → 2 × 27; 4 × 27.",
            "What is promoted goes on where it ended. Your model is the first trial, and trains 27 epochs.",
        ],
    ),
}


@pytest.mark.parametrize("case", PLANS)
def test_a_plan_says_what_is_going_to_be_done(case: str) -> None:
    search, epochs, expected = PLANS[case]

    assert plan_of(search, epochs, fresh_cuts=True).sentences == expected


@pytest.mark.parametrize(
    ("trials", "expected"), [(1, "Then your model runs again"), (2, "Then the best and your model run again")]
)
def test_no_more_are_said_to_run_again_than_there_are_trials(trials: int, expected: str) -> None:
    told = plan_of(Search(), 50, fresh_cuts=False, max_trials=trials).sentences

    assert told[-1].startswith(expected)


def test_cuts_are_told_of_where_there_are_fresh_ones() -> None:
    told = plan_of(Search(confirm=2), 50, fresh_cuts=False).sentences

    assert (
        told[-1]
        == "Then the best 2 and your model run again 3 times up to their best epochs, with fresh seeds."
    )


@pytest.mark.parametrize(("epochs", "ends"), [(50, 27), (9, 9)])
def test_rounds_that_do_not_end_with_the_schedules_are_told(epochs: int, ends: int) -> None:
    told = plan_of(Search(oracle=HYPERBAND), epochs, True).sentences

    assert any(
        line.startswith(f"Its last rounds end at {ends} epochs, schedules at {epochs}") for line in told
    )


def test_hyperband_trains_what_its_rounds_add_up_to() -> None:
    plan = plan_of(Search(oracle=HYPERBAND), 27, True)
    trained = (27 + 9 * 2 + 3 * 6 + 18) + (12 * 3 + 4 * 6 + 2 * 18) + (6 * 9 + 2 * 18) + 4 * 27

    assert plan.expected_epochs == pytest.approx(trained / (40 + 18 + 8 + 4))


def ended(number: int, seconds: float, epochs: int = 10, compile: float = 1.0, **rest: Any) -> TrialEnded:
    status = rest.pop("status", "completed")
    history = {"loss": [1.0] * epochs}
    return TrialEnded(
        Trial(number, status, 0.5, {}, history, 0, 0.0, seconds, costs={"compile": compile}, **rest)
    )


def foreseen(limits: Limits, *events: TrialEnded, epochs: int = 10) -> list[Foreseen]:
    forecast = Forecast(plan_of(Search(), epochs, True), limits)
    return [found for found in map(forecast.after, events) if found is not None]


FOUR = [ended(0, 9.0), ended(1, 3.0), ended(2, 3.0), ended(3, 3.0)]
"""A second to compile, and 0.2 an epoch, of which trials train a half: 2 seconds a trial."""


def test_the_time_of_all_trials_is_told_once() -> None:
    limits = Limits(30, None, 0.0, 0)

    assert foreseen(limits, *FOUR, ended(4, 3.0)) == [Foreseen(30, pytest.approx(18.0 + 26 * 2.0), False)]


def test_the_trials_that_fit_into_a_budget_are_told() -> None:
    (found,) = foreseen(Limits(None, 102.0, time.time(), 0), *FOUR)

    assert found.by_time and found.trials in (KNOWN_AFTER + 49, KNOWN_AFTER + 50)


def test_what_ends_the_search_first_is_told() -> None:
    few, many = (foreseen(Limits(most, 100.0, time.time(), 0), *FOUR) for most in (10, 1000))

    assert [few[0].by_time, many[0].by_time] == [False, True]
    assert few[0].trials == 10


def test_nothing_is_told_of_a_search_that_is_nearly_over_or_whose_trials_all_failed() -> None:
    failed = [ended(number, 1.0, status="failed") for number in range(KNOWN_AFTER)]

    assert foreseen(Limits(KNOWN_AFTER, None, 0.0, 0), *FOUR) == []
    assert foreseen(Limits(30, None, 0.0, 0), *failed) == []


def test_a_promoted_trial_counts_the_epochs_that_it_trained_itself() -> None:
    promoted = ended(1, 3.0, epochs=20, first_epoch=10).trial

    assert expected_seconds([promoted], 10) == pytest.approx(3.0)
    assert expected_seconds([promoted], None) == pytest.approx(3.0)


def printed(verbose: int) -> list[str]:
    stream = io.StringIO()
    console = Console(verbose, stream)
    space = keras_tuner.HyperParameters()
    console(
        SearchStarted("mine", Objective("val_loss", "min"), space, [], 2, None, None, plan=["Plan: this."])
    )
    console(Foreseen(24, 60.0, True))
    console(Foreseen(30, 41.2, False))
    console.close()
    return stream.getvalue().splitlines()


def test_the_console_prints_plan_and_forecast_unless_it_is_to_say_nothing() -> None:
    assert printed(1)[1:] == [
        "Plan: this.",
        "About 24 trials fit into the time of the search, 1m00s.",
        "About 41s for 30 trials.",
    ]
    assert printed(0) == []
