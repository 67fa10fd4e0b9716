"""Tally: the runs of confirmation so far, round by round: which rounds are whole, and whether there is time for another."""

import time
from collections.abc import Callable, Mapping, Sequence

from autoopt.search.chance import Run, Runs


class Tally:
    """The runs of all candidates. Called from one thread.

    Args:
        numbers: The candidates'.
        repeats: How many rounds there are to be.
        known: Returns the run of a candidate in a round that an earlier process has carried out, None where there is none.
    """

    def __init__(self, numbers: Sequence[int], repeats: int, known: Callable[[int, int], Run | None]) -> None:
        self._numbers, self._repeats = numbers, repeats
        found = {
            (number, repeat): known(number, repeat) for number in numbers for repeat in range(1, repeats + 1)
        }
        self._runs = {key: run for key, run in found.items() if run is not None}
        self._begun: dict[int, float] = {}

    def __contains__(self, key: tuple[int, int]) -> bool:
        """Whether there is the run of a candidate, by its number, in a round."""
        return key in self._runs

    @property
    def whole(self) -> int:
        """How many rounds are whole, from the first on: one that not all have ended counts for nobody."""
        rounds = range(1, self._repeats + 1)
        lacking = (each for each in rounds if any((number, each) not in self for number in self._numbers))
        return next(lacking, self._repeats + 1) - 1

    @property
    def runs(self) -> Mapping[int, Runs]:
        """The runs of whole rounds by candidate: as many for each, none where no round is whole."""
        rounds = range(1, self.whole + 1)
        return {
            number: tuple(self._runs[number, each] for each in rounds) for number in self._numbers if rounds
        }

    def begin(self, repeat: int) -> None:
        """Take note that a run of a round begins."""
        self._begun.setdefault(repeat, time.time())

    def add(self, number: int, repeat: int, run: Run) -> None:
        """Take a run."""
        self._runs[number, repeat] = run

    def has_time(self, left: float | None) -> bool:
        """Whether the round that follows the whole ones will have ended in time, if it takes as long as the last of them.

        Args:
            left: Seconds, None for no limit.
        """
        last = next((self._begun[each] for each in range(self.whole, 0, -1) if each in self._begun), None)
        if left is None or last is None:  # what is known takes no time
            return True
        now = time.time()
        return now - last - (now - self._begun.get(self.whole + 1, now)) <= left
