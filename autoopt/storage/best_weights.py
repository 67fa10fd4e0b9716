"""The weights of the best few points, and of a whole front, written and removed beside the search, which does not wait for the disk.

What the disk refuses, or may not take, stays in memory: see `RunFolder`.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from autoopt.aside import Aside
from autoopt.front import front
from autoopt.points import point_of
from autoopt.records import Objective, Trial
from autoopt.storage.folder import RunFolder


class BestWeights:
    """Keeps the weights of the best few points, or of a front, on disk, and no others. Called from one thread.

    Of trials that are one point, because one repeats the other or goes on with its training, the best is kept.

    Args:
        folder: Where they lie.
        most: How many points, at least 1.
        objective: Which trials are the best.
        earlier: All trials of the run so far; the weights of some may lie there already.
        others: What is compared beside the objective: all trials on the front are kept then, however many.
        always: Numbers of trials that are kept beside the best few.
    """

    def __init__(
        self,
        folder: RunFolder,
        most: int,
        objective: Objective,
        earlier: Iterable[Trial],
        others: Sequence[Objective] = (),
        always: Collection[int] = (),
    ) -> None:
        self._folder, self._most, self._always = folder, most, always
        self._objective, self._others = objective, tuple(others)
        self._known = {trial.number: trial for trial in earlier}
        self._kept = {
            number: trial
            for number, trial in self._known.items()
            if trial.score is not None and folder.has_weights(number)
        }
        self._aside = Aside("autoopt-weights")

    def __contains__(self, number: int) -> bool:
        """Whether a trial's weights are kept."""
        return number in self._kept and self._folder.has_weights(number)

    def lacking(self) -> Sequence[Trial]:
        """Return the trials of which weights should be kept and are not: a process did not live to write them."""
        scored = [
            t for t in self._known.values() if t.score is not None and t.status != "failed" and not t.excess
        ]
        wanted = dict.fromkeys(self._best_of(scored))
        return [self._known[number] for number in wanted if number not in self]

    def note(self, trial: Trial) -> None:
        """Know of a trial, of which others may be repeats, whether it has weights or not."""
        self._known[trial.number] = trial
        if self._folder.in_memory:
            self._write()

    def keep(self, trial: Trial, weights: Sequence[Any]) -> None:
        """Take the weights of a trial that has a score; they must not change any more."""
        number = trial.number
        self.note(trial)
        self._kept[number] = trial
        best = self._best()
        if number in best:
            self._folder.keep_weights(number, weights)
            self._write()
        for loser in [each for each in self._kept if each not in best]:
            del self._kept[loser]
            if loser != number:
                self._aside.call(self._folder.drop_weights, loser)

    def _write(self) -> None:
        self._aside.call(self._folder.write_again, self._best())

    def _best(self) -> Collection[int]:
        return self._best_of(list(self._kept.values()))

    def _best_of(self, known: Sequence[Trial]) -> Collection[int]:
        """Return the numbers of the trials on the front, filled up with the best of other points by the objective."""
        on_front = front(known, (self._objective, *self._others)) if self._others else []
        of = point_of(self._known.values())
        best = [trial.number for trial in on_front]
        points = {of[number] for number in best}
        for trial in sorted(known, key=self._objective.rank):
            if len(points) < self._most and of[trial.number] not in points:
                points.add(of[trial.number])
                best.append(trial.number)
        numbers = {trial.number for trial in known}
        return [*best, *(each for each in self._always if each in numbers)]

    def of(self, number: int) -> Sequence[Any] | None:
        """Return the weights of a trial, in Keras's order; None where they are not kept."""
        if number not in self:
            return None
        self._aside.wait()
        return self._folder.load_weights(number)

    def finish(self) -> None:
        """Wait until everything is written that the disk takes."""
        self._write()
        self._aside.wait()

    def close(self) -> None:
        """Wait, and end the thread."""
        self._aside.close()
