"""A trial on folds: each is one training on its own rows, and the mean of their scores."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoopt.data import Cut
from autoopt.executors import Folds, InlineExecutor, RepeatingExecutor
from autoopt.worker import Job, Outcome
from tests.executors.jobs import duties_of, go_on, job

ROWS = np.arange(40)
CUTS = [[Cut(np.delete(ROWS, some), some) for some in (ROWS[at::3] for at in range(3))], []]
CUTS[1] = CUTS[0][::-1]  # the partition of the first repeat


def never(number: int, scores: Sequence[float]) -> bool:
    return False


def ran(submitted: Job, report: Any = go_on, executions: int = 1, rule: Any = never) -> Outcome:
    duties = duties_of()
    plan = Folds(lambda repeat: CUTS[repeat], executions, rule)
    executor = RepeatingExecutor(InlineExecutor(duties.worker()), plan, duties.objective)
    executor.submit(submitted)
    return executor.wait(report)


def alone(fold: int, execution: int, epochs: int, repeat: int = 0) -> Outcome:
    executor = InlineExecutor(duties_of().worker())
    given = job(3, epochs=epochs)
    executor.submit(replace(given, cut=CUTS[repeat][fold], execution=execution, repeat=repeat))
    return executor.wait(go_on)


def test_the_score_is_the_mean_over_folds_and_the_weights_are_the_best_fold_s() -> None:
    folds = [alone(fold, fold, epochs=1) for fold in range(3)]
    whole = ran(job(3, epochs=1))
    scores = [outcome.trial.score or 0.0 for outcome in folds]
    best = int(np.argmin(scores))

    assert len(set(scores)) == 3
    assert whole.trial.fold_scores == tuple(scores)
    assert whole.trial.score == pytest.approx(sum(scores) / 3)
    assert (whole.trial.best_fold, whole.trial.missing) == (best, 0)
    assert whole.trial.history == folds[0].trial.history
    assert whole.trial.note.startswith("The mean of 3 folds: ")
    for mine, theirs in zip(whole.weights or (), folds[best].weights or (), strict=True):
        assert (mine == theirs).all()


def test_each_execution_of_each_fold_is_trained() -> None:
    told: list[tuple[int, int]] = []

    def report(job: Job, epoch: int, logs: Any) -> Any:
        told.append((job.execution, len(job.cut.validation) if job.cut else 0))
        return "continue"

    trial = ran(job(epochs=1), report, executions=2).trial

    assert told == [(0, 14), (1, 14), (2, 13), (3, 13), (4, 13), (5, 13)]
    assert (trial.executions, len(trial.fold_scores)) == (6, 3)
    assert trial.score == pytest.approx(sum(trial.fold_scores) / 3)


def test_a_hopeless_trial_stops_after_its_first_folds() -> None:
    asked: list[tuple[int, int]] = []

    def rule(number: int, scores: Sequence[float]) -> bool:
        asked.append((number, len(scores)))
        return len(scores) == 2

    trial = ran(job(5), rule=rule, executions=2).trial

    assert asked == [(5, 1), (5, 2)]
    assert (trial.status, trial.executions, trial.missing, len(trial.fold_scores)) == ("pruned", 4, 2, 2)
    assert trial.note.startswith("Pruned after training 4 of 6. The mean of 2 of 3 folds: ")


def test_what_is_pruned_in_its_first_fold_has_no_other() -> None:
    trial = ran(job(epochs=2), lambda job, epoch, logs: "prune").trial

    assert (trial.status, len(trial.fold_scores), trial.missing, trial.best_fold) == ("pruned", 1, 2, 0)


def test_a_confirmation_run_is_every_fold_of_another_partition_scored_at_its_last_epoch() -> None:
    folds = [alone(fold, fold, epochs=2, repeat=1).trial.history["val_loss"] for fold in range(3)]
    given = replace(job(3, epochs=2), repeat=1)
    trial = ran(given, executions=2, rule=lambda number, scores: True).trial

    assert trial.history["val_loss"] == pytest.approx(np.mean(folds, axis=0).tolist())
    assert (trial.status, trial.executions) == ("completed", 3)
