"""Records of how rows were cut: one cut of the rows that train and validate, and the split of all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np


@dataclass(frozen=True, eq=False)
class Cut:
    """Which rows train, and which validate; both ascending. In a `Job`, rows of its Dataset's `pool`."""

    train: np.ndarray
    validation: np.ndarray


@dataclass(frozen=True, eq=False)
class Rules:
    """What a cut has to respect beside the shares of its parts.

    Attributes:
        groups: Number of each row's group, of which no two parts have rows; None without groups.
        time_order: Whether the rows are in time order: then later ones validate, and the last are the test part.
    """

    groups: np.ndarray | None = None
    time_order: bool = False


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of each part, ascending, in the order in which the data was given or read.

    Attributes:
        train: Rows that are trained on.
        validation: Rows that the objective is measured on.
        test: Rows that nothing looks at until the end; None without a test part.
        stratified: Whether each class has about the same share of every part.
        rules: What the cut respects.
        folds: Rows of each fold of a cross-validation, none of them of the test part; empty without one.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray | None
    stratified: bool
    rules: Rules = field(default_factory=Rules)
    folds: Sequence[Cut] = ()

    @property
    def pool(self) -> np.ndarray:
        """Rows that train or validate, as a Dataset's `pool` has them."""
        return np.concatenate([self.train, self.validation])

    def arrays(self) -> dict[str, np.ndarray]:
        """Return it as arrays by name, which `of_arrays` reads."""
        found = {"train": self.train, "validation": self.validation}
        optional = {"test": self.test, "groups": self.rules.groups}
        found |= {name: rows for name, rows in optional.items() if rows is not None}
        for number, fold in enumerate(self.folds):
            found |= {f"fold_{number}_train": fold.train, f"fold_{number}_validation": fold.validation}
        return {**found, "is": np.array([self.stratified, self.rules.time_order])}

    @classmethod
    def of_arrays(cls, found: Mapping[str, np.ndarray]) -> Self:
        """Read what `arrays` gave."""
        stratified, time_order = map(bool, found["is"])
        count = sum(name.startswith("fold_") for name in found) // 2
        folds = [Cut(found[f"fold_{i}_train"], found[f"fold_{i}_validation"]) for i in range(count)]
        rules = Rules(found.get("groups"), time_order)
        return cls(found["train"], found["validation"], found.get("test"), stratified, rules, tuple(folds))
