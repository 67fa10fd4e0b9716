"""Importance: how much each hyperparameter had to do with the scores of a run, by Optuna's evaluators."""

import statistics
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from autoopt.records import Objective
from autoopt.storage.distributions import plain_name
from autoopt.storage.journal import Journal, quiet

EVALUATORS = ("ped_anova", "fanova")

FEWEST = 10
"""Trials with a score, below which an evaluator's answer is chance."""

BEST_FEW = 5
"""Optuna asks for as many trials among those that PED-ANOVA compares with all."""

INACTIVE = "inactive"

Drawn = Mapping[str, tuple[Any, BaseDistribution]]
"""Name, as users know it, to a value and what it was drawn from."""


@dataclass(frozen=True)
class Importance:
    """How much one hyperparameter mattered: a share of 1 among all, and in how many trials it was active."""

    name: str
    share: float
    trials: int


@dataclass(frozen=True)
class _Scored:
    """A trial's score, and the values that led to it."""

    score: float
    drawn: Drawn


def importances(journal: Journal, objective: Objective, evaluator: str, seed: int) -> Sequence[Importance]:
    """Return how much each hyperparameter mattered, the most important first.

    A pruned trial counts with the score that it had reached: without them only the better settings would be left.
    A value that lies in a range of its own, as learning rates do, counts by its place in it.

    Args:
        journal: Of the run.
        objective: What was compared.
        evaluator: Of `EVALUATORS`: `"ped_anova"` (Watanabe et al. 2023; conditional hyperparameters by themselves
            where they are active, arXiv 2601.20800), or `"fanova"` (Hutter et al. 2014): an inactive choice
            is a choice of its own to it, an inactive number is the median.
        seed: Of fANOVA's forest.

    Returns:
        Nothing where fewer than `FEWEST` trials have a score, or all scores are the same.
    """
    scored = _scored(journal)
    if not _tell(scored):
        return []
    active = {name: sum(name in each.drawn for each in scored) for each in scored for name in each.drawn}
    if evaluator == "fanova":
        filled = _filled(scored)
        found = _evaluated(filled, objective, optuna.importance.FanovaImportanceEvaluator(seed=seed))
    else:
        found = _evaluated(scored, objective, _ped_anova(scored))
    ranked = sorted(found, key=lambda name: (-found[name], name))
    return [Importance(name, found[name], active[name]) for name in ranked]


def importance_figure(journal: Journal, objective: Objective, named: Callable[[str], str]) -> Any | None:
    """Return Optuna's figure of the importances by PED-ANOVA, None where there are none.

    Args:
        journal: Of the run.
        objective: What was compared.
        named: Returns a hyperparameter's name as the figure is to have it.
    """
    scored = _scored(journal)
    if not _tell(scored):
        return None
    renamed = [
        _Scored(each.score, {named(name): drawn for name, drawn in each.drawn.items()}) for each in scored
    ]
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        figure = optuna.visualization.plot_param_importances(
            _study(renamed, objective), evaluator=_ped_anova(scored)
        )
    # Numbers behind the bars need room where the window is narrow.
    most = max((share for bars in figure.data for share in bars.x), default=1.0)
    return figure.update_layout(xaxis={"title": "share", "range": [0.0, 1.25 * most]}, yaxis_title=None)


def _scored(journal: Journal) -> list[_Scored]:
    return [
        _Scored(trial.score, _drawn(kept))
        for trial, kept in journal.drawn()
        if trial.score is not None and trial.status != "failed"
    ]


def _tell(scored: Sequence[_Scored]) -> bool:
    """Say whether scores are enough, and differ."""
    return len(scored) >= FEWEST and len({each.score for each in scored}) > 1


def _ped_anova(scored: Sequence[_Scored]) -> optuna.importance.BaseImportanceEvaluator:
    share = min(max(0.1, BEST_FEW / len(scored)), 0.5)
    return optuna.importance.PedAnovaImportanceEvaluator(target_quantile=share)


def _drawn(kept: optuna.trial.FrozenTrial) -> Drawn:
    return {
        plain_name(name, found): (kept.params[name], found)
        for name, found in kept.distributions.items()
        if not found.single()
    }


def _evaluated(
    scored: Sequence[_Scored], objective: Objective, evaluator: optuna.importance.BaseImportanceEvaluator
) -> Mapping[str, float]:
    """Return name to importance, 1 together."""
    with quiet(), warnings.catch_warnings():
        # Of ranges in which few trials lie: how many trials there are is told.
        warnings.simplefilter("ignore", UserWarning)
        return optuna.importance.get_param_importances(_study(scored, objective), evaluator=evaluator)


def _study(scored: Sequence[_Scored], objective: Objective) -> optuna.Study:
    study = optuna.create_study(direction="maximize" if objective.direction == "max" else "minimize")
    for each in scored:
        study.add_trial(
            optuna.trial.create_trial(
                value=each.score,
                params={name: value for name, (value, _) in each.drawn.items()},
                distributions={name: found for name, (_, found) in each.drawn.items()},
            )
        )
    return study


def _filled(scored: Sequence[_Scored]) -> Sequence[_Scored]:
    """Return the trials with a value of every hyperparameter, each drawn from one distribution."""
    names = sorted({name for each in scored for name in each.drawn})
    columns = {name: _column([each.drawn.get(name) for each in scored]) for name in names}
    return [
        _Scored(each.score, {name: column[row] for name, column in columns.items()})
        for row, each in enumerate(scored)
    ]


def _column(
    found: Sequence[tuple[Any, BaseDistribution] | None],
) -> Sequence[tuple[Any, BaseDistribution]]:
    """Return one hyperparameter's values and their distribution, trial by trial, with none missing."""
    active = [each for each in found if each is not None]
    if any(isinstance(distribution, CategoricalDistribution) for _, distribution in active):
        words = [INACTIVE if each is None else str(each[0]) for each in found]
        choices = CategoricalDistribution(tuple(sorted(set(words))))
        return [(word, choices) for word in words]
    places = [_place(*each) for each in active]
    usual = statistics.median(places)
    unit = FloatDistribution(0.0, 1.0)
    return [(usual if each is None else _place(*each), unit) for each in found]


def _place(value: float, found: Any) -> float:
    """Return where a number lies in its range, 0 to 1; trees see no difference between scales."""
    return min(max((value - found.low) / (found.high - found.low), 0.0), 1.0)
