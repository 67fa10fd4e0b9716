"""The weights of the best few trials, and of a whole front, written and removed beside the search, which does not wait for the disk."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from autoopt.aside import Aside
from autoopt.front import front
from autoopt.records import Objective, Trial
from autoopt.storage.folder import RunFolder


class BestWeights:
    """Keeps the weights of the best few trials, or of a front, on disk, and no others. Called from one thread.

    Args:
        folder: Where they lie.
        most: How many trials, at least 1.
        objective: Which trials are the best.
        kept: The trials whose weights lie there already.
        others: What is compared beside the objective: all trials on the front are kept then, however many.
        always: Numbers of trials that are kept beside the best few.
    """

    def __init__(
        self,
        folder: RunFolder,
        most: int,
        objective: Objective,
        kept: Iterable[Trial],
        others: Sequence[Objective] = (),
        always: Collection[int] = (),
    ) -> None:
        self._folder, self._most, self._always = folder, most, always
        self._objective, self._others = objective, tuple(others)
        self._kept = {trial.number: trial for trial in kept}
        self._aside = Aside("autoopt-weights")

    def __contains__(self, number: int) -> bool:
        """Whether a trial's weights are kept."""
        return number in self._kept

    def keep(self, trial: Trial, weights: Sequence[Any]) -> None:
        """Take the weights of a trial that has a score; they must not change any more.

        Raises:
            OSError: The disk refused something earlier.
        """
        number = trial.number
        self._kept[number] = trial
        best = self._best()
        if number in best:
            self._aside.call(self._folder.save_weights, number, weights)
        for loser in [each for each in self._kept if each not in best]:
            del self._kept[loser]
            if loser != number:
                self._aside.call(self._folder.drop_weights, loser)

    def _best(self) -> Collection[int]:
        """Return the numbers of the trials on the front, filled up with the best by the objective."""
        known = list(self._kept.values())
        on_front = front(known, (self._objective, *self._others)) if self._others else []
        ranked = [*on_front, *sorted(known, key=self._objective.rank)]
        numbers = list(dict.fromkeys(trial.number for trial in ranked))
        kept = numbers[: max(self._most, len(on_front))]
        return [*kept, *(each for each in self._always if each in self._kept)]

    def of(self, number: int) -> Sequence[Any] | None:
        """Return the weights of a trial, in Keras's order; None where they are not kept.

        Raises:
            OSError: The disk refused something.
        """
        if number not in self:
            return None
        self._aside.wait()
        return self._folder.load_weights(number)

    def finish(self) -> None:
        """Wait until everything is written.

        Raises:
            OSError: The disk refused something.
        """
        self._aside.wait()

    def close(self) -> None:
        """Wait, and end the thread."""
        self._aside.close()
