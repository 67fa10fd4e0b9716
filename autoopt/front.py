"""The Pareto front of some trials, and its knee: what is best where no one number says so."""

from collections.abc import Mapping, Sequence

import numpy as np

from autoopt.records import Objective, Trial

LEAST = {"parameters": 1.0, "latency": 1e-6, "seconds_per_epoch": 1e-6}
"""What a cost is taken to be at least: it has a logarithm then."""


def front(trials: Sequence[Trial], objectives: Sequence[Objective]) -> list[Trial]:
    """Return the trials that no other is as good as in every objective and better than in one, by number.

    Of equal ones the earliest is returned. A trial is left out that failed, is over a constraint, or has no
    scores, and one that lacks executions where there are others: a lucky seed is not compared with means.

    Args:
        trials: Finished ones.
        objectives: What is compared.

    Example:
        >>> goals = Objective("val_accuracy", "max"), Objective("parameters", "min")
        >>> values = [(0.9, 500), (0.8, 100), (0.8, 300)]
        >>> trials = [
        ...     Trial(n, "completed", a, {}, {}, 0, 0.0, 1.0, scores={"val_accuracy": a, "parameters": p})
        ...     for n, (a, p) in enumerate(values)
        ... ]
        >>> [trial.number for trial in front(trials, goals)]
        [0, 1]
    """
    scored = [trial for trial in trials if trial.scores and trial.status != "failed" and not trial.excess]
    whole = [trial for trial in scored if not trial.missing] or scored
    whole = sorted(whole, key=lambda trial: trial.number)
    at = _losses([trial.scores for trial in whole], objectives)
    found: list[int] = []
    # Whatever beats a trial comes before it in this order, and so does an equal one that is earlier.
    for place in np.lexsort(at.T[::-1]):
        if not (at[found] <= at[place]).all(axis=1).any():
            found.append(place)
    return [whole[place] for place in sorted(found)]


def nearest_first(
    members: Sequence[Trial], objectives: Sequence[Objective], measured: Mapping[int, float] | None = None
) -> list[Trial]:
    """Return the members of a front, the knee first: by their distance to the best of each objective together.

    Each objective goes from 0 to 1 over the front, costs by their logarithm. The knee is the point nearest to
    the ideal one, which has the best value of each (compromise programming: Zeleny 1973; Yu 1973. On knees as
    what to prefer: Das 1999; Branke, Deb, Dierolf & Osswald 2004). Among equals the earliest comes first.

    Args:
        members: Of one front.
        objectives: What is compared.
        measured: Number of some trials to a value that takes the place of their first score; no others are
            returned then. None returns all.
    """
    if not members:
        return []
    over = _losses([trial.scores for trial in members], objectives)
    best, range_ = over.min(axis=0), np.ptp(over, axis=0)
    told = members if measured is None else [trial for trial in members if trial.number in measured]
    first = objectives[0].name
    scores = [{**trial.scores, **({first: measured[trial.number]} if measured else {})} for trial in told]
    # A confirmed mean may lie beyond the front: nothing is better than the ideal point.
    places = np.maximum(_losses(scores, objectives) - best, 0.0) / np.where(range_ > 0.0, range_, 1.0)
    distances = np.linalg.norm(places, axis=1).round(9)
    return [trial for _, _, trial in sorted(zip(distances, (t.number for t in told), told, strict=True))]


def _losses(scores: Sequence[Mapping[str, float]], objectives: Sequence[Objective]) -> np.ndarray:
    """Return a row for each trial and a column for each objective: the less, the better."""
    columns = []
    for each in objectives:
        values = np.array([found[each.name] for found in scores], float)
        values = np.log(np.maximum(values, LEAST[each.name])) if each.is_cost else values
        columns.append(-values if each.direction == "max" else values)
    return np.stack(columns, axis=1) if scores else np.empty((0, len(objectives)))
