"""The parent of later proposals: the best trial, or a cheaper one that validation cannot tell from it."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoopt.records import Objective, Status, Trial
from autoopt.search.parent import parent

ACCURACY, LOSS = Objective("val_accuracy", "max"), Objective("val_loss", "min")
N = 400  # the standard error of an accuracy of 0.9 is then 0.015


def trial(
    number: int, score: float | None, price: float | None = None, status: Status = "completed"
) -> Trial:
    return Trial(number, status, score, {"number": number}, {}, 0, 0.0, 1.0, price=price)


def number_of(*trials: Trial, objective: Objective = ACCURACY, examples: int | None = N) -> Any:
    found = parent(trials, objective, examples)
    return None if found is None else found.number


def test_there_is_none_before_a_trial_has_a_score() -> None:
    assert number_of(trial(0, None), trial(1, 0.9, status="failed")) is None


def test_a_cheaper_trial_within_one_standard_error_is_preferred() -> None:
    assert math.sqrt(0.9 * 0.1 / N) == pytest.approx(0.015)
    assert number_of(trial(0, 0.886, price=1.0), trial(1, 0.9, price=2.0)) == 0
    assert number_of(trial(0, 0.884, price=1.0), trial(1, 0.9, price=2.0)) == 1


def test_a_trial_that_lacks_executions_is_preferred_to_none_that_has_them() -> None:
    lucky = replace(trial(1, 0.99, price=1.0), missing=1)

    assert number_of(trial(0, 0.9, price=2.0), lucky) == 0
    assert number_of(lucky) == 1


def test_of_equal_prices_the_better_score_is_preferred_and_then_the_earlier_trial() -> None:
    assert number_of(trial(0, 0.89, 1.0), trial(1, 0.9, 1.0), trial(2, 0.9, 1.0)) == 1


@pytest.mark.parametrize("objective", [LOSS, Objective("accuracy", "max"), Objective("val_auc", "max")])
def test_scores_that_are_no_share_of_the_validation_examples_are_taken_at_their_word(
    objective: Objective,
) -> None:
    best = 0.90 if objective.direction == "max" else 0.89

    assert parent([trial(0, 0.89, 1.0 + best), trial(1, 0.90, 3.0 - best)], objective, N).score == best


def test_without_a_number_of_examples_the_best_is_the_parent() -> None:
    assert number_of(trial(0, 0.899, 1.0), trial(1, 0.9, 2.0), examples=None) == 1


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(1, 9)), min_size=1, max_size=12))
def test_the_parent_is_never_worse_than_the_best_by_more_than_the_error(pairs: Any) -> None:
    trials = [trial(number, score, price) for number, (score, price) in enumerate(pairs)]
    best = max(score for score, _ in pairs)
    found = parent(trials, ACCURACY, N)

    assert found is not None and found.score is not None and found.price is not None
    assert found.score >= best - math.sqrt(best * (1 - best) / N)
    assert found.price <= min(each.price for each in trials if each.score == best)
