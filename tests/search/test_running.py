"""What the trial that trains has come to so far: its best score, and seconds without those of its first epoch."""

import functools
import math
from dataclasses import replace

import pytest

from autoopt.records import Objective, Trial
from autoopt.search.rounds import epochs_of, pace
from autoopt.search.running import Running
from autoopt.worker import Job

LOSS, ACCURACY = Objective("val_loss", "min"), Objective("val_accuracy", "max")
JOB = Job(7, None, {"units": 8}, 9, 9, 0)  # type: ignore[arg-type]


def told(scores: list[float], clock: pytest.MonkeyPatch, first: int = 0) -> Running:
    """Return what has been told an epoch each 2 s, after 30 s for the first."""
    found = Running()
    found.begin(JOB)
    for epoch, score in enumerate(scores, first):
        clock.setattr("autoopt.search.running.time.time", functools.partial(float, 30 + 2 * epoch))
        found.note(JOB.number, epoch, score)
    return found


@pytest.mark.parametrize(("objective", "best"), [(LOSS, 1), (ACCURACY, 2)])
def test_its_best_epoch_counts_from_the_first_and_its_pace_from_the_second(
    objective: Objective, best: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = told([0.5, 0.2, 0.9, math.nan], monkeypatch).all(objective)

    assert (found.number, found.status, found.score) == (7, "running", (0.2, 0.9)[best - 1])
    assert (found.best_epoch, epochs_of(found)) == (best, best + 1)
    assert pace(found) == pytest.approx(2.0)


@pytest.mark.parametrize("scores", [[], [0.5], [math.nan, math.nan]])
def test_before_its_second_epoch_and_without_a_score_nothing_is_known(
    scores: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not told(scores, monkeypatch).all(LOSS)


def test_a_training_that_goes_on_counts_all_its_epochs_and_paces_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = told([0.5, 0.4, 0.3], monkeypatch, first=9)
    found.finished = [ended := Trial(0, "completed", 0.9, {}, {}, 0, 0.0, 1.0)]
    earlier, trial = found.all(LOSS)

    assert earlier is ended
    assert (trial.best_epoch, trial.epochs, trial.own_epochs) == (11, 12, 3)
    assert pace(trial) == pytest.approx(2.0)


def test_what_has_ended_does_not_run_and_what_begins_again_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = told([0.5, 0.4], monkeypatch)
    assert 7 in found
    found.begin(JOB)
    assert not found.all(LOSS)
    found.end(7)

    assert 7 not in found
    assert not found.all(LOSS)


def test_trials_that_run_at_once_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told([0.5, 0.4], monkeypatch)
    found.begin(replace(JOB, number=8))
    found.note(8, 0, 0.1)
    found.note(8, 1, 0.2)

    assert [(trial.number, trial.score) for trial in found.all(LOSS)] == [(7, 0.4), (8, 0.1)]


def test_it_is_asked_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told([0.5, 0.4], monkeypatch)
    assert found.is_due
    found.all(LOSS)

    assert not found.is_due
