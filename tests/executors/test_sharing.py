"""Where the number of workers is left open: who runs trials then, and among how many the memory of a machine is divided."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from autoopt import memory
from autoopt.data import Dataset, Part, Stream
from autoopt.executors import InlineExecutor, RecyclingExecutor, executor_for, sharing
from autoopt.executors.shares import cores_here
from autoopt.resources import Resources
from tests import toys
from tests.engines.test_loop import Batches
from tests.executors.jobs import duties_of

DATA = toys.halves(*toys.digits(40))
STREAMED = Dataset(Stream(Batches(), 30), Stream(Batches(), 30))


def locked() -> Callable[[], keras.Model]:
    """Return a model function that cannot be sent to another process."""
    lock = threading.Lock()

    def model_fn() -> keras.Model:
        with lock:
            return toys.eager()

    return model_fn


def shared(
    workers: Any, data: Dataset = DATA, model_fn: Any = toys.eager, callbacks: Any = (), **resources: Any
) -> int:
    return sharing(workers, Resources(**resources), data, model_fn, callbacks)


def test_as_many_share_a_machine_as_are_asked_for() -> None:
    assert (shared(1), shared(3), shared(3, STREAMED)) == (1, 3, 3)


def test_where_that_is_left_open_those_share_it_that_cores_and_memory_allow() -> None:
    pytest.importorskip("ray")
    most = (memory.available() or 0) // 2**30
    assert shared("auto") == max(1, min(cores_here(), most))


def test_data_of_which_one_worker_alone_has_room_is_shared_by_one() -> None:
    left = memory.available()
    if left is None:
        pytest.skip("the platform does not tell its memory")
    rows = np.broadcast_to(np.float32(0), (left // 8, 4))  # which takes no memory
    large = Part(rows, np.broadcast_to(0, len(rows)))
    assert shared("auto", Dataset(large, DATA.validation)) == 1


@pytest.mark.parametrize(
    "given", [{"data": STREAMED}, {"model_fn": locked()}, {"callbacks": [threading.Lock()]}], ids=["stream", "model", "callback"]
)  # fmt: skip
def test_what_cannot_be_sent_to_workers_has_the_machine_for_itself(given: dict[str, Any]) -> None:
    assert shared("auto", **given) == 1


def test_of_a_cluster_all_workers_may_come_to_stand_on_one_machine() -> None:
    cluster = {"address": "10.0.0.1:6379"}
    assert (shared(1, **cluster), shared(8, **cluster), shared("auto", **cluster)) == (1, 8, cores_here())


def test_where_that_is_left_open_data_that_streams_is_trained_here_and_that_is_said() -> None:
    pytest.importorskip("ray")
    duties = replace(duties_of(), dataset=STREAMED)
    executor, notes = executor_for(duties_of().worker(), duties, Resources(), "auto")
    executor.close()
    assert isinstance(executor, InlineExecutor | RecyclingExecutor)
    assert notes == ["One trial runs at a time: data that comes batch by batch cannot be sent to workers."]
