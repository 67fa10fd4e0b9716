"""Paused trainings: those that may go on, kept in memory and, past a limit, on disk."""

import logging
import pickle
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import keras

from autoopt.engines.engine import Assignment, Fitting
from autoopt.engines.loop import Report, Training, attach, begun, go_on
from autoopt.engines.state import Mismatch, State
from autoopt.records import Objective

logger = logging.getLogger(__name__)

MOST_BYTES = 2**30
"""Of states in memory; what is paused beyond that is written to a file."""

Key = tuple[int, int]
"""Number of a trial, and of its execution."""


@dataclass(frozen=True)
class Paused:
    """A training that has been told no end yet.

    Attributes:
        state: What its next epoch depends on.
        reached: What it has reached.
        hooks: The user's callbacks, which wait for more epochs or for their `on_train_end`.
    """

    state: State
    reached: Training
    hooks: keras.callbacks.CallbackList


class PausedTrainings:
    """Keeps each training until it goes on or is forgotten. Called from one thread.

    Args:
        most: Bytes of states in memory.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._kept: dict[Key, Paused] = {}
        self._written: dict[Key, keras.callbacks.CallbackList] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def train(
        self, fitting: Fitting, assignment: Assignment, objective: Objective, report: Report,
        earlier: Paused | None, key: Key | None,
    ) -> Training:  # fmt: skip
        """Train to the end of an assignment, as `autoopt.engines.train` does.

        Args:
            fitting: As there, and so are `assignment`, `objective` and `report`.
            assignment: Its callbacks are those of `earlier`.
            objective: Which epoch is best.
            report: Told after each epoch.
            earlier: What it goes on with, None to begin.
            key: As what the training is kept, untold of its end; None where it will not go on.
        """
        if earlier is not None and _restored(fitting, earlier.state):
            reached, hooks = earlier.reached.continued(), earlier.hooks
            attach(hooks, fitting, assignment)
        else:
            reached, hooks = Training(), begun(fitting, assignment)
        go_on(reached, hooks, fitting, assignment, objective, report)
        if key is not None and reached.status == "completed":
            self.keep(key, Paused(fitting.state(), reached, hooks))
        else:
            hooks.on_train_end(reached.logs)
        return reached

    def keep(self, key: Key, paused: Paused) -> None:
        """Keep a training."""
        held = sum(each.state.nbytes for each in self._kept.values())
        if held + paused.state.nbytes <= self._most:
            self._kept[key] = paused
            return
        with self._path(key).open("wb") as file:
            pickle.dump((paused.state, paused.reached), file)
        self._written[key] = paused.hooks

    def take(self, key: Key) -> Paused | None:
        """Return a training that is to go on, and keep it no longer; None where it is not here."""
        if key not in self._written:
            return self._kept.pop(key, None)
        path = self._path(key)
        with path.open("rb") as file:
            state, reached = pickle.load(file)
        path.unlink()
        return Paused(state, reached, self._written.pop(key))

    def forget(self, numbers: Collection[int]) -> None:
        """End the trainings of some trials, which will not go on."""
        for key in [key for key in (*self._kept, *self._written) if key[0] in numbers]:
            paused = self.take(key)
            if paused is None:
                continue
            try:
                paused.hooks.on_train_end(paused.reached.logs)
            except Exception as error:  # a callback of the user's; its trial is over and told
                logger.warning("A callback of trial %d failed in on_train_end: %s", key[0], error)

    def clear(self) -> None:
        """End all of them, and remove what was written."""
        self.forget({number for number, _ in (*self._kept, *self._written)})
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _path(self, key: Key) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="autoopt-paused-")
        return Path(self._folder.name, f"{key[0]}-{key[1]}.pickle")


def _restored(fitting: Fitting, state: State) -> bool:
    """Whether a fitting goes on from a state, which another engine's may not fit."""
    try:
        fitting.restore(state)
    except Mismatch as reason:
        logger.info("A training is repeated from its beginning: %s", reason)
        return False
    return True
