"""Confirmation: the best few again with fresh seeds, in even rounds, as far as the time allows."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import pytest

from autoopt.engines import KerasEngine
from autoopt.executors import InlineExecutor
from autoopt.records import EpochEnded, Event, Objective, Trial, TrialEnded
from autoopt.search import Confirmation, Confirmed, Limits, Search, affordable, best_first, winner
from autoopt.worker import Worker
from tests import toys

OBJECTIVE = Objective("val_loss", "min")


def trial(number: int, score: float | None = 0.5, status: Any = "completed", seconds: float = 1.0,
          best_epoch: int = 1, epochs: int = 4) -> Trial:  # fmt: skip
    history = {"val_loss": [1.0] * epochs}
    return Trial(number, status, score, {}, history, best_epoch, 10.0, 10.0 + seconds)


def limits(left: float | None) -> Limits:
    # A budget of 1,000,000 s keeps 3 s for the ending.
    return Limits(None, None if left is None else 1e6, time.time() - 1e6 + (left or 0) + 3, 9)


@dataclass
class Run:
    """A confirmation that can be carried out, and what it told."""

    callbacks: Any = ()
    limits: Limits = field(default_factory=lambda: limits(None))
    model_fn: Callable[[], keras.Model] = toys.eager
    told: list[Event] = field(default_factory=list)

    def of(self, candidates: list[Trial], repeats: int, epochs: int = 3) -> Any:
        dataset = toys.halves(*toys.digits(60))
        hypermodel = toys.hypermodel(self.model_fn, data=dataset)
        worker = Worker(hypermodel, dataset, KerasEngine(), OBJECTIVE, self.callbacks)
        confirmation = Confirmation(
            hypermodel, InlineExecutor(worker), self.limits, OBJECTIVE, epochs, 0, self.told.append
        )
        return confirmation.run(candidates, repeats)


def test_each_candidate_runs_as_often_as_every_other_and_with_other_seeds() -> None:
    found = Run().of([trial(0), trial(4)], repeats=2)

    assert {number: confirmed.n for number, confirmed in found.items()} == {0: 2, 4: 2}
    assert len({score for confirmed in found.values() for score in confirmed.scores}) == 4


def test_what_inherited_its_weights_gets_all_its_epochs_from_scratch() -> None:
    run = Run()
    run.of([replace(trial(0, best_epoch=0, epochs=3), inherited=2)], repeats=1)

    ended = [event.trial for event in run.told if isinstance(event, TrialEnded)]
    assert [(each.epochs, each.inherited) for each in ended] == [(3, None)]


def test_a_run_ends_at_the_epoch_that_gave_the_score_and_is_scored_there() -> None:
    run = Run()
    found = run.of([trial(0, best_epoch=1)], repeats=1)
    epochs = [event for event in run.told if isinstance(event, EpochEnded)]

    assert [(event.epoch, event.repeat) for event in epochs] == [(0, 1), (1, 1)]
    assert found[0].scores == (epochs[-1].logs["val_loss"],)


def test_a_run_that_the_time_cuts_counts_for_nobody() -> None:
    run = Run()

    def callbacks(trial: Trial) -> list[Any]:
        run.limits.interrupted = len([event for event in run.told if isinstance(event, TrialEnded)]) == 3
        return []

    run.callbacks = callbacks
    found = run.of([trial(0), trial(4)], repeats=3)

    assert {number: confirmed.n for number, confirmed in found.items()} == {0: 1, 4: 1}


def test_without_a_whole_round_nothing_is_confirmed() -> None:
    run = Run(limits=limits(0.0))

    assert run.of([trial(0), trial(4)], repeats=3) == {}


def test_a_run_that_a_callback_of_the_user_stops_is_scored_where_it_stopped() -> None:
    stop = keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=1e9)
    found = Run(callbacks=[stop]).of([trial(0, best_epoch=5)], repeats=1, epochs=6)

    assert math.isfinite(found[0].mean)


def test_a_run_that_fails_counts_as_the_worst_score() -> None:
    calls: list[int] = []

    def model_fn() -> keras.Model:
        calls.append(1)
        if len(calls) > 1:
            raise ValueError("no more")
        return toys.eager()

    found = Run(model_fn=model_fn).of([trial(0)], repeats=2)

    assert found[0].scores == (math.inf, math.inf)
    assert winner([trial(0, 0.1), trial(1, 0.2)], {0: found[0], 1: Confirmed((0.3,))}, OBJECTIVE).number == 1
    assert math.isnan(found[0].std) or found[0].std >= 0


def test_mean_and_deviation_are_those_computed_by_hand() -> None:
    found = Confirmed((0.9, 0.8, 1.0))

    # deviations −0.1, 0, 0.1: √(0.02 / 2) = 0.1
    assert (found.n, found.mean, found.std) == (3, pytest.approx(0.9), pytest.approx(0.1))
    assert Confirmed((0.9,)).std == 0.0


@pytest.mark.parametrize(
    ("left", "candidates", "repeats"),
    [
        (None, 3, 3),
        (100.0, 3, 3),
        (9.0, 3, 3),
        (8.0, 2, 3),
        (4.0, 2, 2),
        (3.0, 1, 3),
        (1.0, 1, 1),
        (0.9, 0, 0),
    ],
)
def test_what_is_run_again_shrinks_to_the_time_that_is_left(
    left: float | None, candidates: int, repeats: int
) -> None:
    ranked = [trial(number, seconds=1.0, best_epoch=3, epochs=4) for number in range(5)]
    found, times = affordable(ranked, Search(), limits(None if left is None else left + 0.05))

    assert (len(found), times) == (candidates, repeats)
    assert list(found) == ranked[:candidates]


def test_a_run_up_to_half_of_the_epochs_takes_half_of_the_time() -> None:
    ranked = [trial(0, seconds=2.0, best_epoch=1, epochs=4)]

    assert affordable(ranked, Search(confirm=1), limits(3.05))[1] == 3


def test_no_confirmation_means_none() -> None:
    assert affordable([trial(0)], Search(confirm=0), limits(100))[0] == []


def test_an_interrupt_leaves_no_time_for_confirmation() -> None:
    found = limits(None)
    found.interrupted = True

    assert affordable([trial(0)], Search(), found) == ([], 0)


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
    assert winner(trials, {}, OBJECTIVE).number == 2


def test_the_winner_is_named_on_the_confirmed_mean() -> None:
    trials = [trial(0, 0.5), trial(1, 0.3), trial(2, 0.2)]
    confirmed = {1: Confirmed((0.4, 0.4)), 2: Confirmed((0.3, 0.7))}

    assert winner(trials, confirmed, OBJECTIVE).number == 1
    assert winner(trials, {}, OBJECTIVE).number == 2
    assert winner([], {}, OBJECTIVE) is None


def test_a_lucky_trial_does_not_win_over_a_better_one() -> None:
    trials = [trial(0, 0.9), trial(1, 0.95)]
    confirmed = {0: Confirmed((0.9,)), 1: Confirmed((0.8,))}

    assert winner(trials, confirmed, Objective("val_accuracy", "max")).number == 0


def test_a_search_takes_no_negative_number_of_runs() -> None:
    with pytest.raises(ValueError, match="confirm was given -1"):
        Search(confirm=-1)
