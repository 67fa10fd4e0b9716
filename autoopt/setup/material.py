"""Material: what is learnt from, and the model function that is to learn it."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from autoopt import checks, class_weights, seeding, starters
from autoopt.class_weights import Weighted
from autoopt.data import Dataset
from autoopt.data.rows import Rows
from autoopt.reports import loading
from autoopt.search import Partitions
from autoopt.setup.terms import Terms

ROWS = ("target", "task", "drop", "validation_data", "validation_split", "test_data")
"""Arguments that say what data are, beside their types, which a starter may know."""


@dataclass(frozen=True)
class Material:
    """Data, cut and prepared.

    Attributes:
        asked_for: The model, as `tune` was given it.
        model_fn: The same, where a starter was named its function for these data.
        as_cut: The data without weights of classes.
        weighted: The data with them.
        partitions: Of cross-validation; None without one.
    """

    asked_for: Any
    model_fn: Any
    as_cut: Dataset
    weighted: Weighted
    partitions: Partitions | None

    @classmethod
    def of(cls, terms: Terms) -> "Material":
        """Read, cut and prepare what is learnt from.

        Raises:
            UsageError: It cannot be read, or is not what the run that goes on was begun with.
        """
        given, asked_for = terms.given, terms.given["model_fn"]
        starters.check(asked_for)
        with _shown(given["verbose"]):
            dataset = Dataset.of(
                given["data"], types=starters.types_for(asked_for, given["data"], given["types"]), **{name: given[name] for name in ROWS},
                seed=seeding.derive(terms.seed, seeding.SPLITTING), memory=terms.resources.memory_limit,
            )  # fmt: skip
        if terms.goes_on:
            checks.check_rows(terms.earlier, dataset.rows)
        model_fn = starters.for_data(asked_for, dataset)
        weighted, cv = class_weights.applied(given["class_weight"], dataset), terms.search.cv
        partitions = None if cv is None else Partitions(weighted.dataset, cv, terms.seed)
        return cls(asked_for, model_fn, dataset, weighted, partitions)

    @cached_property
    def dataset(self) -> Dataset:
        """What trials train on, with weights of classes."""
        return self.weighted.dataset if self.partitions is None else self.partitions.noted()

    @cached_property
    def counted(self) -> Dataset:
        """The same, in which examples weigh as much as labels say of biases."""
        return class_weights.weighed(self.dataset, self.weighted.weights)

    @property
    def rows(self) -> Rows | None:
        """What the data were made of, where that are raw rows."""
        return self.as_cut.rows

    @property
    def folds(self) -> Sequence[Any]:
        """Cuts of cross-validation; empty without one."""
        return () if self.partitions is None else self.partitions.cuts()

    @property
    def starter(self) -> str:
        """Name of the starter, where one was asked for; else empty."""
        return self.model_fn.func.__name__ if isinstance(self.asked_for, str) else ""

    @property
    def notes(self) -> Sequence[str]:
        """What was decided of it, one sentence each."""
        folded = () if self.partitions is None else (self.partitions.note,)
        return (*self.dataset.notes, *starters.taken(self.asked_for, self.model_fn), *folded)


def _shown(verbose: Any) -> contextlib.AbstractContextManager[None]:
    """Have a line on a terminal while data are read, unless nothing is to be printed."""
    if verbose == 0:
        return contextlib.nullcontext()
    from autoopt.data.files import watched  # readers load more than arrays need

    return watched(loading)
