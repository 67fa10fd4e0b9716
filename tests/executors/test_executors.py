"""Laws that every executor keeps: each job is answered once, failures come back, nothing is left behind."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import pytest

from autoopt.engines import KerasEngine
from autoopt.executors import Executor, InlineExecutor
from autoopt.recipe import Recipe
from autoopt.records import Objective
from autoopt.worker import Job, Worker
from tests import toys

EXECUTORS: dict[str, Callable[[Worker], Executor]] = {"inline": InlineExecutor}  # a new one is one line here


def worker(model_fn: Any = toys.eager) -> Worker:
    dataset = toys.halves(*toys.digits(40))
    hypermodel = toys.hypermodel(model_fn, data=dataset)
    return Worker(hypermodel, dataset, KerasEngine(), Objective("val_loss", "min"))


def job(number: int, epochs: int = 1, **changes: Any) -> Job:
    return Job(number, Recipe().plus(**changes), {"number": number}, epochs, epochs, seed=0)


def go_on(job: Job, epoch: int, logs: Any) -> Any:
    return "continue"


@pytest.fixture(params=EXECUTORS.values(), ids=EXECUTORS)
def make(request: pytest.FixtureRequest) -> Callable[[Worker], Executor]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def executor(make: Callable[[Worker], Executor]) -> Iterator[Executor]:
    made = make(worker())
    yield made
    made.close()


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

    def report(job: Job, epoch: int, logs: Any) -> Any:
        told.append((job.number, epoch, sorted(logs)))
        return "continue"

    executor.submit(job(7, epochs=2))
    executor.wait(report)

    assert told == [(7, epoch, ["accuracy", "loss", "val_accuracy", "val_loss"]) for epoch in (0, 1)]


def test_the_report_ends_a_trial(executor: Executor) -> None:
    executor.submit(job(0, epochs=5))
    trial = executor.wait(lambda job, epoch, logs: "stop").trial

    assert (trial.status, trial.epochs) == ("pruned", 1)


def test_a_model_function_that_raises_comes_back_as_a_failed_outcome(
    make: Callable[[Worker], Executor],
) -> None:
    calls: list[int] = []

    def model_fn() -> keras.Model:
        calls.append(1)
        if len(calls) == 2:
            raise ValueError("no model today")
        return toys.eager()

    executor = make(worker(model_fn))
    executor.submit(job(0))
    executor.submit(job(1))
    statuses = [
        (outcome.trial.status, outcome.weights is None)
        for outcome in (executor.wait(go_on), executor.wait(go_on))
    ]
    executor.close()

    assert statuses == [("failed", True), ("completed", False)]


def test_edits_that_do_not_fit_come_back_as_a_failed_outcome(executor: Executor) -> None:
    executor.submit(job(0, depth={"conv": 3}))
    trial = executor.wait(go_on).trial

    assert trial.status == "failed"
    assert "This model has no stage 'conv'" in trial.error


def test_closing_twice_is_closing_once_and_drops_what_was_not_waited_for(
    make: Callable[[Worker], Executor],
) -> None:
    executor = make(worker())
    executor.submit(job(0))
    executor.close()
    executor.close()

    with pytest.raises(LookupError):
        executor.wait(go_on)
