"""The folds of a search with cross-validation: one partition for all its trials, and another for each repeat."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autoopt import seeding
from autoopt.data import Cut, Dataset, folds, named
from autoopt.executors import Executions, Folds, Plan
from autoopt.records import Objective, Trial
from autoopt.search.pruner import FoldRule
from autoopt.search_options import Search


@dataclass(frozen=True, eq=False)
class Partitions:
    """The folds of a Dataset, by repeat.

    Attributes:
        dataset: Cut from one whole.
        cv: How many folds, or a splitter of scikit-learn.
        seed: The search's.
    """

    dataset: Dataset
    cv: Any
    seed: int
    _known: dict[int, Sequence[Cut]] = field(default_factory=dict)

    def cuts(self, repeat: int = 0) -> Sequence[Cut]:
        """Return the folds of the search, 0, or of a repeat of confirmation.

        A splitter with a seed of its own, or one that does not shuffle, has one partition for all.

        Raises:
            DataError: They do not fit the data.
        """
        if repeat not in self._known:
            self._known[repeat] = folds(
                self.dataset, self.cv, seeding.derive(self.seed, seeding.FOLDING, repeat)
            )
        return self._known[repeat]

    @property
    def note(self) -> str:
        """What is to be said of it."""
        return (
            f"Each trial is trained on {len(self.cuts())} folds of the rows that train and validate; its score is the "
            "mean, and the model handed over is that of the best fold."
        )

    def noted(self) -> Dataset:
        """Return the Dataset, whose split knows the folds."""
        cuts = self.cuts()
        assert self.dataset.split is not None  # else there are no folds
        return replace(self.dataset, split=replace(self.dataset.split, folds=named(self.dataset, cuts)))


def trainings(
    search: Search,
    partitions: Partitions | None,
    objectives: Sequence[Objective],
    earlier: Sequence[Trial],
) -> Plan:
    """Return which trainings a trial consists of.

    Args:
        search: How many executions; a pruner or an oracle of the user's ends trials alone.
        partitions: The folds, None without cross-validation.
        objectives: What is compared; a trial that one of them calls hopeless may be the best in another.
        earlier: Trials of the run so far.
    """
    if partitions is None:
        return Executions(search.executions_per_trial)
    # An oracle may give its trials different numbers of epochs, after which means are not compared.
    usual = search.pruner is None and search.oracle is None and len(objectives) == 1
    rule = FoldRule(len(partitions.cuts()), objectives[0], earlier) if usual else _never
    return Folds(partitions.cuts, search.executions_per_trial, rule)


def _never(number: int, scores: Sequence[float]) -> bool:
    return False
