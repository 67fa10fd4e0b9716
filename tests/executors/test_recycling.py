"""Trials leave a process that has grown past its limit, stay where they cannot leave, and count on as before."""

import logging
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest

from autoopt import memory
from autoopt.data import Dataset, Part, Stream
from autoopt.executors import RecyclingExecutor
from autoopt.executors.recycling import objection
from autoopt.records import Trial
from tests import toys
from tests.counts import in_processes
from tests.executors.jobs import duties_of, go_on, job

ROOMY = 2**60

pytestmark = pytest.mark.skipif(memory.resident() is None, reason="the platform does not tell its memory")


@dataclass(frozen=True)
class Moved:
    """What became of two trials, before and after this process grew past its limit."""

    trials: list[Trial]
    lines: list[str]


@pytest.fixture(scope="module")
def moved() -> Any:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("autoopt")
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.INFO)
    duties = duties_of(toys.compiled)
    executor = RecyclingExecutor(duties.worker(), duties, (memory.resident() or 0) + 2**27)
    try:
        for _ in range(3):
            executor.submit(job(0))  # the search may be a job ahead
        trials = [executor.wait(go_on).trial]
        ballast = np.ones(2**26)
        trials += [executor.wait(go_on).trial for _ in range(2)]
        assert ballast.any()
    finally:
        executor.close()
        logger.setLevel(before)
        logger.removeHandler(handler)
    return Moved(trials, lines)


@in_processes
def test_trials_are_the_same_after_they_have_moved_on(moved: Moved) -> None:
    here, *there = moved.trials

    assert here.status == "completed"
    for trial in there:
        assert (trial.status, trial.history) == (here.status, here.history)
        assert trial.engine == f"{here.engine}, in a worker process"


@in_processes
def test_moving_on_is_told_once_with_its_reason(moved: Moved) -> None:
    told = [line for line in moved.lines if line.startswith("Trials go on in a fresh process")]

    assert len(told) == 1
    assert "in memory, more than its limit of" in told[0]


@in_processes
def test_programs_keep_numbers_of_their_own_in_every_process(moved: Moved) -> None:
    if moved.trials[0].program is None:
        pytest.skip("this backend has no programs")
    assert [trial.program for trial in moved.trials] == [0, 1, 1]


@in_processes
def test_the_log_of_a_worker_process_arrives(moved: Moved) -> None:
    made = [line for line in moved.lines if line.startswith("program 0: ")]

    assert len(made) == (0 if moved.trials[0].program is None else 2)


def test_a_worker_process_that_has_grown_is_ended(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "autoopt")
    duties = duties_of()
    executor = RecyclingExecutor(duties.worker(), duties, limit=1, room=0)
    executor.submit(job(0))
    trial = executor.wait(go_on).trial
    told = caplog.records[-1].getMessage()
    executor.close()

    assert trial.status == "completed"
    assert told.startswith("The worker process has ") and told.endswith(" in memory: a fresh one follows.")


def test_trials_stay_here_below_the_limit_and_without_one() -> None:
    duties = duties_of()
    for limit in (ROOMY, None):
        executor = RecyclingExecutor(duties.worker(), duties, limit)
        executor.submit(job(1))

        assert executor.wait(go_on).trial.status == "completed"
        executor.close()


class Tens(keras.utils.PyDataset):  # type: ignore[misc]
    """Forty digits, ten a batch."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        x, y = toys.digits(40)
        return x[10 * index : 10 * index + 10], y[10 * index : 10 * index + 10]


def unsendable() -> Any:
    def numbers() -> Any:
        yield 1

    running = numbers()

    def model_fn() -> keras.Model:
        next(running, None)
        return toys.eager()

    return model_fn


LEAVES_NOT: dict[str, tuple[Any, Any, str]] = {
    "stream": (
        toys.eager,
        Dataset(Stream(Tens(), 40), Part(*toys.digits(20))),
        "the data comes batch by batch",
    ),
    "model function": (unsendable(), None, "cannot pickle 'generator' object"),
}


@pytest.mark.parametrize("case", LEAVES_NOT)
def test_what_cannot_leave_stays_and_it_is_said_once_why(case: str, caplog: pytest.LogCaptureFixture) -> None:
    model_fn, data, reason = LEAVES_NOT[case]
    duties = duties_of(model_fn, data)
    executor = RecyclingExecutor(duties.worker(), duties, limit=1)
    for number in range(2):
        executor.submit(job(number))
        assert executor.wait(go_on).trial.status == "completed"
    executor.close()
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]

    assert len(warnings) == 1
    assert reason in warnings[0]


def test_data_too_large_for_two_processes_stays_in_one() -> None:
    row = np.float32(0)
    large = Part(np.broadcast_to(row, (2**20, 2**30)), np.broadcast_to(row, 2**20))

    reason = objection(duties_of(data=Dataset(large, Part(*toys.digits(20)))))

    assert reason.startswith("another process would take ") and reason.endswith(" is left")
