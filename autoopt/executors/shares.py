"""Shares: how many workers machines have room for, and what of them each worker gets."""

import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autoopt.errors import UsageError
from autoopt.memory import spoken
from autoopt.spelling import named, spelled

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where Linux tells how many cores a container may keep busy."""

SMALLEST = 1e-4
"""Of a core or a GPU: Ray counts no smaller parts."""


@dataclass(frozen=True)
class Machine:
    """What is there for workers.

    Attributes:
        cores: How many.
        gpus: How many.
        memory: Bytes, None where that is not known.
    """

    cores: float
    gpus: float = 0.0
    memory: float | None = None


@dataclass(frozen=True)
class Share:
    """What a worker gets: cores, or a part of one, and GPUs, or a part of one."""

    cores: float
    gpus: float = 0.0


def cores_here() -> int:
    """Return how many cores this process may keep busy."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota = re.match(r"(\d+) (\d+)", QUOTA.read_text(encoding="ascii"))
    except OSError:
        quota = None
    return max(1, min(found, int(quota[1]) // int(quota[2]))) if quota else found


def automatic(machines: Sequence[Machine], gpus: float | None, needed: float) -> int:
    """Return how many workers there is room for, 1 at least: one for each GPU where there are any, else for each core.

    Args:
        machines: What there is.
        gpus: Of a worker; None takes one where there are any.
        needed: Bytes that a worker takes.
    """
    by_gpu = gpus != 0 and any(machine.gpus for machine in machines)
    each = [
        math.floor(machine.gpus / (gpus or 1.0) + SMALLEST) if by_gpu else math.floor(machine.cores)
        for machine in machines
    ]
    most = [math.inf if machine.memory is None else machine.memory // needed for machine in machines]
    return max(1, int(sum(map(min, each, most))))


def shared(machines: Sequence[Machine], workers: int, gpus: float | None) -> Share:
    """Return equal shares for so many workers, as large as they can be; more workers than cores share these.

    Args:
        machines: What there is.
        workers: How many workers.
        gpus: Of each; None takes one, or a part where there are fewer GPUs than workers.

    Raises:
        UsageError: There are not as many GPUs.
    """
    total = sum(machine.gpus for machine in machines)
    if gpus is None:
        gpus = _largest(lambda part: _places(machines, 0.0, part), workers, 1) if total else 0.0
    elif gpus and _places(machines, 0.0, gpus) < workers:
        raise UsageError(_too_few(gpus, workers, total, _places(machines, 0.0, gpus)))
    most = max((math.floor(machine.cores) for machine in machines), default=1)
    return Share(_largest(lambda part: _places(machines, part, gpus), workers, most), gpus)


def check_memory(given: str | int | None, limit: int | None, workers: int, total: int | None) -> None:
    """Check that a machine has what each of its workers may take.

    Args:
        given: As the user wrote it; None is not checked.
        limit: The same in bytes.
        workers: How many are on the machine.
        total: Its bytes, None where they are not known.

    Raises:
        UsageError: It has not.
    """
    if given is None or limit is None or total is None or limit * workers <= total:
        return
    fewer = f", or {spelled('workers', total // limit)}" if total >= limit else ""
    raise UsageError(
        f"{named('memory')} was given {given!r} for each of {workers} workers, and this machine has {spoken(total)}. Expected no more "
        f"than that together. Pass {spelled('memory', spoken(total // workers).replace(' ', ''))}{fewer}."
    )


def _largest(places: Callable[[float], float], workers: int, most: int) -> float:
    """Return the largest share of which there are places enough: a whole number, or one part of so many."""
    whole = (float(share) for share in range(most, 0, -1))
    parts = (1.0 / count for count in range(2, workers + 1))
    for share in (*whole, *parts):
        rounded = math.floor(share / SMALLEST) * SMALLEST
        if places(rounded) >= workers:
            return rounded
    return SMALLEST


def _places(machines: Sequence[Machine], cores: float, gpus: float) -> float:
    """Return how many workers of some cores and GPUs the machines have room for."""
    return sum(
        min(
            math.floor(machine.cores / cores + SMALLEST) if cores else math.inf,
            math.floor(machine.gpus / gpus + SMALLEST) if gpus else math.inf,
        )
        for machine in machines
    )


def _too_few(gpus: float, workers: int, total: float, places: float) -> str:
    given = f"{named('gpus')} was given {gpus:g} for each of {workers} worker{'s' if workers > 1 else ''}"
    if not total:
        return f"{given}, and no GPU is there. Expected a machine that has one. Leave {named('gpus')} out to train without."
    there = f"{total:g} GPU{'' if total == 1 else 's'} {'is' if total == 1 else 'are'} there"
    share = min(math.floor(100 * total / workers) / 100, 1.0)
    fitting = spelled("gpus", int(share) if share.is_integer() else share)
    fewer = f", or {spelled('workers', int(places))}" if places else ""
    return f"{given}, and {there}. Expected no more than there are. Pass {fitting}{fewer}."


def told(workers: int, machines: Sequence[Machine], share: Share) -> str:
    """Return what is to be said of workers and what they get, in a sentence."""
    where = "" if len(machines) < 2 else f" on {len(machines)} machines"
    cores = sum(machine.cores for machine in machines)
    if share.cores < 1:
        each = f"they share {cores:g} core{'' if cores == 1 else 's'}"
    else:
        each = f"{share.cores:g} core{'' if share.cores == 1 else 's'} each"
    gpus = f", {share.gpus:.3g} GPU each" if share.gpus else ""
    return f"{workers} worker{'' if workers == 1 else 's'}{where}: {each}{gpus}."
