"""What the live view costs: a search on a terminal of some size, each in a fresh process, beside one that prints nothing."""

import contextlib
import fcntl
import os
import pty
import struct
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from benchmarks.fresh import Told, answer

THREAD = "autoopt-screen"
"""Name of the thread that draws."""

INTERVAL = 0.05
"""Seconds between two looks at that thread."""


@dataclass(frozen=True)
class Asked(Told):
    """A search of the digits example; of 0 columns and rows it prints nothing."""

    columns: int
    rows: int
    trials: int
    epochs: int
    seed: int
    folder: str = ""


@dataclass(frozen=True)
class Found(Told):
    """What it took: seconds of the search, and of processor time of the thread that draws."""

    trials: int
    seconds: float
    drawing: float


def measured(sizes: Sequence[tuple[int, int]], trials: int, epochs: int, seeds: Sequence[int]) -> list[dict]:
    """Return a row for each search: without a view, and with one on each size of terminal; the order turns with the seed.

    Args:
        sizes: Columns and rows.
        trials: Of each search.
        epochs: Most epochs a trial.
        seeds: Of the searches.
    """
    rows = []
    for place, seed in enumerate(seeds):
        asked = [Asked(*size, trials, epochs, seed) for size in ((0, 0), *sizes)]
        for each in asked[::-1] if place % 2 else asked:
            name = f"{each.columns} x {each.rows}" if each.columns else "none"
            found = Found.from_json(_answer(each, name))
            rows.append(_row(name, seed, found))
            click.echo(f"{rows[-1]}", err=True)
    return rows


def _answer(asked: Asked, name: str) -> str:
    def question(folder: str) -> str:
        return replace(asked, folder=folder).to_json()

    return answer("benchmarks.drawing", question, os.environ.get("KERAS_BACKEND", "tensorflow"), name)


def _row(name: str, seed: int, found: Found) -> dict:
    return {
        "view": name,
        "seed": seed,
        "trials": found.trials,
        "seconds": found.seconds,
        "trials a minute": 60 * found.trials / found.seconds,
        "seconds drawing": found.drawing,
        "share in %": 100 * found.drawing / found.seconds,
    }


def searched(asked: Asked) -> Found:
    """Run a search in this process, its standard output a terminal of the size that is asked for."""
    import autoopt
    from benchmarks.runs import example

    defined = example("digits")
    with _terminal(asked.columns, asked.rows), _watched() as used:
        started = time.perf_counter()
        result = autoopt.tune(
            defined.model_fn, defined.data(), max_trials=asked.trials, epochs=asked.epochs, seed=asked.seed,
            verbose=1 if asked.columns else 0, directory=Path(asked.folder, "runs"), logdir=Path(asked.folder, "logs"),
        )  # fmt: skip
        seconds = time.perf_counter() - started
    return Found(len(result.trials), seconds, max(used, default=0.0))


@contextlib.contextmanager
def _terminal(columns: int, rows: int) -> Iterator[None]:
    """Make standard output a terminal, whose text is thrown away; none of no size."""
    if not columns:
        yield
        return
    screen, line = pty.openpty()
    fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    threading.Thread(target=_emptied, args=(screen,), daemon=True).start()
    os.environ |= {"TERM": "xterm-256color"}
    with open(line, "w", encoding="utf8") as stream, contextlib.redirect_stdout(stream):
        yield


def _emptied(screen: int) -> None:
    with contextlib.suppress(OSError):  # its other end is closed
        while os.read(screen, 65536):
            pass


@contextlib.contextmanager
def _watched() -> Iterator[list[float]]:
    """Yield a list that the processor seconds of the drawing thread are added to while it lives."""
    over, used = threading.Event(), list[float]()

    def watch() -> None:
        while not over.wait(INTERVAL):
            for thread in threading.enumerate():
                if thread.name == THREAD and thread.ident is not None:
                    with contextlib.suppress(OSError):  # it has just ended
                        used.append(time.clock_gettime(time.pthread_getcpuclockid(thread.ident)))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield used
    finally:
        over.set()
        watching.join()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(searched(Asked.from_json(sys.stdin.read())).to_json())
