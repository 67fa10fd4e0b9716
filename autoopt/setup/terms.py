"""Terms: how a search is to go, as far as neither data nor a model are needed to know it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoopt import call, checks, seeding, storage
from autoopt.arguments import pythons
from autoopt.constraints import Constraints
from autoopt.reports import own_sinks
from autoopt.resources import Resources
from autoopt.search import AUTO, DEFAULT_BUDGET, Search, asked_epochs, seconds
from autoopt.storage import RunFolder

PLAIN = ("epochs", "max_trials", "workers", "verbose", "resume", "objective")
"""Arguments that may be numbers of NumPy's."""


@dataclass(frozen=True)
class Terms:
    """Arguments of `tune` that have been checked, and what follows of them.

    Attributes:
        given: All of them by name, as `tune` was called.
        started: When the call began, UTC seconds.
        search: How trials are proposed.
        resources: What they run on.
        constraints: What a candidate may cost.
        epochs: Most of a trial, as far as that is known before any is trained.
        left_open: Whether their number may still change.
        budget: Seconds of all calls of the run together, None for no limit.
        seed: Where all chance comes from.
        earlier: Folder of the run that goes on; an empty one where none does.
        sinks: The user's own.
    """

    given: Mapping[str, Any]
    started: float
    search: Search
    resources: Resources
    constraints: Constraints
    epochs: int
    left_open: bool
    budget: float | None
    seed: int
    earlier: RunFolder
    sinks: Sequence[Any]

    @classmethod
    def of(cls, given: Mapping[str, Any], started: float) -> "Terms":
        """Check arguments of `tune`, and complete them.

        Args:
            given: By name.
            started: When the call began, UTC seconds.

        Raises:
            UsageError: The first that cannot be used.
        """
        given = {**given, **{name: pythons(given[name]) for name in PLAIN}}
        call.check(given)
        checks.callbacks_fit(given["callbacks"])
        sinks, budget, epochs = own_sinks(given["sinks"]), given["budget"], given["epochs"]
        goes_on = given["resume"] is True
        earlier = storage.locate(given["directory"], given["project_name"], given["resume"])
        before = earlier.read("run") if goes_on else {}
        seed = before.get("seed") if given["seed"] is None else given["seed"]
        return cls(
            given, started, given["search"] or Search(), given["resources"] or Resources(), given["constraints"] or Constraints(),
            asked_epochs(epochs, before.get("epochs")),
            left_open=epochs == AUTO and before.get("epochs") is None,
            budget=seconds(DEFAULT_BUDGET if budget is None and given["max_trials"] is None else budget),
            seed=seeding.checked(seed), earlier=earlier, sinks=sinks,
        )  # fmt: skip

    @property
    def goes_on(self) -> bool:
        """Whether a run goes on, if there is one."""
        return self.given["resume"] is True

    @property
    def max_trials(self) -> int | None:
        """Most trials, None for no limit."""
        found: int | None = self.given["max_trials"]
        return found

    @property
    def workers(self) -> Any:
        """How many trials run at once, or `"auto"`."""
        return self.given["workers"]
