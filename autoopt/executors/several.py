"""Where jobs run: here, or on several workers, or on workers of another kind than this process."""

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras

from autoopt import memory
from autoopt.data import Dataset, Part
from autoopt.errors import UsageError
from autoopt.executors.executor import Executor
from autoopt.executors.isolating import executor_of
from autoopt.executors.parcel import is_sendable, packed
from autoopt.executors.pool import PoolExecutor
from autoopt.executors.process import Unsendable
from autoopt.executors.recycling import FRAMEWORK
from autoopt.executors.shares import Machine, automatic, cores_here
from autoopt.resources import Resources
from autoopt.spelling import spelled
from autoopt.worker import Duties, Worker

if TYPE_CHECKING:
    from autoopt.executors.ray import RayFleet

PACKAGE = "ray"


def executor_for(
    worker: Worker, duties: Duties, resources: Resources, workers: int | str, deadline: float | None = None
) -> tuple[Executor, Sequence[str]]:
    """Return where jobs run, and what is to be said of it; whoever asks closes it.

    Args:
        worker: What trains in this process.
        duties: The same, as other processes are told.
        resources: What trials may use.
        workers: How many run at once, or `"auto"`.
        deadline: When the time of the search is over, in seconds since 1970; None where that is open.

    Raises:
        UsageError: They cannot run there.
    """
    apart, notes = _apart(resources), list[str]()
    if workers != 1 or apart:
        lacking = _lacking(duties) if workers == "auto" and not apart else ""
        if not lacking:
            fleet = _fleet(duties, None if workers == "auto" else int(workers), resources)
            if fleet.slots > 1 or workers != "auto" or apart:
                return _pool(fleet, deadline), [fleet.note]
            fleet.close()
        notes += [lacking] * bool(lacking)
    return executor_of(worker, duties, resources.memory_limit, resources.isolate), notes


def sharing(workers: int | str, resources: Resources, dataset: Dataset, model_fn: Any, callbacks: Any) -> int:
    """Return how many workers may share the memory of a machine, as far as that is known before there are any.

    Args:
        workers: As `executor_for` takes them, and so are `resources`.
        resources: What trials may use.
        dataset: What they learn from.
        model_fn: The user's.
        callbacks: Likewise.
    """
    if workers != "auto":  # all of them may come to stand on one machine, of a cluster too
        return int(workers)
    if resources.address is not None:  # one a core, on machines that are not known yet
        return cores_here()
    parts = [each for each in (dataset.train, dataset.validation) if isinstance(each, Part)]
    there = importlib.util.find_spec(PACKAGE) is not None
    if len(parts) < 2 or not there or not is_sendable(model_fn, callbacks):
        return 1
    held = sum(each.nbytes for each in parts)
    return automatic([Machine(cores_here(), 0.0, memory.available())], 0, FRAMEWORK + memory.COPIES * held)


def _apart(resources: Resources) -> bool:
    """Whether trials run in workers even where one runs at a time."""
    others = resources.backend not in (None, keras.backend.backend())
    return others or resources.address is not None or bool(resources.gpus)


def _lacking(duties: Duties) -> str:
    """Return why trials run one after the other although several workers may be taken, as a sentence; empty where they can."""
    if importlib.util.find_spec(PACKAGE) is None:
        return "One trial runs at a time: for workers the package ray is needed, pip install 'autoopt[ray]'."
    if not isinstance(duties.dataset.train, Part):
        return "One trial runs at a time: data that comes batch by batch cannot be sent to workers."
    try:
        packed(duties)
    except Unsendable as error:
        return f"One trial runs at a time: workers are sent the model function and callbacks, and {error}."
    return ""


def _fleet(duties: Duties, workers: int | None, resources: Resources) -> "RayFleet":
    """Return a fleet of Ray's that knows how many workers it is to have, and has none yet."""
    try:
        from autoopt.executors.ray import RayFleet
    except ImportError as error:
        several = spelled("workers", workers or "auto")
        asked = "a cluster, GPUs or another backend" if workers == 1 else several
        raise UsageError(
            f"{asked} was asked for, and workers need the package ray, which cannot be imported ({error}). Expected it "
            f"beside autoopt. Install it: pip install 'autoopt[ray]', or pass {spelled('workers', 1)}."
        ) from error
    fleet = RayFleet(duties, workers, resources)
    fleet.open()  # which closes it where that fails
    return fleet


def _pool(fleet: "RayFleet", deadline: float | None) -> PoolExecutor:
    """Return an executor on the workers of a fleet, one of which is ready."""
    try:
        pool = PoolExecutor(fleet, deadline)
        pool.begin()
    except BaseException:
        fleet.close()
        raise
    return pool
