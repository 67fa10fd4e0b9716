"""Workers on Ray: what it says of one that is lost, what there is for them, and that a Ray of the user's is left as it is."""

import os

import pytest
import ray
from ray.exceptions import ActorDiedError, OutOfMemoryError

from autoopt.errors import UsageError
from autoopt.executors.messages import Lost
from autoopt.executors.ray import RayFleet, _lost
from autoopt.executors.sparing import SPARING, leaving_room
from autoopt.resources import Resources
from tests.executors.jobs import duties_of


def died(told: str) -> ActorDiedError:
    """Return what Ray raises of an actor, with the text that it has."""
    error = ActorDiedError()
    error.error_msg, error.base_error_msg = told, told
    return error


TOLD = {
    "The actor is dead because its node has died. Node Id: 4c5e": Lost("was on a machine that is gone"),
    "Worker exit detail: Worker exits with an exit code 3.": Lost("ended with exit code 3"),
    "Task was killed due to the node running low on memory.": Lost("was ended as its machine ran out of memory", True),
    "Worker unexpectedly exits with a connection error code 2. End of file. (1) the process was killed by the OOM killer":
        Lost("was killed, as systems do that run out of memory (a smaller batch size takes less), or crashed"),
}  # fmt: skip


@pytest.mark.parametrize("told", TOLD)
def test_why_a_worker_is_lost_is_read_from_what_ray_says(told: str) -> None:
    assert _lost(died(told)) == TOLD[told]


def test_a_worker_that_cannot_even_be_made_says_why() -> None:
    error = died(
        "The actor died because of an error raised in its creation task\nModuleNotFoundError: No module named 'autoopt'"
    )
    error._actor_init_failed = True

    assert _lost(error) == Lost("could not be made (ModuleNotFoundError: No module named 'autoopt')")


def test_a_worker_that_ray_ends_for_its_memory_is_told_of_as_that() -> None:
    assert _lost(OutOfMemoryError("2 workers were killed")).memory


def test_gpus_that_are_not_there_are_refused_and_a_ray_of_the_users_stays(a_ray: None) -> None:
    fleet = RayFleet(duties_of(), 2, Resources(gpus=1))

    with pytest.raises(UsageError, match=r"gpus was given 1 for each of 2 workers, and no GPU is there"):
        fleet.open()
    assert ray.is_initialized()


def test_there_are_as_many_workers_as_cores_where_that_is_left_open(a_ray: None) -> None:
    fleet = RayFleet(duties_of(), None, Resources())
    fleet.open()
    fleet.close()

    assert (fleet.slots, fleet.note) == (2, "2 workers: 1 core each.")


def test_an_address_beside_a_ray_that_is_connected_to_already_is_not_passed_over_in_silence(
    a_ray: None,
) -> None:
    fleet = RayFleet(duties_of(), 2, Resources(address="127.0.0.1:9"))
    fleet.open()
    fleet.close()

    assert fleet.note.endswith("on the Ray that this process was connected to before, whatever address says.")


def test_more_workers_than_cores_share_them(a_ray: None) -> None:
    fleet = RayFleet(duties_of(), 5, Resources())
    fleet.open()
    fleet.close()

    assert (fleet.slots, fleet.note) == (5, "5 workers: they share 2 cores.")


def test_several_workers_have_frameworks_leave_room_on_a_gpu_and_nothing_stays_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = SPARING
    monkeypatch.delenv(first, raising=False)
    monkeypatch.setenv(second, "mine")

    @leaving_room
    def seen(*, workers: int) -> list[str | None]:
        return [os.environ.get(first), os.environ.get(second)]

    assert seen(workers=2) == ["true", "mine"]
    assert seen(workers=1) == [None, "mine"]
    assert first not in os.environ
