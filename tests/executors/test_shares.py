"""What workers get of machines: equal shares, as large as they can be, and no more GPUs than there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoopt.errors import UsageError
from autoopt.executors.shares import Machine, Share, automatic, check_memory, cores_here, shared, told

GPUS = [Machine(8.0, 2.0)]


@pytest.mark.parametrize(
    ("cores", "workers", "each"),
    [([8], 2, 4.0), ([8], 3, 2.0), ([3, 3, 3], 3, 3.0), ([3, 3, 3], 4, 1.0), ([2], 2, 1.0), ([2], 4, 0.5), ([1, 1], 5, 0.3333)],
)  # fmt: skip
def test_cores_are_shared_as_machines_allow(cores: list[int], workers: int, each: float) -> None:
    machines = [Machine(float(count)) for count in cores]

    assert shared(machines, workers, None) == Share(pytest.approx(each), 0.0)


@pytest.mark.parametrize(
    ("workers", "gpus", "each"), [(2, None, 1.0), (1, None, 1.0), (4, None, 0.5), (3, None, 0.5), (4, 0.5, 0.5), (2, 0, 0)]
)  # fmt: skip
def test_gpus_are_shared_alike(workers: int, gpus: float | None, each: float) -> None:
    assert shared(GPUS, workers, gpus).gpus == pytest.approx(each)


@given(st.lists(st.integers(1, 64), min_size=1, max_size=4), st.integers(1, 100))
def test_there_is_room_for_every_worker(cores: list[int], workers: int) -> None:
    share = shared([Machine(float(count)) for count in cores], workers, None)

    assert sum(int(count / share.cores + 1e-6) for count in cores) >= workers


@pytest.mark.parametrize(
    ("machines", "workers", "gpus", "match"),
    [
        (
            [Machine(4.0)],
            2,
            1,
            r"gpus was given 1 for each of 2 workers, and no GPU is there\. .*Leave gpus out",
        ),
        (GPUS, 2, 2, r"each of 2 workers, and 2 GPUs are there\. .*Pass gpus=1, or workers=1"),
        ([Machine(8.0, 1.0)], 3, 0.5, r"3 workers, and 1 GPU is there\. .*Pass gpus=0.33, or workers=2"),
        ([Machine(8.0, 1.0)], 1, 4, r"each of 1 worker, and 1 GPU is there\. .*Pass gpus=1\."),
    ],
)
def test_more_gpus_than_there_are_are_refused(
    machines: list[Machine], workers: int, gpus: float, match: str
) -> None:
    with pytest.raises(UsageError, match=match):
        shared(machines, workers, gpus)


@pytest.mark.parametrize(
    ("machines", "gpus", "workers"),
    [
        ([Machine(8.0, 0.0, 64e9)], None, 8), ([Machine(8.0, 0.0, 5e9)], None, 2), ([Machine(1.0, 0.0, 1.0)], None, 1),
        (GPUS, None, 2), (GPUS, 0.5, 4), (GPUS, 0, 8), ([Machine(2.0), Machine(3.0)], None, 5),
    ],
)  # fmt: skip
def test_there_are_as_many_workers_as_gpus_or_else_cores_and_memory_allow(
    machines: list[Machine], gpus: float | None, workers: int
) -> None:
    assert automatic(machines, gpus, 2e9) == workers


def test_memory_that_a_machine_has_not_is_refused() -> None:
    check_memory("4GB", 4 * 10**9, 2, 8 * 10**9)
    check_memory(None, 8 * 10**9, 2, 8 * 10**9)

    with pytest.raises(
        UsageError, match=r"memory was given '4GB' for each of 4 workers, and this machine has 8\.0 GB"
    ):
        check_memory("4GB", 4 * 10**9, 4, 8 * 10**9)
    with pytest.raises(UsageError, match=r"Pass memory='2\.0GB', or workers=2\."):
        check_memory("4GB", 4 * 10**9, 4, 8 * 10**9)


def test_what_workers_get_is_told() -> None:
    assert told(8, [Machine(2.0)], Share(0.25)) == "8 workers: they share 2 cores."
    assert (
        told(2, [Machine(2.0), Machine(2.0)], Share(2.0, 0.5))
        == "2 workers on 2 machines: 2 cores each, 0.5 GPU each."
    )


def test_this_process_has_a_core() -> None:
    assert cores_here() >= 1
