"""What confirmation found: means and errors, who wins, and whether it beats the user's model."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoopt.records import Objective, Trial
from autoopt.search import (
    Confirmations,
    Confirmed,
    Difference,
    Standing,
    Unseen,
    best_first,
    standing,
    winner,
)
from autoopt.search.chance import Run, Runs, Values

OBJECTIVE = Objective("val_loss", "min")


def trial(number: int, score: float | None = 0.5, status: Any = "completed") -> Trial:
    return Trial(number, status, score, {}, {"val_loss": [1.0] * 4}, 1, 10.0, 11.0)


def runs(*scores: float, each: float = 0.1) -> Runs:
    values = np.tile([-each, each], 50)
    return [Run(score, Values(np.arange(100), score + values)) for score in scores]


def test_mean_and_deviation_are_those_computed_by_hand() -> None:
    found = Confirmed((0.9, 0.8, 1.0))

    # deviations −0.1, 0, 0.1: √(0.02 / 2) = 0.1
    assert (found.n, found.mean, found.std) == (3, pytest.approx(0.9), pytest.approx(0.1))
    assert Confirmed((0.9,)).std == 0.0
    assert found.error is None


def test_a_winner_of_many_candidates_has_a_wider_error() -> None:
    two = Confirmations({0: runs(0.5, 0.52), 1: runs(0.4, 0.41)}, fresh_cuts=True, trials=50)
    same_rows = replace(two, fresh_cuts=False)

    assert two.of(1).error < same_rows.of(1).error
    assert replace(same_rows, trials=2).of(1).error == two.of(1).error
    assert replace(same_rows, trials=10).of(1).error < same_rows.of(1).error
    assert two.of(7) is None


def test_the_gain_over_the_users_model_is_claimed_where_it_is_beyond_noise() -> None:
    found = Confirmations({0: runs(0.5, 0.51, 0.49), 1: runs(0.2, 0.21, 0.19), 2: runs(0.5, 0.49, 0.5)}, True)
    clear, none = found.gain(trial(1), OBJECTIVE, 0), found.gain(trial(2), OBJECTIVE, 0)

    assert clear.mean == pytest.approx(0.3) and 0.2 < clear.least < 0.3
    assert none.least < 0.0


def test_nothing_is_claimed_of_the_users_model_itself_or_without_it() -> None:
    found = Confirmations({0: runs(0.5, 0.51), 1: runs(0.2, 0.21)}, True)

    assert found.gain(trial(0), OBJECTIVE, 0) is None
    assert Confirmations({1: runs(0.2, 0.21)}).gain(trial(1), OBJECTIVE, 0) is None
    assert Confirmations({}).gain(trial(1), OBJECTIVE, 0) is None


def test_an_error_that_lacks_the_examples_is_marked_as_of_seeds_alone_and_nothing_is_claimed() -> None:
    found = Confirmations({0: [Run(0.5), Run(0.51)], 1: [Run(0.2), Run(0.21)]})
    told = standing(trial(1), 0.15, found, Unseen(), OBJECTIVE, 0)

    assert told.confirmed.of_seeds_alone and told.baseline.of_seeds_alone and told.confirmed.error > 0
    assert told.beats_baseline is None
    assert told.told()["confirmed"]["of_seeds_alone"]


def test_the_gap_is_the_confirmed_mean_less_the_test_score() -> None:
    found = Confirmations({0: runs(0.5, 0.51), 1: runs(0.2, 0.22)}, True)
    tested = Unseen({"loss": 0.3, "mae": 9.0}, runs(0.3)[0].values)
    told = standing(trial(1), 0.15, found, tested, OBJECTIVE, 0)
    alone = standing(trial(1), 0.15, Confirmations({}), tested, OBJECTIVE, 0)

    assert told.gap == pytest.approx(0.21 - 0.3) and alone.gap == pytest.approx(0.15 - 0.3)
    assert told.test_error > alone.test_error > 0
    assert standing(trial(1), 0.15, found, Unseen(), OBJECTIVE, 0).gap is None


def test_the_gap_of_a_winner_by_folds_is_from_their_mean_and_not_from_the_best_one() -> None:
    best = replace(trial(1, 0.4), executions=3, fold_scores=(0.5, 0.2, 0.5), best_fold=1)
    told = standing(best, 0.2, Confirmations({}), Unseen({"loss": 0.45}), OBJECTIVE, 0)

    assert told.gap == pytest.approx(0.4 - 0.45)


@pytest.mark.parametrize(
    "told",
    [
        Standing(),
        Standing(Confirmed((0.5,), None), None, None, False, 0.1, 0.02),
        Standing(Confirmed((0.5, 0.6), 0.1, True), Confirmed((0.4, 0.7), 0.2, True)),
        Standing(
            Confirmed((0.5, 0.6), 0.1), Confirmed((0.4, math.inf), math.inf), Difference(0.1, 0.05), True
        ),
    ],
)
def test_a_standing_is_read_as_it_was_written(told: Standing) -> None:
    assert Standing.read(json.loads(json.dumps(told.written()))) == told


def test_the_results_of_earlier_versions_are_still_read() -> None:
    told = Standing.read({"best": 3, "confirmed": [0.5, 0.6], "test_metrics": {"loss": 1.0}})

    assert told == Standing(Confirmed((0.5, 0.6)))
    assert told.beats_baseline is None
    both = {
        "confirmed": [0.5, 0.6],
        "confirmed_error": 0.1,
        "baseline_confirmed": {"scores": [0.4], "error": None},
    }
    assert Standing.read(both) == Standing(Confirmed((0.5, 0.6), 0.1), Confirmed((0.4,)))
    assert Standing.read({"confirmed": []}) == Standing()


def test_the_best_come_first_and_failed_ones_not_at_all() -> None:
    trials = [trial(0, 0.5), trial(1, 0.3), trial(2, 0.3, "pruned"), trial(3, 0.1, "failed"), trial(4, None)]

    assert [each.number for each in best_first(trials, OBJECTIVE)] == [1, 2, 0]
    assert [each.number for each in best_first(trials, Objective("val_accuracy", "max"))] == [0, 1, 2]


def test_a_lucky_trial_that_lacks_executions_comes_after_all_that_have_theirs() -> None:
    trials = [
        trial(0, 0.5),
        replace(trial(1, 0.1), missing=2),
        trial(2, 0.3),
        replace(trial(3, 0.0), missing=1),
    ]

    assert [each.number for each in best_first(trials, OBJECTIVE)] == [2, 0, 3, 1]
    assert winner(best_first(trials, OBJECTIVE), {}, OBJECTIVE).number == 2


def test_the_winner_is_named_on_the_confirmed_mean() -> None:
    trials = [trial(0, 0.5), trial(1, 0.3), trial(2, 0.2)]
    confirmed = {1: Confirmed((0.4, 0.4)), 2: Confirmed((0.3, 0.7))}

    assert winner(best_first(trials, OBJECTIVE), confirmed, OBJECTIVE).number == 1
    assert winner(best_first(trials, OBJECTIVE), {}, OBJECTIVE).number == 2
    assert winner([], {}, OBJECTIVE) is None


def test_among_equals_the_cheaper_one_wins_and_then_the_earlier_one() -> None:
    trials = [
        trial(0, 0.5),
        replace(trial(1, 0.3), price=9.0),
        replace(trial(2, 0.2), price=3.0),
        trial(3, 0.4),
    ]
    confirmed = {number: Confirmed((0.4, 0.4)) for number in range(4)}

    assert winner(best_first(trials, OBJECTIVE), confirmed, OBJECTIVE).number == 2
    assert winner([trials[0], trials[3]], confirmed, OBJECTIVE).number == 0


def test_the_users_model_may_win_unless_it_is_over_a_constraint() -> None:
    own, other = trial(0, 0.5), trial(1, 0.3)
    confirmed = {0: Confirmed((0.3, 0.3)), 1: Confirmed((0.4, 0.4))}

    assert winner([own, other], confirmed, OBJECTIVE).number == 0
    assert (
        winner(
            best_first([replace(own, excess="has 90 parameters"), other], OBJECTIVE), confirmed, OBJECTIVE
        ).number
        == 1
    )


def test_a_failed_run_does_not_win() -> None:
    confirmed = {0: Confirmed((math.inf, math.inf)), 1: Confirmed((0.3,))}

    assert winner([trial(0, 0.1), trial(1, 0.2)], confirmed, OBJECTIVE).number == 1
    assert confirmed[0].std == math.inf


def test_a_lucky_trial_does_not_win_over_a_better_one() -> None:
    trials = [trial(0, 0.9), trial(1, 0.95)]
    confirmed = {0: Confirmed((0.9,)), 1: Confirmed((0.8,))}

    assert winner(trials, confirmed, Objective("val_accuracy", "max")).number == 0
