"""Memory: how much this process has, how much the machine has, and sizes as users write them.

Where neither the platform nor psutil tells, the answer is None and nobody acts on it.
"""

import importlib
import math
import os
import re
from pathlib import Path
from typing import Any

UNITS = {"mb": 10**6, "gb": 10**9, "tb": 10**12, "mib": 2**20, "gib": 2**30, "tib": 2**40}

COPIES = 3
"""Of arrays that are learnt from: themselves, those that a backend has, and the order of an epoch; of a worker process as they were
sent, as one pool, and as its engine placed that."""

GROUP = Path("/sys/fs/cgroup")
"""Where Linux tells what a container may have; the names differ between the two versions."""
MOST, USED, STATISTICS = (
    ("memory.max", "memory/memory.limit_in_bytes"),
    ("memory.current", "memory/memory.usage_in_bytes"),
    ("memory.stat", "memory/memory.stat"),
)


def size(text: str) -> int | None:
    """Return the bytes that a text as "4GB" or "512MiB" stands for; None for any other text.

    Example:
        >>> size("4GB"), size("0.5 GiB"), size("lots")
        (4000000000, 536870912, None)
    """
    found = re.fullmatch(r"\s*(\d+\.?\d*)\s*([mgt]i?b)\s*", text, re.IGNORECASE)
    bytes_ = float(found[1]) * UNITS[found[2].lower()] if found else math.inf
    return round(bytes_) if math.isfinite(bytes_) else None


def spoken(count: int) -> str:
    """Return a number of bytes as people say it.

    Example:
        >>> spoken(4_000_000_000), spoken(512_000_000), spoken(2_400_000), spoken(31_000)
        ('4.0 GB', '512 MB', '2.4 MB', '31 kB')
    """
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    if count < 1e6:
        return f"{count / 1e3:.0f} kB"
    return f"{count / 1e6:.1f} MB" if count < 1e7 else f"{count / 1e6:.0f} MB"


def resident() -> int | None:
    """Return the bytes of this process that lie in memory."""
    told = _read("/proc/self/statm")
    if told:
        return int(told.split()[1]) * os.sysconf("SC_PAGE_SIZE")
    psutil = _psutil()
    return psutil and int(psutil.Process().memory_info().rss)


def total() -> int | None:
    """Return the bytes that all processes together may have: the machine's, or the container's if less."""
    told = re.search(r"MemTotal:\s+(\d+) kB", _read("/proc/meminfo"))
    if told:
        machine = int(told[1]) * 1024
        return min(machine, _group(MOST) or machine)
    psutil = _psutil()
    return psutil and int(psutil.virtual_memory().total)


def available() -> int | None:
    """Return the bytes that another process could take without pushing anything out."""
    told = re.search(r"MemAvailable:\s+(\d+) kB", _read("/proc/meminfo"))
    if not told:
        psutil = _psutil()
        return psutil and int(psutil.virtual_memory().available)
    most, used = _group(MOST), _group(USED)
    if most is None or used is None:
        return int(told[1]) * 1024
    # Files that are only cached count as used, and give way.
    cached = re.search(r"^(?:total_)?inactive_file (\d+)$", _first(STATISTICS), re.MULTILINE)
    return min(int(told[1]) * 1024, max(most - used + int(cached[1] if cached else 0), 0))


def free(limit: int | None = None) -> int | None:
    """Return the bytes that may still be taken: what is available, or a limit where that is less."""
    return min((each for each in (limit, available()) if each is not None), default=None)


def fits(wanted: int, limit: int | None = None) -> bool:
    """Say whether arrays to learn from fit into what may be taken, with the copies of them that training makes.

    Args:
        wanted: Bytes of the arrays.
        limit: Bytes that all may take; None for what is available.
    """
    room = free(limit)
    return room is None or COPIES * wanted <= room


def _group(names: tuple[str, ...]) -> int | None:
    """Return a number told of this process's container; None where there is none, as for no limit."""
    told = _first(names).strip()
    return int(told) if told.isdigit() else None


def _first(names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := _read(str(GROUP / name)))), "")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return ""


def _psutil() -> Any:
    """Return psutil where it is installed: no dependency, as Linux tells all of this without it."""
    try:
        return importlib.import_module("psutil")
    except ImportError:
        return None
