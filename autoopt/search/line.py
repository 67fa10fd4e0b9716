"""Line: the trials that have been proposed and have not ended, in the order in which they were proposed."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autoopt.search.ceiling import Excess
from autoopt.search.proposers import Opened
from autoopt.worker import Outcome


@dataclass(frozen=True)
class Proposed:
    """A trial that the oracle has proposed, and the executor has taken unless there is nothing to be trained.

    Attributes:
        opened: The trial.
        values: Its active hyperparameters.
        answer: What became of it without training: it cannot be built, or was trained already.
        excess: By how much the user's own model is over a limit; any other proposal is refused then.
        repeats: Number of the trial whose very values it has.
        origin: Number of the trial that it was made from.
    """

    opened: Opened
    values: Mapping[str, Any]
    answer: Outcome | None = None
    excess: Excess | None = None
    repeats: int | None = None
    origin: int | None = None


class Line:
    """The trials in line. Called from one thread."""

    def __init__(self) -> None:
        self._proposed: dict[int, Proposed] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._proposed)

    def __iter__(self) -> Iterator[int]:
        """Their numbers."""
        return iter(tuple(self._proposed))

    def __getitem__(self, number: int) -> Proposed:
        """One of them."""
        return self._proposed[number]

    def add(self, proposed: Proposed) -> None:
        """Put a trial at the end."""
        self._proposed[proposed.opened.number] = proposed

    def take(self, number: int) -> Proposed:
        """Return a trial, which leaves the line."""
        return self._proposed.pop(number)

    def answered(self, slots: int) -> int | None:
        """Return the number of a trial that needs no training and whose turn has come: fewer than `slots` come first."""
        first = list(self._proposed.items())[:slots]
        return next((number for number, proposed in first if proposed.answer is not None), None)

    def untrained(self, recalled: Collection[int]) -> Collection[int]:
        """Return the numbers of those that were taken back, and of those that need no training."""
        return [number for number, each in self._proposed.items() if each.answer or number in recalled]
