"""Successive halving: who goes on at a rung, whoever came first."""

import math
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoopt.records import Objective, Trial
from autoopt.search import FoldRule, HalvingPruner

EPOCHS = 18
RUNGS = (3, 9)


def study(
    direction: str = "minimize", epochs: int = EPOCHS, pruner: optuna.pruners.BasePruner | None = None
) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(direction=direction, pruner=pruner or HalvingPruner(epochs))


def epochs_of(study: optuna.Study, scores: list[float], **named: Any) -> int:
    """Report the scores of a trial until it is pruned; return how many epochs it trained."""
    study.enqueue_trial(named)
    trial = study.ask()
    for name, value in named.items():
        if isinstance(value, str):
            trial.suggest_categorical(name, (value,))
        else:
            trial.suggest_float(name, 0.0, 1.0)
    for epoch, score in enumerate(scores):
        trial.report(score, epoch)
        if trial.should_prune():
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return epoch + 1
    study.tell(trial, scores[-1] if math.isfinite(scores[-1]) else None, state=None, skip_if_finished=True)
    return len(scores)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20))
def test_trials_end_only_at_a_rung(levels: list[float]) -> None:
    found = study()

    assert {epochs_of(found, [level] * EPOCHS) for level in levels} <= {*RUNGS, EPOCHS}


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20))
def test_the_best_trial_so_far_always_goes_on(levels: list[float]) -> None:
    found = study()
    for number, level in enumerate(levels):
        trained = epochs_of(found, [level] * EPOCHS)
        if level <= min(levels[: number + 1]):
            assert trained == EPOCHS


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=12), st.sampled_from(["minimize", "maximize"]))
def test_more_is_better_exactly_where_less_is_worse(levels: list[float], direction: str) -> None:
    low, high = study("minimize"), study("maximize")
    found = [epochs_of(low, [level] * EPOCHS) for level in levels]

    assert found == [epochs_of(high, [-level] * EPOCHS) for level in levels]


def test_the_first_two_always_go_on_and_then_the_best_third() -> None:
    found = study()
    levels = [0.1, 0.2, 0.3, 0.4, 0.15, 0.25, 0.05]

    assert [epochs_of(found, [level] * EPOCHS) for level in levels] == [18, 18, 3, 3, 18, 3, 18]


def test_a_rank_is_taken_of_the_best_score_so_far_and_not_of_the_last() -> None:
    found = study()
    for level in (0.1, 0.2, 0.3):
        epochs_of(found, [level] * EPOCHS)

    assert epochs_of(found, [0.05, 9.0, *[9.0] * 16]) == EPOCHS


def test_what_others_reached_later_does_not_count() -> None:
    found = study()
    for _ in range(4):
        epochs_of(found, [1.0, 1.0, 1.0, *[0.0] * 15])

    assert epochs_of(found, [0.9] * EPOCHS) > 3


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_trial_without_a_number_ends_at_the_first_rung(bad: float) -> None:
    assert epochs_of(study(), [bad] * EPOCHS) == 3


def test_equal_scores_all_go_on() -> None:
    found = study()

    assert [epochs_of(found, [0.5] * EPOCHS) for _ in range(6)] == [EPOCHS] * 6


@pytest.mark.parametrize("epochs", [1, 2, 3, 50])
def test_few_epochs_still_have_their_rungs(epochs: int) -> None:
    found = study(epochs=epochs)
    trained = [epochs_of(found, [level] * epochs) for level in (0.1, 0.2, 0.3, 0.4)]

    assert trained[:2] == [epochs] * 2
    assert trained[3] == {1: 1, 2: 2, 3: 2, 50: 9}[epochs]


def test_a_difference_within_the_error_of_a_score_is_no_reason_to_end() -> None:
    found = study("maximize", pruner=HalvingPruner(EPOCHS, error=lambda score: 0.02))
    levels = [0.9, 0.91, 0.92, 0.895, 0.87]

    assert [epochs_of(found, [level] * EPOCHS) for level in levels] == [18, 18, 18, 18, 3]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({}, 3),
        ({"optimizer/warmup": 0.05}, 3),
        ({"optimizer/warmup": 0.2}, 9),
        ({"optimizer/warmup": 0.5}, EPOCHS),
        ({"optimizer/schedule": "one_cycle"}, 9),
        ({"optimizer/schedule": "cosine"}, 3),
    ],
    ids=str,
)
def test_a_trial_is_not_ended_while_its_learning_rate_still_rises(
    named: dict[str, Any], expected: int
) -> None:
    found = study()
    for level in (0.1, 0.2, 0.3):
        epochs_of(found, [level] * EPOCHS)

    assert epochs_of(found, [0.9] * EPOCHS, **named) == expected


def test_a_trial_without_a_number_ends_also_while_its_rate_rises() -> None:
    assert epochs_of(study(), [math.nan] * EPOCHS, **{"optimizer/warmup": 0.5}) == 3


ACCURACY = Objective("val_accuracy", "max")


def folds_of(rule: FoldRule, number: int, scores: list[float]) -> int:
    """Tell a rule of a trial's folds until it is ended; return how many it trained."""
    return next((n for n in range(1, len(scores)) if rule(number, scores[:n])), len(scores))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_trials_end_only_after_their_first_folds_and_the_best_never_does(levels: list[float]) -> None:
    rule = FoldRule(10, ACCURACY)
    for number, level in enumerate(levels):
        trained = folds_of(rule, number, [level] * 10)

        assert trained in ({10} if number == 0 or level >= max(levels[: number + 1]) else {2, 4, 10})


def test_a_trial_is_compared_by_its_mean_over_equal_folds() -> None:
    rule = FoldRule(5, ACCURACY)
    for number in range(3):
        folds_of(rule, number, [0.9, 0.7, 0.0, 0.0, 0.0])

    assert folds_of(rule, 3, [0.79] * 5) == 2
    assert folds_of(rule, 4, [0.0, 1.0, 0.0, 0.0, 0.0]) == 2
    assert folds_of(rule, 5, [0.81] * 5) == 5


def test_the_users_own_model_is_trained_on_all_folds_and_two_trials_always_are() -> None:
    rule = FoldRule(5, ACCURACY)

    assert [folds_of(rule, number, [score] * 5) for number, score in ((1, 0.9), (2, 0.8), (0, 0.1))] == [
        5
    ] * 3
    assert folds_of(rule, 3, [math.nan] * 5) == 2


def test_trials_of_an_earlier_session_are_compared_too() -> None:
    def trial(number: int) -> Trial:
        return Trial(number, "completed", 0.9, {}, {}, 0, 0.0, 1.0, fold_scores=(0.9,) * 5)

    rule = FoldRule(5, ACCURACY, [trial(number) for number in range(4)])

    assert folds_of(rule, 4, [0.5] * 5) == 2
