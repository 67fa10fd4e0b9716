"""A search that is told without being run: its events, at any speed, to the console. Nothing is trained."""

import math
import os
import sys
import time
from collections.abc import Iterator

import keras_tuner

from autoopt.records import (
    EpochEnded,
    Event,
    Foreseen,
    Objective,
    SearchEnded,
    SearchStarted,
    Trial,
    TrialEnded,
    TrialStarted,
)
from autoopt.reports import Console

OBJECTIVE = Objective("val_accuracy", "max")
EPOCHS = 12
NEWS = ("completed", "pruned", "completed", "pruned", "failed")


def started(trials: int = 40, **more: object) -> SearchStarted:
    """Return how a search of so many trials begins."""
    space = keras_tuner.HyperParameters()
    space.Float("optimizer/learning_rate", 1e-4, 1e-1, sampling="log")
    return SearchStarted("digits", OBJECTIVE, space, ["loss"], EPOCHS, trials, None, **more)  # type: ignore[arg-type]


def events(trials: int = 40, confirmed: int = 2) -> Iterator[Event]:
    """Yield what such a search tells, confirmation runs included."""
    yield started(trials)
    for number in range(trials):
        yield from _trial(number, NEWS[number % len(NEWS)] if number else "completed")
        if number == 3:
            yield Foreseen(trials, 42.0, False)
    for run in range(confirmed):
        yield TrialStarted(5, {}, run + 1, confirmed, run + 1, confirmed)
        yield from (EpochEnded(5, epoch, {"val_accuracy": 0.9}, run + 1) for epoch in range(EPOCHS))
        yield TrialEnded(_ended(5, "completed"), run + 1)
    yield SearchEnded(None, "all trials are done")


def _trial(number: int, status: str) -> Iterator[Event]:
    yield TrialStarted(number, {})
    for epoch in range(EPOCHS if status == "completed" else EPOCHS // 2):
        yield EpochEnded(number, epoch, {"val_accuracy": _score(number, epoch)})
    yield TrialEnded(_ended(number, status))


def _ended(number: int, status: str) -> Trial:
    epochs = EPOCHS if status == "completed" else EPOCHS // 2
    history = {"val_accuracy": [_score(number, epoch) for epoch in range(epochs)]}
    costs = {"compile": 0.4, "train": 1.1, "evaluate": 0.2}
    if status == "failed":
        return Trial(number, "failed", None, {}, {}, None, 0.0, 1.0, note="ValueError: too \x1b[31mwide 宽")
    return Trial(
        number, status, max(history["val_accuracy"]), {}, history, epochs - 1, 0.0, 1.7,  # type: ignore[arg-type]
        program=number // 5, costs=costs,
    )  # fmt: skip


def _score(number: int, epoch: int) -> float:
    return 0.98 - 0.4 * math.exp(-epoch / 3 - number / 12) - 0.02 * (number * 7 % 5)


def main() -> None:
    """Tell a search of so many trials, waiting so many seconds after each event, with noise from all sides."""
    trials, pause, verbose = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    console = Console(verbose)
    print("BEFORE")
    try:
        for place, event in enumerate(events(trials)):
            console(event)
            if place % 90 == 20:
                print(f"NOISE {place}")
            if place % 90 == 60:
                os.write(2, f"NATIVE {place}\n".encode())  # as libraries do, past Python
            time.sleep(pause)
    except KeyboardInterrupt:
        print("INTERRUPTED")
    finally:
        console.close()
    print("AFTER")


if __name__ == "__main__":
    main()
