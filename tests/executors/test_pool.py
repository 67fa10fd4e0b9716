"""Several workers: all run at once, what ends one costs its job one try, and whoever cannot start is told why."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoopt.errors import SearchError, UsageError
from autoopt.executors import NoneBegun
from autoopt.executors.crew import STARTS
from autoopt.executors.messages import Ended, Lost, Ready, Refused, Reported, Task
from autoopt.executors.pool import PoolExecutor
from autoopt.records import Trial
from autoopt.worker import Continuation, Outcome
from tests.executors.by_hand import HandFleet
from tests.executors.jobs import go_on, job


@pytest.fixture
def fleet() -> HandFleet:
    return HandFleet()


@pytest.fixture
def pool(fleet: HandFleet) -> Iterator[PoolExecutor]:
    made = PoolExecutor(fleet)
    yield made
    made.close()


def test_several_jobs_run_at_once_and_each_says_where(pool: PoolExecutor, fleet: HandFleet) -> None:
    begun: list[int] = []
    for number in range(3):
        pool.submit(job(number))
    fleet.settle(2)
    fleet.finish(2)
    second = pool.wait(go_on, lambda job: begun.append(job.number)).trial
    fleet.settle(3)
    fleet.finish(1)
    first = pool.wait(go_on).trial

    assert (second.number, first.number, begun) == (1, 0, [0, 1])
    assert (first.engine, second.engine) == ("by hand, on worker 1", "by hand, on worker 2")
    assert fleet.tasks() == [(1, 0), (2, 1), (2, 2)]


def test_a_slow_job_holds_up_nobody(pool: PoolExecutor, fleet: HandFleet) -> None:
    others = []
    for number in range(4):
        pool.submit(job(number))
    for number in range(3):
        fleet.settle(2 + number)
        fleet.finish(2)
        others.append(pool.wait(go_on).trial.number)
    fleet.finish(1)

    assert others == [1, 2, 3]
    assert pool.wait(go_on).trial.number == 0


def test_a_verdict_goes_to_where_its_job_runs(pool: PoolExecutor, fleet: HandFleet) -> None:
    for number in range(2):
        pool.submit(job(number, epochs=9))
    fleet.settle(2)
    fleet.tell(2, Reported(0, {"loss": 1.0}))
    fleet.tell(1, Reported(0, {"loss": 2.0}))
    fleet.finish(1)
    pool.wait(lambda job, epoch, logs: "prune" if job.number == 1 else "continue")

    assert fleet.judged() == [(2, "prune")]


def test_the_job_of_a_worker_that_is_lost_runs_again_and_its_epochs_are_told_once(
    pool: PoolExecutor, fleet: HandFleet
) -> None:
    told: list[Any] = []
    pool.submit(job(0, epochs=2))
    fleet.settle(1)
    fleet.tell(1, Reported(0, {"loss": 1.0}))
    fleet.tell(1, Lost("was killed"))
    fleet.settle(2)
    again, _ = fleet.tasks()[1]
    for epoch in range(2):
        fleet.tell(again, Reported(epoch, {"loss": 1.0}))
    fleet.finish(again)
    trial = pool.wait(
        lambda job, epoch, logs: told.append(epoch) or "continue", lambda job: told.append("begins")
    ).trial

    assert (trial.status, told) == ("completed", ["begins", 0, 1])
    assert fleet.begun == 3


@pytest.mark.parametrize("memory", [False, True])
def test_a_job_that_costs_two_workers_has_failed_and_says_why(
    pool: PoolExecutor, fleet: HandFleet, memory: bool
) -> None:
    pool.submit(job(0))
    fleet.settle(1)
    fleet.tell(1, Lost("was killed", memory))
    fleet.settle(2)
    fleet.tell(fleet.tasks()[1][0], Lost("was killed", memory))
    trial = pool.wait(go_on).trial
    tried = [message.job.halved for _, message in fleet.sent if isinstance(message, Task)]

    assert (trial.status, tried) == ("failed", [False, memory])  # batches are halved where memory ran out
    assert trial.note.startswith(
        "Out of memory: " if memory else "The process of worker 1 was killed amid this trial"
    )
    assert "and as it ran again that of worker 2 was killed." in trial.note


def test_only_the_job_that_ran_there_runs_again(pool: PoolExecutor, fleet: HandFleet) -> None:
    for number in range(3):
        pool.submit(job(number))
    fleet.settle(2)
    fleet.tell(1, Lost("was killed"))
    fleet.settle(3)
    fleet.finish(2)
    fleet.settle(4)

    assert fleet.tasks() == [(1, 0), (2, 1), (3, 0), (2, 2)]


def test_workers_that_end_before_they_are_ready_are_not_started_for_ever(fleet: HandFleet) -> None:
    pool = PoolExecutor(fleet)
    for number in range(2):
        pool.submit(job(number))
    fleet.settle(2)
    fleet.first = Lost("was killed")
    for worker in (1, 2):
        fleet.tell(worker, Lost("was killed"))
    with pytest.raises(SearchError, match=r"No worker is left: each ended 3 times in a row .*\(was killed\)"):
        pool.wait(go_on)

    assert fleet.begun == 2 + 2 * STARTS
    pool.close()


@pytest.mark.parametrize(
    ("first", "reason"), [(Refused("ModelError: no file"), "ModelError: no file"), (Lost("was killed"), "was killed")]
)  # fmt: skip
def test_where_no_worker_can_begin_it_is_told_why(first: Any, reason: str) -> None:
    pool = PoolExecutor(HandFleet(first=first))

    with pytest.raises(
        UsageError, match=rf"on 2 workers, and none can be started: {reason}\. Expected .*leave workers out"
    ):
        pool.submit(job(0))


def test_all_that_runs_ends_where_all_is_over_and_nothing_that_waits_is_waited_for(
    pool: PoolExecutor, fleet: HandFleet
) -> None:
    for number in range(3):
        pool.submit(job(number, epochs=9))
    fleet.settle(2)
    back = [each.number for each in pool.recall()]
    threading.Timer(0.5, lambda: [fleet.finish(1), fleet.finish(2)]).start()
    ended = {pool.wait(go_on, over=lambda: True).trial.number for _ in range(2)}

    assert (back, ended) == ([2], {0, 1})
    assert set(fleet.judged()) == {(1, "stop"), (2, "stop")}


def test_where_all_is_over_and_nothing_runs_that_is_said() -> None:
    fleet = HandFleet()
    pool = PoolExecutor(fleet)
    pool.begin()
    fleet.first = Reported(0, {})  # those that follow are not ready
    for worker in (1, 2):
        fleet.tell(worker, Lost("was on a machine that is gone"))
    while fleet.begun < 4:
        time.sleep(0.001)
    pool.submit(job(0))

    with pytest.raises(NoneBegun):
        pool.wait(go_on, over=lambda: True)
    assert [each.number for each in pool.recall()] == [0]
    pool.close()


def test_a_worker_that_has_grown_past_its_limit_is_followed_by_a_fresh_one() -> None:
    fleet = HandFleet(1, Ready(10, prepares=False, most=100))
    pool = PoolExecutor(fleet)
    for number, resident in enumerate((100, 101, 50)):
        pool.submit(job(number))
        fleet.settle(number + 1)
        trial = Trial(number, "completed", 0.5, {}, {}, 0, 1.0, 2.0, program=0)
        fleet.tell(fleet.tasks()[-1][0], Ended(Outcome(trial), resident))
        assert pool.wait(go_on).trial.program == (0, 0, 1)[number]  # each process counts its own

    assert fleet.tasks() == [(1, 0), (1, 1), (2, 2)]
    pool.close()


def test_trainings_that_are_over_are_forgotten_by_whoever_holds_them(
    pool: PoolExecutor, fleet: HandFleet
) -> None:
    for number in range(2):
        pool.submit(replace(job(number), pauses=True))
    fleet.settle(2)
    for worker in (1, 2):
        fleet.finish(worker)
        pool.wait(go_on)
    pool.submit(replace(job(2), continues=Continuation(0, 0, 1), over=(1,)))

    assert fleet.tasks()[-1] == (1, 2)
    assert fleet.judged() == [(2, [1])]


def test_weights_are_copies(pool: PoolExecutor, fleet: HandFleet) -> None:
    weights = [np.arange(3.0)]
    pool.submit(job(0))
    fleet.settle(1)
    fleet.finish(1, weights=weights)
    found = pool.wait(go_on).weights

    assert found is not None and found[0] is not weights[0]
    np.testing.assert_array_equal(found[0], weights[0])


class CutOff(HandFleet):
    """A fleet to which nothing can be sent once it is cut off, and of which nothing can be heard once it is silent."""

    cut_off = silent = False

    def send(self, worker: int, message: Any) -> None:
        if self.cut_off:
            raise ConnectionError("the network is down")
        super().send(worker, message)

    def receive(self) -> tuple[int, Any] | None:
        told = super().receive()
        if self.silent:
            raise ConnectionError("the network is down")
        return told


@pytest.mark.parametrize("what", ["cut_off", "silent"])
def test_a_network_that_is_down_ends_the_search_and_says_how_it_goes_on(what: str) -> None:
    fleet = CutOff()
    pool = PoolExecutor(fleet)
    for number in range(3):
        pool.submit(job(number))
    setattr(fleet, what, True)
    fleet.finish(1)  # the thread hands out the third
    with pytest.raises(
        SearchError, match=r"ConnectionError: the network is down\. .*go on with resume=True"
    ) as caught:
        for _ in range(3):
            pool.wait(go_on)

    assert isinstance(caught.value.__cause__, ConnectionError)
    with pytest.raises(SearchError, match="cannot be reached any more"):
        pool.submit(job(3))
    pool.close()


def test_a_fleet_that_breaks_before_a_worker_is_ready_says_why() -> None:
    fleet = CutOff()
    fleet.silent = True

    with pytest.raises(
        UsageError, match=r"none can be started: ConnectionError: the network is down\. Expected"
    ):
        PoolExecutor(fleet).begin()


def test_workers_are_not_waited_for_longer_than_the_search_may_take() -> None:
    fleet = HandFleet(first=Reported(0, {}))  # none is ready
    started = time.monotonic()

    with pytest.raises(
        UsageError, match=r"none is there after 0\.\d+ s, and the budget is used up \(a larger one"
    ):
        PoolExecutor(fleet, time.time() + 0.3).begin()
    assert time.monotonic() - started < 5


def test_a_search_that_has_only_to_be_finished_waits_for_its_workers() -> None:
    pool = PoolExecutor(HandFleet(), time.time() - 9)

    assert pool.begin().is_ready
    pool.close()


class OneBad(HandFleet):
    """A fleet whose first worker is on a bad machine, and whose second one takes its time."""

    def begin(self) -> int:
        self.first = Reported(0, {}) if self.begun else Refused("no disk")
        return super().begin()


def test_a_machine_that_refuses_leaves_the_search_to_the_others() -> None:
    fleet = OneBad()
    pool = PoolExecutor(fleet)
    threading.Timer(0.3, lambda: fleet.tell(2, Ready(None, prepares=False))).start()
    pool.submit(job(0))
    fleet.settle(1)

    assert fleet.tasks() == [(2, 0)]
    pool.close()


def test_a_verdict_on_a_job_between_two_workers_reaches_the_second() -> None:
    fleet = HandFleet(1)
    pool = PoolExecutor(fleet)
    pool.submit(job(0, epochs=9))
    fleet.settle(1)
    fleet.first = Reported(0, {})  # the second is not ready yet
    fleet.tell(1, Reported(0, {"loss": 1.0}))
    fleet.tell(1, Lost("was killed"))
    while fleet.begun < 2:
        time.sleep(0.001)
    threading.Timer(0.3, lambda: fleet.tell(2, Ready(None, prepares=False))).start()
    threading.Timer(0.8, lambda: fleet.finish(2)).start()
    pool.wait(lambda job, epoch, logs: "prune")

    assert fleet.judged() == [(2, "prune")]
    pool.close()
