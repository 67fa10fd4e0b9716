"""The path from the user's model to the winner: which changes are one, and in which order they are made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoopt.afterwards.frame import framed
from autoopt.hyperparameters import AskingHyperParameters, Ranged
from autoopt.records import Objective, Trial

Draw = Callable[[AskingHyperParameters], Any]
"""Asks for every hyperparameter that is active, as `AutoHyperModel.draw` does."""

TREES = 100

Change = frozenset[str]
"""Names of hyperparameters that change together."""


@dataclass(frozen=True)
class Point:
    """What was drawn on the way.

    Attributes:
        values: The active ones.
        ranges: Those that depend on other values, by name.
        parents: Name to the names that its being active depends on.
    """

    values: Mapping[str, Any]
    ranges: Mapping[str, tuple[float, float]]
    parents: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Path:
    """The ways between two sets of hyperparameters.

    Attributes:
        draw: Asks for what is active.
        before: Values of the user's model.
        after: The winner's.
    """

    draw: Draw
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def changed(self) -> Change:
        """Names of what differs, active on one side or on both."""
        names = {*self.before, *self.after}
        return frozenset(name for name in names if self.before.get(name) != self.after.get(name))

    def point(self, applied: Change) -> Point:
        """Return the user's model with some of the changes: what is not active then is not asked for."""
        ranges, parents = {}, {}

        def ask(known: Any) -> Any:
            parents[known.name] = frozenset(condition.name for condition in known.conditions)
            if isinstance(known, Ranged):
                ranges[known.name] = (known.low, known.high)
            values = self.after if known.name in applied else self.before
            return values.get(known.name, known.default)

        hp = AskingHyperParameters(ask)
        self.draw(hp)
        return Point(dict(hp.values), ranges, parents)

    def changes(self) -> list[Change]:
        """Return the changes, each a set of names that cannot be changed one without the other.

        These are: a hyperparameter and those that are active only with some of its values, and one and those whose
        range follows it. So every point between is one that the search could have proposed.
        """
        groups = {name: {name} for name in self.changed}
        ends = (frozenset[str](), self.changed)
        at_ends = [self.point(end) for end in ends]
        for name in sorted(self.changed):
            for end, there in zip(ends, at_ends, strict=True):
                linked = _linked(there, self.point(end ^ {name})) | (
                    there.parents.get(name, set()) & self.changed
                )
                for other in linked - {name}:
                    # A range that follows two changes links them, whether its value changes or not.
                    merged = groups[name] | groups.get(other, {other})
                    groups |= dict.fromkeys(merged, merged)
        found = {frozenset(group & self.changed) for group in groups.values()}
        return sorted((group for group in found if group), key=sorted)

    def ordered(self, trials: Sequence[Trial], objective: Objective, seed: int) -> list[Change]:
        """Return the changes, first the one that a model of the trials expects most of, and so on from there.

        Fawcett & Hoos (2016) train all that remain at each step: n (n + 1) / 2 trainings for n changes. Biedenkapp et
        al. (AAAI 2017) ask a random forest instead, which the trials of the search were shown.
        """
        remaining, order = self.changes(), list[Change]()
        while remaining:
            applied = frozenset[str]().union(*order)
            tried = [self.point(applied | change).values for change in remaining]
            gains = _expected(tried, trials, objective, seed)
            best = max(range(len(remaining)), key=gains.__getitem__)
            order.append(remaining.pop(best))
        return order


def _linked(one: Point, other: Point) -> set[str]:
    """Return what is active in one of two points alone, or has other ranges there."""
    ranged = {*one.ranges, *other.ranges}
    return {*one.values} ^ {*other.values} | {
        name for name in ranged if one.ranges.get(name) != other.ranges.get(name)
    }


def _expected(
    tried: Sequence[Mapping[str, Any]], trials: Sequence[Trial], objective: Objective, seed: int
) -> list[float]:
    """Return how good a forest that was shown the trials expects some values to be, larger is better."""
    import pandas as pd
    from sklearn.ensemble import RandomForestRegressor

    scored = [trial for trial in trials if trial.score is not None and trial.status != "failed"]
    rows = [*(dict(trial.hyperparameters) for trial in scored), *map(dict, tried)]
    frame = framed(rows)
    words = [name for name in frame if frame[name].map(lambda value: isinstance(value, str | bool)).any()]
    # An inactive choice is none of them, an inactive number is missing: trees take either.
    table = pd.get_dummies(frame, columns=words).astype(float)
    sign = 1.0 if objective.direction == "max" else -1.0
    forest = RandomForestRegressor(TREES, random_state=seed % 2**32, n_jobs=1)
    forest.fit(table[: len(scored)].to_numpy(), [sign * (trial.score or 0.0) for trial in scored])
    return [float(value) for value in forest.predict(table[len(scored) :].to_numpy())]
