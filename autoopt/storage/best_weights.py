"""The weights of the best few trials, written and removed beside the search, which does not wait for the disk."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from autoopt.aside import Aside
from autoopt.records import Objective, Trial
from autoopt.storage.folder import RunFolder


class BestWeights:
    """Keeps the weights of the best few trials on disk, and of those asked for. Called from one thread.

    Args:
        folder: Where they lie.
        most: How many trials, at least 1.
        objective: Which trials are the best.
        kept: The trials whose weights lie there already.
        always: Numbers of trials that are kept beside the best few.
    """

    def __init__(
        self,
        folder: RunFolder,
        most: int,
        objective: Objective,
        kept: Iterable[Trial],
        always: Collection[int] = (),
    ) -> None:
        self._folder, self._most, self._objective, self._always = folder, most, objective, always
        self._kept = {trial.number: objective.rank(trial) for trial in kept}
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
        self._kept[number] = self._objective.rank(trial)
        ranked = sorted(self._kept, key=self._kept.__getitem__)
        losers = [each for each in ranked[self._most :] if each not in self._always]
        if number not in losers:
            self._aside.call(self._folder.save_weights, number, weights)
        for loser in losers:
            del self._kept[loser]
            if loser != number:
                self._aside.call(self._folder.drop_weights, loser)

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
