"""Seeds of one point: trials with the very same values are that point trained again, and judged together."""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from autoopt.points import point_of
from autoopt.records import Trial


def over_seeds(trials: Sequence[Trial]) -> Mapping[int, float]:
    """Return the number of each trial that has a score, and the mean score of its seeds.

    A lucky seed of a point is so no better than the point. Seeds are compared where all that was asked for of them was
    trained, for equally many epochs; any other trial has its own score. Those that failed have no part in it.
    """
    own = {t.number: t.score for t in trials if t.score is not None and t.status != "failed"}
    seeds: dict[tuple[int, int], list[int]] = defaultdict(list)
    for trial in trials:
        if trial.number in own and trial.status == "completed" and not trial.missing:
            point = trial.number if trial.repeats is None else trial.repeats
            seeds[point, trial.epochs].append(trial.number)
    means = {number: mean([own[at] for at in each]) for each in seeds.values() for number in each}
    return own | means


def mean(scores: Sequence[float]) -> float:
    """Return the mean of scores, NaN of those that have none: both infinities, or more than a number holds."""
    try:
        return statistics.fmean(scores)
    except (OverflowError, ValueError):
        return math.nan


def points(ranked: Iterable[Trial], trials: Iterable[Trial]) -> Sequence[Trial]:
    """Return the first trial of each point, in their order.

    Args:
        ranked: Some of the trials.
        trials: All of the run, which say what belongs together.
    """
    of, found = point_of(trials), dict[int, Trial]()
    for trial in ranked:
        found.setdefault(of[trial.number], trial)
    return list(found.values())
