"""The command, and what is compared: rounds in which each way runs once, and medians over them."""

import json
import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from benchmarks.fresh import answer
from benchmarks.output import show

WAYS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "workers=2": ((2, 0, 1),),
    "two bare processes": ((1, 0, 2), (1, 1, 2)),
    "workers=1": ((1, 0, 1),),
}
"""Processes of each way: workers, first trial, every so many-th."""


@click.command()
@click.option("--trials", default=80, show_default=True)
@click.option("--epochs", default=30, show_default=True, help="Of each trial.")
@click.option("--rounds", default=3, show_default=True, help="In each of which every way runs once.")
@click.option("--backend", default="tensorflow", show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
def workers(trials: int, epochs: int, rounds: int, backend: str, out: Path | None) -> None:
    """Trials a minute of two workers, of two processes that share nothing, and of one; start-up left out."""
    runs = []
    for number in range(rounds):
        for way in WAYS:
            minute, startup = measured(way, trials, epochs, backend)
            runs.append(
                {"round": number, "way": way, "trials a minute": minute, "seconds to the first": startup}
            )
            click.echo(f"round {number}, {way}: {minute:.1f} trials a minute, {startup:.1f} s to the first")
    title = f"{trials} dense trials on digits, epochs={epochs}, medians of {rounds}"
    show(title, rows(runs), out, [backend], runs)


def measured(way: str, trials: int, epochs: int, backend: str) -> tuple[float, float]:
    """Return trials a minute, and seconds to the first one, of one way."""
    with ThreadPoolExecutor(len(WAYS[way])) as together:
        found = list(together.map(lambda process: _ran(way, process, trials, epochs, backend), WAYS[way]))
    spans = [tuple(span) for each in found for span in each["spans"]]
    return per_minute(spans), max(each["startup"] for each in found)


def per_minute(spans: Sequence[tuple[str, float, float]]) -> float:
    """Return trials a minute from when all places were at work until the first had nothing left to do.

    A trial counts by the share of it that lies between.

    Args:
        spans: Of each trial where it ran, and from when to when.
    """
    places = {place for place, _, _ in spans}
    first = max(min(start for at, start, _ in spans if at == place) for place in places)
    last = min(max(end for at, _, end in spans if at == place) for place in places)
    inside = sum(
        max(0.0, min(end, last) - max(start, first)) / max(end - start, 1e-9) for _, start, end in spans
    )
    return 60 * inside / (last - first)


def rows(runs: Sequence[dict]) -> list[dict]:
    """Return the median of each way, and how it compares with the first one."""
    middle = {
        way: {
            name: statistics.median(run[name] for run in runs if run["way"] == way)
            for name in ("trials a minute", "seconds to the first")
        }
        for way in WAYS
    }
    ours = middle["workers=2"]["trials a minute"]
    return [
        {"way": way, **values, "workers=2 has of it": ours / values["trials a minute"]}
        for way, values in middle.items()
    ]


def _ran(way: str, process: tuple[int, int, int], trials: int, epochs: int, backend: str) -> dict:
    asked = dict(zip(("workers", "first", "every"), process, strict=True)) | {
        "trials": trials,
        "epochs": epochs,
    }
    return json.loads(answer("benchmarks.workers", lambda folder: json.dumps(asked), backend, way))
