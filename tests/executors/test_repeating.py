"""A trial of several executions: each with seeds of its own, and the mean of their scores."""

from typing import Any

import pytest

from autoopt.executors import Executions, InlineExecutor, RepeatingExecutor
from autoopt.worker import Job, Outcome
from tests.executors.jobs import duties_of, go_on, job


def ran(executions: int, submitted: Job, report: Any = go_on) -> Outcome:
    duties = duties_of()
    executor = RepeatingExecutor(InlineExecutor(duties.worker()), Executions(executions), duties.objective)
    executor.submit(submitted)
    return executor.wait(report)


def alone(execution: int) -> Outcome:
    executor = InlineExecutor(duties_of().worker())
    executor.submit(Job(**{**vars(job(3, epochs=2)), "execution": execution}))
    return executor.wait(go_on)


def test_its_score_is_the_mean_and_its_weights_are_the_best_execution_s() -> None:
    one, other = alone(0), alone(1)
    both = ran(2, job(3, epochs=2))
    scores = [one.trial.score or 0.0, other.trial.score or 0.0]
    best = one if scores[0] < scores[1] else other

    assert scores[0] != scores[1]
    assert both.trial.score == pytest.approx(sum(scores) / 2)
    assert both.trial.history == one.trial.history
    assert both.trial.note.startswith("The mean of 2 executions")
    assert (both.trial.executions, both.trial.missing) == (2, 0)
    assert all(
        (mine == theirs).all() for mine, theirs in zip(both.weights or (), best.weights or (), strict=True)
    )


def test_what_is_pruned_in_its_first_execution_has_no_other() -> None:
    told: list[int] = []

    def report(job: Job, epoch: int, logs: Any) -> Any:
        told.append(job.execution)
        return "prune"

    trial = ran(3, job(epochs=2), report).trial

    assert (trial.status, trial.executions, trial.missing) == ("pruned", 1, 2)
    assert trial.note.startswith("Pruned after epoch 1 of 2. The mean of 1 of 3 executions: ")
    assert told == [0]


def test_an_execution_that_is_cut_when_the_search_ends_does_not_count() -> None:
    def report(job: Job, epoch: int, logs: Any) -> Any:
        return "stop" if job.execution else "continue"

    both, score = ran(3, job(3, epochs=2), report).trial, alone(0).trial.score

    assert (both.status, both.score, both.executions, both.missing) == ("pruned", score, 1, 2)
    assert (
        both.note
        == f"Cut in training 2 of 3, when the search ended. The mean of 1 of 3 executions: {score:.6g}."
    )


def test_a_confirmation_run_is_one_training() -> None:
    assert "mean" not in ran(2, Job(**{**vars(job()), "repeat": 1})).trial.note
