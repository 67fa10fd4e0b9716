"""Figures that Optuna draws of a run's trials: plotly's, as Optuna makes them; how they look on a page is not decided here."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from autoopt.hyperparameters import is_number, spans_decades
from autoopt.records import Objective, Trial
from autoopt.storage.distributions import plain_name
from autoopt.storage.importance import importance_figure
from autoopt.storage.journal import Journal, quiet
from autoopt.untrusted import escaped

MOST_LINES = 200
"""Best trials that parallel coordinates have: more are one grey area."""

MOST_POINTS = 1_000
"""Latest trials that a slice has."""

FRONT = ("#868e96", "#d9480f")
"""Colours of trials that are not on the front, and of those that are: both are seen on white and on black."""

OVER = "over a constraint"

Drawn = Sequence[tuple[Trial, Mapping[str, BaseDistribution]]]
"""Trials that have a score, and what their values were drawn from, by names as users know them."""


class Figures:
    """Optuna's figures of the trials of a run that have a score; pruned ones count with the score that they reached.

    Names and words are escaped: plotly takes `<` for the beginning of a tag.

    Args:
        journal: Of the run.
        objectives: What was compared.
    """

    def __init__(self, journal: Journal, objectives: Sequence[Objective]) -> None:
        self._journal, self._objectives = journal, objectives
        self._drawn: Drawn = [
            (trial, {plain_name(name, found): found for name, found in kept.distributions.items()})
            for trial, kept in journal.drawn()
            if trial.score is not None and trial.status != "failed"
        ]

    @property
    def count(self) -> int:
        """How many trials there are to draw."""
        return len(self._drawn)

    @property
    def lines(self) -> int:
        """Most trials that parallel coordinates have."""
        return MOST_LINES

    @cached_property
    def active(self) -> Mapping[str, int]:
        """Each hyperparameter that had several values to the number of trials that it was active in."""
        found: dict[str, int] = {}
        for trial, distributions in self._drawn:
            for name in distributions:
                if name in trial.hyperparameters and not distributions[name].single():
                    found[name] = found.get(name, 0) + 1
        return found

    def history(self) -> Any:
        """Return the objective of each trial, and the best until then of those within the constraints."""
        study = self._study((), constrained=True)
        figure = _quietly(optuna.visualization.plot_optimization_history, study, target_name=self._name)
        over = figure.data[-1]
        over.update(name=OVER, marker_color=FRONT[0], showlegend=bool(over.x))
        return figure

    def slice(self, name: str) -> Any:
        """Return the objective over one hyperparameter."""
        study = self._study([name], self._drawn[-MOST_POINTS:])
        figure = _quietly(optuna.visualization.plot_slice, study, [escaped(name)], target_name=self._name)
        figure.update_traces(marker_showscale=False)
        return _unquoted(figure)

    def parallel(self, names: Sequence[str]) -> Any:
        """Return the best trials as lines through some hyperparameters, the objective first."""
        best = sorted(self._drawn, key=lambda each: self._objectives[0].rank(each[0]))[:MOST_LINES]
        figure = _quietly(
            optuna.visualization.plot_parallel_coordinate, self._study(names, best),
            [escaped(name) for name in names], target_name=self._name,
        )  # fmt: skip
        # Optuna writes the numbers of the first axis to its left, where there is no room for them.
        return figure.update_layout(margin_l=56)

    def importance(self) -> Any | None:
        """Return the importances by PED-ANOVA, None where trials are too few to tell."""
        return importance_figure(self._journal, self._objectives[0], escaped)

    def front(self, other: int) -> Any:
        """Return the first objective beside another one, those on the front by themselves.

        Args:
            other: Its place among the objectives, from 1.
        """
        told = {trial.number: trial for trial, _ in self._drawn if trial.scores and not trial.excess}
        study = _quietly(optuna.create_study, directions=[_direction(each) for each in self._objectives])
        for number in range(max(told, default=-1) + 1):
            study.add_trial(_valued(told.get(number), self._objectives))
        names = [escaped(self._objectives[place].name) for place in (0, other)]
        figure = _quietly(
            optuna.visualization.plot_pareto_front, study, target_names=names,
            targets=lambda trial: [trial.values[0], trial.values[other]],
        )  # fmt: skip
        # Optuna colours both by number, with two scales beside the figure.
        looks = zip(figure.data, ("other trials", "on the front"), FRONT, (7, 11), strict=True)
        for trace, name, colour, size in looks:
            trace.update(name=name, showlegend=True)
            trace.marker = {"color": colour, "size": size}
        return figure

    @property
    def _name(self) -> str:
        return escaped(self._objectives[0].name)

    def _study(
        self, names: Iterable[str], drawn: Drawn | None = None, constrained: bool = False
    ) -> optuna.Study:
        """Return a study of trials, under their numbers, with some hyperparameters.

        Args:
            names: Of the hyperparameters.
            drawn: The trials; None takes all.
            constrained: Whether it knows which of them are over a constraint: Optuna has colours of its own for those.
        """
        kept = {trial.number: trial for trial, _ in (self._drawn if drawn is None else drawn)}
        ranges = {name: found for name in names if (found := _range(name, self._drawn)) is not None}
        study = _quietly(optuna.create_study, direction=_direction(self._objectives[0]))
        for number in range(max(kept, default=-1) + 1):
            study.add_trial(_frozen(kept.get(number), ranges, constrained))
        return study


def _frozen(trial: Trial | None, ranges: Mapping[str, BaseDistribution], constrained: bool) -> FrozenTrial:
    """Return a trial as Optuna has it; one that is not shown keeps its place as a failed one."""
    if trial is None:
        return optuna.trial.create_trial(state=TrialState.FAIL)
    active = {name: found for name, found in ranges.items() if name in trial.hyperparameters}
    return optuna.trial.create_trial(
        value=trial.score,
        params={escaped(name): _shown(trial.hyperparameters[name], found) for name, found in active.items()},
        distributions={escaped(name): found for name, found in active.items()},
        constraints={OVER: 1.0} if constrained and trial.excess else None,
    )


def _valued(trial: Trial | None, objectives: Sequence[Objective]) -> FrozenTrial:
    """Return a trial with its value of each objective; one that has none keeps its place as a failed one."""
    if trial is None:
        return optuna.trial.create_trial(state=TrialState.FAIL)
    return optuna.trial.create_trial(values=[trial.scores[each.name] for each in objectives])


def _range(name: str, drawn: Drawn) -> BaseDistribution | None:
    """Return one distribution that holds the values of all trials, None where there are none."""
    values = [trial.hyperparameters[name] for trial, _ in drawn if name in trial.hyperparameters]
    found = [distributions[name] for _, distributions in drawn if name in distributions]
    if not values:
        return None
    if any(isinstance(each, CategoricalDistribution) for each in found) or not all(map(is_number, values)):
        words = {_word(value): None for value in values}
        numeric = all(map(is_number, words))
        return CategoricalDistribution(tuple(sorted(words) if numeric else sorted(words, key=str)))
    low, high = min(values), max(values)
    # A rate is kept by its place in its range, which does not say that its scale is logarithmic.
    logarithmic = spans_decades(values) or (low > 0 and any(getattr(each, "log", False) for each in found))
    if all(isinstance(value, int) for value in values):
        return IntDistribution(low, high, log=logarithmic)
    return FloatDistribution(float(low), float(high), log=logarithmic)


def _shown(value: Any, found: BaseDistribution) -> Any:
    return _word(value) if isinstance(found, CategoricalDistribution) else value


def _word(value: Any) -> Any:
    """Return a choice as a figure names it."""
    return value if is_number(value) else escaped(str(value))


def _unquoted(figure: Any) -> Any:
    """Return a figure whose words stand without the quotation marks that Optuna gives them."""
    words = figure.layout.xaxis.categoryarray
    if words is not None:
        figure.layout.xaxis.categoryarray = [_bare(word) for word in words]
        for trace in figure.data:
            trace.x = [_bare(word) for word in trace.x]
    return figure


def _bare(word: str) -> str:
    return word[1:-1] if word[:1] in ("'", '"') and word[-1:] == word[:1] else word


def _direction(objective: Objective) -> str:
    return "maximize" if objective.direction == "max" else "minimize"


def _quietly(called: Any, *arguments: Any, **named: Any) -> Any:
    """Call Optuna without its own notices: that a study was made, that a figure is experimental."""
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return called(*arguments, **named)
