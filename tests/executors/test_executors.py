"""Laws that every executor keeps: each job is answered once, failures come back, the place does not matter."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoopt.data import Cut, Dataset
from autoopt.executors import Executor
from autoopt.worker import Continuation, Duties, Outcome
from tests.executors.jobs import go_on, job


def test_every_job_is_answered_exactly_once(executor: Executor) -> None:
    for number in range(3):
        executor.submit(job(number))
    answers = [executor.wait(go_on).trial.number for _ in range(3)]

    assert sorted(answers) == [0, 1, 2]
    with pytest.raises(LookupError):
        executor.wait(go_on)


def test_waiting_for_no_job_is_an_error(executor: Executor) -> None:
    with pytest.raises(LookupError):
        executor.wait(go_on)


def test_the_report_is_told_each_epoch_of_its_job(executor: Executor) -> None:
    told: list[Any] = []

    def report(job: Any, epoch: int, logs: Any) -> Any:
        told.append((job.number, epoch, sorted(logs)))
        return "continue"

    executor.submit(job(7, epochs=2))
    executor.wait(report)

    assert told == [(7, epoch, ["accuracy", "loss", "val_accuracy", "val_loss"]) for epoch in (0, 1)]


def test_the_report_ends_a_trial(executor: Executor) -> None:
    executor.submit(job(0, epochs=30))
    trial = executor.wait(lambda job, epoch, logs: "stop").trial

    assert trial.status == "pruned"
    assert trial.epochs == 1 if executor.slots == 1 else trial.epochs < 30  # nothing waits for a verdict


def test_a_job_begins_once_before_its_epochs(executor: Executor) -> None:
    told: list[Any] = []

    def report(job: Any, epoch: int, logs: Any) -> Any:
        told.append((job.number, epoch))
        return "continue"

    for number in (3, 4):
        executor.submit(job(number, epochs=2))
    for _ in range(2):
        executor.wait(report, lambda job: told.append((job.number, "begins")))

    for number in (3, 4):
        assert [what for which, what in told if which == number] == ["begins", 0, 1]


def test_what_has_not_begun_is_taken_back_and_what_has_is_answered(executor: Executor) -> None:
    begun: list[int] = []
    for number in range(5):
        executor.submit(job(number, epochs=2))
    ended = executor.wait(go_on, lambda job: begun.append(job.number)).trial.number
    back = {job.number for job in executor.recall()}
    answered = {ended, *(executor.wait(go_on).trial.number for _ in range(5 - len(back) - 1))}

    assert ended in begun
    assert back and not back & set(begun)
    assert back | answered == set(range(5))
    with pytest.raises(LookupError):
        executor.wait(go_on)


SAME = job(3, epochs=2, learning_rate=0.01, depth={"dense": 2})


@pytest.fixture(scope="module")
def here(duties: Duties) -> Outcome:
    """What becomes of a job in this process."""
    return duties.worker().run(SAME, lambda epoch, logs: "continue")


def test_a_job_has_one_result_wherever_it_runs(executor: Executor, here: Outcome) -> None:
    executor.submit(SAME)
    there = executor.wait(go_on)

    assert here.trial.status == "completed"
    assert there.trial.history == here.trial.history
    assert (there.trial.score, there.trial.best_epoch) == (here.trial.score, here.trial.best_epoch)
    for ours, theirs in zip(here.weights or (), there.weights or (), strict=True):
        np.testing.assert_array_equal(theirs, ours)


MIXED = Cut(np.arange(0, 40, 2), np.arange(1, 40, 2))


@pytest.fixture(scope="module")
def apart(duties: Duties) -> Mapping[str, Any]:
    """The history of a job on a dataset of the parts that the cut has."""
    made = replace(duties, dataset=Dataset(*duties.dataset.parts(MIXED)))
    return made.worker().run(job(3), lambda epoch, logs: "continue").trial.history


def test_a_job_with_a_cut_gives_what_a_dataset_of_those_parts_gives(
    executor: Executor, apart: Mapping[str, Any]
) -> None:
    results = []
    for cut in (MIXED, None):
        executor.submit(replace(job(3), cut=cut))
        results.append(executor.wait(go_on).trial.history)

    assert results[0] == apart != results[1]


def test_a_model_function_that_raises_comes_back_as_a_failed_outcome(
    executor: Executor, users_folder: Path
) -> None:
    (users_folder / "broken").touch()
    executor.submit(job(0))
    failed = executor.wait(go_on)
    (users_folder / "broken").unlink()
    executor.submit(job(1))

    assert (failed.trial.status, failed.weights) == ("failed", None)
    assert "no model today" in failed.trial.note
    assert executor.wait(go_on).trial.status == "completed"


def test_edits_that_do_not_fit_come_back_as_a_failed_outcome(executor: Executor) -> None:
    executor.submit(job(0, depth={"conv": 3}))
    trial = executor.wait(go_on).trial

    assert trial.status == "failed"
    assert "This model has no stage 'conv'" in trial.error


def test_a_report_that_raises_fails_its_trial_and_no_other(executor: Executor) -> None:
    def report(job: Any, epoch: int, logs: Any) -> Any:
        raise OSError("the disk is full")

    executor.submit(job(0))
    executor.submit(job(1))

    assert "OSError: the disk is full" in executor.wait(report).trial.note
    assert executor.wait(go_on).trial.status == "completed"


def test_the_users_file_runs_once_wherever_its_model_is_built(executor: Executor, users_folder: Path) -> None:
    executor.submit(job(0))
    executor.wait(go_on)

    assert (users_folder / "runs").read_text() == "once "


def test_a_paused_training_goes_on_until_such_are_dropped(executor: Executor) -> None:
    first = replace(job(3), horizon=2, pauses=True)
    second = replace(job(3, epochs=2), number=4, continues=Continuation(3, 3, 1))
    found = []
    for dropped in (False, True):
        executor.submit(first)
        executor.wait(go_on)
        if dropped:
            executor.drop()
        executor.submit(second)
        found.append(executor.wait(go_on).trial)

    assert [(trial.first_epoch, trial.epochs) for trial in found] == [(1, 2), (0, 2)]
    assert found[0].history == found[1].history


def test_closing_twice_is_closing_once_and_drops_what_was_not_waited_for(
    make: Callable[[Duties], Executor], duties: Duties
) -> None:
    executor = make(duties)
    executor.submit(job(0))
    executor.close()
    executor.close()

    with pytest.raises(LookupError):
        executor.wait(go_on)
