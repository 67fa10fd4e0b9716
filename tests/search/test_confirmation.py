"""Confirmation: the best few again with fresh seeds, in even rounds, as far as the time allows."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from autoopt import storage
from autoopt.data import Cut, Dataset
from autoopt.engines import KerasEngine
from autoopt.executors import Executor, Folds, InlineExecutor, RepeatingExecutor
from autoopt.records import EpochEnded, Event, ExecutionAdvanced, Objective, Trial, TrialEnded, TrialStarted
from autoopt.search import Confirmation, Confirmations, Confirmed, Evidence, KeptRuns, Limits, Search
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


class Hasty(Limits):
    """Leaves next to no time, and never ends what runs."""

    def __init__(self) -> None:
        super().__init__(None, None, time.time(), 9)

    def over(self) -> bool:
        return False

    def left(self) -> float:
        return 1e-6


@dataclass
class Run:
    """A confirmation that can be carried out, and what it told."""

    callbacks: Any = ()
    limits: Limits = field(default_factory=lambda: limits(None))
    model_fn: Callable[[], keras.Model] = toys.eager
    told: list[Event] = field(default_factory=list)
    data: Dataset = field(default_factory=lambda: toys.halves(*toys.digits(60)))
    executor: Callable[[Worker], Executor] = InlineExecutor
    kept: KeptRuns | None = None

    def of(self, candidates: list[Trial], repeats: int, epochs: int = 3) -> Any:
        dataset = self.data
        hypermodel = toys.hypermodel(self.model_fn, data=dataset)
        worker = Worker(hypermodel, dataset, KerasEngine(), OBJECTIVE, self.callbacks)
        evidence = Evidence(worker, lambda trial: self.model_fn())
        confirmation = Confirmation(
            hypermodel, self.executor(worker), self.limits, OBJECTIVE, epochs, 0, self.told.append, dataset.recut,
            evidence.of, self.kept,
        )  # fmt: skip
        return confirmation.run(candidates, repeats)


def test_each_candidate_runs_as_often_as_every_other_and_with_other_seeds() -> None:
    found = Run().of([trial(0), trial(4)], repeats=2)

    assert {number: len(runs) for number, runs in found.items()} == {0: 2, 4: 2}
    assert len({run.score for runs in found.values() for run in runs}) == 4


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
    assert [run.score for run in found[0]] == [epochs[-1].logs["val_loss"]]


def test_sinks_are_told_the_score_of_the_last_epoch_not_of_the_best_one() -> None:
    run = Run(model_fn=lambda: toys.compiled(keras.optimizers.SGD(5.0), run_eagerly=True))
    found = run.of([trial(0, best_epoch=2)], repeats=2)
    ended = [event.trial for event in run.told if isinstance(event, TrialEnded)]

    assert [each.score for each in ended] == [each.score for each in found[0]]
    assert all(each.score == each.history["val_loss"][-1] for each in ended)
    assert any(each.score > min(each.history["val_loss"]) for each in ended)


def test_a_run_that_the_time_cuts_counts_for_nobody() -> None:
    run = Run()

    def callbacks(trial: Trial) -> list[Any]:
        run.limits.interrupted = len([event for event in run.told if isinstance(event, TrialEnded)]) == 3
        return []

    run.callbacks = callbacks
    found = run.of([trial(0), trial(4)], repeats=3)

    assert {number: len(runs) for number, runs in found.items()} == {0: 1, 4: 1}


def test_runs_that_are_known_are_not_run_again_even_without_any_time(tmp_path: Path) -> None:
    folder = storage.create(tmp_path, "one", False)
    first = Run(kept=KeptRuns(folder, "same")).of([trial(0), trial(4)], repeats=2)
    again = Run(kept=KeptRuns(folder, "same"), limits=limits(-10.0))
    found = again.of([trial(0), trial(4)], repeats=3)

    assert not again.told
    assert {number: [run.score for run in runs] for number, runs in found.items()} == {
        number: [run.score for run in runs] for number, runs in first.items()
    }


def test_a_run_that_failed_is_run_another_time(tmp_path: Path) -> None:
    folder = storage.create(tmp_path, "one", False)

    def callbacks(trial: Trial) -> list[Any]:
        raise RuntimeError("no device today")

    failed = Run(callbacks, kept=KeptRuns(folder, "same")).of([trial(0)], repeats=1)
    again = Run(kept=KeptRuns(folder, "same")).of([trial(0)], repeats=1)

    assert [run.score for run in failed[0]] == [math.inf]
    assert math.isfinite(again[0][0].score)


def test_without_a_whole_round_nothing_is_confirmed() -> None:
    run = Run(limits=limits(0.0))

    assert run.of([trial(0), trial(4)], repeats=3) == {}


def test_a_run_that_a_callback_of_the_user_stops_is_scored_where_it_stopped() -> None:
    stop = keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=1e9)
    found = Run(callbacks=[stop]).of([trial(0, best_epoch=5)], repeats=1, epochs=6)

    assert math.isfinite(found[0][0].score)


def test_a_run_that_fails_counts_as_the_worst_score() -> None:
    calls: list[int] = []

    def model_fn() -> keras.Model:
        calls.append(1)
        if len(calls) > 1:
            raise ValueError("no more")
        return toys.eager()

    found = Run(model_fn=model_fn).of([trial(0)], repeats=2)

    assert [run.score for run in found[0]] == [math.inf, math.inf]
    assert Confirmations(found).of(0) == Confirmed((math.inf, math.inf), math.inf)


def test_the_examples_of_a_run_tell_its_score() -> None:
    found = Run().of([trial(0)], repeats=2)

    for run in found[0]:
        assert run.values.each.mean() == pytest.approx(run.score, rel=1e-6)
        assert len(run.values.each) == 15


def test_all_candidates_of_a_round_have_the_same_fresh_cut_of_the_data() -> None:
    run = Run(data=Dataset.of(toys.digits(100)))
    found = run.of([trial(0), trial(4)], repeats=2)
    first, second = ([runs[repeat].values.units for runs in found.values()] for repeat in (0, 1))

    assert np.array_equal(*first) and np.array_equal(*second)
    assert not np.array_equal(first[0], second[0])
    assert not np.array_equal(first[0], np.arange(80, 100))  # the rows that chose them


def test_a_round_that_will_not_fit_is_not_begun() -> None:
    run = Run(limits=Hasty())

    assert len(run.of([trial(0)], repeats=3)[0]) == 1


def test_a_search_takes_no_negative_number_of_runs() -> None:
    with pytest.raises(ValueError, match="confirm was given -1"):
        Search(confirm=-1)


def test_of_a_run_on_folds_the_epochs_of_the_first_one_are_told() -> None:
    rows = np.arange(60)
    cuts = [Cut(np.delete(rows, held), held) for held in (rows[:20], rows[20:40], rows[40:])]
    plan = Folds(lambda repeat: cuts, 1, lambda number, scores: False)
    run = Run(executor=lambda worker: RepeatingExecutor(InlineExecutor(worker), plan, OBJECTIVE))
    run.of([trial(0, best_epoch=1)], repeats=1)

    assert [event.epoch for event in run.told if isinstance(event, EpochEnded)] == [0, 1]
    further = [event for event in run.told if isinstance(event, ExecutionAdvanced)]
    assert [(event.execution, event.epoch) for event in further] == [(1, 0), (1, 1), (2, 0), (2, 1)]


def test_sinks_are_told_which_of_all_runs_begins() -> None:
    run = Run()
    run.of([trial(0), trial(3)], repeats=2)

    begun = [event for event in run.told if isinstance(event, TrialStarted)]
    assert [(each.number, each.repeat, each.run) for each in begun] == [
        (0, 1, 1),
        (3, 1, 2),
        (0, 2, 3),
        (3, 2, 4),
    ]
    assert {(each.repeats, each.runs) for each in begun} == {(2, 4)}
