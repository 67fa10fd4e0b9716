"""The command: for each kind of trial and number of workers, what is asked of the driver and what it manages."""

import time
from pathlib import Path

import click

from benchmarks.output import seeds, show
from benchmarks.scale.courses import KINDS, mean_seconds
from benchmarks.scale.searching import State, searched

CLOCKS = {"processor": time.process_time, "wall": time.perf_counter}


@click.command()
@click.option("--workers", default="10,100,1000", show_default=True)
@click.option("--kinds", default=",".join(KINDS), show_default=True, help="How long trials take.")
@click.option(
    "--trials", default=1_000, show_default=True, help="Ended ones, of which the second half is looked at."
)
@click.option("--clock", default="processor", show_default=True, type=click.Choice(sorted(CLOCKS)))
@click.option("--out", type=click.Path(path_type=Path))
def scale(workers: str, kinds: str, trials: int, clock: str, out: Path | None) -> None:
    """What the searching process can hand out to many workers, which are timers here."""
    names = kinds.split(",")
    for name in names:
        if name not in KINDS:
            raise click.BadParameter(f"--kinds was given {name!r}. Known: {', '.join(KINDS)}.")
    rows = []
    for name in names:
        for count in seeds(workers):
            half, end = searched(name, count, (trials // 2, trials), CLOCKS[clock])
            rows.append(row(name, count, half, end))
    show(f"Workers as timers, space of examples/digits.py, trials {trials // 2} to {trials}", rows, out)


def row(kind: str, workers: int, before: State, after: State) -> dict:
    """Return what happened between two states of a search."""
    taken, at_work = after.now - before.now, after.at_work - before.at_work
    asked, ended = after.asked - before.asked, after.ended - before.ended
    busy = workers * taken - (after.free - before.free)
    shares = {
        name: 100 * (after.kinds.get(name, 0.0) - before.kinds.get(name, 0.0)) / at_work
        for name in ("suggest", "log", "checkpoint", "hand out")
    }
    return {
        "trials of": kind,
        "workers": workers,
        "asks/s on paper": workers / mean_seconds(kind),
        "with trials that end early": workers * ended / busy,
        "asks/s at most": asked / at_work,
        "workers idle, %": 100 * (1 - busy / (workers * taken)),
        "driver at work, %": 100 * at_work / taken,
        "ms a trial": 1e3 * at_work / asked,
        **{f"{name}, %": share for name, share in shares.items()},
    }
