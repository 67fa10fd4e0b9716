"""A large table: how long a CSV takes from a file to rows whose kinds are known, and how much memory."""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

PIECE = 50_000
TEXTS = 5
"""One column in so many has text."""


def measured(rows: int, columns: int, limit: str | None = None) -> dict:
    """Return seconds and peak memory of reading a made-up CSV in a fresh process.

    Args:
        rows: Of the file.
        columns: Of the file, the target among them.
        limit: What it may take, as `Resources(memory=…)`; None for what is available.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        write(path, rows, columns)
        context = multiprocessing.get_context("spawn")  # peaks of the writing are not this process's
        with context.Pool(1) as pool:
            seconds, processor, peak, kinds = pool.apply(_read, (path, limit))
        return {
            "rows": rows, "columns": columns, "may take": limit or "all", "file MB": path.stat().st_size / 1e6, "seconds": seconds, "of the processor": processor,
            
            "peak memory MB": peak / 1e6, "numbers": kinds.count("number"), "categories": kinds.count("category"),
        }  # fmt: skip


def write(path: Path, rows: int, columns: int) -> None:
    """Write a table of which each fifth column has one of 40 words, a few cells are empty, and the last is the target."""
    chance = np.random.default_rng(0)
    words = np.array([f"word {number}" for number in range(40)])
    for start in range(0, rows, PIECE):
        n = min(PIECE, rows - start)
        frame = pd.DataFrame(
            {
                f"column {place}": chance.choice(words, n)
                if place % TEXTS == 0
                else chance.normal(size=n).round(4)
                for place in range(columns - 1)
            }
        )
        frame = frame.mask(chance.random(frame.shape) < 0.01)
        frame["target"] = chance.choice(["yes", "no"], n)
        frame.to_csv(path, mode="a" if start else "w", header=not start, index=False)


def _read(path: Path, limit: str | None) -> tuple[float, float, int, list[str]]:
    from autoopt import Resources
    from autoopt.data.files import read

    allowed = None if limit is None else Resources(memory=limit).memory_limit
    started, used = time.perf_counter(), time.process_time()
    raw = read(path, limit=allowed)
    seconds, processor = time.perf_counter() - started, time.process_time() - used
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return seconds, processor, peak, [column.kind for column in raw.schema.columns]
