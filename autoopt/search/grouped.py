"""Grouped: a sampler that is asked for dimensions that are active together at once, group by group.

As Optuna's `TPESampler(group=True)` (Falkner et al. 2018, conditional spaces), but the groups are kept from one proposal
to the next, and a dimension whose value is held is not sampled: after 1,000 trials both cost more than the rest.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from autoopt.search.lessons import Lessons


class Groups:
    """Which dimensions are active in the same trials. Called from one thread."""

    def __init__(self) -> None:
        self._groups: list[dict[str, BaseDistribution]] = []
        self._sorted: Sequence[Mapping[str, BaseDistribution]] = ()
        self._seen = 0

    def of(self, lessons: Sequence[FrozenTrial]) -> Sequence[Mapping[str, BaseDistribution]]:
        """Return the groups of trials that have ended, whatever the order in which they did.

        Args:
            lessons: Those that were given before, and what has followed.
        """
        before = self._groups
        for trial in lessons[self._seen :]:
            if not trial.constraints:  # one that failed may have been asked for a part of its values alone
                self._add(trial.distributions)
        self._seen = len(lessons)
        if self._groups != before:
            self._sorted = sorted((dict(sorted(group.items())) for group in self._groups), key=min)
        return self._sorted

    def _add(self, active: Mapping[str, BaseDistribution]) -> None:
        """Part each group into what is active in a trial and what is not."""
        parted = [
            {name: found for name, found in group.items() if (name in active) is inside}
            for group in self._groups
            for inside in (True, False)
        ]
        known = {name for group in self._groups for name in group}
        fresh = {name: found for name, found in active.items() if name not in known}
        self._groups = [group for group in (*parted, fresh) if group]


class GroupedSampler(optuna.samplers.BaseSampler):
    """Asks another sampler for one group after the other.

    Args:
        base: Samples all dimensions of a space together, and writes nothing down of the trial that runs.
        groups: Which these are.
        lessons: What the other sampler learns from.
    """

    def __init__(self, base: optuna.samplers.BaseSampler, groups: Groups, lessons: Lessons) -> None:
        self._base, self._groups, self._lessons = base, groups, lessons

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
        """Return the dimensions of all groups that have a choice."""
        every = (item for group in self._groups_of(study, trial) for item in group.items())
        return {name: found for name, found in every if not found.single()}

    def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> dict[str, Any]:
        """Ask for those of each group that are to be sampled."""
        sampled: dict[str, Any] = {}
        learnt_from = self._lessons.of(study, trial.number)
        for group in self._groups_of(study, trial):
            free = {name: found for name, found in group.items() if name in search_space}
            if free:
                sampled |= self._base.sample_relative(learnt_from, trial, free)
        return sampled

    def _groups_of(self, study: Any, trial: Any) -> Sequence[Mapping[str, BaseDistribution]]:
        return self._groups.of(self._lessons.of(study, trial.number).get_trials(deepcopy=False))

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        """Ask the base."""
        return self._base.sample_independent(
            self._lessons.of(study, trial.number), trial, param_name, param_distribution
        )
