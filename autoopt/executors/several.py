"""Where jobs run: here, or on several workers, or on workers of another kind than this process."""

import importlib.util
from collections.abc import Sequence

import keras

from autoopt.data import Part
from autoopt.errors import UsageError
from autoopt.executors.executor import Executor
from autoopt.executors.isolating import executor_of
from autoopt.executors.pool import PoolExecutor
from autoopt.resources import Resources
from autoopt.worker import Duties, Worker

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
            pool, note = _pool(duties, None if workers == "auto" else int(workers), resources, deadline)
            if pool.slots > 1 or workers != "auto" or apart:
                return pool, [note]
            pool.close()
        notes += [lacking] * bool(lacking)
    return executor_of(worker, duties, resources.memory_limit, resources.isolate), notes


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
    return ""


def _pool(
    duties: Duties, workers: int | None, resources: Resources, deadline: float | None
) -> tuple[PoolExecutor, str]:
    """Return an executor on workers of Ray's, one of which is ready, and what is to be said of them."""
    try:
        from autoopt.executors.ray import RayFleet
    except ImportError as error:
        asked = "a cluster, GPUs or another backend" if workers == 1 else f"workers={workers or 'auto'}"
        raise UsageError(
            f"{asked} was asked for, and workers need the package ray, which cannot be imported ({error}). Expected it "
            "beside autoopt. Install it: pip install 'autoopt[ray]', or pass workers=1."
        ) from error
    fleet = RayFleet(duties, workers, resources)
    try:
        fleet.open()
        pool = PoolExecutor(fleet, deadline)
        pool.begin()
    except BaseException:
        fleet.close()
        raise
    return pool, fleet.note
