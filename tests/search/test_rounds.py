"""What is confirmed, and how often, in the time that is left."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from autoopt.records import Trial
from autoopt.search import Rounds, Search, affordable
from autoopt.search.rounds import run_seconds


def trial(number: int, seconds: float = 1.0, best_epoch: int = 3, epochs: int = 4) -> Trial:
    history = {"val_loss": [1.0] * epochs}
    return Trial(number, "completed", 0.5, {}, history, best_epoch, 10.0, 10.0 + seconds)


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
    found = affordable(ranked, ranked[-1], Search(), left)
    assert left is None or found.seconds <= left

    assert ([each.number for each in found.trials], found.repeats) == (numbers, repeats)
    assert bool(found.note) == ((left or 100.0) < 12.0)


def test_a_program_is_compiled_for_the_first_round_alone() -> None:
    one = replace(trial(1, seconds=5.0), costs={"compile": 4.0})

    assert [affordable([one], None, Search(), left).repeats for left in (7.0, 6.0, 5.0)] == [
        3,
        2,
        1,
    ]


def test_a_program_that_served_two_trials_and_is_kept_is_not_compiled_again() -> None:
    def with_program(number: int, program: int) -> Trial:
        return replace(trial(number, seconds=5.0), costs={"compile": 4.0}, program=program)

    one, again = with_program(1, 0), with_program(2, 0)
    others = [with_program(3 + each, 1 + each) for each in range(20)]

    def repeats_of(trials: list[Trial], earlier: int = 0) -> int:
        return affordable([one], None, Search(confirm=1), 3.0, trials, earlier=earlier).repeats

    assert repeats_of([one, again, *others[:3]]) == 3
    assert repeats_of([one, *others[:3]]) == 0  # TensorFlow compiles some at their second training
    assert repeats_of([one, again, *others]) == 0  # made room for others
    assert repeats_of([one, *others, replace(again, number=30)]) == 3
    assert repeats_of([one, again], earlier=2) == 0  # of another process


def test_what_was_left_out_is_told_in_a_sentence() -> None:
    ranked, own = [trial(number) for number in (5, 4, 3)], trial(0)

    def told(left: float, **search: int) -> str:
        return affordable(ranked, own, Search(**search), left).note

    assert (
        told(7.0)
        == "Confirming trials 5, 4 and your model, twice, up to 3 times if there is time: 7.0 s are kept for it."
    )
    assert (
        told(8.0)
        == "Confirming trials 5, 4, 3 and your model, twice, up to 3 times if there is time: 8.0 s are kept for it."
    )
    assert (
        told(13.0, confirm_repeats=4)
        == "Confirming trials 5, 4, 3 and your model, 3 times, up to 4 times if there is time: 13 s are kept for it."
    )
    assert (
        told(2.0, confirm=1, confirm_repeats=2)
        == "Confirming trial 5 and your model, once, twice if there is time: 2.0 s are kept for it."
    )
    assert told(1.0) == "Confirming the best trial once, and not your model: 1.0 s are left."
    assert told(0.1) == "The best trial is not confirmed: 0.1 s are left."


def test_the_users_model_is_run_again_once_where_it_is_among_the_best() -> None:
    found = affordable([trial(0), trial(1)], trial(0), Search(), None)

    assert [each.number for each in found.trials] == [0, 1]


def test_a_run_up_to_half_of_the_epochs_takes_half_of_the_time() -> None:
    ranked = [trial(0, seconds=2.0, best_epoch=1, epochs=4)]

    assert affordable(ranked, None, Search(confirm=1), 3.0).repeats == 3


def repeats(one: Trial, left: float, trials: Sequence[Trial] = (), trainings: int = 1) -> int:
    return affordable([one], None, Search(confirm=1), left, trials, trainings).repeats


def test_a_trial_that_went_on_takes_the_time_of_all_its_epochs_when_it_starts_anew() -> None:
    promoted = replace(trial(9, seconds=1.0, best_epoch=3, epochs=4), first_epoch=3, continues=5)

    assert [repeats(promoted, left) for left in (3.0, 4.0, 8.0, 12.0)] == [0, 1, 2, 3]


def test_a_trial_that_trained_no_epoch_itself_is_as_fast_as_the_one_that_it_continues() -> None:
    known = replace(trial(9, seconds=0.0, best_epoch=3, epochs=4), first_epoch=4, continues=5)
    trials = [
        trial(2, seconds=2.0, epochs=2),
        replace(trial(5, seconds=0.0), first_epoch=4, continues=2),
        known,
    ]

    assert [repeats(known, left, trials) for left in (3.0, 4.0, 8.0, 12.0)] == [0, 1, 2, 3]


def test_a_run_has_one_execution_of_each_fold() -> None:
    three = replace(trial(1, seconds=6.0), executions=3)
    folds = replace(trial(1, seconds=12.0), executions=6, fold_scores=(0.5, 0.4, 0.6))

    assert [repeats(three, left) for left in (1.0, 2.0, 4.0, 6.0)] == [0, 1, 2, 3]
    assert [repeats(folds, left, trainings=3) for left in (5.0, 6.0, 12.0, 18.0)] == [0, 1, 2, 3]
    assert (run_seconds(three), run_seconds(folds)) == (2.0, 6.0)
    assert run_seconds(replace(three, costs={"compile": 3.0})) == 4.0


@pytest.mark.parametrize("search", [Search(confirm=0), Search(confirm_repeats=0)])
def test_no_confirmation_means_none(search: Search) -> None:
    assert affordable([trial(1)], trial(0), search, 100.0) == Rounds()


def test_what_is_known_from_before_takes_no_time_and_nothing_is_said_of_it() -> None:
    ranked = [trial(2), trial(1), trial(0)]
    known = {2: 2, 1: 2, 0: 2}
    found = affordable(
        ranked, ranked[-1], Search(), -5.0, missing=lambda number, repeats: max(repeats - known[number], 0)
    )
    assert ([each.number for each in found.trials], found.repeats, found.note) == ([2, 1, 0], 2, "")
    assert found.seconds == 0.0


def test_what_was_confirmed_is_not_given_up_for_what_there_is_no_time_to_confirm() -> None:
    ranked = [trial(3), trial(2), trial(1), trial(0)]
    known = {2: 2, 1: 2, 0: 3}
    found = affordable(
        ranked, ranked[-1], Search(), 0.0, missing=lambda number, times: max(times - known.get(number, 0), 0)
    )
    assert ([each.number for each in found.trials], found.repeats) == ([2, 1, 0], 2)
    assert (
        found.note
        == "Nothing more is confirmed: 0.0 s are left. What wins is confirmed from before: trials 2, 1, 0."
    )
    alone = affordable(ranked, ranked[-1], Search(), 0.0, missing=lambda number, times: times * (number > 0))
    assert alone.trials == ()
