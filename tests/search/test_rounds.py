"""What is confirmed, and how often, in the time that is left."""

import time
from dataclasses import replace

import pytest

from autoopt.records import Trial
from autoopt.search import Limits, Rounds, Search, affordable


def trial(number: int, seconds: float = 1.0, best_epoch: int = 3, epochs: int = 4) -> Trial:
    history = {"val_loss": [1.0] * epochs}
    return Trial(number, "completed", 0.5, {}, history, best_epoch, 10.0, 10.0 + seconds)


def limits(left: float | None) -> Limits:
    # A budget of 1,000,000 s keeps 3 s for the ending.
    return Limits(None, None if left is None else 1e6, time.time() - 1e6 + (left or 0) + 3, 9)


@pytest.mark.parametrize(
    ("left", "numbers", "repeats"),
    [
        (None, [5, 4, 3, 0], 3),
        (100.0, [5, 4, 3, 0], 3),
        (12.0, [5, 4, 3, 0], 3),
        (11.0, [5, 4, 0], 3),
        (8.0, [5, 4, 3, 0], 2),
        (7.0, [5, 4, 0], 2),
        (4.0, [5, 0], 2),
        (3.0, [5, 4, 0], 1),
        (2.0, [5, 0], 1),
        (1.0, [5], 1),
        (0.9, [], 0),
    ],
)
def test_what_is_run_again_shrinks_to_the_time_that_is_left(
    left: float | None, numbers: list[int], repeats: int
) -> None:
    ranked = [trial(number) for number in (5, 4, 3, 2, 1, 0)]
    found = affordable(ranked, ranked[-1], Search(), limits(None if left is None else left + 0.05))

    assert ([each.number for each in found.trials], found.repeats) == (numbers, repeats)
    assert bool(found.note) == ((left or 100.0) < 12.0)


def test_a_program_is_compiled_for_the_first_round_alone() -> None:
    one = replace(trial(1, seconds=5.0), costs={"compile": 4.0})

    assert [affordable([one], None, Search(), limits(left)).repeats for left in (7.05, 6.05, 5.05)] == [
        3,
        2,
        1,
    ]


def test_what_was_left_out_is_told_in_a_sentence() -> None:
    ranked, own = [trial(number) for number in (5, 4, 3)], trial(0)

    def told(left: float, **search: int) -> str:
        return affordable(ranked, own, Search(**search), limits(left + 0.02)).note

    assert told(7.0) == "Confirming 2 of 3 trials, twice instead of 3 times: 7.0 s are left."
    assert told(8.0) == "Confirming 3 trials, twice instead of 3 times: 8.0 s are left."
    assert told(13.0, confirm_repeats=4) == "Confirming 3 trials, 3 times instead of 4 times: 13 s are left."
    assert (
        told(2.0, confirm=1, confirm_repeats=2)
        == "Confirming the best trial, once instead of twice: 2.0 s are left."
    )
    assert told(1.0) == "Confirming the best trial once, and not your model: 1.0 s are left."
    assert told(0.1) == "The best trial is not confirmed: 0.1 s are left."


def test_the_users_model_is_run_again_once_where_it_is_among_the_best() -> None:
    found = affordable([trial(0), trial(1)], trial(0), Search(), limits(None))

    assert [each.number for each in found.trials] == [0, 1]


def test_a_run_up_to_half_of_the_epochs_takes_half_of_the_time() -> None:
    ranked = [trial(0, seconds=2.0, best_epoch=1, epochs=4)]

    assert affordable(ranked, None, Search(confirm=1), limits(3.05)).repeats == 3


@pytest.mark.parametrize("search", [Search(confirm=0), Search(confirm_repeats=0)])
def test_no_confirmation_means_none(search: Search) -> None:
    assert affordable([trial(1)], trial(0), search, limits(100)) == Rounds()


def test_an_interrupt_leaves_no_time_for_confirmation() -> None:
    found = limits(None)
    found.interrupted = True

    assert affordable([trial(0)], None, Search(), found) == Rounds()
